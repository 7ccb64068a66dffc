"""Much work side by side: no more of it at a time than serves, in order, and stopped by the first failure."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator

import pytest

from headend.core.reconcile.together import AT_ONCE, together


class Work:
    def __init__(self, fails: int | None = None) -> None:
        self.fails, self.begun, self.under_way, self.most, self.tasks = fails, 0, 0, 0, 0

    async def one(self, number: int) -> int:
        self.begun += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if number % AT_ONCE == 0:
            self.tasks = max(self.tasks, len(asyncio.all_tasks()))
        try:
            for _ in range(20):  # longer than it takes until AT_ONCE have begun
                await asyncio.sleep(0)
            if number == self.fails:
                raise ValueError(number)
            return number
        finally:
            self.under_way -= 1

    def pieces(self, count: int) -> Iterator[Coroutine[None, None, int]]:
        return (self.one(number) for number in range(count))


def test_results_come_in_order_and_tasks_are_few() -> None:
    work, count = Work(), 3 * AT_ONCE + 1
    assert asyncio.run(together(work.pieces(count))) == list(range(count))
    assert work.most == AT_ONCE
    assert work.tasks == AT_ONCE + 1


@pytest.mark.parametrize("fails", [0, AT_ONCE // 2])
def test_nothing_begins_after_a_failure(fails: int) -> None:
    work = Work(fails)
    with pytest.raises(ValueError, match=str(fails)):
        asyncio.run(together(work.pieces(5 * AT_ONCE)))
    assert work.begun < 3 * AT_ONCE
    assert work.under_way == 0


def test_others_have_their_turn_where_nothing_is_waited_for() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def at_once(number: int) -> int:
        return number

    async def run() -> None:
        task = asyncio.ensure_future(other())
        await together(at_once(number) for number in range(20 * AT_ONCE))
        task.cancel()

    asyncio.run(run())
    assert turns >= 20
