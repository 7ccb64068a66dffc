"""Reads shared by all that ask: one request for many askers, kept for one run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Reads:
    """Single-flight and cache. Keys are tuples by custom, e.g. ("configurations", group_id)."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Future[Any]] = {}
        self.held = False  # `drop` forgets nothing: for who writes nothing, and so never has to read twice

    async def get(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """The value of `read()`, called once for all that ask with the same key. A failed read isn't kept.

        The read goes on when one of the askers is cancelled: the others still wait for it.
        """
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.ensure_future(read())
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._settle(key, done))
        return await asyncio.shield(task)

    def drop(self, *prefix: Any) -> None:
        """Forgets every key that starts with prefix (a key that is no tuple counts as a tuple of one); all for ().

        A read under way is forgotten too: who asks after the write reads again.
        """
        if self.held:
            return
        for key in list(self._tasks):
            parts = key if isinstance(key, tuple) else (key,)
            if parts[: len(prefix)] == prefix:
                del self._tasks[key]

    def _settle(self, key: Hashable, done: asyncio.Future[Any]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and self._tasks.get(key) is done:
            del self._tasks[key]
