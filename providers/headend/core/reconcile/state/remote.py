"""State in a store that a team shares: worked on in memory, and each commit is in the store before it counts.

A store keeps rows of the three tables; it knows nothing else of states. `Replica` notices by triggers which rows a
commit changed, and hands those on. So every command works on every store.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from headend.core.model.errors import InputError, StateError, StateLost
from headend.core.reconcile.state.database import Database
from headend.core.reconcile.state.places import DATABASES, SCHEMES, StoreUrl
from headend.core.reconcile.state.storing import TABLES, Change, Content, Store

# No OR REPLACE here: inside a trigger, the word of the statement that fired it counts instead.
NOTED = """INSERT INTO changed SELECT '{table}', {key}
    WHERE NOT EXISTS (SELECT 1 FROM changed WHERE tbl = '{table}' AND key = {key}); """


def connect(place: StoreUrl) -> Store:
    """The store, with its library, which an extra of headend brings."""
    try:
        if place.scheme in DATABASES:
            from headend.core.reconcile.state.postgres import Postgres

            return Postgres(place)
        from headend.core.reconcile.state.objects import Objects

        return Objects(place)
    except ImportError:
        extra = SCHEMES[place.scheme]
        raise InputError(f"{place}: its library isn't there; pip install 'headend[{extra}]'") from None


class Replica(Database):
    """A state in memory, of which each commit goes to the store."""

    def __init__(self, place: StoreUrl, connection: sqlite3.Connection, store: Store) -> None:
        super().__init__(place, connection)
        self.store = store
        self._broken: StateError | None = None
        connection.execute("PRAGMA recursive_triggers = ON")  # else what REPLACE takes away isn't noticed
        connection.execute("CREATE TEMP TABLE changed (tbl TEXT, key TEXT, PRIMARY KEY (tbl, key))")

    def watch(self) -> None:
        """From now on, what changes is noticed."""
        for table, key in TABLES.items():
            for event, rows in (("INSERT", "NEW"), ("DELETE", "OLD"), ("UPDATE", "OLD NEW")):
                noted = "".join(NOTED.format(table=table, key=f"{row}.{key}") for row in rows.split())
                self.connection.execute(
                    f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} BEGIN {noted}END"
                )

    def raise_if_lost(self) -> None:
        if self._broken:
            raise self._broken
        self.store.raise_if_lost()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with super()._transaction() as connection:
            yield connection
        self.ship()

    def ship(self) -> None:
        """Hands on what was committed. After a failure nobody knows what the store has: the run ends."""
        changes = [self._change(*one) for one in self.connection.execute("SELECT tbl, key FROM changed")]
        if not changes:
            return
        try:
            self.store.write(changes)
        except StateError as error:
            self._broken = error if isinstance(error, StateLost) else StateLost(f"{error}; the run can't go on")
            raise self._broken from None
        self.connection.execute("DELETE FROM changed")
        self.connection.commit()

    def rewritten(self) -> None:
        """All of it was exchanged, and the triggers with it."""
        before = self.store.read() or {}
        for table, key in TABLES.items():
            kept = {row[0] for row in self.connection.execute(f"SELECT {key} FROM {table}")}  # noqa: S608
            keys = kept | {row[0] for row in before.get(table, ())}
            self.connection.executemany("INSERT OR REPLACE INTO changed VALUES (?, ?)", [(table, one) for one in keys])
        self.connection.commit()
        self.ship()

    def _change(self, table: str, key: str) -> Change:
        found = self.connection.execute(f"SELECT * FROM {table} WHERE {TABLES[table]} = ?", (key,)).fetchone()  # noqa: S608
        return Change(table, key, found)


def content_of(connection: sqlite3.Connection) -> Content:
    """All rows of a state."""
    return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in TABLES}  # noqa: S608


def fill(connection: sqlite3.Connection, content: Content) -> None:
    """Puts rows into empty tables."""
    with connection:
        for table, rows in content.items():
            for row in rows:
                places = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608 - our own names


@contextlib.contextmanager
def in_memory() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:
        yield connection
