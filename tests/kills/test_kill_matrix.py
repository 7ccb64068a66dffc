"""The kill matrix: runs over one of each kind, killed before and after each request and each commit to state.

Of the points of a run a sample is tried; all of them with HEADEND_THOROUGH=1.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

import pytest

from cli.harness import living
from convergence.test_convergence import LISTS, merge, side_by_side
from headend.core.model.errors import GuardError
from headend.core.reconcile.state import open_state
from headend.core.reconcile.state.places import StoreUrl
from headend.simulator import Simulator
from kills.runs import Death, Kept, Killed, Place, free

THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))
SAMPLE = 12


class Matrix:
    """A world in which the stack was applied once, undisturbed, to know what is right."""

    def __init__(self, home: Path, store: StoreUrl | None = None) -> None:
        self.simulator, self.stack = Simulator({"ateme": {"polls": 3}}), {}
        for module in LISTS:
            module.WORLD(self.simulator)
            merge(self.stack, side_by_side(module, 0))
        self.place = Place(self.simulator, home, store=store)
        self.empty, self.nothing = self.place.keep(), self.counts()
        self.place.run(self.stack)
        self.applied, self.all = self.place.keep(), self.counts()
        self.addresses = set(self.place.records())

    def counts(self) -> dict[str, int]:
        """How many objects there are, by table."""
        return {table: len(ids) for table, ids in living(self.simulator.dump()).items()}

    def points(self, start: Kept, *, destroy: bool) -> list[str]:
        """The points that a run passes which isn't killed."""
        start.restore()
        life = Death()
        self.place.run(self.stack, life, destroy=destroy)
        return life.passed

    def looked(self, refused: str) -> dict[str, Any] | None:
        """What a person does whom headend asks to look, where only a person can tell (M-137): the stack from now on.
        None where there is nothing more to do: a profile that was made can't be taken over, so the refusal stands."""
        stack: dict[str, Any] = json.loads(json.dumps(self.stack))
        now, before = self.simulator.dump(), self.empty.world
        with open_state(self.place.state) as state:
            for line in refused.splitlines():
                address, _, why = line.partition(": ")
                assert why.startswith("an earlier run may have made it, nobody knows"), refused
                platform, *_, collection, _key = address.split(".")
                made = set(now[platform].get(collection, ())) - set(before[platform].get(collection, ()))
                state.settle(address)
                if made and platform == "just":
                    return None
                for id in made:
                    entry = functools.reduce(lambda place, part: place[part], address.split("."), stack)
                    entry["lifecycle"]["adopt"] = {"id": id}
        return stack

    def goes_on(self, start: Kept, at: int, *, destroy: bool) -> str | None:
        """Kills a run at that point, and runs again. What is wrong then, None if nothing is."""
        start.restore()
        try:
            self.place.run(self.stack, Death(at), destroy=destroy)
            return None  # the order of what goes side by side may differ by a request or two at the end
        except Killed as killed:
            where = f"{at}, {killed}"
        if self.place.store:
            free(self.place.store)
        stack: dict[str, Any] | None = self.stack
        try:
            _, outcome = self.place.run(self.stack, destroy=destroy)
        except GuardError as refused:
            stack = self.looked(str(refused))
            if stack is None:
                return None
            _, outcome = self.place.run(stack, destroy=destroy)
        if outcome.exit_code != 0:
            return f"{where}: exit {outcome.exit_code}, {outcome.failed}"
        there = self.counts()
        expected = self.nothing if destroy else self.all
        if there != expected:
            return f"{where}: { ({t: n for t, n in there.items() if n != expected.get(t)}) }"
        if set(self.place.records()) != (set() if destroy else self.addresses):
            return f"{where}: state has {set(self.place.records()) ^ self.addresses}"
        if not destroy and (left := self.place.run(stack, only_plan=True)[0].writes()):
            return f"{where}: left to do: {[(step.address, step.action.value) for step in left]}"
        return None


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: Any) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("kills"))


@pytest.mark.contract("A-724", "A-727")
@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_a_run_killed_anywhere_is_gone_on_with(matrix: Matrix, command: str) -> None:
    destroy = command == "destroy"
    start = matrix.applied if destroy else matrix.empty
    count = len(matrix.points(start, destroy=destroy))
    assert count > 200
    step = 1 if THOROUGH else max(1, count // SAMPLE)
    tried = range(1 if THOROUGH else 1 + count % step, count + 1, step)
    wrong = [said for at in tried if (said := matrix.goes_on(start, at, destroy=destroy))]
    print(f"{command}: {len(tried)} of {count} points, {len(wrong)} failures")
    assert wrong == []
