"""An open SQLite file, whose errors say what to do, and which notices when its file is taken away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headend.core.model.errors import StateError, StateInUse, StateLost
from headend.core.reconcile.state.batches import Batches, Statement
from headend.core.reconcile.state.places import Place

RESTORE = "put a copy of it back, or move it away: then objects are found again, see `adopt`"
_UNUSABLE = (
    "it can't be opened or written to; see whether this user may write to it and to its folder, and the disk works"
)
_COUNTED = """INSERT INTO meta VALUES ('serial', '1')
    ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)"""
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; make room, then run the command again",
    sqlite3.SQLITE_NOTADB: f"it is not a headend state file; {RESTORE}",
} | dict.fromkeys(
    (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM), _UNUSABLE
)


class Database:
    """A state file. Raises StateError where SQLite fails, StateLost where the file isn't the one that was opened."""

    def __init__(self, path: Place, connection: sqlite3.Connection) -> None:
        self.path, self.connection = path, connection
        self._opened = _identity(path)
        self._batches: Batches | None = None

    def rewritten(self) -> None:
        """All of it was exchanged."""

    @contextmanager
    def batches(self) -> Iterator[None]:
        """Within, `write` returns before it has written: `saved` waits. For one run, in its event loop."""
        self._batches = Batches(self._commit)
        try:
            yield
        finally:
            batches, self._batches = self._batches, None
            batches.close()

    def write(self, *statements: Statement) -> None:
        """Commits all of them or none."""
        if self._batches:
            self._batches.add(*statements)
        else:
            self._commit(statements)

    async def saved(self) -> None:
        """Returns once all that was written is on the disk."""
        if self._batches:
            await self._batches.saved()

    def _commit(self, statements: Iterable[Statement]) -> None:
        with self._transaction() as connection:
            for statement, values in statements:
                connection.execute(statement, values)

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        self._catch_up()
        with told(self.path):
            yield from self.connection.execute(query, values)

    def row(self, query: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        return next(self.rows(query, values), None)

    def version(self) -> tuple[int, int]:
        """Another one after each write, whoever wrote."""
        (others,) = self.row("PRAGMA data_version") or (0,)
        return self.connection.total_changes, others

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commits at its end."""
        self._catch_up()
        with self._transaction() as connection:
            yield connection

    def _catch_up(self) -> None:
        if self._batches:
            self._batches.finish()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self.raise_if_lost()
        with told(self.path), self.connection:
            before = self.connection.total_changes
            yield self.connection
            if self.connection.total_changes != before:
                self.connection.execute(_COUNTED)

    def raise_if_lost(self) -> None:
        """SQLite would write on into a file that nobody can find any more."""
        if self._opened != _identity(self.path):
            raise StateLost(f"{self.path} was removed or replaced while headend used it; {RESTORE}")


@contextmanager
def told(path: Place) -> Iterator[None]:
    """Turns SQLite's errors into StateErrors that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest says more than we need
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise StateInUse(f"{path} is in use by another process; wait for it to end") from None
        raise StateError(f"{path}: {_REASONS.get(code, f'it is damaged ({error}); {RESTORE}')}") from None


def _identity(path: Place) -> tuple[int, int] | None:
    if not isinstance(path, Path):
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
