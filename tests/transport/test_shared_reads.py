"""Fresh looks of many are one read: who may share which, and when it begins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from headend.core.wire.reads import Reads, Writers, look_anew, moment, note_write


class Platform:
    """Counts reads, and lets each end only when the test says so. A read shows how many writes there were when it
    began."""

    def __init__(self) -> None:
        self.reads, self.began, self.writes, self.free = Reads(), 0, 0, asyncio.Event()
        self.free.set()

    async def _read(self) -> int:
        self.began += 1
        shown = self.writes
        await self.free.wait()
        return shown

    async def ask(self, *, fresh: bool = True) -> int:
        return await self.reads.get(("rows", "a"), self._read, fresh=fresh)

    def write(self) -> None:
        self.writes += 1
        self.reads.drop("rows")
        look_anew()


def go(work: Callable[[Platform], Awaitable[Any]]) -> None:
    async def run() -> None:
        await asyncio.wait_for(work(Platform()), 20)

    asyncio.run(run())


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine changes nothing."""
    monkeypatch.setattr("headend.core.wire.reads.LONGEST_LULL", 15.0)


def test_those_who_ask_at_once_share_a_read() -> None:
    async def work(platform: Platform) -> None:
        assert await asyncio.gather(*(platform.ask() for _ in range(100))) == [0] * 100
        assert platform.began == 1

    go(work)


def test_who_asks_while_a_read_is_under_way_shares_the_next() -> None:
    async def work(platform: Platform) -> None:
        platform.free.clear()
        first = asyncio.ensure_future(platform.ask())
        await asyncio.sleep(0.01)
        platform.write()
        later = [asyncio.ensure_future(platform.ask()) for _ in range(100)]
        await asyncio.sleep(0.01)
        assert platform.began == 1  # one at a time
        platform.free.set()
        assert await asyncio.gather(first, *later) == [0] + [1] * 100
        assert platform.began == 2

    go(work)


def test_what_is_asked_later_is_read_anew_and_serves_those_who_need_nothing_fresh() -> None:
    async def work(platform: Platform) -> None:
        for number in range(3):
            assert await platform.ask() == number
            assert await platform.ask(fresh=False) == number
            platform.write()
        assert platform.began == 3
        assert await platform.ask(fresh=False) == 3

    go(work)


def test_a_step_is_answered_by_what_was_read_since_its_moment_until_it_writes() -> None:
    async def work(platform: Platform) -> None:
        before = moment()
        await platform.ask()
        with Writers().step() as step:
            step.since = before
            assert await platform.ask() == 0
            platform.writes += 1  # by somebody else
            platform.reads.drop()
            assert [await platform.ask(), await platform.ask(fresh=False)] == [0, 0]
            assert platform.began == 1
            step.since = moment()
            assert await platform.ask() == 1
            platform.write()
            assert [await platform.ask(), platform.began] == [2, 3]

    go(work)


def test_a_look_that_is_too_old_does_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headend.core.wire.reads.LOOK_BACK", -1.0)

    async def work(platform: Platform) -> None:
        await platform.ask()
        with Writers().step() as step:
            step.since = 0
            await platform.ask()
        assert platform.began == 2

    go(work)


def test_who_waits_for_something_looks_anew_each_time() -> None:
    async def work(platform: Platform) -> None:
        with Writers().step() as step:
            step.since = 0
            step.has_written()  # there was nothing to write
            for number in range(3):
                assert await platform.ask() == number
                platform.writes += 1

    go(work)


def test_proofs_wait_until_none_is_about_to_write_and_share_a_read() -> None:
    async def work(platform: Platform) -> None:
        writers = Writers()

        async def step(number: int) -> int:
            with writers.step() as step:
                await asyncio.sleep(number / 1000)
                platform.write()
                step.has_written()
                return await platform.ask()

        assert await asyncio.gather(*(step(number) for number in range(50))) == [50] * 50
        assert platform.began == 1

    go(work)


def test_a_write_of_who_proves_already_is_waited_for_as_well() -> None:
    async def work(platform: Platform) -> None:
        writers = Writers()

        async def step(number: int) -> int:
            with writers.step() as step:
                step.has_written()
                note_write()
                await asyncio.sleep(number / 1000)
                platform.write()
                return await platform.ask()

        assert await asyncio.gather(*(step(number) for number in range(50))) == [50] * 50
        assert platform.began == 1

    go(work)


def test_a_proof_does_not_wait_long_for_those_who_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headend.core.wire.reads.LONGEST_LULL", 0.01)

    async def work(platform: Platform) -> None:
        writers = Writers()
        with writers.step():
            proven = asyncio.ensure_future(_proof(platform, writers))
            assert await proven == 1

    go(work)


async def _proof(platform: Platform, writers: Writers) -> int:
    with writers.step() as step:
        platform.write()
        step.has_written()
        return await platform.ask()


def test_who_is_about_to_write_does_not_wait_for_proofs() -> None:
    async def work(platform: Platform) -> None:
        writers = Writers()
        with writers.step():
            waiting = asyncio.ensure_future(_proof(platform, writers))
            await asyncio.sleep(0.001)
            assert await platform.ask() == 1  # and takes the proof along
            assert await waiting == 1
            assert platform.began == 1

    go(work)


def test_what_an_answer_shows_counts_as_read() -> None:
    async def work(platform: Platform) -> None:
        platform.reads.keep(("rows", "a"), 7)
        assert [await platform.ask(fresh=False), platform.began] == [7, 0]
        assert [await platform.ask(), platform.began] == [0, 1]

    go(work)
