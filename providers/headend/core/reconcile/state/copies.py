"""Whole copies of a state file, made and put back in one piece."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from headend.core.model.errors import InputError, StateError
from headend.core.reconcile.state.database import Database, told
from headend.core.reconcile.state.upgrade import upgrade


def back_up(database: Database, to: Path | None = None) -> Path:
    """Copies the open state into a new file that only its owner can read, and that is whole or not there. Returns it.
    to: by default, a name beside the state that tells when it was made. Raises InputError where there is a file."""
    path = database.path
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    beside = path if isinstance(path, Path) else Path(path.stack)  # beside a store there is no place: here
    to = to or beside.with_name(f"{beside.name}.{moment}.backup")
    part = to.with_name(f"{to.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with told(path), contextlib.closing(sqlite3.connect(part)) as copy:
            database.connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # else it is two files
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.link(part, to)  # unlike a rename, this overwrites nothing
    except FileExistsError:
        raise InputError(f"{to} is there already; name another file") from None
    except OSError as error:
        raise StateError(f"{to} can't be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return to


def restore(database: Database, copy: Path, stack: str, known: int) -> None:
    """Makes the open state what the copy holds, in one transaction. Raises StateError where that is no state of this
    stack. known: the newest format that this headend reads."""
    if not copy.is_file():
        raise InputError(f"there is no file {copy}")
    uri = f"{copy.absolute().as_uri()}?mode=ro&immutable=1"
    with told(copy), contextlib.closing(sqlite3.connect(uri, uri=True)) as source:
        _raise_if_unfit(Database(copy, source), stack, known)
        meta, given_away = _meta(database, "serial"), _meta(database, "handed_over")
        with told(database.path):
            source.backup(database.connection)
    now, then = (int(row[0]) if row else 0 for row in (meta, _meta(database, "serial")))
    upgrade(database, int((_meta(database, "format") or ("0",))[0]))
    with database.transaction() as connection:  # what was pulled before must not pass for newer
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('serial', ?)", (str(max(now, then)),))
        if given_away:  # an older copy doesn't take the stack back from Pulumi
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('handed_over', ?)", given_away)
    database.rewritten()


def _raise_if_unfit(copy: Database, stack: str, known: int) -> None:
    if not copy.row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"):
        raise StateError(f"{copy.path} is not a headend state file")
    (format,), (owner,) = _meta(copy, "format") or ("",), _meta(copy, "stack") or ("",)
    if not str(format).isdecimal() or int(format) > known:
        raise StateError(f"{copy.path} was written by a newer headend; this one reads format {known}")
    if owner != stack:
        raise StateError(f"{copy.path} is a state of the stack {owner}, not of {stack}; nothing was restored")


def _meta(database: Database, key: str) -> tuple[str, ...] | None:
    return database.row("SELECT value FROM meta WHERE key = ?", (key,))
