"""The organisation that pays: taken over, changed as a whole, and never made or deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mycujoo_bench import Bench, changes
from pydantic import ValidationError

from cli.conftest import world
from cli.harness import World
from headend.core.model.errors import NotFound, Refused
from headend.core.model.kind import Can, kinds
from headend.mycujoo.organization import Organization

__all__ = ["world"]

KIND = kinds["mycujoo.organization"]
GET, PATCH = "organization.get", "organization.update"


def spec(**values: Any) -> Organization:
    return Organization(**({"org_id": "org-1"} | values))


def stack(world: World, **values: Any) -> str:
    one = {"org_id": "org-1", **values}
    world.write("club.yaml", json.dumps({"headend": 1, "mycujoo": {"organizations": {"club": one}}}))
    return "club.yaml"


@pytest.mark.contract("M-132", "M-190")
@pytest.mark.parametrize("org_patch", ["overwrite", "merge"])
@pytest.mark.parametrize("emit_zero", [True, False])
def test_a_change_leaves_all_else_as_it_was_whatever_leaving_out_means(org_patch: str, emit_zero: bool) -> None:
    bench = Bench(org_patch=org_patch, emit_zero=emit_zero)
    before = json.loads(json.dumps(bench.world["organizations"]["org-1"]))
    wanted = spec(name="The Club", tax={"city": "Basel", "address_lines": ["Gate 2", "Stadium"]})
    bench.run(lambda api: KIND.update(api, "org-1", wanted, changes("name", "tax")))
    tax = before["tax"] | {"city": "Basel", "address_lines": ["Gate 2", "Stadium"]}
    assert bench.world["organizations"]["org-1"] == before | {"name": "The Club", "tax": tax}
    assert before["is_enabled"]
    assert bench.counts == {GET: 1, PATCH: 1}


@pytest.mark.contract("M-12", "M-132")
def test_the_whole_object_is_sent_and_nothing_that_is_not_documented() -> None:
    bench = Bench()
    bench.world["organizations"]["org-1"] |= {"plan": "gold"}
    bench.run(lambda api: KIND.update(api, "org-1", spec(is_test=True), changes("is_test")))
    (write,) = bench.sim.writes()
    assert set(write.body) == {"email", "id", "invoice_template_id", "is_enabled", "is_test", "name", "tax"}
    assert write.body["is_test"] is True


@pytest.mark.contract("M-108", "M-132")
def test_what_the_platform_did_not_take_is_an_error_that_names_it() -> None:
    bench = Bench(org_patch="merge", patch_zero="ignored")
    wanted = spec(is_enabled=False, name="X", tax={"city": "Basel"})
    with pytest.raises(Refused, match=r"stored something else in: is_enabled$"):
        bench.run(lambda api: KIND.update(api, "org-1", wanted, changes("name", "is_enabled", "tax")))
    assert bench.counts[PATCH] == 1


@pytest.mark.contract("M-33", "M-34", "M-133", "M-189")
def test_reading_opens_the_wrapping_and_the_answer_to_a_change_has_none() -> None:
    bench = Bench()

    async def script(api: Any) -> tuple[Any, Any]:
        read = await api.accounting.organization("org-1")
        return read, await api.accounting.update_organization("org-1", read.model_dump() | {"name": "New"})

    read, changed = bench.run(script)
    assert (read.name, changed.name, changed.id) == ("Club", "New", "org-1")


@pytest.mark.contract("M-130")
def test_what_the_stack_leaves_out_is_neither_read_nor_compared() -> None:
    bench = Bench()
    live = bench.run(lambda api: KIND.observe(api, "org-1", spec(name="Club", tax={"city": "Bern", "province": ""})))
    assert live.values == {"org_id": "org-1", "name": "Club", "tax": {"city": "Bern", "province": ""}}
    assert bench.counts == {GET: 1}


@pytest.mark.contract("M-130")
@pytest.mark.parametrize(
    "wrong",
    [{"tax": {"country": "CHE"}}, {"tax": {"country": "C1"}}, {"tax": {"street": "x"}}, {"org_id": ""}, {"id": "x"}],
)
def test_the_spec_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**wrong)


@pytest.mark.contract("M-131")
def test_it_is_taken_over_without_being_asked_and_forgotten_with_a_notice(world: World) -> None:
    assert Can.CREATE not in KIND.can
    assert Can.DELETE not in KIND.can
    planned = world("plan", stack(world, name="Club"))
    assert planned.code == 2
    assert "adopt mycujoo.organizations.club (found)" in planned.out
    assert world("apply", "club.yaml", "--yes").code == 0
    assert world.simulator.writes() == []  # nothing differed
    assert world("apply", stack(world, name="The Club"), "--yes").code == 0
    assert world("plan", "club.yaml").code == 0
    world.write("club.yaml", '{"headend": 1}')
    forgotten = world("plan", "club.yaml")
    assert "forget mycujoo.organizations.club (retained)" in forgotten.out
    assert world("apply", "club.yaml", "--yes").code == 0
    assert world.simulator.sims["mycujoo"].world["organizations"]["org-1"]["name"] == "The Club"


@pytest.mark.contract("M-131")
def test_one_that_is_not_there_is_an_error_of_the_plan_at_first_and_in_place_of_another(world: World) -> None:
    missing = world("plan", stack(world, org_id="org-7"))
    assert missing.code == 3
    assert "there is no live mycujoo.organization like it, and headend can't make one" in missing.err
    assert world("apply", stack(world, name="Club"), "--yes").code == 0
    assert world("plan", stack(world, org_id="org-7")).code == 3
    table = world.simulator.sims["mycujoo"].world["organizations"]
    table["org-2"] = {**table["org-1"], "id": "org-2"}
    applied = world("apply", stack(world, org_id="org-2", name="Two"), "--yes")
    assert applied.code == 0, applied.err
    assert (table["org-1"]["name"], table["org-2"]["name"]) == ("Club", "Two")
    del table["org-2"]
    assert world("plan", "club.yaml").code == 3


@pytest.mark.contract("M-11", "M-131")
def test_a_wrong_base_url_does_not_make_it_look_missing() -> None:
    bench = Bench()
    assert bench.run(lambda api: KIND.observe(api, "org-7", spec())) is None
    assert bench.counts == {GET: 1, "payment_method.list": 1}
    with pytest.raises(NotFound, match=r"payment_method\.list"):
        bench.run(lambda api: KIND.observe(api, "org-1", spec()), url="http://127.0.0.1:1/mycujoo/v0")
