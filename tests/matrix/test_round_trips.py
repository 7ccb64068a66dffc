"""How many round trips deep a plan is: how many of its requests wait for one another.

Each answer takes a second of virtual time, and nothing else takes any: what goes at once is answered at once, so that
the seconds are the round trips. The table has each stack in each phase: at most so deep, and at most so many requests.
More than AIM needs a reason. And a plan requests what one that takes its time would request, in whatever order.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import importlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from convergence.test_convergence import merge, side_by_side
from headend.core.model.stack import Resource
from headend.core.reconcile import guards
from headend.core.reconcile.apply import apply
from headend.core.reconcile.lifecycle import remember
from headend.core.reconcile.planner import Planner, make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.reconcile.status import look
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import platforms
from headend.core.wire.session import Session
from headend.simulator import Simulator
from matrix.world import adopt_all
from virtual_time import run

AIM = 4
EXTRA = {name: {"poll_interval": 0} for name in ("ateme", "mycujoo")}
CONSENT = guards.Consent(deletions=True, secrets=True)
ENVIRONMENT = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
PHASES = ("first", "unchanged", "drift", "status", "changed", "destroy", "lost", "vanished")
"""lost: the plan takes all over by ids, as there is no state. vanished: state has it all, and nothing is there."""

TABLE: dict[str, tuple[tuple[int, int], ...]] = {
    "everything": ((5, 45), (4, 47), (4, 50), (4, 39), (5, 48), (4, 40), (4, 47), (13, 101)),
    "ateme": ((5, 33), (4, 37), (4, 37), (4, 30), (5, 38), (4, 30), (4, 37), (13, 74)),
    "just": ((0, 0), (0, 0), (2, 3), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)),
    "mycujoo": ((2, 6), (1, 5), (1, 5), (1, 4), (1, 5), (2, 5), (2, 5), (5, 15)),
    "rights_locker": ((3, 4), (2, 3), (2, 3), (2, 3), (2, 3), (2, 3), (2, 3), (6, 8)),
    "straas": ((2, 2), (2, 2), (2, 2), (2, 2), (2, 2), (2, 2), (2, 2), (4, 4)),
    "one environment": ((4, 7), (4, 8), (4, 8), (4, 7), (5, 10), (4, 7), (6, 9), (6, 11)),
    "three environments": ((4, 7), (6, 14), (6, 14), (6, 13), (7, 16), (6, 13), (6, 14), (8, 19)),
}
"""Stack -> (round trips, requests) by phase. Ateme+ takes two for the login (A-2, A-6), and one for a token (A-9)."""

NEW = "a name that is looked for in vain is looked for twice: an empty list proves nothing"
CHOSEN = "what a new output or a replacement takes is read once it is known that it is made (A-741, A-982)"
CUT = "what is on air is read once it is known that something would be cut"
FOUND = "the name is looked up, its details tell what it is, then comes the token for what lives in it (A-9, A-768)"
ONE_BY_ONE = "tokens come one after the other: each writes the user's record (A-11)"
GONE = "nothing counts as gone before a second look of its own, and its name is looked for after that, twice"
WHY: dict[tuple[str, str], str] = {
    **{(stack, "first"): f"{NEW}; {CHOSEN}" for stack in ("everything", "ateme")},
    **{(stack, "changed"): CHOSEN for stack in ("everything", "ateme")},
    ("one environment", "changed"): CUT,
    ("one environment", "lost"): FOUND,
    **{("three environments", phase): ONE_BY_ONE for phase in PHASES},
    **{(stack, "vanished"): GONE for stack in TABLE},
}


def lists(platform: str, number: int) -> dict[str, Any]:
    return side_by_side(importlib.import_module(f"convergence.{platform}"), number)


def everything(number: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for platform in platforms():
        merge(found, copy.deepcopy(lists(platform, number)))
    return found


def environments(count: int, number: int) -> dict[str, Any]:
    """Environments with inputs alone, of which nothing else has to be read. number: 1 changes one of each."""
    inputs = {f"feed-{n}": {"variant": "srt_push", "port": 5001 + n, "latency": 200 + (n == number)} for n in (1, 2)}
    made = {f"season-{n}": {**ENVIRONMENT, "inputs": inputs} for n in range(count)}
    return {"headend": 1, "stack": "convergence", "ateme": {"environments": made}}


STACKS: dict[str, Callable[[int], dict[str, Any]]] = {
    "everything": everything,
    **{name: functools.partial(lists, name) for name in platforms()},
    "one environment": functools.partial(environments, 1),
    "three environments": functools.partial(environments, 3),
}


@dataclass(frozen=True)
class Trip:
    """seconds: round trips. requests: operation and path -> how often."""

    seconds: int
    requests: Counter[tuple[str, str]]


@dataclass
class Place:
    """A world, and a state beside it."""

    simulator: Simulator
    folder: Path

    def run(self, tree: dict[str, Any], work: Callable[[Any, State, Session], Coroutine[Any, Any, Any]]) -> int:
        """The seconds that the work takes."""
        file = self.folder / "stack.yaml"
        file.write_text(json.dumps(tree))
        stack, where = load(file), self.simulator

        async def timed() -> float:
            given: dict[str, Any] = {"redactor": Redactor(), "extra": EXTRA, "parallelism": 1000}
            with open_state(self.folder / "state.db") as state:
                transports = dict.fromkeys(where.sims, where.transport())
                async with Session({}, where.settings(), transports=transports, **given) as session:
                    start = asyncio.get_running_loop().time()
                    await work(stack, state, session)
                    return asyncio.get_running_loop().time() - start

        with mock.patch.dict(os.environ, {"HEADEND_STATE_KEY": "ab" * 32}):
            return int(run(timed()))

    def measure(self, tree: dict[str, Any], *, elsewhere: bool = False, status: bool = False, **how: Any) -> Trip:
        """A plan, or a look. elsewhere: the user's record points into an environment."""

        async def work(stack: Any, state: State, session: Session) -> None:
            if status:
                await look(stack, state.records(), session)
            else:
                await make_plan(stack, state, session, **how)

        if not elsewhere:
            self.simulator.sims["ateme"].world["users"]["user-1"] |= {"organisation": "org-1", "environment": None}
        self.simulator.reset_journal()
        self.simulator.latency = 1
        seconds = self.run(tree, work)
        self.simulator.latency = 0
        return Trip(seconds, Counter((entry.key, entry.path) for entry in self.simulator.journal))

    def measure_without_state(self, tree: dict[str, Any]) -> Trip:
        """A plan that takes all over."""
        tree, file = json.loads(json.dumps(tree)), self.folder / "state.db"
        with open_state(file) as state:
            adopt_all(tree, load(self.folder / "stack.yaml"), state.records())
        kept = file.rename(self.folder / "kept.db")
        found = self.measure(tree)
        kept.replace(file)
        return found

    def apply(self, tree: dict[str, Any]) -> None:
        async def work(stack: Any, state: State, session: Session) -> None:
            plan = await make_plan(stack, state, session)
            guards.raise_if_refused(guards.judge(plan, len(state.records()), CONSENT))
            remember(plan, stack, state)
            assert (await apply(plan, stack, state, session, sink=lambda *_: None)).failed == {}

        self.run(tree, work)


def measured(stack: str) -> dict[str, Trip]:
    """Phase -> its trip. Nothing but the one apply writes."""
    tree = STACKS[stack]
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Simulator(), Path(folder))
        for platform in platforms():
            importlib.import_module(f"convergence.{platform}").WORLD(place.simulator)
        empty = place.simulator.dump()
        found = {"first": place.measure(tree(0))}
        place.apply(tree(0))
        found["elsewhere"] = place.measure(tree(0), elsewhere=True)
        found["unchanged"] = place.measure(tree(0))
        found["drift"] = place.measure(tree(0), refresh=True)
        found["status"] = place.measure(tree(0), status=True)
        found["changed"] = place.measure(tree(1))
        found["destroy"] = place.measure(tree(0), destroy=True)
        found["lost"] = place.measure_without_state(tree(0))
        place.simulator.load(empty)
        found["vanished"] = place.measure(tree(0))
    return found


once_measured = functools.cache(measured)


@pytest.mark.parametrize("stack", STACKS)
def test_no_plan_is_deeper_than_it_has_to_be(stack: str) -> None:
    found = once_measured(stack)
    told = {phase: (found[phase].seconds, found[phase].requests.total()) for phase in PHASES}
    most = dict(zip(PHASES, TABLE[stack], strict=True))
    assert {p: (seen, most[p]) for p, seen in told.items() if seen[0] > most[p][0] or seen[1] > most[p][1]} == {}
    assert all((stack, phase) in WHY for phase, (deep, _) in most.items() if deep > AIM)


@pytest.mark.contract("A-14")
def test_a_record_that_points_into_an_environment_costs_one_more() -> None:
    found = once_measured("ateme")
    assert found["elsewhere"].seconds == found["unchanged"].seconds + 1
    more = found["elsewhere"].requests - found["unchanged"].requests
    assert [operation for operation, _ in more.elements()] == ["session.switch_organisation"]


def test_a_plan_requests_what_one_that_takes_its_time_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read ahead that would not be read. Only tokens of environments that are gone may be asked for once
    more: who asks doesn't know yet."""
    hasty, work = once_measured("everything"), Planner.resource

    async def patient(planner: Planner, resource: Resource, **how: Any) -> Any:
        await planner.reader.turns[resource.address].wait()
        return await work(planner, resource, **how)

    monkeypatch.setattr(Planner, "resource", patient)
    slow = measured("everything")
    assert slow["unchanged"].seconds > hasty["unchanged"].seconds + 1
    more = {phase: {*(hasty[phase].requests - slow[phase].requests)} for phase in PHASES}
    more["vanished"] -= {("session.switch_environment", "/api/user/active_environment")}
    assert {phase: keys for phase, keys in more.items() if keys} == {}
