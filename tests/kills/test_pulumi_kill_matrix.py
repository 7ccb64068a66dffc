"""The kill matrix under Pulumi: the provider is killed before and after each of its requests; the next run goes on.

Of the points of a run a sample is tried, over a few objects; all of them, over one of each kind, with
HEADEND_THOROUGH=1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.harness import living, serve
from convergence.test_convergence import LISTS, merge, side_by_side
from kills.pulumi_runs import DeadlySimulator, Kept, Place
from table.referring import INPUT, referring

THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))
SAMPLE = 3
ACCOUNT = {"email": "ada@example.com"}


def stacks() -> tuple[dict[str, Any], dict[str, Any]]:
    """A stack, and the same one with changes that update some of it and make some of it anew."""
    if not THOROUGH:
        wanted, changed = referring(), referring(**INPUT, **{"outputs.cdn": {"latency": 300}})
        return wanted | {"mycujoo": {"accounts": {"ada": ACCOUNT}}}, changed
    found: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for number, stack in enumerate(found):
        for module in LISTS:
            merge(stack, side_by_side(module, number))
    return found


class Matrix:
    """A world in which each run was made once, undisturbed, to know what is right."""

    def __init__(self, simulator: DeadlySimulator, url: str, home: Path) -> None:
        home.mkdir()
        self.simulator, self.place = simulator, Place(simulator, home)
        for module in LISTS:
            module.WORLD(simulator)
        self.place.connect(url)
        self.wanted, self.changed = stacks()
        self.moments: dict[str, Kept] = {"nothing": self.place.keep()}
        for name, stack in (("create", self.wanted), ("change", self.changed)):
            ran = self.place.run(stack)
            assert ran.ok, ran.said
            self.moments[name] = self.place.keep()

    def goes_on(self, start: str, end: str, at: int) -> str | None:
        """Kills a run at that point, and runs again. What is wrong then, None if nothing is."""
        stack, destroy = self.changed if end == "change" else self.wanted, end == "nothing"
        self.moments[start].restore()
        killed = self.place.run(stack, at, destroy=destroy)
        if not killed.killed:
            return None if killed.ok else f"{at}: {killed.said}"
        where = f"{at}, {self.simulator.passed[at - 1]}"
        again = self.place.run(stack, destroy=destroy)
        if not again.ok:
            return None if "nobody knows" in again.said else f"{where}: {again.said}"
        expected = {table: len(ids) for table, ids in living(self.moments[end].worlds).items()}
        there = {table: len(ids) for table, ids in living(self.simulator.dump()).items()}
        if there != expected:
            return f"{where}: { ({t: n for t, n in there.items() if n != expected.get(t)}) }"
        if wrong := [(e.key, e.status) for e in self.simulator.writes() if e.status >= 400 and e.status != 404]:
            return f"{where}: {wrong}"
        if not destroy and (left := self.place.stack.preview(self.place.load(stack)).did()):
            return f"{where}: left to do: {left}"
        return None


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: Any) -> Iterator[Matrix]:
    simulator = DeadlySimulator({"ateme": {"polls": 3}})
    with serve(simulator) as url:
        yield Matrix(simulator, url, tmp_path_factory.mktemp("kills") / "project")


@pytest.mark.contract("A-724", "A-727")
@pytest.mark.parametrize(
    ("start", "end"),
    [("nothing", "create"), ("create", "change"), ("create", "nothing")],
    ids=["up", "change", "destroy"],
)
def test_a_run_killed_anywhere_is_gone_on_with(matrix: Matrix, start: str, end: str) -> None:
    matrix.moments[start].restore()
    assert matrix.place.run(matrix.changed if end == "change" else matrix.wanted, destroy=end == "nothing").ok
    count = len(matrix.simulator.passed)
    step = 1 if THOROUGH else count // SAMPLE
    tried = range(1 if THOROUGH else 1 + count % step, count + 1, step)
    wrong = [said for at in tried if (said := matrix.goes_on(start, end, at))]
    print(f"{start} -> {end}: {len(tried)} of {count} points, {len(wrong)} failures")
    assert wrong == []
