"""The state file: what was recorded outlives the process, whatever ends it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from headend.core.model.record import Digest, Record
from headend.core.reconcile.state import open_state, peek


def test_what_was_recorded_is_there_although_nobody_closed_the_file(tmp_path: Path) -> None:
    left = tmp_path / "killed"
    with open_state(tmp_path / "run" / "x.db") as state:
        state.begin("a", "some.kind", "create")
        state.put(Record("b", "some.kind", "id-b", {"n": 1}))
        shutil.copytree(tmp_path / "run", left)  # as a kill leaves it
    with open_state(left / "x.db") as state:
        assert set(state.intents()) == {"a"}
        assert state.record("b") == Record("b", "some.kind", "id-b", {"n": 1})


def test_nobody_else_may_read_the_file_and_what_was_recorded_outlives_a_power_cut(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_state(tmp_path / "x.db") as state:
            assert state._db.connection.execute("PRAGMA synchronous").fetchone() == (
                2,
            )  # FULL: on the disk before it returns
            state.put(Record("b", "some.kind", "id-b", {"n": 1}))
            assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("x.db*[!kr]")} == {
                0o600
            }  # the lock, and who holds it, are for all
    finally:
        os.umask(before)


def test_a_look_waits_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_state(tmp_path / "x.db"):
        pass
    connect, asked = sqlite3.connect, list[dict[str, Any]]()

    def noted(name: str, **how: Any) -> sqlite3.Connection:
        asked.append(how)
        return connect(name, **how)

    monkeypatch.setattr(sqlite3, "connect", noted)
    assert peek(tmp_path / "x.db", "day") == {}
    ((how),) = asked
    assert how["timeout"] == 0
    assert how["uri"] is True  # some builds of SQLite take an address only then


def test_a_closed_state_is_one_file(tmp_path: Path) -> None:
    with open_state(tmp_path / "x.db") as state:
        state.put(Record("b", "some.kind", "id-b", {"n": 1}))
    assert {file.name for file in tmp_path.iterdir()} <= {"x.db", "x.db.lock"}


def test_a_run_that_ends_while_it_makes_the_file_leaves_one_that_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed:
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("headend.core.reconcile.state.files.FORMAT", Killed())
        with pytest.raises(KeyboardInterrupt), open_state(tmp_path / "x.db"):
            pass
    with open_state(tmp_path / "x.db") as state:
        assert state.records() == {}


def test_a_value_that_looks_like_a_digest_stays_a_value(tmp_path: Path) -> None:
    values = {"tags": {"$digest": "d"}, "label": "(secret)", "password": Digest("d", sealed="s")}
    with open_state(tmp_path / "s.db") as state:
        state.put(Record("a", "some.kind", "1", values))
        assert state.records()["a"].values == values
