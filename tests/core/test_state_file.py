"""The state file: what was recorded outlives the process, whatever ends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from headend.core.reconcile.state import Entry, open_state


def test_what_was_recorded_is_there_although_nobody_closed_the_file(tmp_path: Path) -> None:
    left = tmp_path / "killed"
    with open_state(tmp_path / "run" / "x.db") as state:
        state.begin("a", "some.kind", "create")
        state.put(Entry("b", "some.kind", "id-b", {"n": 1}))
        shutil.copytree(tmp_path / "run", left)  # as a kill leaves it
    with open_state(left / "x.db") as state:
        assert set(state.intents()) == {"a"}
        assert state.entry("b") == Entry("b", "some.kind", "id-b", {"n": 1})


def test_a_closed_state_is_one_file(tmp_path: Path) -> None:
    with open_state(tmp_path / "x.db") as state:
        state.put(Entry("b", "some.kind", "id-b", {"n": 1}))
    assert {file.name for file in tmp_path.iterdir()} <= {"x.db", "x.db.lock"}


def test_a_run_that_ends_while_it_makes_the_file_leaves_one_that_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(length: int) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("headend.core.reconcile.state.secrets.token_hex", killed)
        with pytest.raises(KeyboardInterrupt), open_state(tmp_path / "x.db"):
            pass
    with open_state(tmp_path / "x.db") as state:
        assert state.entries() == {}
