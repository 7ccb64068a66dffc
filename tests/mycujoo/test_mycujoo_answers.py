"""An answer is proof, or it is an error: nothing of another shape is read as gone, as a difference, or as an id."""

from __future__ import annotations

from typing import Any

import pytest
from mycujoo_bench import Bench, changes, quiet

from headend.core.model.errors import DecodeError, ForeignAnswer, NotFound
from headend.core.wire.registry import kinds
from headend.mycujoo.account import Account
from headend.mycujoo.action_configuration_spec import ActionConfiguration
from headend.mycujoo.organization import Organization
from headend.mycujoo.payment_method import PaymentMethod

ACCOUNT, CONFIGURATION = kinds()["mycujoo.account"], kinds()["mycujoo.action_configuration"]
ORGANIZATION, METHOD = kinds()["mycujoo.organization"], kinds()["mycujoo.payment_method"]
GOAL = ActionConfiguration(action_id="act-1", group_id="derby", title="Goal")
STORED = {"id": "c1", "action_id": "act-1", "group_id": "derby", "title": "Goal", "order": 1, "fields": []}
CLUB = Organization(org_id="org-1", name="Club")
ADA = Account(email="ada@example.com")
HTML = b"<html><body>Not Found</body></html>"
NOTHING: list[Any] = [b"", b"null", b"[]", b'"text"', HTML, {"data": []}, {"message": "internal error"}, b'{"id": "c']


def without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def bad(row: dict[str, Any], ids: tuple[str, ...], **wrong: Any) -> list[dict[str, Any]]:
    """The row without each id, with each as null, as nothing and as a number, and with each of the wrong values."""
    rows = [without(row, name) for name in ids]
    rows += [{**row, name: value} for name in ids for value in (None, "", 7, True, ["c1"])]
    return rows + [{**row, name: value} for name, value in wrong.items()]


# --- reads -----------------------------------------------------------------------------------------------------
CARD = {"id": "pm-1", "is_default": True, "card": {"brand": "visa", "last_digits": "4242"}}
CARDS: list[Any] = [
    *NOTHING,
    {"payment_method": None},
    {"payment_method": CARD},
    {"payment_method": [None]},
    *({"payment_method": [row]} for row in bad(CARD, ("id",), is_default="true", card="visa", provider=5)),
    {"payment_method": [{**CARD, "card": {"exp_month": "12"}}]},
]


@pytest.mark.contract("M-7", "M-13", "M-36", "M-135")
@pytest.mark.parametrize(("status", "body"), [*((200, body) for body in CARDS), (204, None)], ids=repr)
def test_a_list_of_another_shape_is_no_list_without_the_card(body: Any, status: int) -> None:
    bench = Bench()
    (id,) = bench.world["payment_methods"]
    bench.sim.fail("payment_method.list", status=status, body=body, times=9)
    with pytest.raises(DecodeError):
        bench.run(lambda api: METHOD.observe(api, id, PaymentMethod(is_default=True)))


@pytest.mark.contract("M-38", "M-135")
@pytest.mark.parametrize("body", [{}, {"payment_method": []}])
def test_a_list_without_the_card_proves_it_gone_only_if_the_card_itself_is(body: Any) -> None:
    bench = Bench()
    (id,) = bench.world["payment_methods"]
    bench.sim.fail("payment_method.list", status=200, body=body, times=9)
    found = bench.run(lambda api: METHOD.observe(api, id, PaymentMethod(), fresh=True))
    assert found.id == id
    bench.world["payment_methods"].clear()
    assert bench.run(lambda api: METHOD.observe(api, id, PaymentMethod(), fresh=True)) is None


@pytest.mark.contract("M-11", "M-38")
@pytest.mark.parametrize("body", [HTML, b"", {"message": "gone"}, {"code": "5"}], ids=repr)
def test_a_404_in_other_words_proves_nothing_gone(body: Any) -> None:
    bench = Bench()
    bench.sim.fail("*.get", status=404, body=body, times=9)
    bench.sim.fail("*.delete", status=404, body=body, times=9)
    for kind, id, spec in (
        (METHOD, "pm-1", PaymentMethod()),
        (CONFIGURATION, "c1", GOAL),
        (ORGANIZATION, "org-1", CLUB),
    ):
        with pytest.raises(ForeignAnswer, match="does a proxy answer"):
            bench.run(lambda api, kind=kind, id=id, spec=spec: kind.observe(api, id, spec, fresh=True))
        if kind is not ORGANIZATION:
            with pytest.raises(ForeignAnswer):
                bench.run(lambda api, kind=kind, id=id, spec=spec: kind.delete(api, id, spec, quiet))


@pytest.mark.contract("M-70", "M-100", "M-103")
@pytest.mark.parametrize(
    "body",
    [
        *NOTHING,
        *({"action_configuration": row} for row in (None, [], {})),
        *(
            {"action_configuration": row}
            for row in bad(STORED, ("id", "action_id", "group_id"), title=5, order="1", fields={}, id="c2")
        ),
        *({"action_configuration": {**STORED, name: None}} for name in ("title", "order", "fields")),
        *(
            {"action_configuration": {**STORED, "fields": [field]}}
            for field in (
                None,
                {},
                {"field": None, "bool_value": True},
                {"field": "clip", "bool_value": "true"},
                {"field": "delay", "number_value": 1.5},
                {"field": "delay", "number_value": "five"},
                {"field": "delay", "float_value": "1.5"},
                {"field": "name", "string_value": 5},
            )
        ),
    ],
    ids=repr,
)
def test_a_configuration_of_another_shape_is_an_error_and_no_difference(body: Any) -> None:
    bench = Bench()
    bench.sim.fail("action_configuration.get", status=200, body=body, times=9)
    with pytest.raises(DecodeError):
        bench.run(lambda api: CONFIGURATION.observe(api, "c1", GOAL))


@pytest.mark.contract("M-68", "M-113")
@pytest.mark.parametrize(
    "body",
    [
        *NOTHING,
        {"items": None},
        {"items": {}},
        *({"items": [row]} for row in bad(without(STORED, "fields"), ("id", "action_id", "group_id"), order="1")),
    ],
    ids=repr,
)
def test_a_group_of_another_shape_is_no_empty_group(body: Any) -> None:
    bench = Bench()
    bench.sim.fail("action_configuration.list", status=200, body=body, times=9)
    for call in (CONFIGURATION.find, CONFIGURATION.create):
        with pytest.raises(DecodeError):
            bench.run(lambda api, call=call: call(api, GOAL))
    assert bench.sim.writes() == []


CLUB_ROW = {"id": "org-1", "name": "Club", "is_enabled": True, "tax": {"city": "Bern"}}


@pytest.mark.contract("M-33", "M-132")
@pytest.mark.parametrize(
    "body",
    [
        *NOTHING,
        CLUB_ROW,
        *(
            {"organization": row}
            for row in bad(CLUB_ROW, ("id",), name=None, is_enabled="yes", tax=[], id="org-2", email=5)
        ),
        {"organization": {**CLUB_ROW, "tax": {"address_lines": "Stadium Road 1"}}},
    ],
    ids=repr,
)
def test_an_organisation_of_another_shape_is_not_laid_over(body: Any) -> None:
    bench = Bench()
    bench.sim.fail("organization.get", status=200, body=body, times=9)
    for call in (
        lambda api: ORGANIZATION.observe(api, "org-1", CLUB),
        lambda api: ORGANIZATION.update(api, "org-1", CLUB, changes("name")),
    ):
        with pytest.raises(DecodeError):
            bench.run(call)
    assert bench.sim.writes() == []


ADA_ROW = {"id": "a1", "email": "ada@example.com", "first_name": "Ada"}


@pytest.mark.contract("M-47", "M-52", "M-126")
@pytest.mark.parametrize("key", ["account.batch_by_email", "account.list"])
@pytest.mark.parametrize(
    "body",
    [
        *NOTHING,
        {"accounts": {}},
        {"accounts": None},
        *({"accounts": [row]} for row in bad(ADA_ROW, ("id", "email"), first_name=None, is_verified="no")),
    ],
    ids=repr,
)
def test_accounts_of_another_shape_are_not_nobody(body: Any, key: str) -> None:
    bench = Bench()
    bench.sim.fail(key, status=200, body=body, times=9)
    with pytest.raises(DecodeError):
        bench.run(lambda api: ACCOUNT.observe(api, "ada@example.com", ADA))


@pytest.mark.contract("M-16", "M-47")
@pytest.mark.parametrize("token", [5, True, None, ["x"], {"page": 2}])
def test_a_page_token_of_another_type_does_not_end_the_list(token: Any) -> None:
    bench = Bench()
    bench.sim.fail("account.list", status=200, body={"accounts": [ADA_ROW], "next_page_token": token}, times=9)
    with pytest.raises(DecodeError, match="next_page_token is no text"):
        bench.run(lambda api: ACCOUNT.observe(api, "bob@example.com", Account(email="bob@example.com")))


@pytest.mark.contract("M-241", "M-125")
def test_an_unknown_address_that_is_a_404_does_not_hide_the_others() -> None:
    bench = Bench()
    bench.mycujoo.add_account("ada@example.com")
    unknown = {"code": 5, "message": "account not found"}
    bench.sim.fail("account.batch_by_email", status=404, body=unknown, times=99)

    async def both(api: Any) -> list[Any]:
        return [await ACCOUNT.find(api, Account(email=f"{name}@example.com")) for name in ("ada", "new")]

    found, none = bench.run(both)
    assert ([one.id for one in found], none) == (["ada@example.com"], [])
    _, live = bench.made("mycujoo.account", Account(email="new@example.com"))
    assert live.id == "new@example.com"


@pytest.mark.contract("M-11", "M-241")
def test_but_where_the_list_is_a_404_too_nobody_is_taken_for_unknown() -> None:
    bench = Bench()
    for key in ("account.batch_by_email", "account.list"):
        bench.sim.fail(key, status=404, body={"code": 5, "message": "Not Found"}, times=99)
    with pytest.raises(NotFound):
        bench.run(lambda api: ACCOUNT.find(api, ADA))


@pytest.mark.contract("M-63", "M-67", "M-161")
@pytest.mark.parametrize("body", [*NOTHING, {"items": [{"title": "Goal replay"}]}, {"items": [{"id": 5}]}], ids=repr)
def test_a_catalogue_of_another_shape_is_not_one_without_the_action(body: Any) -> None:
    from headend.mycujoo.catalogue import Action, ActionCategory

    bench = Bench()
    bench.sim.fail("action*.list", status=200, body=body, times=9)
    for lookup in (Action(), ActionCategory()):
        with pytest.raises(DecodeError):
            bench.run(lambda api, lookup=lookup: lookup.candidates(api, {"title": "Goal replay"}))


# --- writes ----------------------------------------------------------------------------------------------------
@pytest.mark.contract("M-69", "M-107")
@pytest.mark.parametrize("row", bad(STORED, ("id", "action_id", "group_id"), order="1"), ids=repr)
def test_a_configuration_that_was_made_is_found_again_and_not_made_twice(row: dict[str, Any]) -> None:
    bench = Bench()
    garble(bench, "action_configuration.create", {"action_configuration": row})
    made, _ = bench.made("mycujoo.action_configuration", GOAL)
    assert list(bench.world["configurations"]) == [made.id]


@pytest.mark.contract("M-37", "M-137")
@pytest.mark.parametrize("row", [*bad(CARD, ("id",)), {"payment_method": CARD}], ids=repr)
def test_a_card_that_was_registered_is_found_again_and_not_registered_twice(row: dict[str, Any]) -> None:
    bench = Bench()
    bench.mycujoo.add_setup_intent("seti-1")
    garble(bench, "payment_method.create", row)
    made, _ = bench.made("mycujoo.payment_method", PaymentMethod(setup_intent_id="seti-1"))
    assert made.id in bench.world["payment_methods"]
    assert bench.counts["payment_method.create"] == 1


@pytest.mark.contract("M-48", "M-56", "M-125")
@pytest.mark.parametrize("invite", [False, True])
@pytest.mark.parametrize("body", [{"password": 5, "account_id": 5}, b"null", b'{"pass', HTML, {"message": "oops"}])
def test_an_account_that_was_made_is_found_again_and_not_made_twice(invite: bool, body: Any) -> None:
    bench = Bench()
    garble(bench, "account.invite" if invite else "account.create", body)
    made, live = bench.made("mycujoo.account", Account(email="ada@example.com", invite=invite))
    assert (made.id, made.handed_out) == ("ada@example.com", {})
    assert [row["email"] for row in bench.world["accounts"].values()].count("ada@example.com") == 1
    assert live.computed["account_id"] in bench.world["accounts"]


@pytest.mark.contract("M-107")
@pytest.mark.parametrize("drop", ["before", "after"])
def test_what_was_said_to_be_made_and_is_not_listed_is_not_made_again(drop: str) -> None:
    """A garbled answer says that it was made; only one that was lost may be sent again."""
    bench = Bench()
    bench.sim.fail("action_configuration.create", status=200, body={"action_configuration": {"id": None}})
    with pytest.raises(DecodeError, match="none is listed yet"):
        bench.run(lambda api: CONFIGURATION.create(api, GOAL))
    bench.sim.fail("action_configuration.create", drop=drop)
    bench.run(lambda api: CONFIGURATION.create(api, GOAL))
    assert len(bench.world["configurations"]) == 1


def garble(bench: Bench, key: str, body: Any) -> None:
    """The next call of the operation is carried out, and answered with something else."""
    handle = bench.mycujoo.handlers[key]

    async def garbled(call: Any) -> Any:
        bench.mycujoo.handlers[key] = handle
        reply = await handle(call)
        return type(reply)(200, body) if reply.status == 200 else reply

    bench.mycujoo.handlers[key] = garbled
