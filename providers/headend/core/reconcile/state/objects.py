"""States as objects in S3, Google Cloud Storage or Azure: a snapshot, and numbered objects with what changed since.

    day.state                  a snapshot, and the number of the last change that is in it
    day.state.journal/0000017  what was committed together, made with "create only"
    day.state.lock             who has it, with a lease that is renewed

Two runs can't both make a numbered object, so that one whose lease ran out unseen is stopped by its next commit.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError

from headend.core.model.errors import StateError, StateInUse, StateLost
from headend.core.reconcile.state.buckets import ABSENT, reach, why
from headend.core.reconcile.state.holders import Holder, in_use
from headend.core.reconcile.state.places import StoreUrl
from headend.core.reconcile.state.sealed import seal, unseal
from headend.core.reconcile.state.storing import Change, Content

FORMAT = "headend.state-objects/1"
SUFFIX = ".state"
LEASE = 60.0  # seconds
SKEW = 30.0  # seconds that two machines' clocks may be apart
RENEWALS = 4  # in a lease
WAIT = 1.0  # seconds between two looks at somebody else's lock
TRIES = 3
KEEP = timedelta(hours=1)  # numbers of the journal stay taken that long, for a run that wakes up behind another's back


class Objects:
    """The state of one stack in an object store."""

    def __init__(self, place: StoreUrl) -> None:
        base, _, name = place.url.rpartition("/") if place.is_one else (place.url.rstrip("/"), "", place.stack + SUFFIX)
        self.place, self.key = place, name
        with self._told():
            self._store = reach(base)
        self._snapshot: str | None = None  # its e-tag, and the number of the last change that is in it
        self._kept = 0
        self._next = 1  # number of the journal object that is to come
        self._lease: _Lease | None = None

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
        whole = self._get(key)
        document = {} if whole is None else self._parsed(whole[0])
        rows = {table: {row[0]: tuple(row) for row in rows} for table, rows in document.get("rows", {}).items()}
        kept = int(document.get("serial", 0))
        number, newest = kept + 1, max(self._numbers(key), default=0)
        while (entry := self._get(_journal(key, number))) is not None:
            for table, name, row in self._parsed(entry[0])["changes"]:
                known = rows.setdefault(table, {})
                known.pop(name, None)
                if row is not None:
                    known[name] = tuple(row)
            number += 1
        if (number == kept + 1 or number <= newest) and self._etag(key) != (whole and whole[1]):
            return None  # somebody has just put the journal into the snapshot
        if number <= newest:
            what = _journal(key, number) if kept or number > 1 else key
            how = f"put it back, or delete {key} with {key}.journal/ and restore a backup"
            raise StateError(f"{self.place} lacks {what}, which somebody deleted; {how}")
        content = {t: list(found.values()) for t, found in rows.items()} if rows.get("meta") else None
        return content, whole[1] if whole else None, kept, number

    def _numbers(self, key: str) -> dict[int, datetime]:
        """The journal's objects, and when each was made. Raises StateError where the bucket isn't there, of which a
        single object can't tell."""
        with self._told():
            listed = obstore.list(self._store, prefix=f"{key}.journal").collect()
        return {_number(one["path"]): one["last_modified"] for one in listed}

    def _etag(self, path: str) -> str | None:
        with contextlib.suppress(FileNotFoundError), self._told(absent=True):
            return str(obstore.head(self._store, path)["e_tag"])
        return None

    def others(self) -> Iterable[tuple[str, Content]]:
        if self.place.is_one:
            return
        with self._told():
            names = [meta["path"] for meta in obstore.list(self._store).collect()]
        for name in sorted(names):
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
                obstore.put(self._store, name, sealed, mode="create")
                break
            except AlreadyExistsError:
                there = self._get(name)
                if there is not None and there[0] == sealed:
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
            with self._told():
                self._snapshot, self._kept = obstore.put(self._store, self.key, body, mode=mode)["e_tag"], last
        except (AlreadyExistsError, PreconditionError):
            raise StateLost(f"{self.place}: somebody else has written to it") from None
        before = datetime.now(UTC) - KEEP
        if old := [_journal(self.key, n) for n, at in self._numbers(self.key).items() if at < before and n <= last]:
            with self._told():
                obstore.delete(self._store, old)

    # --- the lock --------------------------------------------------------------------------------------------
    @contextmanager
    def held(self, patience: float) -> Iterator[None]:
        end = time.monotonic() + patience
        lease = _Lease(self)
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
        if (found := self._get(path)) is None:
            return ""
        with self._told():
            obstore.delete(self._store, path)
        return str(Holder.parse(found[0]) or "somebody")

    def close(self) -> None:
        """Nothing is kept open."""

    # --- objects ---------------------------------------------------------------------------------------------
    def _get(self, path: str) -> tuple[bytes, str] | None:
        """The object and its e-tag; None where there is none."""
        with contextlib.suppress(FileNotFoundError), self._told(absent=True):
            found = obstore.get(self._store, path)
            return bytes(found.bytes()), str(found.meta["e_tag"])
        return None

    @contextmanager
    def _told(self, *, absent: bool = False) -> Iterator[None]:
        """absent: that an object isn't there is no fault."""
        try:
            yield
        except (NotFoundError, FileNotFoundError):
            if absent:
                raise FileNotFoundError from None
            raise StateError(f"{self.place}: {ABSENT}") from None
        except (AlreadyExistsError, PreconditionError):
            raise
        except (BaseError, ValueError) as error:
            raise StateError(f"{self.place}: {why(error)}") from None

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


class _Lease:
    """The lock object, while this process has it. other: who has it instead."""

    def __init__(self, objects: Objects) -> None:
        self.objects, self.path = objects, f"{objects.key}.lock"
        self.holder = Holder()
        self.other: Holder | None = None
        self._etag: str | None = None
        self._ends = 0.0
        self._lost = self.doing = ""
        self._over = threading.Event()

    def take(self) -> bool:
        there = self.objects._get(self.path)
        if there is None:
            return self._put("create")
        self.other = Holder.parse(there[0])
        return self.other is not None and _has_run_out(self.other) and self._put({"e_tag": there[1]})

    def _put(self, mode: Any) -> bool:
        """Whether it is ours now, for a lease from before the request."""
        began = time.monotonic()
        until = datetime.now(UTC) + timedelta(seconds=LEASE)
        body = replace(self.holder, until=until.isoformat(timespec="seconds"), doing=self.doing).dump().encode()
        try:
            with self.objects._told(absent=mode != "create"):
                self._etag = obstore.put(self.objects._store, self.path, body, mode=mode)["e_tag"]
        except FileNotFoundError:
            return False
        except (AlreadyExistsError, PreconditionError):
            there = self.objects._get(self.path)  # ours, if its answer was lost
            if there is None or there[0] != body:
                return False
            self._etag = there[1]
        self._ends = began + LEASE
        return True

    @contextmanager
    def renewed(self) -> Iterator[None]:
        thread = threading.Thread(target=self._renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _renew(self) -> None:
        while not self._over.wait(LEASE / RENEWALS):
            with contextlib.suppress(StateError):  # the next try may do; the lease has its end
                if not self._put({"e_tag": self._etag}):
                    self._lost = "somebody else has taken it"
                    return

    def raise_if_lost(self) -> None:
        why = self._lost or ("its lease could not be renewed" if time.monotonic() > self._ends else "")
        if why:
            raise StateLost(f"{self.objects.place}: {why}; the run stops, and the next one goes on")

    def give_back(self) -> None:
        """Unless it may be somebody else's by now."""
        with contextlib.suppress(StateError, FileNotFoundError):
            self.raise_if_lost()
            with self.objects._told(absent=True):
                obstore.delete(self.objects._store, self.path)


def _has_run_out(holder: Holder) -> bool:
    with contextlib.suppress(ValueError, TypeError):
        return datetime.fromisoformat(holder.until) + timedelta(seconds=SKEW) < datetime.now(UTC)
    return False


def _journal(key: str, number: int) -> str:
    return f"{key}.journal/{number:010d}"


def _number(path: str) -> int:
    return int(path.rpartition("/")[2])
