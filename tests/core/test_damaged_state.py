"""State files that can't be used, or stop being of use: an error says which file or row it is, and what to do."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from headend.core.model.errors import StateError, StateLost
from headend.core.model.record import Digest, Record
from headend.core.reconcile.state import open_state, peek
from headend.core.reconcile.state.rows import COLUMNS

ONE = Record("a", "some.kind", "id-a", {"n": 1, "password": Digest("d", "s")}, {"ip": "192.0.2.1"}, ("b",))
NO_UTF_8 = (b"\x80", b"\xff")
DAMAGES = [
    *((column, damage) for column in ("spec", "computed") for damage in ("{", "", "[]", "null", "7", b"\x80", None)),
    *(("depends", damage) for damage in ("[", "{}", "[1]", "null")),
    *(
        ("secrets", damage)
        for damage in ("{", '{"p": "d"}', '{"p": {}}', '{"p": {"text": 1}}', '{"p": {"text": "d", "x": ""}}')
    ),
    *((column, damage) for column in ("kind", "id") for damage in ("", b"x", *NO_UTF_8)),
    *((column, damage) for column in ("incomplete", "protect", "retain") for damage in ("yes", 7, b"1")),
    ("spec", "[" * 100_000),
    ("spec", '{"n": ' + "9" * 5000 + "}"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "s.db"
    with open_state(path, "day") as state:
        state.put(ONE)
        state.put(Record("b", "some.kind", "id-b", {}))
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return shutil.copy(whole, tmp_path / "s.db")


def change(path: Path, statement: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


def refused(path: Path) -> list[str]:
    """The lines that both ways to look into the file end with."""
    with pytest.raises(StateError) as looked:
        peek(path, "day")
    with pytest.raises(StateError) as opened, open_state(path, "day") as state:
        state.records()
    assert str(looked.value) == str(opened.value)
    return str(opened.value).splitlines()


@pytest.mark.parametrize(("column", "damage"), DAMAGES)
def test_a_damaged_row_is_named(path: Path, column: str, damage: object) -> None:
    assert column in COLUMNS
    with contextlib.closing(sqlite3.connect(path)) as database:  # without NOT NULL, which a damaged page doesn't keep
        database.executescript("CREATE TABLE more AS SELECT * FROM entries; DROP TABLE entries;")
        database.executescript("ALTER TABLE more RENAME TO entries;")
    blob = "CAST(? AS BLOB)" if isinstance(damage, bytes) else "?"
    cast = f"CAST({blob} AS TEXT)" if damage in NO_UTF_8 else blob
    change(path, f"UPDATE entries SET {column} = {cast} WHERE address = 'a'", damage)
    first, remedy = refused(path)
    assert first.startswith(f"{path}: the row of a is damaged: ")
    if damage not in {"", *NO_UTF_8} and column not in {"kind", "id"}:
        assert f"`{column}`" in first
    assert "headend state rm" in remedy
    with open_state(path, "day") as state:
        with pytest.raises(StateError) as one:
            state.record("a")
        assert str(one.value).startswith(f"{path}: the row of a is damaged: ")
        assert state.record("b") is not None


@pytest.mark.parametrize("value", [b"\x80", 7, ""])
def test_a_damaged_intent_is_named(path: Path, value: object) -> None:
    change(path, "INSERT INTO intents VALUES ('a', ?, 'create', '2026')", value if value != 7 else b"7")
    with open_state(path, "day") as state:
        with pytest.raises(StateError, match=f"{path}: the row of a is damaged"):
            state.intents()
        state.drop("a")
        assert state.intents() == {}


def test_all_damaged_rows_are_told_at_once_and_can_be_dropped(path: Path) -> None:
    change(path, "UPDATE entries SET spec = 'x'")
    assert [line.split(": ")[1] for line in refused(path)[:-1]] == [
        "the row of a is damaged",
        "the row of b is damaged",
    ]
    with open_state(path, "day") as state:
        state.drop("a")
        state.drop("b")
        assert not state.holds("b")
        assert state.records() == {}


@pytest.mark.parametrize("content", [b"", b"headend: 1\n" * 200, b"SQLite format 3\0" + bytes(4080), bytes(8192)])
def test_what_is_no_state_file_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    (line,) = refused(path)
    assert str(path) in line
    assert "put a copy of it back, or move it away" in line
    assert path.read_bytes() == content


def test_a_damaged_page_is_told(path: Path) -> None:
    with open_state(path, "day") as state:
        for number in range(8):
            state.put(Record(f"c{number}", "some.kind", "id", {"text": "x" * 4000}))
    content = bytearray(path.read_bytes())
    content[4096 * 4 : 4096 * 6] = b"\xff" * 8192
    path.write_bytes(content)
    (line,) = refused(path)
    assert "it is damaged" in line


def test_another_program_s_database_is_none(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    change(path, "CREATE TABLE songs (name TEXT)")
    (line,) = refused(path)
    assert "it is not a headend state file" in line


def test_an_address_that_is_no_text_is_told(path: Path) -> None:
    change(path, "UPDATE entries SET address = CAST('a' AS BLOB) WHERE address = 'a'")
    first, _ = refused(path)
    assert first == f"{path}: the row of b'a' is damaged: a text is missing, or isn't UTF-8"


def test_a_newer_headend_s_file_is_told(path: Path) -> None:
    change(path, "UPDATE meta SET value = '999' WHERE key = 'format'")
    (line,) = refused(path)
    assert "written by a newer headend" in line


@pytest.mark.parametrize("text", ["", "two", "-1"])
def test_a_damaged_format_is_told(path: Path, text: str) -> None:
    change(path, "UPDATE meta SET value = ? WHERE key = 'format'", text)
    (line,) = refused(path)
    assert "it is not a headend state file" in line


@pytest.mark.parametrize("name", ["folder.db", "n" * 300 + ".db", "nul\0.db"])
def test_what_can_be_no_file_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.db").mkdir()
    (line,) = refused(tmp_path / name)
    assert "folder.db" in line or "can't be a state file" in line


def test_a_lock_that_can_be_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "s.db.lock").mkdir()
    with pytest.raises(StateError, match="can't be a state file: Is a directory"), open_state(tmp_path / "s.db"):
        pass


def test_the_log_of_a_state_that_is_gone_is_not_taken_for_a_new_one(path: Path) -> None:
    with open_state(path, "day") as state:
        state.put(ONE)
        log = Path(f"{path}-wal").read_bytes()
    path.unlink()
    Path(f"{path}-wal").write_bytes(log)
    with pytest.raises(StateError, match="put the file back"), open_state(path, "day"):
        pass
    assert not path.exists()


def test_a_full_disk_is_told_and_what_was_recorded_stays(path: Path) -> None:
    with open_state(path, "day") as state:
        state._db.connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StateError, match="the disk is full; make room, then run the command again"):
            state.put(Record("c", "some.kind", "id", {"text": "x" * 100_000}))
        assert state.record("a") == ONE
        state.settle("a")


def test_a_full_disk_leaves_no_half_made_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: object, flags: int, mode: int = 0) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", full)
        with pytest.raises(StateError, match="No space left"), open_state(tmp_path / "s.db"):
            pass
    with open_state(tmp_path / "s.db") as state:
        assert state.records() == {}


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_taken_away_is_noticed(path: Path, replaced: bool) -> None:
    copy = path.read_bytes()
    with open_state(path, "day") as state:
        state.begin("c", "some.kind", "create")
        path.unlink()
        if replaced:
            path.write_bytes(copy)
        with pytest.raises(StateLost, match="was removed or replaced"):
            state.put(Record("c", "some.kind", "id-c", {}))


def test_a_file_that_may_only_be_read_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda name, **more: connect(name.replace("mode=rw", "mode=ro"), **more))
    with pytest.raises(StateError, match="this user may write to it"), open_state(path, "day"):
        pass
