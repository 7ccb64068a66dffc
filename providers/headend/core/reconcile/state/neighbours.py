"""The other states of a store: files in the same folder. They are read as they are, without a lock.

A state that a run holds is read from a copy of its file and its log: all that was committed when the log was copied.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from headend.core.model.errors import StateError
from headend.core.reconcile.state.database import told

T = TypeVar("T")
Elsewhere = dict[tuple[str, str], tuple[str, str]]
"""(kind, id) -> (stack, address)."""
_SALTS = slice(16, 24)  # in the head of a log; others stand there once it begins anew
_TRIES = 20


def neighbours(path: Path) -> list[Path]:
    """The other state files in the folder. A simulated world is a stack's own, and so are the ids in it."""
    if ".simulated" in path.suffixes:
        return []
    found = path.parent.glob(f"*{path.suffix}") if path.suffix else ()
    return sorted(one for one in found if _is_other(one, path))


def _is_other(one: Path, path: Path) -> bool:
    return one.name != path.name and not {".simulated", ".pulumi"} & {*one.suffixes} and one.is_file()


def look(path: Path, read: Callable[[sqlite3.Connection], T]) -> T:
    """What `read` finds in a state that another process may be writing to. Raises StateError where it can't be read."""
    with told(path):
        with contextlib.closing(_open(path)) as connection:
            try:
                return read(connection)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                    raise
        with tempfile.TemporaryDirectory(prefix="headend-") as folder:  # only its owner may read it
            copy = Path(folder) / "copy.db"
            for kind, content in zip(("", "-wal"), _snapshot(path), strict=True):
                Path(f"{copy}{kind}").write_bytes(content)
            with contextlib.closing(sqlite3.connect(copy)) as connection:
                return read(connection)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)


def _snapshot(path: Path) -> tuple[bytes, bytes]:
    """The file, then its log. What the log had when the file was copied, it still has, unless it began anew."""
    log = Path(f"{path}-wal")
    for _ in range(_TRIES):
        before, content, written = _read(log), path.read_bytes(), _read(log)
        if before[_SALTS] == written[_SALTS]:
            return content, written
    raise StateError(f"{path} changes too fast to be read; try again")


def _read(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


def held(path: Path, own: str, places: Mapping[str, str]) -> Elsewhere:
    """What other stacks than `own` have. places: platform -> where the stack itself has its objects; in another place,
    the same id is of another object. Of several copies of one stack's state the one with the most writes counts; a
    file that can't be read has nothing to say."""
    newest: dict[str, tuple[int, Elsewhere]] = {}
    for one in neighbours(path):
        with contextlib.suppress(StateError):
            stack, serial, objects = look(one, lambda connection: _held(connection, places))
            if stack != own and serial >= newest.get(stack, (0, {}))[0]:
                newest[stack] = serial, objects
    return {key: place for _, objects in newest.values() for key, place in objects.items()}


def held_by(others: Iterable[tuple[str, Mapping[str, Sequence[Any]]]], places: Mapping[str, str]) -> Elsewhere:
    """The same of states whose rows are there: (stack, table -> rows)."""
    found: Elsewhere = {}
    for stack, rows in others:
        found |= _among(stack, dict(rows.get("meta", ())), [row[:3] for row in rows.get("entries", ())], places)
    return found


def _held(connection: sqlite3.Connection, places: Mapping[str, str]) -> tuple[str, int, Elsewhere]:
    meta = {str(key): str(value) for key, value in connection.execute("SELECT key, value FROM meta")}
    stack = meta.get("stack", "")
    entries = connection.execute("SELECT address, kind, id FROM entries")
    return stack, int(meta.get("serial", 0)), _among(stack, meta, entries, places)


def _among(
    stack: str, meta: Mapping[str, str], entries: Iterable[Sequence[Any]], places: Mapping[str, str]
) -> Elsewhere:
    other = {one for one, place in places.items() if meta.get(f"place:{one}", place) != place}
    return {(kind, id): (stack, address) for address, kind, id in entries if kind.partition(".")[0] not in other}


def stacks(path: Path) -> Iterator[tuple[str, Path]]:
    """(stack, file) of the neighbours that are states."""
    for one in neighbours(path):
        with contextlib.suppress(StateError):
            if name := look(one, _stack):
                yield name, one


def _stack(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = 'stack'").fetchone()
    return str(row[0]) if row else None
