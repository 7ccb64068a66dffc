"""A platform with one object of each of its kinds, applied and converged, to go on from as often as wanted."""

from __future__ import annotations

import copy
import functools
import importlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from convergence.test_convergence import side_by_side
from headend.core.model.capabilities import Nameless, Unadoptable
from headend.core.model.kind import Can
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile import guards
from headend.core.reconcile.apply import apply
from headend.core.reconcile.lifecycle import remember
from headend.core.reconcile.outcome import Outcome
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import platforms
from headend.core.wire.session import Session
from headend.simulator import Simulator
from virtual_time import run


@dataclass(frozen=True)
class Moment:
    """A world and a state that belong together. number: which state of the convergence lists both hold; -1: none."""

    platform: str
    number: int
    worlds: Any
    state: bytes

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """A copy to work on."""
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(self.platform, Path(folder))
            bench.simulator.load(self.worlds)
            if self.state:
                bench.state_file.write_bytes(self.state)
            yield bench


class Bench:
    """A world of its own, and headend's engine beside it."""

    def __init__(self, platform: str, folder: Path) -> None:
        self.platform = platform
        self.lists = importlib.import_module(f"convergence.{platform}")
        self.simulator = Simulator()
        self.folder, self.state_file = folder, folder / "state.db"
        self.lost: Mapping[str, Record] = {}

    def lose_state(self) -> None:
        """From now on nothing is known of what was made, and the stack takes over what it finds."""
        with open_state(self.state_file) as state:
            self.lost = state.records()
        self.state_file.unlink()

    def plan(self, number: int, *, destroy: bool = False) -> Plan:
        return run(self._work(number, destroy=destroy, writes=False))[0]

    def apply(self, number: int, *, destroy: bool = False) -> Outcome:
        """Plans and applies. number: which state of the lists."""
        outcome = run(self._work(number, destroy=destroy, writes=True))[1]
        assert outcome is not None
        return outcome

    async def _work(self, number: int, *, destroy: bool, writes: bool) -> tuple[Plan, Outcome | None]:
        simulator = self.simulator
        file = self.folder / "stack.yaml"
        tree = copy.deepcopy(side_by_side(self.lists, number))  # `_adopt` writes into it
        file.write_text(json.dumps(tree))
        stack = load(file)
        if self.lost:
            adopt_all(tree, stack, self.lost)
            file.write_text(json.dumps(tree))
            stack = load(file)
        waits = "poll_interval" in platforms()[self.platform].settings.model_fields
        key = {"HEADEND_STATE_KEY": "ab" * 32}  # goes along with every copy of the state
        with mock.patch.dict(os.environ, key), open_state(self.state_file) as state:
            async with Session(
                {},
                simulator.settings(),
                redactor=Redactor(),
                transports=dict.fromkeys(simulator.sims, simulator.transport()),
                extra={self.platform: {"poll_interval": 0} if waits else {}},
            ) as session:
                plan = await make_plan(stack, state, session, destroy=destroy)
                return plan, await self._applied(plan, stack, state, session) if writes else None

    async def _applied(self, plan: Plan, stack: Any, state: State, session: Session) -> Outcome:
        """As the command does it, with consent to all that a person may consent to."""
        addresses = [step.address for step in plan.steps]
        guards.raise_if_refused(guards.judge(plan, len(state.records()), guards.Consent(True, addresses, True)))
        remember(plan, stack, state)
        return await apply(plan, stack, state, session, sink=lambda address, name, value: None)

    def moment(self, number: int) -> Moment:
        state = self.state_file.read_bytes() if self.state_file.exists() else b""
        return Moment(self.platform, number, self.simulator.dump(), state)


def adopt_all(tree: dict[str, Any], stack: Stack, lost: Mapping[str, Any]) -> None:
    """Says of each resource that it is taken over: by its natural key, or by its id where that tells it from others."""
    kinds = Counter(resource.kind.name for resource in stack.resources.values())
    for address, resource in stack.resources.items():
        kind, entry = resource.kind, tree
        for part in address.split("."):
            entry = entry[part]
        if Can.OBSERVE in kind.can and not isinstance(kind, Unadoptable):
            alone = kinds[kind.name] == 1 and not isinstance(kind, Nameless)
            entry.setdefault("lifecycle", {})["adopt"] = "match" if alone else {"id": lost[address].id}


@functools.cache
def before(platform: str) -> Moment:
    """What the platform has before anything is applied."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(platform, Path(folder))
        bench.lists.WORLD(bench.simulator)
        return bench.moment(-1)


@functools.cache
def converged(platform: str, number: int = 0) -> Moment:
    """One of each, in the state of that number, after all states before it."""
    with (converged(platform, number - 1) if number else before(platform)).bench() as bench:
        outcome = bench.apply(number)
        assert outcome.failed == {}, outcome.failed
        assert not bench.plan(number).writes()
        return bench.moment(number)


@functools.cache
def reads(platform: str, *, known: bool) -> tuple[str, ...]:
    """The operations that only read, of a plan of one of each; of an apply, where state doesn't know any of it."""
    with converged(platform).bench() as bench:
        if known:
            bench.plan(0)
        else:
            bench.lose_state()
            bench.apply(0)
        sim = bench.simulator.sims[platform]
        return tuple(sorted({e.key for e in bench.simulator.journal if e.key and not sim.is_write(sim.table[e.key])}))
