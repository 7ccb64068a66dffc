"""Payment methods: made of what somebody confirmed in a browser, or found by what is on the card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mycujoo_bench import Bench, changes, quiet
from pydantic import ValidationError

from cli.conftest import world
from cli.harness import World
from headend.core.model.errors import Ambiguous, InputError, NotFound, Refused
from headend.core.model.kind import kinds
from headend.core.model.proposal import Action, Proposal
from headend.core.stackfile import load
from headend.mycujoo.payment_method import PaymentMethod

__all__ = ["world"]

KIND = kinds["mycujoo.payment_method"]
LIST, POST, PATCH, DELETE = (f"payment_method.{name}" for name in ("list", "create", "update", "delete"))


def spec(**values: Any) -> PaymentMethod:
    return PaymentMethod(**({"setup_intent_id": "seti-1"} | values))


def bench(**switches: Any) -> Bench:
    found = Bench(**switches)
    found.mycujoo.add_setup_intent("seti-1", last_digits="1111")
    return found


def stack(world: World, **methods: Any) -> str:
    world.write("money.yaml", json.dumps({"headend": 1, "mycujoo": {"payment_methods": methods}}))
    return "money.yaml"


@pytest.mark.contract("M-37", "M-134", "M-135", "M-189")
def test_creation_is_one_request_and_a_look() -> None:
    there = bench()
    first, live = there.made("mycujoo.payment_method", spec())
    assert there.counts == {LIST: 2, POST: 1}
    assert not first.incomplete
    assert live.values == {}
    assert live.computed["card"]["last_digits"] == "1111"
    assert set(live.computed) == {"card", "create_time", "is_default", "org_id", "provider", "update_time"}
    assert [entry.body for entry in there.sim.writes()] == [{"setup_intent_id": "(secret)"}]


@pytest.mark.contract("M-40", "M-135", "M-136")
def test_the_default_is_set_by_a_second_request_and_unsets_the_others() -> None:
    there = bench()
    first, live = there.made("mycujoo.payment_method", spec(is_default=True))
    assert (first.incomplete, live.values["is_default"]) == (True, True)
    assert there.counts == {LIST: 3, POST: 1, PATCH: 1}
    assert [row["is_default"] for row in there.world["payment_methods"].values()] == [False, True]


@pytest.mark.contract("M-135")
def test_a_default_that_creation_happened_to_make_is_not_written() -> None:
    there = bench()
    there.world["payment_methods"].clear()
    there.made("mycujoo.payment_method", spec(is_default=True))
    assert PATCH not in there.counts


@pytest.mark.contract("M-36", "M-38", "M-135", "M-137", "M-189")
def test_one_list_reads_them_all_and_the_same_key_holds_one_or_many() -> None:
    there = bench()
    there.mycujoo.add_setup_intent("seti-2")
    ids = [there.made("mycujoo.payment_method", spec(setup_intent_id=f"seti-{n}"))[1].id for n in (1, 2)]

    async def script(api: Any) -> list[Any]:
        found = [await KIND.observe(api, id, spec()) for id in [*ids, "nobody"]]
        return [*found, await api.accounting.method(ids[0])]

    one, two, none, got = there.run(script)
    assert (one.id, two.id, none, got.id) == (*ids, None, ids[0])
    assert there.counts == {LIST: 1, "payment_method.get": 1}


@pytest.mark.contract("M-15", "M-135")
@pytest.mark.parametrize("again", ["same", "refused"])
def test_a_creation_whose_answer_was_lost_makes_exactly_one(again: str) -> None:
    there = bench(setup_intent_again=again)
    there.sim.fail(POST, drop="after")
    _, live = there.made("mycujoo.payment_method", spec())
    assert len(there.world["payment_methods"]) == 2
    assert live.id in there.world["payment_methods"]
    assert there.counts[POST] == 1


@pytest.mark.contract("M-15")
def test_a_lost_creation_with_two_new_ones_beside_it_stays_unclear() -> None:
    there = bench()

    async def script(api: Any) -> None:
        await api.accounting.methods()
        for n in (2, 3):
            there.mycujoo.add_setup_intent(f"seti-{n}")
            there.mycujoo._method(f"seti-{n}")
        there.sim.fail(POST, drop="before")
        await KIND.create(api, spec())

    with pytest.raises(Ambiguous, match="2 new payment methods may be it"):
        there.run(script)


@pytest.mark.contract("M-39", "M-135")
def test_deleting_what_is_gone_is_success_unless_the_whole_service_is() -> None:
    there = bench()
    _, live = there.made("mycujoo.payment_method", spec())
    for _ in range(2):
        there.run(lambda api: KIND.delete(api, live.id, spec(), quiet))
    assert live.id not in there.world["payment_methods"]
    with pytest.raises(NotFound):
        there.run(lambda api: KIND.delete(api, live.id, spec(), quiet), url="http://127.0.0.1:1/mycujoo/v0")
    (kept,) = there.world["payment_methods"]
    there.sim.fail(DELETE, status=404)
    with pytest.raises(NotFound):
        there.run(lambda api: KIND.delete(api, kept, spec(), quiet))


@pytest.mark.contract("M-136")
def test_the_plan_says_when_what_pays_would_go() -> None:
    there = bench()
    (default,) = there.world["payment_methods"]
    _, other = there.made("mycujoo.payment_method", spec())
    (warning,) = there.run(lambda api: KIND.review(api, Proposal(Action.DELETE, None, default, last=spec())))
    assert str(warning).startswith("warning: it is the one that pays")
    assert there.run(lambda api: KIND.review(api, Proposal(Action.DELETE, None, other.id, last=spec()))) == ()


@pytest.mark.contract("M-136")
def test_false_is_refused_and_so_are_two_defaults_in_one_stack(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="make another one the default"):
        spec(is_default=False)
    file, two = tmp_path / "money.yaml", {"a": {"is_default": True}, "b": {"is_default": True}}
    file.write_text(json.dumps({"headend": 1, "mycujoo": {"payment_methods": two}}))
    with pytest.raises(InputError, match=r"payment_methods\.b: `is_default`: only one can have it, and .*\.a \("):
        load(file)


@pytest.mark.contract("M-12", "M-108")
def test_a_default_that_was_not_stored_is_an_error() -> None:
    there = bench()
    there.sim.fail(PATCH, status=200, body={"id": "x", "is_default": False})
    with pytest.raises(Refused, match="stored something else in: is_default"):
        there.run(lambda api: KIND.update(api, "x", spec(is_default=True), changes("is_default")))


@pytest.mark.contract("M-134", "M-137")
def test_one_that_exists_is_adopted_by_what_is_on_the_card(world: World) -> None:
    methods = world.simulator.sims["mycujoo"].world["payment_methods"]
    (id,) = methods
    match = {"brand": "visa", "last_digits": "4242"}
    name = stack(world, visa={"is_default": True, "lifecycle": {"adopt": {"lookup": match}}})
    planned = json.loads(world("plan", name, "--format", "json", "--out", "plan.json").out)
    assert planned["lookups"] == {"mycujoo.payment_methods.visa.lifecycle.adopt": id}
    assert world("apply", "plan.json", "--yes").code == 0
    assert world("plan", name).code == 0
    assert world("plan", stack(world, visa={"setup_intent_id": "given-later"})).code == 0  # says nothing of this one
    assert list(methods) == [id]


@pytest.mark.contract("M-134", "M-137", "M-161")
def test_a_card_that_is_not_there_is_told_with_those_that_are(world: World) -> None:
    adopted = {"lifecycle": {"adopt": {"lookup": {"last_digits": "0000"}}}}
    refused = world("plan", stack(world, visa=adopted))
    assert refused.code == 3
    assert 'lifecycle.adopt: there is no mycujoo.payment_method with last_digits "0000"' in refused.err
    assert "brand visa, last_digits 4242" in refused.err
    wrong = world("validate", stack(world, visa={"lifecycle": {"adopt": {"lookup": {"digits": "0000"}}}}))
    assert "can't be found by `digits`" in wrong.err
    made = world("plan", stack(world, visa={}))
    assert "a payment method is made of one (M-134)" in made.err


@pytest.mark.contract("M-134")
def test_another_set_up_intent_is_another_method_and_none_at_all_is_not(world: World) -> None:
    sim = world.simulator.sims["mycujoo"]
    for n in (1, 2):
        sim.add_setup_intent(f"seti-{n}")  # type: ignore[attr-defined]
    assert world("apply", stack(world, visa={"setup_intent_id": "seti-1"}), "--yes").code == 0
    shown = world("plan", "money.yaml", "--format", "json").out
    assert "seti-1" not in shown
    assert "creation uses it up" in shown
    first = set(sim.world["payment_methods"])
    assert world("apply", stack(world, visa={"setup_intent_id": "seti-2"}), "--yes").code == 0
    assert len(set(sim.world["payment_methods"]) - first) == 1
    assert [e.key for e in world.simulator.writes()][-2:] == [POST, DELETE]  # something pays all the while
    assert world("plan", stack(world, visa={"is_default": True})).code == 2
    assert world("apply", "money.yaml", "--yes").code == 0
    before = set(sim.world["payment_methods"])
    assert world("apply", stack(world, visa={"setup_intent_id": "seti-1", "is_default": True}), "--yes").code == 0
    assert set(sim.world["payment_methods"]) == before
