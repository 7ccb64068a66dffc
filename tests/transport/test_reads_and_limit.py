"""Reads are shared; slots are handed on in order, and none is lost when a waiter is cancelled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from headend.core.wire.limit import Limit, retry_after
from headend.core.wire.reads import Reads
from headend.core.wire.redaction import Redactor


def test_one_read_for_all_that_ask_until_it_is_dropped() -> None:
    async def go() -> None:
        reads, calls = Reads(), 0

        async def read() -> int:
            nonlocal calls
            calls += 1
            await asyncio.sleep(0)
            return calls

        assert await asyncio.gather(*(reads.get(("list", "g1"), read) for _ in range(5))) == [1] * 5
        assert await reads.get(("list", "g1"), read) == 1
        reads.drop("list", "g2")
        assert await reads.get(("list", "g1"), read) == 1
        reads.drop("list")
        assert await reads.get(("list", "g1"), read) == 2
        assert await reads.get("plain", read) == 3
        reads.drop("plain")
        assert await reads.get("plain", read) == 4
        reads.drop()
        assert await reads.get(("list", "g1"), read) == 5

    asyncio.run(go())


def test_who_only_looks_reads_each_thing_once_until_the_next_look() -> None:
    async def go() -> None:
        reads, calls = Reads(), 0

        async def read() -> int:
            nonlocal calls
            calls += 1
            return calls

        reads.held = True
        assert await reads.get("k", read) == 1
        reads.drop("k")
        reads.drop()
        assert await reads.get("k", read) == 1
        reads.held = False
        reads.drop()
        assert await reads.get("k", read) == 2

    asyncio.run(go())


def test_a_failed_read_is_told_to_all_and_not_kept() -> None:
    async def go() -> None:
        reads, calls = Reads(), 0

        async def read() -> int:
            nonlocal calls
            calls += 1
            await asyncio.sleep(0)
            if calls == 1:
                raise ValueError("first")
            return calls

        both = await asyncio.gather(reads.get("k", read), reads.get("k", read), return_exceptions=True)
        assert [type(one) for one in both] == [ValueError, ValueError]
        assert await reads.get("k", read) == 2

    asyncio.run(go())


def test_a_read_dropped_under_way_is_not_kept() -> None:
    async def go() -> None:
        reads, gate = Reads(), asyncio.Event()
        world = "before"

        async def read() -> str:
            seen = world
            await gate.wait()
            return seen

        early = asyncio.ensure_future(reads.get(("k",), read))
        await asyncio.sleep(0.001)
        world = "after"
        reads.drop("k")
        gate.set()
        assert await reads.get(("k",), read) == "after"
        assert await early == "before"
        assert await reads.get(("k",), read) == "after"

    asyncio.run(go())


def test_an_asker_that_is_cancelled_does_not_take_the_others_along() -> None:
    async def go() -> None:
        reads, gate = Reads(), asyncio.Event()

        async def read() -> str:
            await gate.wait()
            return "done"

        first, second = (asyncio.ensure_future(reads.get("k", read)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        assert await second == "done"
        assert first.cancelled()

    asyncio.run(go())


def test_a_cancelled_waiter_gives_its_slot_on() -> None:
    async def go() -> None:
        limit = Limit(1)

        async def hold() -> None:
            left = await limit.enter()
            await asyncio.sleep(0)
            limit.leave(left)

        left = await limit.enter()
        waiting = [asyncio.ensure_future(hold()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        limit.leave(left)
        waiting[1].cancel()  # its turn has just come
        await asyncio.gather(*waiting, return_exceptions=True)
        assert limit.busy == 0
        await asyncio.wait_for(hold(), 1)

    asyncio.run(go())


def test_the_limit_falls_fast_and_rises_slowly_between_one_and_most() -> None:
    async def go() -> None:
        limit = Limit(16)
        for _ in range(10):
            limit.pressed()
        assert limit.allowed == 1.0
        limit.accepted(limit.now())
        assert limit.allowed == 2.0
        for _ in range(500):
            limit.accepted(limit.now())
        assert limit.allowed == 16.0

    asyncio.run(go())
    with pytest.raises(ValueError, match="at least 1"):
        Limit(0)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("0", 0.0), ("12", 12.0), ("", None), ("soon", None), ("-3", None), ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0)],
)
def test_retry_after(given: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": given}) == seconds


def test_retry_after_as_a_date() -> None:
    given = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    wait = retry_after({"retry-after": given})
    assert wait is not None
    assert 25 < wait <= 30


def test_redactor_knows_a_secret_in_its_disguises() -> None:
    redactor = Redactor()
    redactor.add('p/ä"ss word')
    redactor.add("abc")
    for form in (
        'p/ä"ss word',
        "p%2F%C3%A4%22ss%20word",
        "p%2F%C3%A4%22ss+word",
        'p/\\u00e4\\"ss word',
        'p/ä\\"ss word',
    ):
        assert redactor.scrub(f"<{form}>") == "<(secret)>", form
    assert redactor.scrub("abc") == "abc"
    assert "ss word" not in repr(redactor)
