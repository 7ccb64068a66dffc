"""Opens states, wherever they are: for one run and one stack, or for who only looks."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator

from headend.core.model.errors import StateError, StateInUse
from headend.core.model.record import Record
from headend.core.reconcile.state import files
from headend.core.reconcile.state.database import Database, told
from headend.core.reconcile.state.holders import Beat
from headend.core.reconcile.state.key import environment_key
from headend.core.reconcile.state.places import Place, StoreUrl
from headend.core.reconcile.state.remote import Replica, connect, content_of, fill, in_memory
from headend.core.reconcile.state.store import State
from headend.core.reconcile.state.storing import Content, Store
from headend.core.reconcile.state.upgrade import FORMAT, upgrade


@contextlib.contextmanager
def open_state(
    place: Place, stack: str | None = None, *, patience: float = 0, heed_lock: bool = True
) -> Iterator[State]:
    """Opens or creates a state, for one process at a time. The first `stack` given owns it.
    patience: seconds to wait for another process. heed_lock: False: also where `state lock` has locked it.

    Raises StateInUse if another process holds it, or `state lock` does, StateError if it can't be read, if a newer
    headend wrote it, or if it belongs to another stack: copies of a stack share addresses, and would take each other's
    objects.
    """
    if not isinstance(place, StoreUrl):
        with files.open_state(place, stack, patience=patience) as state:
            _raise_if_locked(place, state, heed_lock)
            yield state
        return
    with contextlib.closing(connect(place)) as store, store.held(patience), in_memory() as connection:
        database = _replica(place, connection, store, store.read())
        if stack is not None:
            files.claim(database, stack)
        beat = Beat(store.note)
        state = State(database, beat=beat)
        _raise_if_locked(place, state, heed_lock)
        try:
            yield state
        finally:
            beat.end()
            with contextlib.suppress(StateError):  # the journal is as good as the snapshot
                database.raise_if_lost()
                store.finish(content_of(connection))


def _raise_if_locked(place: Place, state: State, heed_lock: bool) -> None:
    if heed_lock and (by := state.locked_by):
        raise StateInUse(f"{place} was locked by {by}; `headend state unlock STACK` ends that")


@contextlib.contextmanager
def open_to_look(place: Place, stack: str, *, patience: float = 0, lock: bool = True) -> Iterator[State]:
    """The same for who writes nothing: where there is no state, an empty one, which is kept nowhere. lock: False: what
    was committed last, whoever has it."""
    if not isinstance(place, StoreUrl):
        with files.open_to_look(place, stack, patience=patience, lock=lock) as state:
            yield state
        return
    with contextlib.closing(connect(place)) as store, contextlib.ExitStack() as held:
        if lock:
            held.enter_context(store.held(patience))
        with in_memory() as connection:
            content = store.read()
            database = _replica(place, connection, store, content, watch=False)
            files.claim(database, stack)
            yield State(database, None if content else environment_key() or secrets.token_bytes(32))


@contextlib.contextmanager
def open_nowhere(stack: str) -> Iterator[State]:
    """A state that lasts as long as the run, for stacks that keep none."""
    with in_memory() as connection:
        files.fill_empty(connection)
        database = Database(StoreUrl("memory://", stack), connection)
        files.claim(database, stack)
        yield State(database, environment_key() or secrets.token_bytes(32))


def peek(place: Place, stack: str) -> dict[str, Record] | None:
    """The records now, for commands that only look: neither makes nor locks a state. {} if there is none, None while
    another process holds a file. Raises StateError as `open_state` does."""
    if not isinstance(place, StoreUrl):
        return files.peek(place, stack)
    with contextlib.suppress(StateInUse), open_to_look(place, stack, lock=False) as state:
        return state.records()
    return None


def is_there(place: Place) -> bool:
    """Whether there is a state. Raises StateError where nobody can tell."""
    if not isinstance(place, StoreUrl):
        return files.is_there(place)
    with contextlib.closing(connect(place)) as store:
        return store.read() is not None


def _replica(
    place: StoreUrl, connection: sqlite3.Connection, store: Store, content: Content | None, *, watch: bool = True
) -> Database:
    """The state in memory, as the store has it, or a new one."""
    files.make_tables(connection)
    database = Replica(place, connection, store)
    if content is not None:
        with told(place):
            fill(connection, {"meta": content["meta"]})
            files.format_of(database)  # rows of a newer headend may have other columns
            fill(connection, {table: rows for table, rows in content.items() if table != "meta"})
    if watch:
        database.watch()
    if content is None:
        with database.transaction() as new:
            new.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT),))
    upgrade(database, files.format_of(database))
    return database
