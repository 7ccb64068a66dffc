"""The embedded state store: identity, what was last applied, and intents. SQLite, O(1) per write.

State holds no secret in clear. It stores a keyed digest, which shows whether the secret changed.
If the file is lost, adoption finds the objects again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from headend.core.model.record import Digest, Record


@dataclass(frozen=True)
class Intent:
    """A write that was about to be sent. If the next run finds it, nobody knows whether the write arrived."""

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

    def digest(self, value: Any) -> Digest:
        """The keyed digest of a secret value. In one state file, equal values have equal digests."""
        text = json.dumps(value, sort_keys=True, default=str)
        return Digest(hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest())

    def records(self) -> dict[str, Record]:
        """All records by address, in address order."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM entries ORDER BY address")  # noqa: S608 - a constant
        return {row[0]: _record(row) for row in rows}

    def record(self, address: str) -> Record | None:
        """One record, or None."""
        found = self._db.execute(f"SELECT {_COLUMNS} FROM entries WHERE address = ?", (address,))  # noqa: S608
        row = found.fetchone()
        return _record(row) if row else None

    def intents(self) -> dict[str, Intent]:
        """Intents that no run has settled, by address."""
        return {row[0]: Intent(*row) for row in self._db.execute("SELECT address, kind, action, begun FROM intents")}

    def begin(self, address: str, kind: str, action: str) -> None:
        """Records that a write is about to be sent. Call it before sending."""
        self._run(
            "INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?)", (address, kind, action, datetime.now(UTC).isoformat())
        )

    def put(self, record: Record) -> None:
        """Records an object as it is now, and drops its intent, in one transaction."""
        values, secrets = split(record.values)
        row = (
            record.address,
            record.kind,
            record.id,
            dump(values),
            dump(record.computed),
            json.dumps(record.depends),
            record.incomplete,
            record.protect,
            record.retain,
            datetime.now(UTC).isoformat(),
            dump(secrets),
        )
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            self._db.execute("DELETE FROM intents WHERE address = ?", (record.address,))
        self._noted(record.address, record.depends)

    def drop(self, address: str) -> None:
        """Forgets an object and its intent."""
        with self._db:
            self._db.execute("DELETE FROM entries WHERE address = ?", (address,))
            self._db.execute("DELETE FROM intents WHERE address = ?", (address,))

    def settle(self, address: str) -> None:
        """Drops an intent whose write is known not to have happened, or whose outcome a read shows."""
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
        """address -> entries that may depend on it. Built once: to scan all entries for each of ten thousand moves
        would take minutes."""
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
        """Moves an object that is about to be replaced to `<address>/<id>`, so that it is kept until it is deleted.
        No stack can use such an address. Returns it."""
        (id,) = self._db.execute("SELECT id FROM entries WHERE address = ?", (address,)).fetchone()
        aside = f"{address}/{id}"
        with self._db:
            self._db.execute("UPDATE OR REPLACE entries SET address = ? WHERE address = ?", (aside, address))
        self._noted(aside, self._depends(aside))
        return aside

    def _run(self, statement: str, values: tuple[Any, ...]) -> None:
        with self._db:
            self._db.execute(statement, values)


_COLUMNS = "address, kind, id, spec, computed, depends, incomplete, protect, retain, secrets"


def _record(row: tuple[Any, ...]) -> Record:
    address, kind, id, spec, computed, depends, incomplete, protect, retain, secrets = row
    return Record(
        address,
        kind,
        id,
        json.loads(spec) | {name: Digest(**kept) for name, kept in json.loads(secrets).items()},
        json.loads(computed),
        tuple(json.loads(depends)),
        bool(incomplete),
        None if protect is None else bool(protect),
        bool(retain),
    )


def split(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Plain values, and the digests apart: in their own column, no user's value can look like a digest."""
    digests = {name: value for name, value in values.items() if isinstance(value, Digest)}
    secrets = {n: {"text": d.text} | ({"sealed": d.sealed} if d.sealed else {}) for n, d in digests.items()}
    return {name: value for name, value in values.items() if name not in digests}, secrets


def dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
