"""Whatever stacks and failures follow each other: the next run ends at the stack, and touches nobody else's."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from headend.core.model.errors import HeadendError
from headend.core.model.stack import Stack
from headend.core.reconcile.apply import apply
from headend.core.reconcile.outcome import Event
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.simulator import Simulator

PEOPLE, TITLES, CARDS = ("a@example.com", "B@Example.com"), ("Goal", "Foul"), ("seti-1", "seti-2")
STEPS = 4
files = itertools.count()

Step = dict[str, Any]
steps = st.fixed_dictionaries(
    {
        "people": st.tuples(*[st.sampled_from([None, {}, {"first_name": "X"}, {"invite": True}])] * 2),
        "titles": st.tuples(*[st.sampled_from([None, {}, {"fields": {"delay": 1}}, {"fields": {"clip": True}}])] * 2),
        "order": st.sampled_from([None, 0, 5]),
        "club": st.sampled_from([None, {}, {"name": "New"}, {"tax": {"city": "Basel"}}]),
        "default": st.sampled_from([None, 0, 1]),
    }
)
# from which step on to which there is a card: a set-up intent is good for once
cards = st.tuples(*[st.tuples(st.integers(0, STEPS), st.integers(0, STEPS))] * 2)
faults = st.none() | st.tuples(
    st.sampled_from(["account.*", "action_configuration.*", "payment_method.*", "organization.*", "*"]),
    st.sampled_from([{"status": 500}, {"drop": "before"}, {"drop": "after"}]),
    st.integers(1, 3),
)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headend.core.wire.client.wait_before", lambda *_: 0.0)


class World:
    """A platform on which somebody else has an account, a configuration and a card."""

    def __init__(self, switches: dict[str, Any], file: Path) -> None:
        self.sim = Simulator({"mycujoo": switches})
        sim: Any = self.sim.sims["mycujoo"]
        self.world, self.file = sim.world, file
        sim.add_account("theirs@example.com", first_name="Their")
        for card in CARDS:
            sim.add_setup_intent(card)
        theirs = {"id": "theirs", "action_id": "act-1", "group_id": "derby", "title": "Theirs", "fields": []}
        self.world["configurations"]["theirs"] = theirs | {"order": 9}
        self.passwords: dict[str, str] = {}
        self.secrets: set[str] = set()
        self.said: list[str] = []

    def stack(self, step: Step, cards: dict[str, str]) -> Stack:
        goals = {
            title: {"action_id": {"lookup": {"title": "Goal replay"}}, "group_id": "derby", "title": title, **more}
            for title, more in zip(TITLES, step["titles"], strict=True)
            if more is not None
        }
        if step["order"] is not None and TITLES[0] in goals:
            goals[TITLES[0]]["order"] = step["order"]
        methods: dict[str, Any] = {card: {"setup_intent_id": card} for card in cards}
        if step["default"] is not None and CARDS[step["default"]] in methods:
            methods[CARDS[step["default"]]]["is_default"] = True
        people = {f"p{n}": {"email": PEOPLE[n], **one} for n, one in enumerate(step["people"]) if one is not None}
        club = {} if step["club"] is None else {"club": {"org_id": "org-1", **step["club"]}}
        mycujoo = {
            "accounts": people,
            "action_configurations": goals,
            "organizations": club,
            "payment_methods": methods,
        }
        self.file.write_text(json.dumps({"headend": 1, "mycujoo": mycujoo}))
        return load(self.file)

    def run(self, stack: Stack, state: State, *, destroy: bool = False) -> tuple[list[Any], dict[str, str]]:
        """Plans and applies; what was planned to be written, and what failed."""
        where: dict[str, Any] = {"env": self.sim.settings(), "redactor": Redactor()}
        where["transports"] = dict.fromkeys(self.sim.sims, self.sim.transport())

        def keep(address: str, name: str, value: str) -> None:
            self.passwords[address] = value
            self.secrets.add(value)

        def hear(event: Event) -> None:
            self.said.append(f"{event.address}: {event.message}")

        async def both() -> tuple[list[Any], dict[str, str]]:
            async with Session({}, **where, extra={"mycujoo": {"poll_interval": 0}}) as session:
                plan = await make_plan(stack, state, session, destroy=destroy)
                self.said += [f"{step.address}: {text}" for step in plan.steps for text in step.warnings]
                outcome = await apply(plan, stack, state, session, sink=keep, on_event=hear)
                return [step.document() for step in plan.writes()], outcome.failed

        return asyncio.run(both())

    def check(self, stack: Stack) -> None:
        """What is live is what is desired, each of it once; and what others have is as it was."""
        wanted = [r.spec for r in stack.resources.values()]
        people = {getattr(s, "email", "").lower() for s in wanted if r_is(s, "Account")}
        emails = sorted(row["email"].lower() for row in self.world["accounts"].values())
        assert emails == sorted({"noc@example.com", "theirs@example.com", *people})
        titles = sorted(row["title"] for row in self.world["configurations"].values())
        assert titles == sorted(["Theirs", *(s.title for s in wanted if r_is(s, "ActionConfiguration"))])
        assert len(self.world["payment_methods"]) == 1 + sum(r_is(s, "PaymentMethod") for s in wanted)
        assert self.world["organizations"]["org-1"]["is_enabled"]
        assert self.world["organizations"]["org-1"]["tax"]["country"] == "CH"
        assert self.world["configurations"]["theirs"]["fields"] == []

    def check_passwords(self, step: Step, before: Step | None) -> None:
        """Whoever was made just now has a password that was kept, or that is known to be lost; or was invited."""
        for n, one in enumerate(step["people"]):
            address = f"mycujoo.accounts.p{n}"
            if one is None:  # the next one there is somebody else
                self.passwords.pop(address, None)
                self.said = [text for text in self.said if not text.startswith(address)]
            if one is None or "invite" in one or (before and before["people"][n] is not None):
                continue
            told = [s for s in self.said if s.startswith(address) and ("lost" in s or "shown to the run" in s)]
            assert address in self.passwords or told


def r_is(spec: Any, name: str) -> bool:
    return type(spec).__name__ == name


QUIET: Step = {"people": ({}, {}), "titles": ({}, {}), "order": 5, "club": {"name": "New"}, "default": 0}


@pytest.mark.contract("M-15", "M-107", "M-125", "M-132", "M-209")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([QUIET, QUIET], ((0, 4), (0, 4)), [("account.create", {"drop": "after"}, 1), None], {"by_email_delay": 2})
@example([QUIET, QUIET], ((0, 4), (1, 4)), [("*.create", {"status": 500}, 9), None], {"setup_intent_again": "refused"})
@given(
    st.lists(steps, min_size=1, max_size=STEPS),
    cards,
    st.lists(faults, min_size=STEPS, max_size=STEPS),
    st.fixed_dictionaries(
        {
            "missing_as": st.sampled_from([404, 400, 500]),
            "emit_zero": st.booleans(),
            "org_patch": st.sampled_from(["overwrite", "merge"]),
            "email_case": st.sampled_from(["kept", "lowered"]),
            "delete_unknown": st.sampled_from(["ignored", "refused"]),
            "setup_intent_again": st.sampled_from(["same", "refused"]),
        }
    ),
)
def test_after_any_failure_the_next_run_ends_at_what_the_stack_says(
    tmp_path: Path, steps: list[Step], cards: Any, faults: list[Any], switches: dict[str, Any]
) -> None:
    folder = tmp_path / str(next(files))
    folder.mkdir()
    world = World(switches, folder / "stack.yaml")
    with open_state(folder / "state.db") as state:
        for number, (step, fault) in enumerate(zip(steps, faults, strict=False)):
            there = {card: "" for card, (first, last) in zip(CARDS, cards, strict=True) if first <= number < last}
            stack = world.stack(step, there)
            if fault:
                world.sim.fail(f"mycujoo:{fault[0]}", times=fault[2], **fault[1])
                try:
                    world.run(stack, state)
                except HeadendError as error:  # a plan that can't be made changes nothing
                    world.said.append(str(error))
                world.sim.faults.clear()
            assert world.run(stack, state)[1] == {}
            assert world.run(stack, state) == ([], {})
            world.check(stack)
            world.check_passwords(step, steps[number - 1] if number else None)
        assert world.run(stack, state, destroy=True)[1] == {}
        assert state.records() == {}
    kept = b"".join(file.read_bytes() for file in folder.glob("state.db*"))
    assert not any(password.encode() in kept for password in world.secrets)
    assert not any(password in text for password in world.secrets for text in world.said)
