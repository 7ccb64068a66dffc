"""Two runs and one store: one has it, the other waits, or gives up; nothing is made twice."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from headend.core.model.errors import StateInUse
from headend.core.reconcile.state import objects, open_state
from headend.core.reconcile.state.places import Place, StoreUrl
from headend.simulator import Simulator
from kills import runs

ROUNDS = 200 if os.environ.get("HEADEND_THOROUGH") else 6
STACK = {"headend": 1, "ateme": {"labels": {f"l-{n}": {} for n in range(3)}}}


def test_of_two_runs_at_once_neither_makes_anything_twice(
    place: Place, stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "WAIT", 0.02)
    simulator = Simulator()
    ended: list[str] = []
    wrong: list[BaseException] = []

    def run(number: int, wanted: dict[str, object]) -> None:
        home = tmp_path / str(number)
        home.mkdir(exist_ok=True)
        shared = isinstance(place, StoreUrl)
        mine = runs.Place(simulator, home, store=place) if shared else runs.Place(simulator, home, file=place)
        try:
            _, outcome = mine.run(wanted, patience=30 if number == 0 else 0)
            ended.append("done" if outcome.exit_code == 0 else "failed")
        except StateInUse:
            ended.append("gave up")
        except BaseException as error:
            wrong.append(error)

    for number in range(ROUNDS):
        wanted = {**STACK, "stack": stack, "ateme": {"labels": {f"{number}-{n}": {} for n in range(3)}}}
        both = [threading.Thread(target=run, args=(one, wanted)) for one in (0, 1)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        labels = simulator.sims["ateme"].world["labels"].values()
        names = sorted(row["text"] for row in labels if not row.get("is_deleted"))
        assert names == [f"{number}-{n}" for n in range(3)], ended
        assert wrong == []
    assert ended.count("done") >= ROUNDS
    assert set(ended) <= {"done", "gave up"}
    with open_state(place, stack) as state:
        assert len(state.records()) == 3
