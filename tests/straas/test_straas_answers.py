"""An answer is proof, or it is an error: nothing of another shape is no member, another e-mail, or not in a list."""

from __future__ import annotations

from typing import Any

import pytest

from headend.core.model.errors import DecodeError
from headend.straas.catalogue import AdBanner, Category, Live, Playlist, Video
from headend.straas.member import Member, MemberSpec

KIND = Member()
VIEWER = MemberSpec(id="viewer", email="viewer@example.com")
ROW = {"id": "viewer", "email": "viewer@example.com", "membership": "free"}
HTML = b"<html><body>Welcome</body></html>"
NOTHING: list[Any] = [b"", b"null", b"[]", b'"text"', HTML, {"data": []}, {"error": "internal error"}, b'{"id": "vie']


@pytest.mark.contract("S-38", "S-54", "S-105", "S-106")
@pytest.mark.parametrize(
    "body",
    [
        *NOTHING,
        *({**ROW, name: value} for name in ("id", "email") for value in (None, "", 7, True, ["viewer"])),
        {"id": "viewer"},
        {"email": "viewer@example.com"},
        {**ROW, "membership": 1},
        {**ROW, "id": "another"},
    ],
    ids=repr,
)
def test_a_member_of_another_shape_is_neither_gone_nor_has_another_email(straas: Any, body: Any) -> None:
    for call in (
        lambda api: KIND.observe(api, "viewer", VIEWER),
        lambda api: KIND.find(api, VIEWER),
        lambda api: KIND.create(api, VIEWER),
    ):
        account = straas()
        account.sim.fail("member.get", status=200, body=body, times=9)
        with pytest.raises(DecodeError):
            account.run(call(account.api))
        assert account.sim.writes() == []


@pytest.mark.contract("S-103", "S-104")
@pytest.mark.parametrize("body", [*NOTHING[:6], {"id": 7, "email": None}], ids=repr)
def test_what_registration_answers_is_not_believed_and_nothing_is_registered_twice(straas: Any, body: Any) -> None:
    account = straas()
    handle = account.platform.handlers["member.create"]

    async def garbled(call: Any) -> Any:
        return type(await handle(call))(201, body)

    account.platform.handlers["member.create"] = garbled
    account.run(KIND.create(account.api, VIEWER))
    assert account.calls.count("member.create") == 1
    assert list(account.platform.world["members"]) == ["viewer"]


LOOKUPS: list[Any] = [
    (AdBanner(), "ad_banner", {"id": 17, "name": "Spring"}, {"id": "17"}, {"name": 5}),
    (Category(), "category", {"id": 3, "name": "Sport"}, {"id": "3"}, {"parent_id": "2"}),
    (Live(), "live", {"id": "l1", "title": "Derby"}, {"id": 5}, {"available": "yes"}),
    (Playlist(), "playlist", {"id": "p1", "title": "Derby"}, {"id": 5}, {"title": ["Derby"]}),
    (Video(), "video", {"id": "v1", "title": "Derby"}, {"id": 5}, {"category": {"id": "3"}}),
]


@pytest.mark.contract("S-19", "S-50", "S-51", "S-53", "S-56", "S-57", "S-137")
@pytest.mark.parametrize(("lookup", "noun", "row", "id", "wrong"), LOOKUPS, ids=[one[1] for one in LOOKUPS])
def test_a_catalogue_of_another_shape_is_not_one_without_it(
    straas: Any, lookup: Any, noun: str, row: Any, id: Any, wrong: Any
) -> None:
    rows = [None, 7, {}, {**row, "id": None}, {**row, "id": True}, {**row, **id}, {**row, **wrong}]
    for body in [*NOTHING[:2], *NOTHING[3:], *([row, one] for one in rows)]:
        account = straas()
        account.sim.fail(f"{noun}.list", status=200, body=body, times=9)
        with pytest.raises(DecodeError):
            account.run(lookup.candidates(account.api, {"title": "Cup"}))


@pytest.mark.contract("S-51", "S-105")
def test_a_service_without_any_category_proves_no_member_gone(straas: Any) -> None:
    account = straas()
    account.sim.fail("category.list", status=200, body=[], times=9)
    with pytest.raises(DecodeError, match="every account has one"):
        account.run(KIND.observe(account.api, "viewer", VIEWER))


@pytest.mark.contract("S-3", "S-31")
@pytest.mark.parametrize("token", [None, "", 7, ["t"], "tökén", "a b", "a\r\nb"])
def test_what_is_no_token_goes_into_no_header(straas: Any, token: Any) -> None:
    account = straas()
    account.sim.fail("service_token.create", status=201, body={"token": token}, times=9)
    with pytest.raises(DecodeError, match="token: "):
        account.run(account.api.member("viewer"))
    assert account.calls == ["service_token.create"]
