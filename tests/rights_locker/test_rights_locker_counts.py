"""What it may cost: requests by the contract's counts, and fleets of ten thousand (R-58, R-62)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World, serve
from headend.core.model.errors import InputError
from headend.core.model.findings import Source
from headend.core.model.stack import Lifecycle, Resource, Stack
from headend.core.reconcile.apply import apply
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import kinds
from headend.core.wire.session import Session
from headend.rights_locker.entitlement import EntitlementSpec
from headend.simulator import Simulator

END = "2099-06-30T22:00:00+00:00"


def many(kind_name: str, rows: Mapping[str, Mapping[str, Any]]) -> Stack:
    """A stack of that many, without the file."""
    kind = kinds()[kind_name]
    made = {
        (address := f"rights_locker.{kind.collection}.{key}"): Resource(
            address, key, kind, kind.model(**row), Lifecycle(), {"": Source("s.yaml", 1)}
        )
        for key, row in rows.items()
    }
    return Stack("fleet", "s.yaml", made)


def carry_out(sim: Simulator, stack: Stack, state: State, *, write: bool = False) -> tuple[Plan, dict[str, int]]:
    """The plan, applied if it says so, and what was asked of the platform."""
    where: dict[str, Any] = {"env": sim.settings(), "redactor": Redactor()}
    where["transports"] = dict.fromkeys(sim.sims, sim.transport())
    sim.reset_journal()

    async def go() -> Plan:
        async with Session({}, **where) as session:
            plan = await make_plan(stack, state, session)
            if write:
                assert (await apply(plan, stack, state, session)).failed == {}
            return plan

    plan = asyncio.run(go())
    return plan, dict(Counter(entry.key for entry in sim.journal))


def grants(accounts: int, each: int) -> Stack:
    row = {"kind": "labels", "end_time": END}
    rows = {
        f"g{a}-{n}": row | {"account_id": f"v{a}", "content_id": f"c{n}"} for a in range(accounts) for n in range(each)
    }
    return many("rights_locker.entitlement", rows)


def put_live(sim: Simulator, stack: Stack) -> None:
    world = sim.sims["rights_locker"].world["entitlements"]
    for resource in stack.resources.values():
        spec = resource.spec
        assert isinstance(spec, EntitlementSpec)
        row = {"content_id": spec.content_id, "external_product_id": "default", "end_time": spec.end_time}
        kinds_of = world.setdefault(f"simulated-pcode/{spec.account_id}", {spec.kind: {}})
        kinds_of[spec.kind][f"{spec.content_id}/default"] = row


@pytest.mark.contract("R-58", "R-62")
def test_ten_thousand_entitlements_of_a_hundred_accounts_plan_with_a_hundred_requests(tmp_path: Path) -> None:
    sim, stack = Simulator(), grants(100, 100)
    put_live(sim, stack)
    with open_state(tmp_path / "state.db") as state:
        plan, asked = carry_out(sim, stack, state)
    assert (plan.summary()["adopt"], asked) == (10_000, {"content.get": 100})
    assert not any(step.changes or step.warnings for step in plan.steps)


@pytest.mark.contract("R-51", "R-58", "R-62")
def test_a_new_entitlement_takes_three_requests_at_most_and_a_second_apply_no_write(tmp_path: Path) -> None:
    sim, stack = Simulator(), grants(5, 8)
    with open_state(tmp_path / "state.db") as state:
        _, asked = carry_out(sim, stack, state, write=True)
        assert sum(asked.values()) <= 3 * 40
        assert asked == {"content.get": 5, "content.upsert": 40, "labels.get": 40 + 40 - 5}
        plan, asked = carry_out(sim, stack, state, write=True)
        assert (plan.writes(), asked) == ((), {"content.get": 5})
        gone, asked = carry_out(sim, Stack("fleet", "s.yaml", {}), state)
        assert (gone.summary()["delete"], asked) == (40, {"content.get": 5})


@pytest.mark.contract("R-29", "R-62")
def test_ten_thousand_limits_plan_without_a_request_and_none_of_them_is_called_in_sync(tmp_path: Path) -> None:
    rows = {f"v{n}": {"account_id": f"v{n}", "limit": 3} for n in range(10_000)}
    sim, stack = Simulator(), many("rights_locker.stream_limit", rows)
    with open_state(tmp_path / "state.db") as state:
        with state._db.connection:  # one transaction: this is about the plan
            state._db.connection.executemany(
                "INSERT INTO entries VALUES (?, 'rights_locker.stream_limit', ?, ?, '{}', '[]', 0, NULL, 0, '', '{}')",
                [
                    (address, resource.key, json.dumps(resource.spec.model_dump(mode="json")))
                    for address, resource in stack.resources.items()
                ],
            )
        plan, asked = carry_out(sim, stack, state)
    assert asked == {}
    assert {name: n for name, n in plan.summary().items() if n} == {"unverifiable": 10_000}
    assert all("no call that reads" in step.unverifiable["limit"] for step in plan.steps)


@pytest.mark.contract("R-44", "R-56", "R-62")
def test_a_set_is_applied_with_two_reads_planned_with_one_and_goes_with_two(tmp_path: Path) -> None:
    entries = [{"kind": "labels", "content_id": f"c{n}"} for n in range(230)]
    sim = Simulator()
    stack = many("rights_locker.entitlement_set", {"all": {"account_id": "v1", "entries": entries}})
    with open_state(tmp_path / "state.db") as state:
        assert carry_out(sim, stack, state, write=True)[1] == {"content.get": 2, "content.upsert": 3}
        assert carry_out(sim, stack, state, write=True)[1] == {"content.get": 1}
        more = [*entries[2:], {"kind": "labels", "content_id": "new", "end_time": END}]
        stack = many("rights_locker.entitlement_set", {"all": {"account_id": "v1", "entries": more}})
        plan, asked = carry_out(sim, stack, state, write=True)
        assert [change.path[1] for change in plan.steps[0].changes] == [
            "labels/c0/default",
            "labels/c1/default",
            "labels/new/default",
        ]
        # a plan reads once; the apply of R-56 reads before and after it writes
        assert asked == {"content.get": 3, "content.upsert": 1, "labels.delete": 2}


@pytest.mark.contract("R-56")
def test_a_set_of_tens_of_thousands_is_planned_with_one_request(tmp_path: Path) -> None:
    entries = [{"kind": "assets", "content_id": f"c{n}", "end_time": END} for n in range(30_000)]
    sim = Simulator()
    stack = many("rights_locker.entitlement_set", {"all": {"account_id": "v1", "entries": entries}})
    rows = {f"c{n}/default": {"content_id": f"c{n}", "external_product_id": "default"} for n in range(30_000)}
    for row in rows.values():
        row["end_time"] = END
    del rows["c7777/default"]["end_time"], rows["c5/default"]
    sim.sims["rights_locker"].world["entitlements"]["simulated-pcode/v1"] = {"assets": rows}
    with open_state(tmp_path / "state.db") as state:
        plan, asked = carry_out(sim, stack, state)
    (step,) = plan.steps
    assert asked == {"content.get": 1}
    assert [change.path[1:] for change in step.changes] == [
        ("assets/c5/default",),
        ("assets/c7777/default", "end_time"),
    ]


@pytest.mark.contract("R-59")
def test_a_plan_writes_nothing_whatever_it_finds(tmp_path: Path) -> None:
    sim, stack = Simulator(), grants(2, 3)
    put_live(sim, stack)
    merged = {**stack.resources, **many("rights_locker.stream_limit", {"v": {"account_id": "v", "limit": 1}}).resources}
    entries = [{"kind": "assets", "content_id": "c0"}]
    a_set = many("rights_locker.entitlement_set", {"x": {"account_id": "v9", "entries": entries, "exclusive": True}})
    with open_state(tmp_path / "state.db") as state:
        carry_out(sim, Stack("fleet", "s.yaml", merged | a_set.resources), state)
    assert sim.writes() == []


# --- what spans resources ----------------------------------------------------------------------------------------
A = {"kind": "assets", "content_id": "a"}
B = {"kind": "labels", "content_id": "b"}
V: dict[str, Any] = {"account_id": "v"}


@pytest.mark.contract("R-40")
@pytest.mark.parametrize(
    ("singles", "sets", "said"),
    [
        ({"one": V | A, "two": V | A | {"external_product_id": "default"}}, {}, "two: is the same object as .*one"),
        ({}, {"one": V | {"entries": [A]}, "two": V | {"entries": [A, B]}}, "two: has v/assets/a/default in common"),
        ({"one": V | A}, {"two": V | {"entries": [B, A]}}, "two: has v/assets/a/default in common with .*one"),
        ({"two": V | B}, {"one": V | {"entries": [A], "exclusive": True}}, "one: has v in common with .*two"),
    ],
)
def test_what_two_resources_would_both_write_is_refused(
    tmp_path: Path, singles: dict[str, Any], sets: dict[str, Any], said: str
) -> None:
    file = tmp_path / "stack.yaml"
    file.write_text(json.dumps({"headend": 1, "rights_locker": {"entitlements": singles, "entitlement_sets": sets}}))
    with pytest.raises(InputError, match=said):
        load(file)
    other = {name: row | {"account_id": name} for name, row in singles.items()}
    file.write_text(json.dumps({"headend": 1, "rights_locker": {"entitlements": other}}))
    load(file)


@pytest.mark.contract("R-55")
def test_a_changed_key_is_granted_before_the_old_one_ends_and_a_swap_ends_nothing(tmp_path: Path) -> None:
    def two(one: str, other: str) -> Stack:
        row = {"account_id": "v1", "kind": "assets"}
        rows = {"x": row | {"content_id": one}, "y": row | {"content_id": other}}
        return many("rights_locker.entitlement", rows)

    sim = Simulator()
    with open_state(tmp_path / "state.db") as state:
        carry_out(sim, two("a", "b"), state, write=True)
        plan, _ = carry_out(sim, two("c", "b"), state, write=True)
        assert plan.summary()["replace"] == 1
        assert [entry.key for entry in sim.writes()] == ["content.upsert", "assets.delete"]
        carry_out(sim, two("b", "c"), state, write=True)
        assert sim.writes() == []
        live = sim.sims["rights_locker"].world["entitlements"]["simulated-pcode/v1"]["assets"]
        assert sorted(live) == ["b/default", "c/default"]
        assert carry_out(sim, two("b", "c"), state)[0].writes() == ()


@pytest.mark.contract("R-45")
def test_what_was_there_before_is_known_as_adopted_as_long_as_it_lives(tmp_path: Path) -> None:
    sim, stack = Simulator(), grants(1, 1)
    put_live(sim, stack)
    both = grants(1, 2)
    with open_state(tmp_path / "state.db") as state:
        plan, _ = carry_out(sim, both, state, write=True)
        assert [step.action.value for step in plan.steps] == ["adopt", "create"]
        (address,) = stack.resources
        longer = {a: replace(r, spec=r.spec.model_copy(update={"end_time": None})) for a, r in both.resources.items()}
        assert carry_out(sim, Stack("fleet", "s.yaml", longer), state, write=True)[0].summary()["update"] == 2
        assert [a for a, entry in state.records().items() if entry.computed.get("adopted")] == [address]


# --- how it shows ------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-29", "R-30")
def test_a_limit_is_unverifiable_in_every_report_and_no_reason_to_act(tmp_path: Path) -> None:
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        file = world.write("s.yaml", "headend: 1\nrights_locker: {stream_limits: {v: {account_id: v, limit: 3}}}\n")
        planned = world("plan", "s.yaml")
        assert planned.code == 2
        assert world("apply", "s.yaml", "--yes").code == 0
        simulator.reset_journal()
        for command in ("plan", "drift"):
            shown = world(command, "s.yaml")
            assert shown.code == 0
            assert "can't be verified" in shown.out
            assert shown.out.endswith("s: 1 unverifiable\n")
            assert not {"in sync", "verified", "no drift"} & {shown.out.replace("can't be verified", "")}
            document = json.loads(world(command, "s.yaml", "--format", "json").out)
            assert document["summary"]["unchanged"] == 0
            assert "no call that reads" in document["steps"][0]["unverifiable"]["limit"]
        assert simulator.journal == []
        file.write_text(file.read_text().replace("3", "4"))
        assert world("drift", "s.yaml").code == 2


@pytest.mark.contract("R-21", "R-22", "R-24", "R-60")
@pytest.mark.parametrize("switches", [{}, {"number_ids": True}, {"page_size": 1}])
def test_the_users_of_a_content_are_read_page_by_page(tmp_path: Path, switches: dict[str, Any]) -> None:
    simulator = Simulator({"rights_locker": {"page_size": 3} | switches})
    entitled = [f"{100 + n}" for n in range(5)] + ["viewer 17", "ü"]
    row = {"content_id": "derby", "external_product_id": "default"}
    for name in entitled:
        place = simulator.sims["rights_locker"].world["entitlements"]
        place[f"simulated-pcode/{name.replace(' ', '%20').replace('ü', '%C3%BC')}"] = {"labels": {"derby/default": row}}
    values = ["content_type=label", "content_id=derby", "external_product_id=default"]
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        found = json.loads(world("api", "rights_locker", "users.list", *values, "--all").out)["users"]
        wrong = world("api", "rights_locker", "users.list", "content_type=labels", *values[1:])
    assert sorted(found) == sorted(entitled)
    pages = [dict(entry.query) for entry in simulator.journal]
    assert ["last_id" in query for query in pages] == [False, *[True] * (len(pages) - 1)]
    assert pages[1]["last_shard"] == "0"
    assert "here labels is called label" in wrong.err
