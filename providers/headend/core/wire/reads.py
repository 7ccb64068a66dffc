"""Reads shared by all that ask: one request for many askers, kept for one run.

Who asks for a fresh read gets one that begins after the question; whoever asks before it begins shares it. A step of a
run may also be answered by what was read shortly before it, until it writes; and what is read to prove its write waits,
for a short while, until no other step is about to write, so that one list proves many.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

LOOK_BACK = 5.0  # s; a look just before a write may be that old: thousands of steps can't each have one of their own
LONGEST_LULL = 1.0  # s; how long a proof waits for others to write, unless its read takes long by itself


@dataclass
class _Look:
    """empty: keys of what came back empty. again: that is read once more."""

    again: bool = False
    empty: set[Hashable] = field(default_factory=set)


_look: ContextVar[_Look | None] = ContextVar("_look", default=None)


async def find_surely(find: Callable[[], Awaitable[Sequence[T]]]) -> Sequence[T]:
    """What `find` finds. It has found nothing only after the lists that came back empty were read once more: one empty
    answer proves nothing, and what is made for its sake is there twice."""
    look = _Look()
    token = _look.set(look)
    try:
        found = await find()
        if found or not look.empty:
            return found
        look.again = True
        return await find()
    finally:
        _look.reset(token)


_moments = itertools.count(1)


def moment() -> int:
    """Now, as a number: what comes later has a larger one, also where no clock shows a difference."""
    return next(_moments)


class Writers:
    """The steps of a run that are about to write. expected: how many there will be, as far as that is known."""

    def __init__(self, expected: int = 0) -> None:
        self.steps, self.left = 0, expected  # that have begun and not ended; that have not ended
        self._count = 0
        self._proofs: list[asyncio.Event] = []

    @contextmanager
    def step(self) -> Iterator[Step]:
        """A step that is about to write, until `Step.has_written` or the end."""
        step = Step(self)
        step.counts(True)
        self.steps += 1
        token = _step.set(step)
        try:
            yield step
        finally:
            _step.reset(token)
            self.steps, self.left = self.steps - 1, self.left - 1
            step.counts(False)

    def add(self, number: int) -> None:
        self._count += number
        if not self._count:
            for proof in self._proofs:
                proof.set()
            self._proofs.clear()

    def wake_when_none_writes(self, proof: asyncio.Event, longest: float) -> None:
        if not self._count:
            proof.set()
            return
        self._proofs.append(proof)
        asyncio.get_running_loop().call_later(longest, proof.set)


@dataclass
class Step:
    """since: reads that began after that `moment`, and not long ago, do for it; None: none, as it has written. proves:
    its looks are proofs. counted: it is among the writers."""

    writers: Writers
    since: int | None = None
    proves: bool = False
    counted: bool = False

    def has_written(self) -> None:
        """Or had nothing to write; from now on it looks what becomes of it, and seldom writes more."""
        self.since, self.proves = None, True
        self.counts(False)

    def counts(self, counted: bool) -> None:
        if counted != self.counted:
            self.counted = counted
            self.writers.add(1 if counted else -1)


_step: ContextVar[Step | None] = ContextVar("_step", default=None)


def sharers() -> int:
    """How many may share what is read now: the steps of the run that are under way, or about to be."""
    step = _step.get()
    return max(step.writers.steps, step.writers.left) if step else 1


def look_anew() -> None:
    """What the step that runs was shown so far proves nothing any more: it has written, or time has passed."""
    if step := _step.get():
        step.since = None


def note_write() -> None:
    """A write is about to leave: others may wait for it with their proofs."""
    look_anew()
    if step := _step.get():
        step.counts(True)


@dataclass
class _Read:
    """begun: the moment; at: the time by `time.monotonic`. go: it may begin."""

    task: asyncio.Future[Any]
    begun: int = 0
    at: float = 0.0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def begins(self) -> None:
        self.begun, self.at = moment(), time.monotonic()

    def does(self, since: int) -> bool:
        return self.begun > since and self.at >= time.monotonic() - LOOK_BACK


@dataclass
class _Line:
    """The reads of one key. changed: the latest is out of date. took: seconds of the last read."""

    latest: _Read | None = None
    next: _Read | None = None
    changed: bool = False
    took: float = 0.0


class Reads:
    """Single-flight and cache. Keys are tuples by custom, e.g. ("configurations", group_id)."""

    def __init__(self) -> None:
        self._lines: dict[tuple[bool, Hashable], _Line] = {}
        self._under: dict[tuple[Any, ...], list[_Line]] = defaultdict(list)  # by each beginning of the key
        self.held = False  # nothing is fresh, `drop` forgets nothing: for who writes nothing, and never reads twice

    async def get(
        self, key: Hashable, read: Callable[[], Awaitable[T]], *, fresh: bool = False, none_is_proof: bool = True
    ) -> T:
        """The value of `read()`, called once for all that ask with the same key. A failed read isn't kept.

        The read goes on when one of the askers is cancelled: the others still wait for it. fresh: not from a read that
        began before. none_is_proof: None is the platform's own word that there is no such object; else it counts as an
        empty list (`find_surely`).
        """
        look = _look.get()
        again = look is not None and look.again and key in look.empty
        value = await self._shared(key, read, fresh=fresh and not self.held, again=again)
        if look and (value in ([], {}, frozenset()) or (value is None and not none_is_proof)):
            look.empty.add(key)
        return value

    async def _shared(
        self, key: Hashable, read: Callable[[], Awaitable[T]], *, fresh: bool = False, again: bool = False
    ) -> T:
        """again: the second read of what came back empty."""
        line = self._lines.get((again, key)) or self._new_line(key, again)
        step, one = _step.get(), line.latest
        if one is None or not _does(line, one, step, fresh=fresh):
            one = line.next or _queue(line, read)
            if fresh and step and step.proves:
                step.counts(False)
                step.writers.wake_when_none_writes(one.go, max(LONGEST_LULL, 10 * line.took))
            else:
                one.go.set()
        value: T = one.task.result() if one.task.done() else await asyncio.shield(one.task)
        return value

    def _new_line(self, key: Hashable, again: bool) -> _Line:
        line = self._lines[again, key] = _Line()
        parts = key if isinstance(key, tuple) else (key,)
        for length in range(len(parts) + 1):
            self._under[parts[:length]].append(line)
        return line

    def outdated(self, key: Hashable) -> Any:
        """The value of the latest read, where it doesn't do for who asks for a fresh one now, and none is due that they
        could share. None where one does or is due, and where there is none yet."""
        line = self._lines.get((False, key))
        if line is None or line.next or self.answers_at_once(key, fresh=True):
            return None
        return self.latest(key)

    def latest(self, key: Hashable) -> Any:
        """The value of the latest read, whatever was written since; None where there is none yet."""
        line = self._lines.get((False, key))
        one = line.latest if line else None
        if one is None or not one.task.done() or one.task.cancelled() or one.task.exception():
            return None
        return one.task.result()

    def answers_at_once(self, key: Hashable, *, fresh: bool) -> bool:
        """Whether nothing has to be read for who asks now."""
        line = self._lines.get((False, key))
        one = line.latest if line else None
        return bool(line and one and one.task.done() and _does(line, one, _step.get(), fresh=fresh and not self.held))

    def keep(self, key: Hashable, value: Any) -> None:
        """Takes what an answer shows as the latest read."""
        line = self._lines.get((False, key)) or self._new_line(key, False)
        line.latest = _Read(asyncio.get_running_loop().create_future())
        line.latest.begins()
        line.latest.task.set_result(value)
        line.changed = False

    def drop(self, *prefix: Any) -> None:
        """Forgets every key that starts with prefix (a key that is no tuple counts as a tuple of one); all for ().

        A read under way is forgotten too: who asks after the write reads again.
        """
        if not self.held:
            for line in self._under.get(prefix, ()):
                line.changed = True


def _does(line: _Line, one: _Read, step: Step | None, *, fresh: bool) -> bool:
    """Whether the latest read does for who asks now."""
    if not fresh and not line.changed:
        return True
    return step is not None and step.since is not None and one.does(step.since)


def _queue(line: _Line, read: Callable[[], Awaitable[Any]]) -> _Read:
    """One at a time: who asks while a read is under way shares the next."""
    before = line.latest

    async def run() -> Any:
        await one.go.wait()
        if before and not before.task.done():
            await asyncio.wait([before.task])
        line.next, line.latest, line.changed = None, one, False
        one.begins()
        value = await read()
        line.took = time.monotonic() - one.at
        return value

    one = line.next = _Read(asyncio.ensure_future(run()))
    one.task.add_done_callback(lambda task: _settle(line, one))
    return one


def _settle(line: _Line, one: _Read) -> None:
    if one.task.cancelled() or one.task.exception() is not None:
        if line.latest is one:
            line.latest = None
        if line.next is one:
            line.next = None
