"""Much work side by side, without holding all of it at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable
from itertools import islice
from typing import Any, TypeVar

from headend.core.model.errors import HeadendError

T = TypeVar("T")
AT_ONCE = 1_000  # more than any host has requests in flight, and enough that one read serves many
A_TURN = 100  # pieces that begin before the network has its turn


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order; AT_ONCE pieces are under way at a time. Give a generator, so that no more of them exist.

    The first failure cancels the rest: nobody would use what they read.
    """
    left, results = enumerate(work), dict[int, T]()

    async def worker(place: int, one: Coroutine[Any, Any, T]) -> None:
        results[place] = await one
        await asyncio.sleep(0)  # others have their turn also where nothing is waited for
        for later, another in left:
            results[later] = await another
            await asyncio.sleep(0)

    workers: list[asyncio.Task[None]] = []
    try:
        for one in islice(left, AT_ONCE):
            workers.append(asyncio.create_task(worker(*one)))
            if len(workers) % A_TURN == 0:
                await asyncio.sleep(0)  # what the first ask for is on its way while the others begin
                if any(task.done() and task.exception() for task in workers):
                    break
        await asyncio.gather(*workers)
    except BaseException:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        raise
    return [results[place] for place in range(len(results))]


async def attempt(work: Awaitable[T]) -> T | HeadendError:
    """The result of the work, or the error that it raised: whether that counts is known later (`result`)."""
    try:
        return await work
    except HeadendError as error:
        return error


def result(attempted: T | HeadendError) -> T:
    """The result of an attempt. Raises its error."""
    if isinstance(attempted, HeadendError):
        raise attempted
    return attempted
