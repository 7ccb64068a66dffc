"""An answer is proof, or it is an error: of another shape it is no grant, no category, no difference, no success."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from headend.core.model.errors import DecodeError, Refused
from headend.core.wire.registry import kinds
from headend.rights_locker.categories import AccountCategoriesSpec
from headend.rights_locker.entitlement import EntitlementSpec
from headend.rights_locker.entitlement_set import EntitlementSetSpec
from headend.rights_locker.invoke import next_page
from headend.rights_locker.stream_limits import StreamLimitSpec
from headend.rights_locker.wire import TABLE

HTML = b"<html><body>Welcome</body></html>"
NOTHING: list[Any] = [b"", b"null", b"[]", b'"text"', HTML, {"data": []}, {"message": "internal error"}, b'{"cont']
GRANT = {"kind": "assets", "content_id": "derby"}
ITEM = {"content_id": "derby", "external_product_id": "default", "publishing_rule_id": None}
BAD_ITEMS: list[Any] = [
    None,
    {},
    *({**ITEM, name: value} for name in ("content_id", "external_product_id") for value in (None, "", 7, True, ["a"])),
    {**ITEM, "publishing_rule_id": 7},
    {**ITEM, "num_devices_to_bind": "2"},
    {**ITEM, "start_time": 20130902},
    {**ITEM, "end_time": "soon"},
]
ENVELOPES: list[Any] = [
    *NOTHING,
    {"content": {"assets": [ITEM]}},
    {"account_id": "another", "content": {"assets": [ITEM]}},
    {"account_id": "v1"},
    {"account_id": "v1", "content": []},
    {"account_id": "v1", "content": {"assets": {"derby": ITEM}}},
    *({"account_id": "v1", "content": {"assets": [item]}} for item in BAD_ITEMS),
]


@pytest.mark.contract("R-15", "R-26", "R-27", "R-48")
@pytest.mark.parametrize("body", ENVELOPES, ids=repr)
def test_entitlements_of_another_shape_are_neither_gone_nor_different(locker: Any, body: Any) -> None:
    one = EntitlementSpec(account_id="v1", **GRANT)
    many = EntitlementSetSpec(account_id="v1", entries=[GRANT])
    for kind, id, spec in (("entitlement", "v1/assets/derby/default", one), ("entitlement_set", "v1", many)):
        for fresh in (False, True):
            box = locker()
            for key in ("content.get", "assets.get"):
                box.sim.fail(key, status=200, body=body, times=9)
            with pytest.raises((DecodeError, Refused)):
                asyncio.run(kinds()[f"rights_locker.{kind}"].observe(box.api, id, spec, fresh=fresh))
            assert box.writes == []


@pytest.mark.contract("R-16", "R-35")
@pytest.mark.parametrize(
    "body",
    [
        *NOTHING,
        *({"categories": value} for value in ("a", 5, {}, [1], [None], ["a", 2])),
        {"categories": ["a"], "users": []},
    ],
    ids=repr,
)
def test_categories_of_another_shape_are_no_empty_set(locker: Any, body: Any) -> None:
    box, kind = locker(), kinds()["rights_locker.account_categories"]
    spec = AccountCategoriesSpec(account_id="v1", categories=["sport"])
    box.sim.fail("categories.get", status=200, body=body, times=9)
    for call in (kind.observe(box.api, "v1", spec), kind.create(box.api, spec)):
        with pytest.raises((DecodeError, Refused)):
            asyncio.run(call)
    assert box.writes == []


@pytest.mark.contract("R-16", "R-29")
@pytest.mark.parametrize("body", [*NOTHING[1:], {"message": None}, {"message": 5}], ids=repr)
def test_a_limit_that_nobody_can_read_back_is_set_only_by_the_word_of_the_service(locker: Any, body: Any) -> None:
    box, kind = locker(), kinds()["rights_locker.stream_limit"]
    spec = StreamLimitSpec(account_id="v1", limit=2)
    for key in ("limit.set", "limit.delete"):
        box.sim.fail(key, status=200, body=body)
    for call in (kind.create(box.api, spec), kind.delete(box.api, "v1", spec, lambda text: None)):
        with pytest.raises((DecodeError, Refused)):
            asyncio.run(call)


@pytest.mark.contract("R-21", "R-22")
@pytest.mark.parametrize(
    "cursor",
    [
        {"last_shard": "0", "last_id": "a"},
        {"last_shard": True, "last_id": "a"},
        {"last_shard": 0, "last_id": ["a"]},
        {"last_shard": 0, "last_id": False},
        {"last_shard": 1.5, "last_id": "a"},
    ],
)
def test_a_cursor_of_another_type_does_not_end_the_list(cursor: dict[str, Any]) -> None:
    with pytest.raises(DecodeError, match="a cursor of another type"):
        next_page(TABLE["users.list"], {"users": ["a"], **cursor})


@pytest.mark.contract("R-21")
@pytest.mark.parametrize("users", [None, {}, [1], [None], "a"])
def test_users_of_another_type_are_no_list(users: Any) -> None:
    with pytest.raises(DecodeError, match="holds no users"):
        next_page(TABLE["users.list"], {"users": users})
