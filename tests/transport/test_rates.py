"""Servers that allow only so many requests: what is refused, and how long it takes, in virtual time."""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

import virtual_time
from headend.core.model.errors import Unavailable
from headend.core.wire.client import Client
from headend.core.wire.limit import Limit, Stopped
from headend.core.wire.operations import Operation
from headend.core.wire.pace import Pace

CREATE = Operation("thing.create", "POST", "/things", "T-1", "a call")


@dataclass
class Bucket:
    """`rate` requests a second, and `burst` at once."""

    rate: float
    burst: float
    seconds: float = 0.0
    tokens: float = -1.0
    seen: float = 0.0

    def takes(self, now: float) -> bool:
        self.tokens = self.burst if self.tokens < 0 else min(self.burst, self.tokens + (now - self.seen) * self.rate)
        self.seen = now
        if self.tokens >= 1 - 1e-9:
            self.tokens -= 1
            return True
        self.seconds = (1 - self.tokens) / self.rate
        return False

    def ideal(self, requests: int) -> float:
        return (requests - self.burst) / self.rate


@dataclass
class Window:
    """`most` requests in each `length` seconds, counted from the clock's full lengths on."""

    most: int
    length: float
    seconds: float = 0.0
    counts: Counter[int] = field(default_factory=Counter)

    def takes(self, now: float) -> bool:
        window = int((now + 0.3) // self.length)
        self.seconds = (window + 1) * self.length - now - 0.3
        self.counts[window] += 1
        return self.counts[window] <= self.most

    def ideal(self, requests: int) -> float:
        return (requests / self.most - 1) * self.length


@dataclass
class Server:
    """Answers late by a latency that varies, and refuses what its rule doesn't take."""

    rule: Bucket | Window
    tells: bool
    latency: float = 0.03
    began: float = 0.0
    refused: int = 0
    done: int = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        now = asyncio.get_running_loop().time() - self.began
        taken = self.rule.takes(now)
        await asyncio.sleep(self.latency * random.uniform(0.5, 1.5))
        if taken:
            self.done += 1
            return httpx.Response(201)
        self.refused += 1
        later = {"retry-after": str(int(self.rule.seconds) + 1)} if self.tells else {}
        return httpx.Response(429, headers=later)


def ended(server: Server, requests: int, stopped: float | None = None, **kw: Any) -> tuple[float, list[object]]:
    """Seconds that so many creations took, each of them asked for at once, and how each ended. stopped: seconds after
    which nobody is to wait any more."""
    transport = httpx.MockTransport(server)

    async def go() -> tuple[float, list[object]]:
        loop = asyncio.get_running_loop()
        server.began, limit = loop.time(), Limit(16, **kw)
        if stopped is not None:
            loop.call_later(stopped, limit.stop_waiting)
        async with Client("https://api.example", platform="demo", transport=transport, limit=limit) as client:
            calls = (client.send(CREATE) for _ in range(requests))
            found = await asyncio.gather(*calls, return_exceptions=True)
        return loop.time() - server.began, list(found)

    random.seed(7)
    return virtual_time.run(go())


def played(server: Server, requests: int, **kw: Any) -> float:
    """Seconds that so many creations took, none of which failed."""
    seconds, found = ended(server, requests, **kw)
    assert not any(isinstance(one, Exception) for one in found)
    return seconds


def unavailable(found: list[object]) -> list[str]:
    """What those said that were refused."""
    return [str(one) for one in found if isinstance(one, Unavailable) and one.status == 429]


@pytest.mark.parametrize("tells", [False, True], ids=["429 alone", "with Retry-After"])
@pytest.mark.parametrize(
    "rule", [lambda: Bucket(20, 20), lambda: Window(20, 1.0)], ids=["bucket of 20", "20 in each second"]
)
def test_the_pace_is_learned_from_what_a_host_refuses(rule: Callable[[], Bucket | Window], tells: bool) -> None:
    server = Server(rule(), tells)
    seconds = played(server, 1000)
    assert server.done == 1000
    assert server.refused < 20
    assert seconds < 1.1 * server.rule.ideal(1000)


@pytest.mark.parametrize("rule", [lambda: Bucket(20, 1), lambda: Window(100, 5.0)], ids=["one at once", "5 seconds"])
def test_what_is_hard_to_learn_is_refused_seldom_too(rule: Callable[[], Bucket | Window]) -> None:
    server = Server(rule(), tells=True)
    assert played(server, 300) < 2 * server.rule.ideal(300)
    assert server.done == 300
    assert server.refused < 30


def test_a_host_is_asked_no_more_than_the_most_requests_a_second() -> None:
    server = Server(Bucket(20, 1), tells=False, latency=0.0)
    assert played(server, 200, max_rps=19.0) == pytest.approx(199 / 19, abs=0.1)
    assert server.refused == 0


def test_without_a_refusal_nothing_waits() -> None:
    server = Server(Bucket(1e6, 1e6), tells=False)
    assert played(server, 320) < 0.03 * 1.5 * 20


@pytest.mark.parametrize("most", [0.0, -1.0, math.nan])
def test_a_most_that_lets_nothing_through(most: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Pace(most)


def test_a_host_that_refuses_everything_is_asked_until_patience_ends() -> None:
    server = Server(Bucket(1e-9, 0.5), tells=False)
    seconds, found = ended(server, 40, patience=60.0)
    assert len(unavailable(found)) == 40
    assert 30 < seconds < 60
    assert server.refused < 30


def test_nobody_is_waited_for_once_that_is_stopped() -> None:
    server = Server(Bucket(1 / 3600, 3), tells=True)
    seconds, found = ended(server, 40, stopped=100, patience=7200)
    assert (server.done, len(unavailable(found))) == (3, 37)
    assert 100 <= seconds < 101


def test_a_long_pause_is_told() -> None:
    told: list[float] = []
    played(Server(Bucket(1 / 60, 2), tells=True), 3, tell=told.append)
    assert told == [pytest.approx(60, abs=1)]
    told.clear()
    played(Server(Bucket(20, 2), tells=True), 30, tell=told.append)
    assert told == []


def test_a_pause_longer_than_patience_is_not_waited_for() -> None:
    server = Server(Bucket(1 / 3600, 0.5), tells=True)
    seconds, found = ended(server, 40, patience=60.0)
    assert len(unavailable(found)) == 40
    assert "it asks to wait" in unavailable(found)[0]
    assert seconds < 1
    assert server.refused == 16


def test_who_comes_after_a_host_was_given_up_asks_it_anew() -> None:
    async def go() -> float:
        loop, limit = asyncio.get_running_loop(), Limit(16, patience=60.0)
        began = loop.time()
        await limit.enter()
        limit.refused(limit.now(), 100.0)
        with pytest.raises(Stopped):
            await limit.enter()
        await asyncio.sleep(101)
        limit.accepted(await limit.enter())
        await limit.enter()
        return loop.time() - began

    assert virtual_time.run(go()) == pytest.approx(102, abs=0.1)


def test_a_host_that_was_busy_with_others_at_first_is_not_taken_for_slow() -> None:
    pace = Pace()
    pace.leave(0.0)
    pace.refuse(0.0, 0.0, 60.0)
    pace.leave(60.0)
    pace.accept(60.0, 60.0)
    assert pace.delay(60.0) == 1.0


def test_a_late_answer_of_a_request_that_left_long_ago() -> None:
    pace = Pace()
    pace.leave(0.0)
    pace.accept(30.0, 0.0)
    assert pace.delay(30.0) == 0.0


def test_a_request_that_goes_to_see_and_gets_lost_is_followed_by_another() -> None:
    pace = Pace()
    pace.leave(0.0)
    assert pace.refuse(1.0, 0.0, 5.0)
    assert pace.delay(1.0) == 5.0
    pace.leave(6.0)
    assert pace.delay(6.0) == math.inf
    pace.forget(6.0)
    assert pace.delay(7.0) == 0.0
