"""A lock that is an object in a bucket: it is had for a while, and renewed.

Whether it has run out is told by the bucket's clock alone, for those of two machines may differ.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from obstore.exceptions import AlreadyExistsError, PreconditionError

from headend.core.model.errors import StateError, StateLost
from headend.core.reconcile.state.buckets import Bucket, Found
from headend.core.reconcile.state.holders import Holder

LEASE = 60.0  # seconds
MARGIN = 30.0  # seconds more, for what a run that lost it has in flight
RENEWALS = 4  # in a lease


class Lease:
    """The lock object, while this process has it. other: who has it instead."""

    def __init__(self, bucket: Bucket, path: str) -> None:
        self.bucket, self.path = bucket, path
        self.holder = Holder()
        self.other: Holder | None = None
        self.doing = ""
        self._etag: str | None = None
        self._ends = 0.0
        self._ahead: float | None = None  # of the bucket's clock, over this process' monotonic one
        self._lost = ""
        self._over = threading.Event()

    def take(self) -> bool:
        """Whether it is ours now."""
        there = self.bucket.get(self.path)
        if there is None:
            return self._put("create")
        self.other = Holder.parse(there.body)
        return self._has_run_out(there) and self._put({"e_tag": there.etag})

    def _has_run_out(self, there: Found) -> bool:
        if self._ahead is None:
            self._ahead = self._measured()
        now = None if self._ahead is None else self._ahead + time.monotonic()
        return now is not None and now > there.at.timestamp() + LEASE + MARGIN

    def _measured(self) -> float | None:
        """By an object that is written and looked at: at least that much, for the answers took their time, too. None
        where another one who waits has just removed it."""
        probe = f"{self.path}.clock"
        self.bucket.put(probe, b"", "overwrite")
        found = self.bucket.find(probe)
        seen = time.monotonic()
        with contextlib.suppress(FileNotFoundError):
            self.bucket.delete(probe, absent=True)
        return found[1].timestamp() - seen if found else None

    def _put(self, mode: Any) -> bool:
        """Whether it is ours now, for a lease from before the request."""
        began = time.monotonic()
        until = datetime.now(UTC) + timedelta(seconds=LEASE)
        body = replace(self.holder, until=until.isoformat(timespec="seconds"), doing=self.doing).dump().encode()
        try:
            self._etag = self.bucket.put(self.path, body, mode)
        except FileNotFoundError:
            return False
        except (AlreadyExistsError, PreconditionError):
            there = self.bucket.get(self.path)  # ours, if its answer was lost
            if there is None or there.body != body:
                return False
            self._etag = there.etag
        self._ends = began + LEASE
        return True

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renews it in a thread of its own."""
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
        """Raises StateLost."""
        why = self._lost or ("its lease could not be renewed" if time.monotonic() > self._ends else "")
        if why:
            raise StateLost(f"{self.bucket.place}: {why}; the run stops, and the next one goes on")

    def give_back(self) -> None:
        """Unless it may be somebody else's by now."""
        with contextlib.suppress(StateError, FileNotFoundError):
            self.raise_if_lost()
            self.bucket.delete(self.path, absent=True)
