"""States in PostgreSQL: the same tables as in a file, with the stack before each key; one row a write."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from headend.core.model.errors import InputError, StateError, StateInUse, StateLost
from headend.core.reconcile.state.holders import Holder, in_use
from headend.core.reconcile.state.places import StoreUrl
from headend.core.reconcile.state.sealed import seal, unseal
from headend.core.reconcile.state.storing import TABLES, Change, Content

PRIVATE = {"entries": (3, 4, 10)}  # columns of a row that are sealed: values, computed, secrets
COLUMNS = {
    "meta": "key, value",
    "entries": "address, kind, id, spec, computed, depends, incomplete, protect, retain, applied, secrets",
    "intents": "address, kind, action, begun",
}
NOTE = "INSERT INTO headend.holders VALUES (%s, %s) ON CONFLICT (stack) DO UPDATE SET holder = excluded.holder"
# A pooler may give two runs the same session, and so the same lock: then whoever took it last has it.
OURS = "SELECT 1 FROM headend.holders WHERE stack = %s AND strpos(holder, %s) > 0 FOR SHARE"
DOING = "UPDATE headend.holders SET holder = %s WHERE stack = %s AND strpos(holder, %s) > 0"
GIVEN_BACK = "DELETE FROM headend.holders WHERE stack = %s AND strpos(holder, %s) > 0"
CONNECTION: Mapping[str, Any] = {
    "application_name": "headend",
    "connect_timeout": 15,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 50_000,
}
ALIVE = """SELECT set_config('tcp_keepalives_idle', '20', false), set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false)"""
WAIT = 0.5  # seconds between two tries to get the lock


class Postgres:
    """The state of one stack in a database."""

    def __init__(self, place: StoreUrl) -> None:
        self.place, self.stack = place, place.stack
        self._holder = Holder()
        self._db = self._connect()

    def _connect(self) -> Any:
        """Notices within a minute, on both ends, that the other one is gone: the lock is free then."""
        _raise_if_unreadable(self.place)
        with self._told():
            db = psycopg.connect(self.place.url, autocommit=True, **CONNECTION)
            db.execute(ALIVE)
        return db

    # --- reading ---------------------------------------------------------------------------------------------
    def read(self) -> Content | None:
        """All at one moment: in a transaction that sees one snapshot."""
        with self._told(), self._db.transaction():
            self._db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            found = {table: self._rows(table) for table in TABLES}
        return found if found["meta"] else None

    def _rows(self, table: str) -> list[tuple[Any, ...]]:
        query = f"SELECT {COLUMNS[table]} FROM headend.{table} WHERE stack = %s ORDER BY {TABLES[table]}"  # noqa: S608
        return [self._unsealed(table, row) for row in self._db.execute(query, (self.stack,))]

    def others(self) -> Iterable[tuple[str, Content]]:
        with self._told():
            meta = self._db.execute("SELECT stack, key, value FROM headend.meta WHERE stack <> %s", (self.stack,))
            found: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
            for stack, *row in meta.fetchall():
                found.setdefault(stack, {"meta": [], "entries": []})["meta"].append(tuple(row))
            query = "SELECT stack, address, kind, id FROM headend.entries WHERE stack <> %s"
            for stack, *row in self._db.execute(query, (self.stack,)).fetchall():
                found.setdefault(stack, {"meta": [], "entries": []})["entries"].append(tuple(row))
        return found.items()

    # --- writing ---------------------------------------------------------------------------------------------
    def write(self, changes: Sequence[Change]) -> None:
        self.raise_if_lost()
        try:
            with self._told(), self._db.transaction():
                with self._db.pipeline():
                    ours = self._db.execute(OURS, (self.stack, self._holder.id))
                    for change in changes:
                        self._write(change)
                if not ours.fetchone():
                    raise StateLost(
                        f"{self.place}: somebody else has taken it; the run stops, and the next one goes on"
                    )
        except StateError as error:
            if self._db.closed or self._db.broken:
                raise StateLost(f"{error}; the lock went with the connection, and the run stops") from None
            raise

    def _write(self, change: Change) -> None:
        table, key = change.table, TABLES[change.table]
        if change.row is None:
            self._db.execute(f"DELETE FROM headend.{table} WHERE stack = %s AND {key} = %s", (self.stack, change.key))  # noqa: S608
            return
        names = COLUMNS[table].split(", ")
        values = ", ".join(["%s"] * (len(names) + 1))
        news = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
        statement = (
            f"INSERT INTO headend.{table} (stack, {COLUMNS[table]}) VALUES ({values})"  # noqa: S608
            f" ON CONFLICT (stack, {key}) DO UPDATE SET {news}"
        )
        self._db.execute(statement, (self.stack, *self._sealed(table, change.row)))

    def finish(self, content: Content) -> None:
        """Rows are as they should be."""

    # --- the lock --------------------------------------------------------------------------------------------
    @contextmanager
    def held(self, patience: float) -> Iterator[None]:
        end = time.monotonic() + patience
        while not self._ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (f"headend {self.stack}",)):
            if time.monotonic() >= end:
                text = self._ask("SELECT max(holder) FROM headend.holders WHERE stack = %s", (self.stack,))
                raise StateInUse(in_use(self.place, Holder.parse(text or "")))
            time.sleep(min(WAIT, max(0.01, end - time.monotonic())))
        try:
            with self._told():
                self._db.execute(NOTE, (self.stack, self._holder.dump()))
            yield
        finally:
            with contextlib.suppress(psycopg.Error):
                self._db.execute(GIVEN_BACK, (self.stack, self._holder.id))
                self._db.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (f"headend {self.stack}",))

    def raise_if_lost(self) -> None:
        if self._db.closed or self._db.broken:
            raise StateLost(f"{self.place}: the connection is lost, and the lock with it; the run stops")

    def note(self, doing: str) -> None:
        """By a connection of its own: the run's may be in the middle of a commit."""
        with self._connect() as db:
            db.execute(DOING, (replace(self._holder, doing=doing).dump(), self.stack, self._holder.id))

    def release(self) -> str:
        """The database ends the session of whoever has it; who may not do that is told."""
        text = self._ask("SELECT max(holder) FROM headend.holders WHERE stack = %s", (self.stack,))
        query = (
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(%s, 0)"
        )
        with self._told():
            ended = self._db.execute(query, (f"headend {self.stack}",)).fetchall()
            self._db.execute("DELETE FROM headend.holders WHERE stack = %s", (self.stack,))
        return str(Holder.parse(text or "") or "somebody") if ended or text else ""

    def close(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self._db.close()

    # --- rows ------------------------------------------------------------------------------------------------
    def _ask(self, query: str, values: tuple[Any, ...]) -> Any:
        with self._told():
            row = self._db.execute(query, values).fetchone()
            return row[0] if row else None

    def _sealed(self, table: str, row: Sequence[Any]) -> list[Any]:
        return [seal(one, self.place) if n in PRIVATE.get(table, ()) else one for n, one in enumerate(row)]

    def _unsealed(self, table: str, row: Sequence[Any]) -> tuple[Any, ...]:
        """Raises StateError that names the row."""
        try:
            return tuple(unseal(one, self.place) if n in PRIVATE.get(table, ()) else one for n, one in enumerate(row))
        except StateError as error:
            raise StateError(f"{error} (in headend.{table}: {row[0]})") from None

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            how = "`headend state init` prints the SQL that makes them"
            raise StateError(f"{self.place} has no tables for headend; {how}") from None
        except psycopg.errors.InsufficientPrivilege:
            raise StateError(f"{self.place}: this role may not do that; see what `headend state init` grants") from None
        except psycopg.Error as error:
            raise StateError(f"{self.place}: {_why(error)}") from None


def _raise_if_unreadable(place: StoreUrl) -> None:
    """A password that isn't escaped would pass for a host or a port, and libpq quotes those."""
    try:
        found = conninfo_to_dict(place.url)
    except psycopg.Error:
        found = {"port": "?"}
    names = f"{found.get('host', '')}{found.get('dbname', '')}"
    if re.search("[@&=?#]", names) or not re.fullmatch(r"[\d,]*", str(found.get("port", ""))):
        how = "its port is a number, its parameters are libpq's; in a password, write @ / : % as %40 and so on"
        raise InputError(f"{place}: the address can't be read: {how}, or give that by PGPASSWORD")


def _why(error: psycopg.Error) -> str:
    """One line, without what a connection string held."""
    text = (error.diag.message_primary if error.diag else None) or str(error)
    return json.dumps(text.partition("\n")[0])[1:-1][:300]
