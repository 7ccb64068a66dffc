"""Whose turn it is to write, and how old what it was shown before may be."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from contextlib import ExitStack, asynccontextmanager

from headend.core.wire.reads import Writers

LOOK_BACK = 5.0  # s; a look just before a write may be that old: thousands of steps can't each have one of their own


class Turns:
    """The turns of one run."""

    def __init__(self, parallelism: int) -> None:
        self._slots = asyncio.Semaphore(2 * parallelism - 1)  # some send while others' intents are written
        self._locks: dict[Hashable, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._writers = Writers()
        self._began = time.monotonic()
        self._ended: dict[Hashable, float] = {}

    @asynccontextmanager
    async def take(
        self, node: Hashable, after: Iterable[Hashable], lock: Hashable | None, *, completes: bool
    ) -> AsyncIterator[Callable[[], None]]:
        """A turn; gives what to call once the node has written: what proves the write needs no turn.

        after: the nodes that this one waited for; what they changed must be seen. lock: nodes with the same one write
        one after the other, completes: until they are complete. Lock first: who waits for a lock must not hold a slot.
        """
        with ExitStack() as whole, ExitStack() as write:
            if lock is not None:
                await self._locks[lock].acquire()
                (whole if completes else write).callback(self._locks[lock].release)
            step = whole.enter_context(self._writers.step())
            await self._slots.acquire()
            write.callback(self._slots.release)
            write.callback(step.wait_for_proof)
            ended = (self._ended[one] for one in after if one in self._ended)
            step.since = max(self._began, time.monotonic() - LOOK_BACK, *ended)
            try:
                yield write.close
            finally:
                self._ended[node] = time.monotonic()
