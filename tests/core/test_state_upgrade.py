"""State of earlier versions, which kept the key beside the digests, is brought up to date, wherever a run is killed."""

from __future__ import annotations

import contextlib
import functools
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from headend.core.model.errors import StateError
from headend.core.model.record import Digest, Record
from headend.core.reconcile.state import open_state, peek
from old_state import NUMBER, OLD_KEY, old_digest, write_old


def raise_unless_up_to_date(path: Path) -> None:
    expected = {"name": "x", "tags": {"$digest": "d", "more": 1}}
    with open_state(path, "day") as state:
        values = dict(state.records()["a"].values)
        number = values.pop("number")
        assert values == expected
        assert number == state.digest(NUMBER)
        assert number.sealed == "s"
        assert number != Digest(old_digest(NUMBER))
        raise_if_left(path)  # also if the run is killed now
    raise_if_left(path)


def raise_if_left(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        left = file.read_bytes()
        for text in (OLD_KEY, old_digest(NUMBER), old_digest("gone")):
            assert text.encode() not in left, file


@pytest.mark.parametrize("format", [1, 2])
def test_old_state_opens_with_all_that_it_knew_and_its_key_leaves_the_file(tmp_path: Path, format: int) -> None:
    write_old(tmp_path / "day.db", format)
    assert OLD_KEY.encode() in (tmp_path / "day.db").read_bytes()
    seen = peek(tmp_path / "day.db", "day")  # needs no key, and changes nothing
    assert seen is not None
    assert seen["a"].values["number"] == Digest(old_digest(NUMBER))
    assert not (tmp_path / "day.db.key").exists()
    raise_unless_up_to_date(tmp_path / "day.db")
    raise_unless_up_to_date(tmp_path / "day.db")


def test_old_state_takes_a_given_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADEND_STATE_KEY", "cd" * 32)
    write_old(tmp_path / "day.db", 2)
    raise_unless_up_to_date(tmp_path / "day.db")
    assert not (tmp_path / "day.db.key").exists()


def test_the_old_key_alone_tells_nothing_of_the_new_digests(tmp_path: Path) -> None:
    """Whoever has an older copy of the file has the older key."""
    path = tmp_path / "day.db"
    write_old(path, 2)
    with open_state(path) as state:
        state.put(Record("b", "some.kind", "2", {"number": state.digest(NUMBER)}))
        kept = {record.values["number"].text for record in state.records().values()}
    assert len(kept) == 1
    assert old_digest(NUMBER) not in kept


def test_old_state_without_secrets_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the journal of Pulumi's stacks is."""
    monkeypatch.setenv("HEADEND_STATE_KEY", "no key")
    path = tmp_path / "day.db"
    write_old(path, 2, with_secrets=False)
    with open_state(path) as state:
        assert state.records() == {}
    raise_if_left(path)


def test_old_state_stays_as_it_was_where_no_key_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "day.db"
    write_old(path, 2)
    with monkeypatch.context() as patch:
        patch.setenv("HEADEND_STATE_KEY", "no key")
        with pytest.raises(StateError, match="HEADEND_STATE_KEY holds no key"), open_state(path):
            pass
    raise_unless_up_to_date(path)


@pytest.mark.parametrize("format", [1, 2])
def test_a_run_that_is_killed_anywhere_in_an_upgrade_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: int
) -> None:
    """Copies of the folder as a kill before each statement would leave it."""
    place = tmp_path / "run"
    left: list[Path] = []

    class Watched(sqlite3.Connection):
        def execute(self, *words: Any) -> sqlite3.Cursor:
            left.append(tmp_path / f"{len(left)}")
            shutil.copytree(place, left[-1])
            return super().execute(*words)

    place.mkdir()
    write_old(place / "day.db", format)
    with monkeypatch.context() as patch:
        patch.setattr(
            "headend.core.reconcile.state.files.sqlite3.connect", functools.partial(sqlite3.connect, factory=Watched)
        )
        with open_state(place / "day.db"):
            pass
    assert sum((folder / "day.db.key").exists() for folder in left) > 5
    assert len(left) > 15
    for folder in left:
        raise_unless_up_to_date(folder / "day.db")


@pytest.mark.parametrize(
    "damage", ["DELETE FROM meta WHERE key = 'digest_key'", "UPDATE meta SET value = 'zz' WHERE key = 'digest_key'"]
)
def test_old_state_without_its_key_is_told_to_be_damaged(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "day.db"
    write_old(path, 2)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(damage)
    with pytest.raises(StateError, match="the key of its digests is gone"), open_state(path):
        pass


def test_a_damaged_row_stays_to_be_told_and_the_others_are_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "day.db"
    write_old(path, 2)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        row = database.execute("SELECT * FROM entries").fetchone()
        for address, secrets in {"b": "{", "c": '{"number": 1}'}.items():
            database.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (address, *row[1:10], secrets)
            )
    with open_state(path) as state:
        with pytest.raises(StateError, match=r"row of b is damaged(.|\n)*row of c is damaged"):
            state.records()
        record = state.record("a")
        assert record is not None
        assert record.values["number"] == state.digest(NUMBER)


def test_a_damaged_row_of_the_first_format_stays_to_be_told_too(tmp_path: Path) -> None:
    path = tmp_path / "day.db"
    write_old(path, 1)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        row = database.execute("SELECT * FROM entries").fetchone()
        database.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ("0", *row[1:3], "{", *row[4:]))
    with open_state(path) as state:
        with pytest.raises(StateError, match=r"row of 0 is damaged: `spec` is no JSON"):
            state.records()
        record = state.record("a")
        assert record is not None
        assert record.values["number"] == state.digest(NUMBER)
