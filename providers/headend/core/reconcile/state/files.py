"""Opens state files, for one process and one stack; creates and upgrades them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock

from headend.core.model.errors import StateError
from headend.core.model.record import Digest, Record
from headend.core.reconcile.state.store import State, dump, split

FORMAT = 2
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE entries (
    address TEXT PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, spec TEXT NOT NULL, computed TEXT NOT NULL,
    depends TEXT NOT NULL, incomplete INTEGER NOT NULL, protect INTEGER, retain INTEGER NOT NULL,
    applied TEXT NOT NULL, secrets TEXT NOT NULL);
CREATE TABLE intents (address TEXT PRIMARY KEY, kind TEXT NOT NULL, action TEXT NOT NULL, begun TEXT NOT NULL);
"""


@contextlib.contextmanager
def open_state(path: Path, stack: str | None = None, *, patience: float = 0) -> Iterator[State]:
    """Opens or creates the state file, for one process at a time. The first `stack` given owns the file.
    patience: seconds to wait for another process.

    Raises StateError if another process holds it, if it can't be read, if a newer headend wrote it, or if it belongs to
    another stack. Copies of a stack share addresses, so in one file they would take each other's objects.
    """
    lock = filelock.FileLock(f"{path}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=patience)
    except filelock.Timeout:
        raise StateError(f"{path} is in use by another headend process; wait for it to end") from None
    except OSError as error:
        raise StateError(f"{path} can't be a state file: {error.strerror or type(error).__name__}") from None
    try:
        with contextlib.closing(_connect(path)) as database:
            if stack is not None:
                _claim(path, database, stack)
            yield State(database)
    finally:
        lock.release()


def peek(path: Path, stack: str) -> dict[str, Record] | None:
    """The records now, for commands that only look: does not create or lock the file. {} if there is no file, None
    while another process holds it. Raises StateError as `open_state` does."""
    if not path.exists():
        return {}
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=0)) as database:
            meta = dict(database.execute("SELECT key, value FROM meta"))
            if int(meta["format"]) > FORMAT:
                raise StateError(f"{path} was written by a newer headend; this one reads format {FORMAT}")
            if meta.get("stack", stack) != stack:
                raise StateError(f"{path} is the state of the stack {meta['stack']}, not of {stack}")
            if int(meta["format"]) == FORMAT:
                return State(database).records()
            with contextlib.closing(sqlite3.connect(":memory:")) as copy:
                database.backup(copy)
                _upgrade(copy)
                return State(copy).records()
    except (sqlite3.Error, KeyError, ValueError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            return None
        raise StateError(f"{path} is not a headend state file: {error}") from None


def _claim(path: Path, database: sqlite3.Connection, stack: str) -> None:
    with database:
        database.execute("INSERT OR IGNORE INTO meta VALUES ('stack', ?)", (stack,))
    (owner,) = database.execute("SELECT value FROM meta WHERE key = 'stack'").fetchone()
    if owner != stack:
        raise StateError(f"{path} is the state of the stack {owner}, not of {stack}; give each a file of its own")


def _connect(path: Path) -> sqlite3.Connection:
    try:
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        database = sqlite3.connect(path)
    except (OSError, sqlite3.Error) as error:
        raise StateError(f"{path} can't be opened: {error}") from None
    try:
        # A commit is one sync instead of four or five, and as safe. EXCLUSIVE (the lock above says so anyway) keeps the
        # index of the log in memory, so that this works on shared folders too.
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
            database.execute(f"PRAGMA {pragma}")
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            with database:  # all or nothing: the next run could not open a half-made file
                database.execute("BEGIN")
                for statement in _SCHEMA.split(";"):
                    database.execute(statement)
                database.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT),))
                database.execute("INSERT INTO meta VALUES ('digest_key', ?)", (secrets.token_hex(32),))
        row = database.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        if row is None or int(row[0]) > FORMAT:
            raise StateError(f"{path} was written by a newer headend; this one reads format {FORMAT}")
        if int(row[0]) < FORMAT:
            _upgrade(database)
    except sqlite3.Error as error:
        database.close()
        raise StateError(f"{path} is not a headend state file: {error}") from None
    except BaseException:
        database.close()
        raise
    return database


def _upgrade(database: sqlite3.Connection) -> None:
    """Upgrades format 1, which kept digests among the values as `{"$digest": ..., "$sealed": ...}`."""
    with database:
        database.execute("BEGIN")
        database.execute("ALTER TABLE entries ADD COLUMN secrets TEXT NOT NULL DEFAULT '{}'")
        for address, text in database.execute("SELECT address, spec FROM entries").fetchall():
            values = {name: _from_format_1(value) for name, value in json.loads(text).items()}
            plain, secrets = split(values)
            known = (dump(plain), dump(secrets), address)
            database.execute("UPDATE entries SET spec = ?, secrets = ? WHERE address = ?", known)
        database.execute("UPDATE meta SET value = ? WHERE key = 'format'", (str(FORMAT),))


def _from_format_1(value: Any) -> Any:
    if isinstance(value, dict) and "$digest" in value and value.keys() <= {"$digest", "$sealed"}:
        return Digest(value["$digest"], value.get("$sealed"))
    return value
