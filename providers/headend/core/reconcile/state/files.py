"""Opens state files, for one process and one stack; creates and upgrades them."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import filelock

from headend.core.model.errors import StateError, StateInUse
from headend.core.model.record import Record
from headend.core.reconcile.state.database import RESTORE, Database, told
from headend.core.reconcile.state.digests import wipe
from headend.core.reconcile.state.holders import Beat, Holder, in_use
from headend.core.reconcile.state.key import environment_key
from headend.core.reconcile.state.neighbours import look
from headend.core.reconcile.state.store import State
from headend.core.reconcile.state.upgrade import FORMAT, part_secrets, upgrade

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
    lock, beat = filelock.FileLock(f"{path}.lock"), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=patience)
    except filelock.Timeout:
        raise StateInUse(in_use(path, _holder(path))) from None
    except (OSError, ValueError) as error:
        raise StateError(f"{path} can't be a state file: {getattr(error, 'strerror', None) or error}") from None
    try:
        holder = Holder()
        _held_by(path, holder)
        beat = Beat(lambda doing: _held_by(path, replace(holder, doing=doing)))
        with contextlib.closing(_connect(path)) as connection:
            database = Database(path, connection)
            if stack is not None:
                claim(database, stack)
            yield State(database, beat=beat)
    finally:
        if beat is not None:
            beat.end()
        _held_by(path, None)
        lock.release()


def _held_by(path: Path, holder: Holder | None) -> None:
    """Takes note of who has it, for those who have to wait; without a note they wait as well."""
    note = Path(f"{path}.holder")
    with contextlib.suppress(OSError):
        if holder:
            part = Path(f"{note}.part")
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "w") as file:
                file.write(holder.dump())
            part.replace(note)  # also where a killed run of another user left one
        else:
            note.unlink(missing_ok=True)


def _holder(path: Path) -> Holder | None:
    with contextlib.suppress(OSError):
        return Holder.parse(Path(f"{path}.holder").read_text())
    return None


@contextlib.contextmanager
def open_to_look(path: Path, stack: str, *, patience: float = 0, lock: bool = True) -> Iterator[State]:
    """The same for who writes nothing: where there is no file, an empty state, which is kept nowhere."""
    if is_there(path):
        with open_state(path, stack, patience=patience) if lock else _copied(path, stack) as state:
            yield state
        return
    _raise_if_log_is_left(path)
    key = environment_key() or secrets.token_bytes(32)
    with contextlib.closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:
        fill_empty(connection)
        database = Database(path, connection)
        claim(database, stack)
        yield State(database, key)


@contextlib.contextmanager
def _copied(path: Path, stack: str) -> Iterator[State]:
    """What was committed last, whoever has the file."""
    with contextlib.closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:

        def copy(found: sqlite3.Connection) -> None:
            found.execute("SELECT 1 FROM meta").fetchone()  # raises where another has it: `backup` would wait
            found.backup(connection)

        look(path, copy)
        database = Database(path, connection)
        upgrade(database, format_of(database))
        _raise_if_not_of(database, stack)
        yield State(database)


def peek(path: Path, stack: str) -> dict[str, Record] | None:
    """The records now, for commands that only look: does not create or lock the file. {} if there is no file, None
    while another process holds it. Raises StateError as `open_state` does."""
    try:
        if not is_there(path):
            return {}
        with told(path), contextlib.closing(_open(path, timeout=0)) as connection:
            database = Database(path, connection)
            parted = format_of(database) > 1
            _raise_if_not_of(database, stack)
            if parted:
                return State(database).records()
            with contextlib.closing(sqlite3.connect(":memory:")) as copy:
                connection.backup(copy)
                copied = Database(path, copy)
                part_secrets(copied)
                return State(copied).records()
    except StateInUse:
        return None


def is_there(path: Path) -> bool:
    """Whether there is a state file. Raises StateError for an empty one, which may be the rest of one with content, and
    where nobody can tell."""
    try:
        empty = path.stat().st_size == 0
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise StateError(f"{path} can't be a state file: {getattr(error, 'strerror', None) or error}") from None
    if empty:
        raise StateError(f"{path} is empty, and no new state is taken for it; {RESTORE}")
    return True


def claim(database: Database, stack: str) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('stack', ?)", (stack,))
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('id', ?)", (secrets.token_hex(16),))
    _raise_if_not_of(database, stack)


def _raise_if_not_of(database: Database, stack: str) -> None:
    owner = _meta(database, "stack", stack)
    if owner != stack:
        raise StateError(
            f"{database.path} is the state of the stack {owner}, not of {stack}; give each a file of its own"
        )


def _meta(database: Database, key: str, default: str = "") -> str:
    (value,) = database.row("SELECT value FROM meta WHERE key = ?", (key,)) or (default,)
    return str(value)


def _open(path: Path, timeout: float) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=timeout, check_same_thread=False)  # see `batches`
    connection.text_factory = lambda text: text.decode(errors="surrogateescape")  # `rows` tells which row it is in
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    """The file, made first if there is none, in this headend's format."""
    with told(path):
        if not is_there(path):
            _create(path)
        connection = _open(path, timeout=5)
        try:
            # A commit is one sync instead of four or five, and as safe. EXCLUSIVE (the lock above says so anyway) keeps
            # the index of the log in memory, so that this works on shared folders too.
            for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
                connection.execute(f"PRAGMA {pragma}")
            database = Database(path, connection)
            upgrade(database, format_of(database))
            wipe(database)
        except BaseException:
            connection.close()
            raise
        return connection


def format_of(database: Database) -> int:
    """Raises StateError for what this headend can't read."""
    known = database.row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'")
    text = _meta(database, "format") if known else ""
    if not text.isdecimal():
        raise StateError(f"{database.path}: it is not a headend state file; {RESTORE}")
    if int(text) > FORMAT:
        raise StateError(f"{database.path} was written by a newer headend; this one reads format {FORMAT}")
    return int(text)


def _create(path: Path) -> None:
    """Makes the file all at once: whatever ends this, no half of one is left under its name."""
    _raise_if_log_is_left(path)
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with contextlib.closing(sqlite3.connect(part)) as connection, connection:
            connection.execute("BEGIN")
            fill_empty(connection)
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # else the name may be lost in a power cut, after objects were made
        finally:
            os.close(folder)
    except OSError as error:
        raise StateError(f"{path} can't be made: {error.strerror or error}") from None


def _raise_if_log_is_left(path: Path) -> None:
    if Path(f"{path}-wal").exists():
        gone = f"{path} is gone, and {path}-wal, which belongs to it, is still there"
        raise StateError(f"{gone}; put the file back, or move the other away too")


def make_tables(connection: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)


def fill_empty(connection: sqlite3.Connection) -> None:
    make_tables(connection)
    connection.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT),))
