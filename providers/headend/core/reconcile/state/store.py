"""The embedded state store: identity, what was last applied, and intents. SQLite, O(1) per write.

State holds no secret in clear. A digest shows whether it changed, and the key of the digests lies elsewhere.
If the file is lost, adoption finds the objects again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headend.core.model.record import Digest, Record
from headend.core.reconcile.state.batches import Statement
from headend.core.reconcile.state.copies import back_up, restore
from headend.core.reconcile.state.database import Database
from headend.core.reconcile.state.digests import Digests, rekey
from headend.core.reconcile.state.holders import Beat
from headend.core.reconcile.state.key import key_id
from headend.core.reconcile.state.marks import Marks
from headend.core.reconcile.state.neighbours import held, held_by
from headend.core.reconcile.state.nested import nested
from headend.core.reconcile.state.remote import Replica
from headend.core.reconcile.state.rows import (
    COLUMNS,
    Intent,
    read_intent,
    read_names,
    read_record,
    read_rows,
    record_row,
)
from headend.core.reconcile.state.upgrade import FORMAT

if TYPE_CHECKING:
    from headend.core.reconcile.state.document import StateDocument


STORE_WAITS = 8


class State(Marks):
    """An open state file. Every method commits before it returns; within `batches`, `saved` tells when.
    key: of one that is kept nowhere."""

    def __init__(self, database: Database, key: bytes | None = None, beat: Beat | None = None) -> None:
        self._db, self._beat = database, beat
        self._digests = Digests(database, key)
        self._dependents: dict[str, set[str]] | None = None
        self._read: tuple[object, dict[str, Record]] | None = None  # records, and the version that they are of
        self._places: dict[str, str] = {}
        self.doubts: Mapping[str, str] | None = None  # of a state that is kept nowhere: see `stateless.find_all`

    def say(self, doing: str) -> None:
        """What the run is at, for those who wait for the state."""
        if self._beat:
            self._beat.say(doing)

    @property
    def waits(self) -> int:
        """How many steps wait for a commit while one sends: a store is further away than a disk."""
        return STORE_WAITS if isinstance(self._db, Replica) else 1

    def raise_if_lost(self) -> None:
        """Raises StateLost where the file was removed or replaced."""
        self._db.raise_if_lost()

    def batches(self) -> AbstractContextManager[None]:
        """What one run writes at the same time, it commits together."""
        return self._db.batches()

    async def saved(self) -> None:
        """Returns once all that was written is on the disk. Raises StateError where a commit failed."""
        await self._db.saved()

    def digest(self, value: Any) -> Digest:
        """The keyed digest of a secret value. In one state file, equal values have equal digests. Raises StateError
        where the key can't be found."""
        return self._digests.of(value)

    def need_key(self) -> None:
        """Raises StateError where the key of the digests can't be found; a state that has none yet gets one."""
        _ = self._digests.chain

    def rekey(self) -> int:
        """Takes another key for the digests. Returns of how many objects they are forgotten, as the old one is lost."""
        forgotten = rekey(self._db)
        self._digests = Digests(self._db)
        return forgotten

    @property
    def id(self) -> str | None:
        """Tells this state, with its copies, from all others; None where nothing was written yet."""
        row = self._db.row("SELECT value FROM meta WHERE key = 'id'")
        return str(row[0]) if row else None

    def work_at(self, places: Mapping[str, str], *, keep: bool) -> None:
        """Says where the stack has its objects, platform -> place, by which other stacks tell them apart from theirs.
        keep: takes note of it."""
        self._places = dict(places)
        known = dict(self._db.rows("SELECT substr(key, 7), value FROM meta WHERE key LIKE 'place:%'"))
        rows = ((f"place:{one}", place) for one, place in places.items() if known.get(one) != place)
        if keep and (new := [*rows]):
            self._db.write(*(("INSERT OR REPLACE INTO meta VALUES (?, ?)", row) for row in new))

    def coming(self) -> Mapping[str, str]:
        """What comes from other states: nothing, unless `Joined` says so."""
        return {}

    def held_elsewhere(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """What other stacks of the store have: (kind, id) -> (stack, address). Reads their states, and locks none."""
        if isinstance(self._db, Replica):
            return held_by(self._db.store.others(), self._places)
        (own,) = self._db.row("SELECT value FROM meta WHERE key = 'stack'") or ("",)
        return held(self._db.path, own, self._places) if isinstance(self._db.path, Path) else {}

    @property
    def serial(self) -> int:
        """How many writes the state has seen."""
        row = self._db.row("SELECT value FROM meta WHERE key = 'serial'")
        return int(row[0]) if row else 0

    def back_up(self, to: Path | None = None) -> Path:
        """See `copies.back_up`."""
        return back_up(self._db, to)

    def restore(self, copy: Path, stack: str) -> None:
        """See `copies.restore`."""
        restore(self._db, copy, stack, FORMAT)
        self._begin_anew()

    def pull(self) -> StateDocument:
        """See `document.pull`."""
        from headend.core.reconcile.state.document import pull  # its models are built only where they are wanted

        return pull(self._db)

    def push(self, document: StateDocument, *, force: bool = False) -> None:
        """See `document.push`."""
        from headend.core.reconcile.state.document import push

        push(self._db, document, force=force)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._digests, self._dependents, self._read = Digests(self._db), None, None

    def take_back(self, records: Iterable[Record] | None = None) -> None:
        """Notes that it is headend's own again. records: what the other engine knew, in place of all that this one
        does; in the same transaction."""
        entries = [record_row(record) for record in records or ()]
        cleared: list[Statement] = [] if records is None else [("DELETE FROM entries", ())]
        self._db.write(*cleared, *entries, ("DELETE FROM meta WHERE key = 'handed_over'", ()))
        self._dependents = None

    def records(self) -> dict[str, Record]:
        """All records by address, in address order; the same for one more who asks before anything is written. Raises
        StateError, naming every row that is damaged."""
        version, read = self._db.version(), self._read
        if read is not None and read[0] == version:
            self._read = None  # not longer than it takes from a plan to its apply: there may be many
            return read[1]
        rows = self._db.rows(f"SELECT {COLUMNS} FROM entries ORDER BY address")  # noqa: S608 - a constant
        found = {record.address: record for record in read_rows(self._db.path, rows, read_record)}
        self._read = version, dict(found)
        return found

    def size(self) -> int:
        """How many objects there are, damaged ones included."""
        return next(int(count) for (count,) in self._db.rows("SELECT count(*) FROM entries"))

    def kinds(self) -> set[str]:
        """The kinds of the objects."""
        return {str(kind) for (kind,) in self._db.rows("SELECT DISTINCT kind FROM entries")}

    def record(self, address: str) -> Record | None:
        """One record, or None."""
        rows = self._db.rows(f"SELECT {COLUMNS} FROM entries WHERE address = ?", (address,))  # noqa: S608
        return next(iter(read_rows(self._db.path, rows, read_record)), None)

    def intents(self) -> dict[str, Intent]:
        """Intents that no run has settled, by address."""
        rows = self._db.rows("SELECT address, kind, action, begun FROM intents")
        return {intent.address: intent for intent in read_rows(self._db.path, rows, read_intent)}

    def begin(self, address: str, kind: str, action: str) -> None:
        """Records that a write is about to be sent. Call it before sending."""
        row = (address, kind, action, datetime.now(UTC).isoformat())
        self._db.write(("INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?)", row))

    def put(self, record: Record) -> None:
        """Records an object as it is now, and drops its intent, in one transaction."""
        self._db.write(record_row(record), _without("intents", record.address))
        self._noted(record.address, record.depends)

    def take(self, records: Collection[Record], intents: Iterable[Intent]) -> None:
        """Takes what another state gives up, in one transaction."""
        begun = (("INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?)", astuple(intent)) for intent in intents)
        self._db.write(*map(record_row, records), *begun)
        self._dependents = None

    def give_up(self, addresses: Iterable[str]) -> None:
        """Drops what another state has taken, with what is said of it here, in one transaction."""
        gone = set(addresses)
        rows = self._db.rows("SELECT address, depends FROM entries WHERE depends <> '[]'")
        left = [(address, names) for address, text in rows if gone & {*(names := read_names(text))}]
        kept = ((json.dumps([name for name in names if name not in gone]), address) for address, names in left)
        dropped = (_without(table, one) for one in gone for table in ("entries", "intents"))
        self._db.write(*(("UPDATE entries SET depends = ? WHERE address = ?", row) for row in kept), *dropped)
        self._dependents = None

    def key_ids(self) -> tuple[str, ...]:
        """What its digests are made with."""
        return tuple(map(key_id, self._digests.chain))

    def drop(self, address: str) -> None:
        """Forgets an object and its intent."""
        self._db.write(_without("entries", address), _without("intents", address))

    def drop_nested(self, address: str) -> list[str]:
        """Forgets an object, and all that stands in it, in one transaction. Returns their addresses."""
        found = nested(self.addresses(), address)
        self._db.write(*(_without(table, one) for one in found for table in ("entries", "intents")))
        return found

    def addresses(self) -> list[str]:
        """Of objects and intents, damaged ones included."""
        rows = self._db.rows("SELECT address FROM entries UNION SELECT address FROM intents ORDER BY 1")
        return [str(address) for (address,) in rows]

    def holds(self, address: str) -> bool:
        """Whether there is an object or an intent, damaged ones included."""
        found = "SELECT 1 FROM entries WHERE address = ? UNION SELECT 1 FROM intents WHERE address = ?"
        return self._db.row(found, (address, address)) is not None

    def settle(self, address: str) -> None:
        """Drops an intent whose write is known not to have happened, or whose outcome a read shows."""
        self._db.write(_without("intents", address))

    def move(self, old: str, new: str) -> None:
        """Renames an address, also where others depend on it."""
        self.move_all({old: new})

    def move_all(self, moves: Mapping[str, str]) -> None:
        """Renames addresses, {old: new}, in one transaction."""
        known = self._known_dependents() if moves else {}
        with self._db.transaction() as database:
            for old, new in moves.items():
                database.execute("UPDATE entries SET address = ? WHERE address = ?", (new, old))
                database.execute("UPDATE OR REPLACE intents SET address = ? WHERE address = ?", (new, old))
                self._noted(new, self._depends(new))
                for address in known.pop(old, ()):
                    self._rename(address, old, new)

    def _rename(self, address: str, old: str, new: str) -> None:
        """In what the entry at `address` depends on."""
        names = self._depends(address)
        if old in names:
            renamed = [new if name == old else name for name in names]
            self._db.connection.execute(
                "UPDATE entries SET depends = ? WHERE address = ?", (json.dumps(renamed), address)
            )
            self._noted(address, [new])

    def _depends(self, address: str) -> Sequence[str]:
        row = self._db.row("SELECT depends FROM entries WHERE address = ?", (address,))
        return read_names(row[0]) if row else []

    def _known_dependents(self) -> dict[str, set[str]]:
        """address -> entries that may depend on it. Built once: to scan all entries for each of ten thousand moves
        would take minutes."""
        if self._dependents is None:
            self._dependents = {}
            for address, depends in self._db.rows("SELECT address, depends FROM entries WHERE depends <> '[]'"):
                self._noted(address, read_names(depends))
        return self._dependents

    def _noted(self, address: str, depends: Iterable[str]) -> None:
        if self._dependents is not None:
            for name in depends:
                self._dependents.setdefault(name, set()).add(address)

    def set_aside(self, address: str) -> str:
        """Moves an object that is about to be replaced to `<address>/<id>`, so that it is kept until it is deleted.
        No stack can use such an address. Returns it."""
        (id,) = self._db.row("SELECT id FROM entries WHERE address = ?", (address,)) or ("",)
        aside = f"{address}/{id}"
        with self._db.transaction() as database:
            database.execute("UPDATE OR REPLACE entries SET address = ? WHERE address = ?", (aside, address))
        self._noted(aside, self._depends(aside))
        return aside


def _without(table: str, address: str) -> Statement:
    return f"DELETE FROM {table} WHERE address = ?", (address,)  # noqa: S608 - our own names
