"""Whose turn it is to write, and how old what it was shown before may be."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from contextlib import ExitStack, asynccontextmanager

from headend.core.wire.reads import Writers, moment


class Turns:
    """The turns of one run. expected: how many nodes it has, as far as that is known."""

    def __init__(self, parallelism: int, expected: int = 0) -> None:
        self._slots = asyncio.Semaphore(2 * parallelism - 1)  # some send while others' intents are written
        self._locks: dict[Hashable, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._writers = Writers(expected)
        self._began = moment()
        self._ended: dict[Hashable, int] = {}

    @asynccontextmanager
    async def take(
        self, node: Hashable, after: Iterable[Hashable], lock: Hashable | None, *, completes: bool
    ) -> AsyncIterator[Callable[[], None]]:
        """A turn; gives what to call once the node has written: what proves the write needs no turn.

        after: the nodes that this one waited for; what they changed must be seen. lock: nodes with the same one write
        one after the other, completes: until they are complete. Lock first: who waits for a lock must not hold a slot.
        """
        with ExitStack() as whole, ExitStack() as write:
            step = whole.enter_context(self._writers.step())
            step.counts(not completes)  # the proof of who has the lock must not wait for who waits for it
            if lock is not None:
                await self._locks[lock].acquire()
                (whole if completes else write).callback(self._locks[lock].release)
            step.counts(True)
            await self._slots.acquire()
            write.callback(self._slots.release)
            write.callback(step.has_written)
            ended = (self._ended[one] for one in after if one in self._ended)
            step.since = max((self._began, *ended))
            try:
                yield write.close
            finally:
                self._ended[node] = moment()
