"""State files as earlier versions left them."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OLD_KEY = "ab" * 32
NUMBER = "491512345678"
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE entries (
    address TEXT PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, spec TEXT NOT NULL, computed TEXT NOT NULL,
    depends TEXT NOT NULL, incomplete INTEGER NOT NULL, protect INTEGER, retain INTEGER NOT NULL,
    applied TEXT NOT NULL{secrets});
CREATE TABLE intents (address TEXT PRIMARY KEY, kind TEXT NOT NULL, action TEXT NOT NULL, begun TEXT NOT NULL);
"""


def old_digest(value: Any) -> str:
    return hmac.new(bytes.fromhex(OLD_KEY), json.dumps(value).encode(), hashlib.sha256).hexdigest()


def write_old(path: Path, format: int, *, with_secrets: bool = True, ids: Mapping[str, str] | None = None) -> None:
    """A state file as that format's version left it, with an object that was there and is gone.
    ids: of other objects by address, each with an older one of its own that is set aside."""
    digest = old_digest(NUMBER)
    if format == 1:
        spec = {"name": "x", "tags": {"$digest": "d", "more": 1}, "number": {"$digest": digest, "$sealed": "s"}}
        secrets: tuple[str, ...] = ()
    else:
        spec = {"name": "x", "tags": {"$digest": "d", "more": 1}}
        secrets = (json.dumps({"number": {"text": digest, "sealed": "s"}}),)
    row = ("a", "some.kind", "1", json.dumps(spec), "{}", "[]", 0, None, 0, "2026-01-01T00:00:00+00:00", *secrets)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA secure_delete = OFF")  # as it is by default, though not in every distribution
        database.executescript(SCHEMA.format(secrets="" if format == 1 else ", secrets TEXT NOT NULL"))
        with database:
            meta = [("format", str(format)), ("digest_key", OLD_KEY), ("stack", "day")]
            database.executemany("INSERT INTO meta VALUES (?, ?)", meta)
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT INTO entries VALUES ({marks})", row)
            for address, id in (ids or {}).items():
                kind = address.rpartition(".")[0].removesuffix("s")
                for where in (address, f"{address}/{id}"):
                    database.execute(f"INSERT INTO entries VALUES ({marks})", (where, kind, id, *row[3:]))
            gone = ("gone", *row[1:3], old_digest("gone") * 200, *row[4:])
            database.execute(f"INSERT INTO entries VALUES ({marks})", gone)
        with database:
            database.execute("DELETE FROM entries WHERE address = 'gone'")
            if not with_secrets:
                database.execute("DELETE FROM entries")
