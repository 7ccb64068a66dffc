"""The embedded state store: identity, what was last applied, and intents. SQLite, O(1) per write.

State never holds a secret in clear: a secret value is stored as a keyed digest, enough to tell that it changed.
Losing the file loses nothing that adoption can't find again.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

from headend.core.model.errors import StateError

FORMAT = 1
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE entries (
    address TEXT PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, spec TEXT NOT NULL, computed TEXT NOT NULL,
    depends TEXT NOT NULL, incomplete INTEGER NOT NULL, protect INTEGER, retain INTEGER NOT NULL,
    applied TEXT NOT NULL);
CREATE TABLE intents (address TEXT PRIMARY KEY, kind TEXT NOT NULL, action TEXT NOT NULL, begun TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Entry:
    """What state knows of one object. spec: field -> last applied value (references resolved, secrets as digests).
    incomplete: it exists, but its creation has not run to the end. protect and retain outlive the stack's line."""

    address: str
    kind: str
    id: str
    spec: Mapping[str, Any]
    computed: Mapping[str, Any] = field(default_factory=dict)
    depends: tuple[str, ...] = ()
    incomplete: bool = False
    protect: bool | None = None
    retain: bool = False


@dataclass(frozen=True)
class Intent:
    """A write that was about to leave. Still there at the next run: nobody knows whether it arrived."""

    address: str
    kind: str
    action: str
    begun: str


class State:
    """An open state file. Every method commits before it returns."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self._dependents: dict[str, set[str]] | None = None
        row = database.execute("SELECT value FROM meta WHERE key = 'digest_key'").fetchone()
        self._key = bytes.fromhex(row[0])

    def digest(self, value: Any) -> dict[str, str]:
        """The keyed digest that stands for a secret value; equal values of this state file have equal digests."""
        text = json.dumps(value, sort_keys=True, default=str)
        return {"$digest": hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()}

    def entries(self) -> dict[str, Entry]:
        """All entries by address, in address order."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM entries ORDER BY address")  # noqa: S608 - a constant
        return {row[0]: _entry(row) for row in rows}

    def entry(self, address: str) -> Entry | None:
        """One entry, or None."""
        found = self._db.execute(f"SELECT {_COLUMNS} FROM entries WHERE address = ?", (address,))  # noqa: S608
        row = found.fetchone()
        return _entry(row) if row else None

    def intents(self) -> dict[str, Intent]:
        """Intents that no run has settled, by address."""
        return {row[0]: Intent(*row) for row in self._db.execute("SELECT address, kind, action, begun FROM intents")}

    def begin(self, address: str, kind: str, action: str) -> None:
        """Records that a write is about to leave. Call it, and only then send."""
        self._run(
            "INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?)", (address, kind, action, datetime.now(UTC).isoformat())
        )

    def put(self, entry: Entry) -> None:
        """Records an object as it now is, and settles its intent, in one transaction."""
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.address,
                    entry.kind,
                    entry.id,
                    _dump(entry.spec),
                    _dump(entry.computed),
                    json.dumps(entry.depends),
                    entry.incomplete,
                    entry.protect,
                    entry.retain,
                    datetime.now(UTC).isoformat(),
                ),
            )
            self._db.execute("DELETE FROM intents WHERE address = ?", (entry.address,))
        self._noted(entry.address, entry.depends)

    def drop(self, address: str) -> None:
        """Forgets an object and its intent."""
        with self._db:
            self._db.execute("DELETE FROM entries WHERE address = ?", (address,))
            self._db.execute("DELETE FROM intents WHERE address = ?", (address,))

    def settle(self, address: str) -> None:
        """Drops an intent whose write is known not to have been done, or whose outcome any read tells."""
        self._run("DELETE FROM intents WHERE address = ?", (address,))

    def move(self, old: str, new: str) -> None:
        """Renames an address, also where others depend on it."""
        self.move_all({old: new})

    def move_all(self, moves: Mapping[str, str]) -> None:
        """Renames addresses, {old: new}, in one transaction."""
        known = self._known_dependents() if moves else {}
        with self._db:
            for old, new in moves.items():
                self._db.execute("UPDATE entries SET address = ? WHERE address = ?", (new, old))
                self._noted(new, self._depends(new))
                for address in known.pop(old, ()):
                    self._rename(address, old, new)

    def _rename(self, address: str, old: str, new: str) -> None:
        """In what the entry at `address` depends on."""
        names = self._depends(address)
        if old in names:
            renamed = [new if name == old else name for name in names]
            self._db.execute("UPDATE entries SET depends = ? WHERE address = ?", (json.dumps(renamed), address))
            self._noted(address, [new])

    def _depends(self, address: str) -> Sequence[str]:
        row = self._db.execute("SELECT depends FROM entries WHERE address = ?", (address,)).fetchone()
        names: list[str] = json.loads(row[0]) if row else []
        return names

    def _known_dependents(self) -> dict[str, set[str]]:
        """address -> where it may stand among what an entry depends on; built once, as looking through all entries
        for each of ten thousand moves would take minutes."""
        if self._dependents is None:
            self._dependents = {}
            for address, depends in self._db.execute("SELECT address, depends FROM entries WHERE depends <> '[]'"):
                self._noted(address, json.loads(depends))
        return self._dependents

    def _noted(self, address: str, depends: Iterable[str]) -> None:
        if self._dependents is not None:
            for name in depends:
                self._dependents.setdefault(name, set()).add(address)

    def set_aside(self, address: str) -> str:
        """Keeps an object that is about to be replaced under an address of its own, so that it isn't forgotten before
        it is deleted: `<address>/<id>`, which no stack can name. Returns that address."""
        (id,) = self._db.execute("SELECT id FROM entries WHERE address = ?", (address,)).fetchone()
        aside = f"{address}/{id}"
        with self._db:
            self._db.execute("UPDATE OR REPLACE entries SET address = ? WHERE address = ?", (aside, address))
        self._noted(aside, self._depends(aside))
        return aside

    def _run(self, statement: str, values: tuple[Any, ...]) -> None:
        with self._db:
            self._db.execute(statement, values)


_COLUMNS = "address, kind, id, spec, computed, depends, incomplete, protect, retain"


def _entry(row: tuple[Any, ...]) -> Entry:
    address, kind, id, spec, computed, depends, incomplete, protect, retain = row
    return Entry(
        address,
        kind,
        id,
        json.loads(spec),
        json.loads(computed),
        tuple(json.loads(depends)),
        bool(incomplete),
        None if protect is None else bool(protect),
        bool(retain),
    )


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


@contextlib.contextmanager
def open_state(path: Path, stack: str | None = None) -> Iterator[State]:
    """Opens (or makes) the state file, for one process at a time and for one stack (that of the first `stack` given).

    Raises StateError if another process holds it, if it can't be read, if a newer headend wrote it, or if it is
    another stack's: copies of one stack have the same addresses, and would take each other's objects for their own.
    """
    lock = filelock.FileLock(f"{path}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
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


def peek(path: Path, stack: str) -> dict[str, Entry] | None:
    """The entries at this moment, for who only looks: neither makes the file nor keeps it from others. {} where there
    is no file, None while another process holds it. Raises StateError as `open_state` does."""
    if not path.exists():
        return {}
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=0)) as database:
            meta = dict(database.execute("SELECT key, value FROM meta"))
            if int(meta["format"]) > FORMAT:
                raise StateError(f"{path} was written by a newer headend; this one reads format {FORMAT}")
            if meta.get("stack", stack) != stack:
                raise StateError(f"{path} is the state of the stack {meta['stack']}, not of {stack}")
            return State(database).entries()
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
            with database:  # all or nothing: what is half made would be no state file to the next run
                database.execute("BEGIN")
                for statement in _SCHEMA.split(";"):
                    database.execute(statement)
                database.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT),))
                database.execute("INSERT INTO meta VALUES ('digest_key', ?)", (secrets.token_hex(32),))
        row = database.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        if row is None or int(row[0]) > FORMAT:
            raise StateError(f"{path} was written by a newer headend; this one reads format {FORMAT}")
    except sqlite3.Error as error:
        database.close()
        raise StateError(f"{path} is not a headend state file: {error}") from None
    except BaseException:
        database.close()
        raise
    return database
