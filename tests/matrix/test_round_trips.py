"""How many round trips deep a plan is: how many of its requests wait for one another.

Each answer takes a second of virtual time, and nothing else takes any: what goes at once is answered at once, so that
the seconds are the round trips. The table has each stack in each phase: at most so deep, and at most so many requests.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import importlib
import json
import os
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from convergence.test_convergence import merge, side_by_side
from headend.core.reconcile import guards
from headend.core.reconcile.apply import apply
from headend.core.reconcile.lifecycle import remember
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.reconcile.status import look
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import platforms
from headend.core.wire.session import Session
from headend.simulator import Simulator
from matrix.world import adopt_all
from virtual_time import run

EXTRA = {name: {"poll_interval": 0} for name in ("ateme", "mycujoo")}
CONSENT = guards.Consent(deletions=True, secrets=True)
ENVIRONMENT = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
PHASES = ("first", "unchanged", "drift", "status", "changed", "lost", "vanished", "destroy")

TABLE: dict[str, dict[str, tuple[int, int]]] = {
    "everything": {
        "first": (11, 29),
        "unchanged": (11, 30),
        "drift": (11, 33),
        "status": (10, 25),
        "changed": (11, 31),
        "lost": (12, 32),
        "vanished": (38, 88),
        "destroy": (5, 26),
    },
    "ateme": {
        "first": (11, 16),
        "unchanged": (11, 20),
        "drift": (11, 20),
        "status": (10, 16),
        "changed": (11, 21),
        "lost": (12, 22),
        "vanished": (38, 60),
        "destroy": (5, 16),
    },
    "just": {
        "first": (0, 0),
        "unchanged": (0, 0),
        "drift": (2, 3),
        "status": (0, 0),
        "changed": (0, 0),
        "lost": (0, 0),
        "vanished": (0, 0),
        "destroy": (0, 0),
    },
    "mycujoo": {
        "first": (3, 6),
        "unchanged": (2, 5),
        "drift": (2, 5),
        "status": (1, 4),
        "changed": (2, 5),
        "lost": (3, 5),
        "vanished": (6, 15),
        "destroy": (2, 5),
    },
    "rights_locker": {
        "first": (4, 5),
        "unchanged": (2, 3),
        "drift": (2, 3),
        "status": (2, 3),
        "changed": (2, 3),
        "lost": (2, 3),
        "vanished": (7, 9),
        "destroy": (2, 3),
    },
    "straas": {
        "first": (2, 2),
        "unchanged": (2, 2),
        "drift": (2, 2),
        "status": (2, 2),
        "changed": (2, 2),
        "lost": (2, 2),
        "vanished": (4, 4),
        "destroy": (2, 2),
    },
    "one environment": {
        "first": (8, 8),
        "unchanged": (9, 9),
        "drift": (9, 9),
        "status": (8, 8),
        "changed": (11, 11),
        "lost": (10, 10),
        "vanished": (15, 15),
        "destroy": (7, 8),
    },
    "three environments": {
        "first": (8, 12),
        "unchanged": (11, 15),
        "drift": (11, 15),
        "status": (10, 14),
        "changed": (13, 17),
        "lost": (11, 15),
        "vanished": (25, 33),
        "destroy": (9, 14),
    },
}
"""Stack -> phase -> (round trips, requests)."""


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

    def measure(self, tree: dict[str, Any], *, status: bool = False, **how: Any) -> tuple[int, int]:
        """Round trips and requests of a plan, or of a look."""

        async def work(stack: Any, state: State, session: Session) -> None:
            if status:
                await look(stack, state.records(), session)
            else:
                await make_plan(stack, state, session, **how)

        self.simulator.reset_journal()
        self.simulator.latency = 1
        rounds = self.run(tree, work)
        self.simulator.latency = 0
        return rounds, len(self.simulator.journal)

    def measure_without_state(self, tree: dict[str, Any]) -> tuple[int, int]:
        """Of a plan that takes all over."""
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


@functools.cache
def measured(stack: str) -> dict[str, tuple[int, int]]:
    """Phase -> (round trips, requests). Nothing but the one apply writes."""
    tree, found = STACKS[stack], {}
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Simulator(), Path(folder))
        for platform in platforms():
            importlib.import_module(f"convergence.{platform}").WORLD(place.simulator)
        empty = place.simulator.dump()
        found["first"] = place.measure(tree(0))
        place.apply(tree(0))
        found["unchanged"] = place.measure(tree(0))
        found["drift"] = place.measure(tree(0), refresh=True)
        found["status"] = place.measure(tree(0), status=True)
        found["changed"] = place.measure(tree(1))
        found["destroy"] = place.measure(tree(0), destroy=True)
        found["lost"] = place.measure_without_state(tree(0))
        place.simulator.load(empty)
        found["vanished"] = place.measure(tree(0))
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_no_plan_is_deeper_than_it_has_to_be(stack: str) -> None:
    found, most = measured(stack), TABLE[stack]
    assert {p: seen for p, seen in found.items() if seen[0] > most[p][0] or seen[1] > most[p][1]} == {}
