"""An event loop whose clock jumps to the next timer: waits of any length cost nothing, and end in the right order."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar
from unittest import mock

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]  # which class it is, the system says
    """Doesn't wait for what only the clock can bring."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self.passed += timeout
        return ready


class Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        self._began = time.monotonic()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._began + self._clock.passed


class _AtOnce:
    """Instead of a thread, for which such a clock would not wait."""

    def __init__(self, *words: Any) -> None:
        pass

    def submit(self, work: Callable[..., Any], *words: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*words))
        return done

    def shutdown(self) -> None:
        pass


def run(work: Coroutine[Any, Any, T]) -> T:
    """As asyncio.run, in such time; `time.monotonic` tells it too."""
    loop = Loop()
    try:
        commits = mock.patch("headend.core.reconcile.state.batches.ThreadPoolExecutor", _AtOnce)
        with mock.patch("time.monotonic", loop.time), commits:
            return loop.run_until_complete(work)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
