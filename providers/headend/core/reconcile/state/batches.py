"""Writes of a run: those that come together are committed together, in a thread, while the run goes on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from headend.core.model.errors import StateError

Statement = tuple[str, tuple[Any, ...]]


class Batches:
    """commit: writes statements in one transaction. Only one call of it is under way at a time."""

    def __init__(self, commit: Callable[[list[Statement]], None]) -> None:
        self._commit = commit
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "headend-state")
        self._statements: list[Statement] = []
        self._next: asyncio.Future[None] = self._loop.create_future()  # done once the statements are committed
        self._last = self._next
        self._under_way: Future[None] | None = None
        self._failed: BaseException | None = None

    def add(self, *statements: Statement) -> None:
        """Writes soon, whether anybody waits for it or not."""
        if not self._statements:
            self._loop.call_soon(self._begin)
        self._statements += statements
        self._last = self._next

    async def saved(self) -> None:
        """Returns once all that was added is on the disk. Raises what any commit of the run failed with: a step can't
        tell which one its own words were in."""
        if self._statements or self._under_way:
            await asyncio.shield(self._last)
        if self._failed:
            raise self._failed

    def finish(self) -> None:
        """The same for who can't wait: blocks."""
        if self._under_way:
            self._under_way.exception()
        if self._statements:
            statements, done = self._take()
            self._write(statements)
            done.set_result(None)
        if self._failed:
            raise self._failed

    def close(self) -> None:
        """Once all is on the disk. What failed was told to those who waited."""
        with contextlib.suppress(StateError):
            self.finish()
        self._thread.shutdown()

    def _take(self) -> tuple[list[Statement], asyncio.Future[None]]:
        taken, done = self._statements, self._next
        self._statements, self._next = [], self._loop.create_future()
        return taken, done

    def _begin(self) -> None:
        if self._statements and not self._under_way:
            statements, done = self._take()
            self._under_way = self._thread.submit(self._write, statements)
            self._under_way.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._end, done))

    def _write(self, statements: list[Statement]) -> None:
        try:
            self._commit(statements)
        except Exception as error:  # whoever waits is told
            self._failed = error

    def _end(self, done: asyncio.Future[None]) -> None:
        self._under_way = None
        done.set_result(None)
        self._begin()
