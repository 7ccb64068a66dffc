"""Agreements are found, used up once each, and stay with the output that was made with them."""

from __future__ import annotations

import json

import pytest

from cli.conftest import world
from cli.harness import World

__all__ = ["world"]

STACK = """
headend: 1
stack: day
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      outputs:
        a: {variant: push, host: a.example.com, port: 2088, permanent_schedule_agreement_id: {lookup: {MATCH}}}
        b: {variant: push, host: b.example.com, port: 2088, permanent_schedule_agreement_id: {lookup: {MATCH}}}
"""


def agreements(world: World, **rows: dict[str, object]) -> None:
    """Bought agreements: free ones of 20 Mbit/s unless said otherwise."""
    table = world.simulator.sims["ateme"].world["agreements"]
    for id, row in rows.items():
        free = {"agreement_id": id, "organisation_id": "org-1", "is_assigned": False, "is_finished": False}
        table[id] = free | {"bitrate": 20, "expiry_date": "2999-01-01T00:00:00Z"} | row


@pytest.mark.contract("A-711", "A-705", "A-706", "A-707", "A-708", "A-709")
def test_each_output_takes_a_free_one_of_its_own_and_keeps_it(world: World) -> None:
    agreements(world, old={"is_finished": True}, used={"is_assigned": True}, one={}, two={}, small={"bitrate": 5})
    world.write("day.yaml", STACK.replace("MATCH", "bitrate: 20"))
    planned = json.loads(world("plan", "day.yaml", "--format", "json", "--out", "plan.json").out)
    assert set(planned["lookups"].values()) == {"one", "two"}
    assert world("apply", "plan.json", "--yes").code == 0
    outputs = world.simulator.sims["ateme"].world["outputs"].values()
    assert {o["permanent_schedule_agreement_id"] for o in outputs} == {"one", "two"}
    assert world("plan", "day.yaml").code == 0  # they are assigned by now, and would not be found again


@pytest.mark.contract("A-711")
def test_with_too_few_free_ones_the_plan_says_so_and_lists_the_others(world: World) -> None:
    agreements(world, one={}, small={"bitrate": 5})
    world.write("day.yaml", STACK.replace("MATCH", "bitrate: 20"))
    refused = world("plan", "day.yaml")
    assert refused.code == 3
    assert "permanent_schedule_agreement_id: there is no ateme.agreement with bitrate 20" in refused.err
    assert "there are: small (agreement_id small" in refused.err
    assert "day.yaml:" in refused.err
    assert world.simulator.writes() == []


@pytest.mark.contract("A-741")
def test_a_replaced_output_takes_another_one(world: World) -> None:
    agreements(world, one={}, two={}, three={})
    text = STACK.replace("MATCH", "bitrate: 20")
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes").code == 0
    first = {o["permanent_schedule_agreement_id"] for o in world.simulator.sims["ateme"].world["outputs"].values()}
    world.write("day.yaml", text.replace("a: {variant: push, host: a.example.com", "a: {variant: pull, stream_id: a"))
    replaced = world("apply", "day.yaml", "--yes")
    assert replaced.code == 0, replaced.err
    live = [o for o in world.simulator.sims["ateme"].world["outputs"].values() if not o["is_deleted"]]
    now = {o["permanent_schedule_agreement_id"] for o in live}
    assert len(now) == 2
    assert now - first == {"three"}
    assert world("plan", "day.yaml").code == 0


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ("bitrat: 20", "ateme.agreement can't be found by `bitrat` (did you mean `bitrate`?)"),
        ("bitrate: [20]", "not a lookup"),
        ("", "not a lookup"),
    ],
)
def test_a_lookup_that_can_not_be_is_told_with_its_place(world: World, match: str, said: str) -> None:
    world.write("day.yaml", STACK.replace("MATCH", match))
    refused = world("validate", "day.yaml")
    assert refused.code == 3
    assert said in refused.err
    assert "day.yaml:11:" in refused.err


@pytest.mark.contract("A-256", "A-257", "A-258", "A-710", "A-858")
def test_a_purchase_is_a_command_of_its_own_that_a_person_names_twice_and_no_run_makes(world: World) -> None:
    selectors = world("api", "ateme", "agreement.price_selectors")
    assert json.loads(selectors.out) == {"bitrates": [5, 10, 20, 50]}
    buy = ["api", "ateme", "agreement.create", "bitrate=20"]
    assert "is a purchase" in world(*buy).err
    refused = world(*buy, "number_of_agreements=11", "--dangerous", "agreement.create")
    assert "must be 1..10" in refused.err
    world.write("day.yaml", STACK.replace("MATCH", "bitrate: 20"))
    assert world("apply", "day.yaml", "--yes").code == 3, "with none to be found nothing is bought"
    assert json.loads(world("api", "ateme", "agreement.list").out) == []
    bought = json.loads(world(*buy, "number_of_agreements=2", "--dangerous", "agreement.create").out)
    assert [(row["is_assigned"], row["is_finished"]) for row in bought] == [(False, False)] * 2
    assert all(row["expiry_date"] for row in bought)
    world.simulator.reset_journal()
    assert world("apply", "day.yaml", "--yes").code == 0
    assert "agreement.create" not in {entry.key for entry in world.simulator.journal}
    listed = json.loads(world("api", "ateme", "agreement.list").out)
    assert [row["is_assigned"] for row in listed] == [True, True]
