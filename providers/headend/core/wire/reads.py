"""Reads shared by all that ask: one request for many askers, kept for one run.

Who asks for a fresh read gets one that begins after the question; whoever asks before it begins shares it. A step of a
run may also be answered by what was read shortly before it, until it writes; and what is read to prove its write waits,
for a short while, until no other step is about to write, so that one list proves many.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

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


class Writers:
    """The steps of a run that are about to write."""

    def __init__(self) -> None:
        self._count = 0
        self._proofs: list[asyncio.Event] = []

    @contextmanager
    def step(self) -> Iterator[Step]:
        """A step that is about to write, until `wait_for_proof` or the end."""
        self._count += 1
        step = Step(self)
        token = _step.set(step)
        try:
            yield step
        finally:
            _step.reset(token)
            step.wait_for_proof()

    def leave(self) -> None:
        self._count -= 1
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
    """since: reads that began since then, by `time.monotonic`, do for it; None: none, as it has written."""

    writers: Writers
    since: float | None = None
    writes: bool = True

    def wait_for_proof(self) -> None:
        """It has written, or had nothing to write, and from now on looks what becomes of it."""
        self.since = None
        if self.writes:
            self.writes = False
            self.writers.leave()


_step: ContextVar[Step | None] = ContextVar("_step", default=None)


def look_anew() -> None:
    """What the step that runs was shown so far proves nothing any more: it has written, or time has passed."""
    if step := _step.get():
        step.since = None


@dataclass
class _Read:
    """begun: when it did. go: it may begin."""

    task: asyncio.Future[Any]
    begun: float = 0.0
    go: asyncio.Event = field(default_factory=asyncio.Event)


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
        recent = one and step and step.since is not None and one.begun > step.since
        if one is None or ((fresh or line.changed) and not recent):
            one = line.next or _queue(line, read)
            if fresh and step and not step.writes:
                step.writers.wake_when_none_writes(one.go, max(LONGEST_LULL, 10 * line.took))
            else:
                one.go.set()
        value: T = await asyncio.shield(one.task)
        return value

    def _new_line(self, key: Hashable, again: bool) -> _Line:
        line = self._lines[again, key] = _Line()
        parts = key if isinstance(key, tuple) else (key,)
        for length in range(len(parts) + 1):
            self._under[parts[:length]].append(line)
        return line

    def keep(self, key: Hashable, value: Any) -> None:
        """Takes what an answer shows as the latest read."""
        line = self._lines.get((False, key)) or self._new_line(key, False)
        line.latest = _Read(asyncio.get_running_loop().create_future(), time.monotonic())
        line.latest.task.set_result(value)
        line.changed = False

    def drop(self, *prefix: Any) -> None:
        """Forgets every key that starts with prefix (a key that is no tuple counts as a tuple of one); all for ().

        A read under way is forgotten too: who asks after the write reads again.
        """
        if not self.held:
            for line in self._under.get(prefix, ()):
                line.changed = True


def _queue(line: _Line, read: Callable[[], Awaitable[Any]]) -> _Read:
    """One at a time: who asks while a read is under way shares the next."""
    before = line.latest

    async def run() -> Any:
        await one.go.wait()
        if before and not before.task.done():
            await asyncio.wait([before.task])
        line.next, line.latest, line.changed, one.begun = None, one, False, time.monotonic()
        value = await read()
        line.took = time.monotonic() - one.begun
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
