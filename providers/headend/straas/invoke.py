"""Any row of the table as one call: whose token goes along, and what no answer shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import InputError
from headend.core.wire.invoke import Request
from headend.core.wire.operations import NO_BODY, Operation
from headend.core.wire.redaction import mask_keys
from headend.straas.api import Straas, joined, with_defaults
from headend.straas.paging import PAGE_SIZE

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

HIDDEN = frozenset({"token", "secret", "member_token", "stream_key"}) | frozenset(
    {"email", "member_email", "customer", "transaction"}
)
"""What no answer shows: credentials, and data of persons and of payments (S-53, S-135, S-136)."""

NOT_MANAGED = {
    "ad banners, categories, lives, playlists, videos": "they can only be read; stacks find them by their fields (S-130"
    " to S-134, S-140): `playlist.list`, ...",
    "orders": "a purchase is no part of a set-up, and orders can only be read (S-48, S-136): `order.list`, ...",
    "what a member sees": "it can only be read, with a member's token (S-133, S-134): `member_video.get`, ...",
    "tokens of members": "each call makes one, which is a secret, so that no plan and no apply makes any (S-111):"
    " `member_token.get`",
    "the service token": "headend gets it by itself and hands it to nobody (S-110)",
}
"""What no kind manages, and why; the calls are for `headend api straas`."""


async def invoke(api: Straas, op: Operation, request: Request, scope: str | None) -> Answer:
    """One call. As a member (S-43, S-46) it needs a `member_token`, or the `member_id` to make one for."""
    match op.role:
        case "service":
            return await _service_token(api, op, request)
        case "member":
            query = dict(request.query)
            token = await _member_token(api, op, query)
            return await api.send(op, replace(request, query=query), member_token=token)
    if op.key == "video.list" and len(ids := _ids(request.query)) > PAGE_SIZE:
        return await _many_videos(api, request, ids)
    try:
        return await api.send(op, with_defaults(op, request), repeat=False if op.key == "member_token.get" else None)
    finally:
        if op.key == "member.create":
            api.client.reads.drop("straas", "member.get")


async def _service_token(api: Straas, op: Operation, request: Request) -> Answer:
    """Whether uid and secret are good for a token. The token itself is handed to nobody (S-110)."""
    if request.body is not NO_BODY or request.query:
        raise InputError(f"{op.key}: takes no values: uid, secret and type are headend's to send (S-3)")
    answer = await api.token.request()
    body = mask_keys(answer.body, {"token"})
    return replace(answer, body=body, content=json.dumps(body).encode())


async def _member_token(api: Straas, op: Operation, query: dict[str, Any]) -> str:
    """Takes the token, or whom to make one for, out of the query: only members' tokens go to members' calls (S-168)."""
    given = {name: query.pop(name) for name in ("member_token", "member_id") if name in query}
    if len(given) != 1:
        raise InputError(f"{op.key}: is called as a member: give member_id=..., or the member_token=... that you have")
    name, value = next(iter(given.items()))
    return str(value) if name == "member_token" else await api.member_token(str(value))


def _ids(query: Mapping[str, Any]) -> list[str]:
    return [id for id in str(joined(query).get("ids", "")).split(",") if id]


async def _many_videos(api: Straas, request: Request, ids: list[str]) -> Answer:
    """More ids than a page holds rows: as few requests as will do, and one answer (S-134)."""
    from headend.core.wire.client import Answer  # loaded by whoever made the client

    query = {name: value for name, value in request.query.items() if name not in {"ids", "page", "per_page"}}
    rows = await api.videos(ids, joined(query))
    counted = {"total": str(len(rows)), "per-page": str(max(1, len(rows)))}
    return Answer(200, rows, counted, True, json.dumps(rows).encode())
