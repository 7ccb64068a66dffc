"""States as objects in S3, Google Cloud Storage or Azure: a snapshot, and numbered objects with what changed since.

    day.state                  a snapshot, and the number of the last change that is in it
    day.state.journal/0000017  what was committed together, made with "create only"
    day.state.lock             who has it, with a lease that is renewed

Two runs can't both make a numbered object, so that one whose lease ran out unseen is stopped by its next commit.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

from headend.core.model.errors import StateError, StateInUse, StateLost
from headend.core.reconcile.state.buckets import Bucket, why
from headend.core.reconcile.state.holders import Holder, in_use
from headend.core.reconcile.state.lease import Lease
from headend.core.reconcile.state.places import StoreUrl
from headend.core.reconcile.state.sealed import seal, unseal
from headend.core.reconcile.state.storing import Change, Content

FORMAT = "headend.state-objects/1"
SUFFIX = ".state"
WAIT = 1.0  # seconds between two looks at somebody else's lock
TRIES = 3
KEEP = timedelta(hours=1)  # numbers of the journal stay taken that long, for a run that wakes up behind another's back


class Objects:
    """The state of one stack in an object store."""

    def __init__(self, place: StoreUrl) -> None:
        base, _, name = place.url.rpartition("/") if place.is_one else (place.url.rstrip("/"), "", place.stack + SUFFIX)
        self.place, self.key = place, name
        self._bucket = Bucket(base, place)
        self._snapshot: str | None = None  # its e-tag, and the number of the last change that is in it
        self._kept = 0
        self._next = 1  # number of the journal object that is to come
        self._lease: Lease | None = None

    # --- reading ---------------------------------------------------------------------------------------------
    def read(self) -> Content | None:
        """The snapshot, and what changed since. One that is compacted meanwhile is read once more."""
        for _ in range(TRIES):
            found = self._read(self.key)
            if found is not None:
                content, self._snapshot, self._kept, self._next = found
                return content
        raise StateError(f"{self.place} changes too fast to be read; try again")

    def _read(self, key: str) -> tuple[Content | None, str | None, int, int] | None:
        whole = self._bucket.get(key)
        document = {} if whole is None else self._parsed(whole.body)
        rows = {table: {row[0]: tuple(row) for row in rows} for table, rows in document.get("rows", {}).items()}
        kept = int(document.get("serial", 0))
        number, newest = kept + 1, max(self._numbers(key), default=0)
        while (entry := self._bucket.get(_journal(key, number))) is not None:
            for table, name, row in self._parsed(entry.body)["changes"]:
                known = rows.setdefault(table, {})
                known.pop(name, None)
                if row is not None:
                    known[name] = tuple(row)
            number += 1
        if number == kept + 1 or number <= newest:
            again = self._bucket.find(key)
            if (again and again[0]) != (whole and whole.etag):
                return None  # somebody has just put the journal into the snapshot
        if number <= newest:
            what = _journal(key, number) if kept or number > 1 else key
            how = f"put it back, or delete {key} with {key}.journal/ and restore a backup"
            raise StateError(f"{self.place} lacks {what}, which somebody deleted; {how}")
        content = {t: list(found.values()) for t, found in rows.items()} if rows.get("meta") else None
        return content, whole.etag if whole else None, kept, number

    def _numbers(self, key: str) -> dict[int, datetime]:
        """The journal's objects, and when each was made."""
        return {_number(path): at for path, at in self._bucket.list(f"{key}.journal").items()}

    def others(self) -> Iterable[tuple[str, Content]]:
        if self.place.is_one:
            return
        for name in sorted(self._bucket.list()):
            stack = name.removesuffix(SUFFIX)
            if name.endswith(SUFFIX) and "/" not in name and stack != self.place.stack:
                with contextlib.suppress(StateError):
                    if (found := self._read(name)) and found[0] is not None:
                        yield stack, found[0]

    # --- writing ---------------------------------------------------------------------------------------------
    def write(self, changes: Sequence[Change]) -> None:
        body = {"changes": [[change.table, change.key, change.row] for change in changes]}
        sealed = self._sealed(body)
        name = _journal(self.key, self._next)
        for last in (False, False, True):
            self.raise_if_lost()
            try:
                obstore.put(self._bucket.store, name, sealed, mode="create")
                break
            except AlreadyExistsError:
                there = self._bucket.get(name)
                if there is not None and there.body == sealed:
                    break  # ours: its answer was lost
                raise StateLost(f"{self.place}: somebody else has written to it; this run can't go on") from None
            except BaseError as error:
                if last:
                    raise StateError(f"{self.place}: {why(error)}") from None
                time.sleep(WAIT)
        self._next += 1

    def finish(self, content: Content) -> None:
        """Puts the journal into the snapshot. Whatever ends this, both together say the same."""
        self.raise_if_lost()
        last = self._next - 1
        if last == self._kept:
            return
        body = self._sealed({"serial": last, "rows": {table: list(rows) for table, rows in content.items()}})
        mode: Any = "create" if self._snapshot is None else {"e_tag": self._snapshot}
        try:
            self._snapshot, self._kept = self._bucket.put(self.key, body, mode), last
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            raise StateLost(f"{self.place}: somebody else has written to it") from None
        before = datetime.now(UTC) - KEEP
        if old := [_journal(self.key, n) for n, at in self._numbers(self.key).items() if at < before and n <= last]:
            self._bucket.delete(old)

    # --- the lock --------------------------------------------------------------------------------------------
    @contextmanager
    def held(self, patience: float) -> Iterator[None]:
        end = time.monotonic() + patience
        lease = Lease(self._bucket, f"{self.key}.lock")
        while not lease.take():
            if time.monotonic() >= end:
                raise StateInUse(in_use(self.place, lease.other))
            time.sleep(min(WAIT, max(0.05, end - time.monotonic())))
        self._lease = lease
        with lease.renewed():
            try:
                yield
            finally:
                self._lease = None
                lease.give_back()

    def raise_if_lost(self) -> None:
        if self._lease is not None:
            self._lease.raise_if_lost()

    def note(self, doing: str) -> None:
        """Told with the next renewal of the lease."""
        if self._lease is not None:
            self._lease.doing = doing

    def release(self) -> str:
        path = f"{self.key}.lock"
        if (found := self._bucket.get(path)) is None:
            return ""
        self._bucket.delete(path)
        return str(Holder.parse(found.body) or "somebody")

    def close(self) -> None:
        """Nothing is kept open."""

    # --- what objects hold ----------------------------------------------------------------------------------
    def _sealed(self, body: Mapping[str, Any]) -> bytes:
        return seal(json.dumps({"format": FORMAT, **body}), self.place).encode()

    def _parsed(self, content: bytes) -> dict[str, Any]:
        try:
            found = json.loads(unseal(content.decode(), self.place))
        except ValueError:
            raise StateError(f"{self.place} is damaged; restore it from a backup") from None
        if found.get("format") != FORMAT:
            raise StateError(f"{self.place} was written by a newer headend")
        return dict(found)


def _journal(key: str, number: int) -> str:
    return f"{key}.journal/{number:010d}"


def _number(path: str) -> int:
    return int(path.rpartition("/")[2])
