"""The file of what a Pulumi run has begun: opened for moments, not for each write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headend.core.model.errors import StateError
from headend.core.model.record import Record
from headend.core.reconcile.state import open_state
from headend.pulumi import journal
from headend.pulumi.journal import Journal

KIND = "straas.member"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Each opening of a file."""
    found: list[Path] = []

    def opening(path: Path, **given: Any) -> Any:
        found.append(path)
        return open_state(path, **given)

    monkeypatch.setattr(journal, "open_state", opening)
    monkeypatch.setattr(journal, "MOMENT", 0)
    return found


def run(work: Callable[[], None]) -> None:
    """In an event loop, which then goes on for a moment."""

    async def both() -> None:
        work()
        await asyncio.sleep(0)

    asyncio.run(both())


def test_writes_that_follow_each_other_open_the_file_once(tmp_path: Path, opened: list[Path]) -> None:
    def write() -> None:
        for n in range(20):
            one = Journal(tmp_path, "day")  # each object has its own
            one.begin(f"a-{n}", KIND, "create")
            one.put(Record(f"a-{n}", KIND, f"id-{n}", {}))
        Journal(tmp_path, "day").drop("a-0")

    run(write)
    assert len(opened) == 1
    with open_state(opened[0]) as state:  # nobody holds it any more
        assert (len(state.records()), state.intents()) == (19, {})


def test_a_file_that_failed_is_opened_anew_by_the_next_write(tmp_path: Path, opened: list[Path]) -> None:
    one = Journal(tmp_path, "day")

    def write() -> None:
        one.begin("a", KIND, "create")
        with pytest.raises(StateError), journal._opened(one.path):
            raise StateError("the disk is full")
        one.begin("b", KIND, "create")

    run(write)
    assert len(opened) == 2
