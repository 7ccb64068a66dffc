"""The operations of the Straas API (S-31..S-47), all 17 of them.

`role` says whose token goes along (S-2): "service" none, "account" the service token, "member" a member's. All rows
stand in the document, whose generation the vendor has archived, so that every one can be overridden (S-160).
"""

from __future__ import annotations

from dataclasses import replace

from headend.core.wire.operations import Operation, Table
from headend.core.wire.parameters import Parameter

ACCOUNT_PREFIX = "/api/v1/account"
MEMBER_PREFIX = "/api/v1/member"
CREATES = frozenset({"service_token.create", "member.create"})
"""Answered by 201; every other operation by 200, minting a member's token included (S-7, S-161)."""
_PAGES = (Parameter("page", "integer", low=1), Parameter("per_page", "integer", low=1))
_EXTRA = "(line_item|transaction)"


def _ids(name: str, id: str, like: str) -> Parameter:
    """Ids with commas between them; several such texts are one (S-16)."""
    return Parameter(name, form=f"{id}(,{id})*", like=like, repeated=True)


_MEMBER = (Parameter("member_token", low=1, secret=True, place="header"), Parameter("member_id", low=1))
"""As whom a member's call is made: by the token, or by one that headend gets for that member (S-111, S-168)."""
_PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    "member.create": (
        Parameter("id", needed=True, low=1),
        Parameter("email", needed=True, form="[^@]+@[^@]+", like="a@b"),
    ),
    "ad_banner.get": (Parameter("id", "integer"),),
    "member_playlist.get": _MEMBER,
    "member_video.get": _MEMBER,
    "member_token.get": (Parameter("member_id", needed=True, low=1),),
    "order.list": (
        Parameter("member_id", needed=True, low=1),
        _ids("includes", _EXTRA, "line_item,transaction"),
    ),
    "video.list": (
        _ids("ids", "[^,]+", "MaRRu56A,BvDvzuxH"),
        *(_ids(f"{name}_ids", "[0-9]+", "1,2") for name in ("category", "tag")),
        Parameter("order_by", choices=("create_time",)),
    ),
}
"""What is documented of values, beside the pages of every list (S-37 to S-47). The values of `service_token.create`
are headend's to send (S-3)."""


def _row(number: int, key: str, path: str, title: str, *, method: str = "GET", role: str = "account") -> Operation:
    body = "json" if method == "POST" else "none"
    is_list = key.endswith(".list")
    parameters = (*_PARAMETERS.get(key, ()), *(_PAGES if is_list else ()))
    id_field = "id" if is_list else None
    op = Operation(key, method, path, f"S-{number}", title, "S", role, "", body, None, id_field)
    needed = ("member_token", "member_id") if role == "member" else ()
    return replace(op, parameters=parameters, exactly_one=needed, complete=True)


def _account(number: int, key: str, path: str, title: str, *, method: str = "GET") -> Operation:
    return _row(number, key, ACCOUNT_PREFIX + path, title, method=method)


def _member(number: int, key: str, path: str, title: str) -> Operation:
    return _row(number, key, MEMBER_PREFIX + path, title, role="member")


TABLE = Table(
    [
        _row(31, "service_token.create", "/api/v1/service/token", "Get a service token", method="POST", role="service"),
        _account(32, "ad_banner.list", "/ad_banners", "List ad banners"),
        _account(33, "ad_banner.get", "/ad_banners/{id}", "Read an ad banner"),
        _account(34, "category.list", "/categories", "List video categories"),
        _account(35, "live.get", "/lives/{id}", "Read a live"),
        _account(36, "live.list", "/lives", "List lives"),
        _account(37, "member.create", "/members", "Register a member", method="POST"),
        _account(38, "member.get", "/members/{id}", "Read a member"),
        _account(39, "member_token.get", "/member_token", "Mint a member's token"),
        _account(40, "order.get", "/orders/{id}", "Read an order"),
        _account(41, "order.list", "/orders", "List the orders of a member"),
        _account(42, "playlist.get", "/playlists/{id}", "Read a playlist"),
        _member(43, "member_playlist.get", "/playlists/{id}", "Read a playlist as a member"),
        _account(44, "playlist.list", "/playlists", "List playlists"),
        _account(45, "video.get", "/videos/{id}", "Read a video"),
        _member(46, "member_video.get", "/videos/{id}", "Read a video as a member"),
        _account(47, "video.list", "/videos", "List videos"),
    ]
)
