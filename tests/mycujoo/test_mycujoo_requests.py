"""What plans may cost, what takes turns, and what no plan and no apply ever calls."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from mycujoo_bench import Bench, changes

from cli.conftest import world
from cli.harness import World
from commands import ROOT
from headend.core.model.kind import kinds
from headend.mycujoo.organization import Organization

__all__ = ["world"]

IMPERATIVE = {
    "account.delete_bindings",  # M-139
    *("account.change_password", "account.check_password_reset", "account.resend_verification"),  # M-140
    *("account.reset_password", "account.send_password_reset", "account.verify", "setup_intent.create"),
    "action_call.update",  # M-138
}


def counted(world: World, *words: str, code: int = 0) -> dict[str, int]:
    """The requests that a command makes, by operation."""
    world.simulator.reset_journal()
    ran = world(*words)
    assert ran.code == code, ran.err
    return dict(Counter(entry.key for entry in world.simulator.journal))


@pytest.mark.contract("M-14", "M-114")
def test_a_plan_of_a_thousand_is_ten_lists_a_thousand_gets_and_each_action_once(world: World) -> None:
    sim: Any = world.simulator.sims["mycujoo"]
    sim.add_action("act-2", "Replay")
    resources = {}
    for n in range(1000):
        action, group = f"act-{n % 2 + 1}", f"group-{n // 100}"
        fields = {"action_id": action, "group_id": group, "title": f"Replay {n}"}
        resources[f"c{n}"] = fields | {"lifecycle": {"adopt": "match"}}
        sim.world["configurations"][f"id-{n}"] = {"id": f"id-{n}", **fields, "fields": [], "order": n % 100}
    world.write("season.yaml", json.dumps({"headend": 1, "mycujoo": {"action_configurations": resources}}))
    world.simulator.latency = 0.0005
    wanted = {"action_configuration.list": 10, "action_configuration.get": 1000, "action.get": 2}
    assert counted(world, "plan", "season.yaml", code=2) == wanted
    assert world.simulator.peak == 8
    world.simulator.latency = 0
    sim.world["configurations"].clear()
    del wanted["action_configuration.get"]
    wanted["action_configuration.list"] = 20  # an empty list is asked for once more
    assert counted(world, "plan", "season.yaml", code=2) == wanted


@pytest.mark.contract("M-129", "M-135")
def test_a_plan_of_many_accounts_and_methods_is_few_requests(world: World) -> None:
    sim: Any = world.simulator.sims["mycujoo"]
    accounts, methods = {}, {}
    for n in range(150):
        sim.add_account(f"p{n}@example.com")
        accounts[f"p{n}"] = {"email": f"p{n}@example.com", "lifecycle": {"adopt": "match"}}
    for n in range(5):
        sim.add_setup_intent(f"seti-{n}", last_digits=f"000{n}")
        id = sim._method(f"seti-{n}")["id"]
        methods[f"m{n}"] = {"lifecycle": {"adopt": {"id": id}}}
    stack = {"headend": 1, "mycujoo": {"accounts": accounts, "payment_methods": methods}}
    world.write("staff.yaml", json.dumps(stack))
    wanted = {"account.batch_by_email": 2, "payment_method.list": 1}
    assert counted(world, "plan", "staff.yaml", code=2) == wanted
    assert world("apply", "staff.yaml", "--yes").code == 0
    assert counted(world, "plan", "staff.yaml") == wanted


@pytest.mark.contract("M-14")
def test_writes_to_the_organisation_and_to_what_pays_take_turns() -> None:
    bench = Bench()
    bench.sim.latency = 0.002
    (method,) = bench.world["payment_methods"]

    async def script(api: Any) -> None:
        await api.accounting.organization("org-1")
        await asyncio.gather(
            kinds["mycujoo.organization"].update(
                api, "org-1", Organization(org_id="org-1", name="The Club"), changes("name")
            ),
            *(api.accounting.make_default(method) for _ in range(3)),
        )

    bench.run(script)
    assert len(bench.sim.writes()) == 4
    assert bench.sim.peak == 1


@pytest.mark.contract("M-139", "M-140", "M-141")
def test_what_does_something_once_is_never_called_by_a_plan_an_apply_or_a_destroy(world: World) -> None:
    sim: Any = world.simulator.sims["mycujoo"]
    sim.add_setup_intent("seti-1")
    own = {"ada": {"email": "ada@example.com"}, "bob": {"email": "bob@example.com", "invite": True}}
    goal = {"action_id": {"lookup": {"title": "Goal replay"}}, "group_id": "derby", "title": "Goal"}
    everything = {
        "accounts": own,
        "action_configurations": {"goal": goal},
        "organizations": {"club": {"org_id": "org-1", "name": "The Club"}},
        "payment_methods": {"visa": {"setup_intent_id": "seti-1", "is_default": True}},
    }
    world.write("all.yaml", json.dumps({"headend": 1, "mycujoo": everything}))
    assert world("apply", "all.yaml", "--yes", "--secrets-out", "new.jsonl").code == 0
    world.write("all.yaml", json.dumps({"headend": 1, "mycujoo": everything}).replace("bob@", "eve@"))
    assert world("apply", "all.yaml", "--yes").code == 0  # an invitation again, which hands nothing out
    assert world("destroy", "all.yaml", "--yes").code == 0
    assert [row["email"] for row in sim.world["accounts"].values()] == ["noc@example.com"]
    called = {entry.key for entry in world.simulator.journal}
    assert called & IMPERATIVE == set()
    assert "account.invite" in called


@pytest.mark.contract("M-11", "M-184")
@pytest.mark.parametrize(
    ("collection", "fields"),
    [
        ("accounts", {"email": "bob@example.com", "invite": True}),
        ("action_configurations", {"action_id": "act-1", "group_id": "derby", "title": "Goal"}),
        ("organizations", {"org_id": "org-1"}),
        ("payment_methods", {"setup_intent_id": "seti-1"}),
    ],
)
def test_a_wrong_base_url_makes_nothing_look_deleted(world: World, collection: str, fields: dict[str, Any]) -> None:
    world.simulator.sims["mycujoo"].add_setup_intent("seti-1")  # type: ignore[attr-defined]
    world.write("one.yaml", json.dumps({"headend": 1, "mycujoo": {collection: {"it": fields}}}))
    assert world("apply", "one.yaml", "--yes").code == 0
    for command in (["plan", "one.yaml"], ["apply", "one.yaml", "--yes"], ["destroy", "one.yaml", "--yes"]):
        lost = world(*command, HEADEND_MYCUJOO_URL=f"{world.url}/mycujoo/v0")
        assert (lost.code, lost.out) == (1, "")
        assert "answered 404: not found: Not Found" in lost.err
    assert world("plan", "one.yaml").code == 0


@pytest.mark.contract("M-139", "M-140", "M-141")
def test_the_reference_says_what_is_not_managed_and_why() -> None:
    page = (ROOT / "docs" / "kinds" / "mycujoo.md").read_text()
    section = page.partition("\n## Not managed\n")[2].partition("\n## ")[0]
    for what in ("role bindings", "passwords", "invitations", "action calls", "analytics", "invoices"):
        assert f"\n| {what}" in section
    assert [number for number in ("M-138", "M-139", "M-140", "M-141") if f"[{number}]" not in section] == []
