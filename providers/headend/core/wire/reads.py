"""Reads shared by all that ask: one request for many askers, kept for one run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class _Look:
    """again: what came back empty is read once more. empty: something came back empty."""

    again: bool = False
    empty: bool = False


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


class Reads:
    """Single-flight and cache. Keys are tuples by custom, e.g. ("configurations", group_id)."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Future[Any]] = {}
        self._second: dict[Hashable, asyncio.Future[Any]] = {}  # of what came back empty
        self.held = False  # `drop` forgets nothing: for who writes nothing, and so never has to read twice

    async def get(self, key: Hashable, read: Callable[[], Awaitable[T]], *, none_is_proof: bool = True) -> T:
        """The value of `read()`, called once for all that ask with the same key. A failed read isn't kept.

        The read goes on when one of the askers is cancelled: the others still wait for it. none_is_proof: None is the
        platform's own word that there is no such object; else it counts as an empty list (`find_surely`).
        """
        value = await self._shared(self._tasks, key, read)
        look = _look.get()
        if look and (value in ([], {}, frozenset()) or (value is None and not none_is_proof)):
            look.empty = True
            return await self._shared(self._second, key, read) if look.again else value
        return value

    async def _shared(
        self, tasks: dict[Hashable, asyncio.Future[Any]], key: Hashable, read: Callable[[], Awaitable[T]]
    ) -> T:
        task = tasks.get(key)
        if task is None:
            task = asyncio.ensure_future(read())
            tasks[key] = task
            task.add_done_callback(lambda done: _settle(tasks, key, done))
        value: T = await asyncio.shield(task)
        return value

    def drop(self, *prefix: Any) -> None:
        """Forgets every key that starts with prefix (a key that is no tuple counts as a tuple of one); all for ().

        A read under way is forgotten too: who asks after the write reads again.
        """
        if self.held:
            return
        for tasks in (self._tasks, self._second):
            for key in list(tasks):
                parts = key if isinstance(key, tuple) else (key,)
                if parts[: len(prefix)] == prefix:
                    del tasks[key]


def _settle(tasks: dict[Hashable, asyncio.Future[Any]], key: Hashable, done: asyncio.Future[Any]) -> None:
    failed = done.cancelled() or done.exception() is not None
    if failed and tasks.get(key) is done:
        del tasks[key]
