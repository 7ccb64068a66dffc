"""How many requests may be under way at one host and how fast they leave, and how long to wait before a repeat."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from headend.core.wire.pace import Pace

LONGEST_WAIT = 60.0  # s; a server in trouble that asks for more is reported instead of waited for
PATIENCE = 15 * 60.0  # s; how long 429 is waited out
_TOLD = 5.0  # s; pauses from this length on are told


class Stopped(Exception):
    """The host refuses everything, and is not waited for any longer."""


class Limit:
    """What one host takes: slots for requests under way, and the pace at which they leave.

    `left = await limit.enter()` waits for both, and `limit.leave(left)` gives the slot back; before it, `accepted`,
    `refused` or `pressed` says what the host answered. Waiters are served in the order they came; who was refused goes
    first.
    Slots: half as many after a 429 or 5xx, one more after each round of successes.
    """

    def __init__(
        self,
        most: int = 16,
        *,
        max_rps: float | None = None,
        patience: float = PATIENCE,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        tell: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """most: slots. max_rps: requests a second at most. patience: seconds for which 429 is waited out. tell: takes
        the seconds of each longer pause."""
        if most < 1:
            raise ValueError("parallelism must be at least 1")
        self.most = most
        self.allowed = float(most)
        self.busy = 0
        self.pace = Pace(max_rps)
        self.patience = patience
        self._sleep, self._tell = sleep, tell
        self._slept = 0.0  # what a test's sleep saved: time is what was slept, too
        self._timer: asyncio.Task[None] | None = None
        self._waiting: deque[asyncio.Future[float]] = deque()

    def now(self) -> float:
        return asyncio.get_running_loop().time() + self._slept

    async def enter(self, *, again: bool = False) -> float:
        """The moment at which the request leaves. again: it was refused, and goes before those that never left.
        Raises Stopped."""
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        if again:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        self._wake()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and not turn.exception():  # the slot came in the same moment
                self.leave(turn.result())
            raise

    def leave(self, left: float) -> None:
        """Gives the slot back."""
        self.pace.forget(left)
        self.busy -= 1
        self._wake()

    def accepted(self, left: float) -> None:
        """The request went well."""
        self.pace.accept(self.now(), left)
        self.allowed = min(float(self.most), self.allowed + 1 / self.allowed)
        self._wake()

    def refused(self, left: float, asked: float | None) -> None:
        """The host said that it is too much; it did nothing. asked: seconds for which it asks to wait."""
        if self.pace.refuse(self.now(), left, asked):
            self.pressed()
            pause = self.pace.resumes - self.now()
            if pause >= _TOLD and self.is_waited_out(left):
                self._tell(pause)
        self._wake()

    def is_waited_out(self, since: float) -> bool:
        """Whether patience lasts until the host is asked again: for a call that it refuses since then, and for a host
        that refuses everything."""
        if self.pace.refused_since is not None:
            since = min(since, self.pace.refused_since)
        return max(self.now(), self.pace.resumes) - since <= self.patience

    def stop_waiting(self) -> None:
        """From now on what a host refuses, or would have to wait for while it does, has failed."""
        self.patience = -1.0
        self._wake()

    def pressed(self) -> None:
        """The host is in trouble."""
        self.allowed = max(1.0, self.allowed / 2)

    def _wake(self) -> None:
        while self._waiting and self.busy < int(self.allowed):
            if self._waiting[0].done():
                self._waiting.popleft()
                continue
            now = self.now()
            delay = self.pace.delay(now)
            if delay > 0:
                if delay < math.inf and self._is_given_up(now):
                    self._stop_all()
                elif delay < math.inf and self._timer is None:
                    self._timer = asyncio.ensure_future(self._wake_after(delay))
                return
            turn = self._waiting.popleft()
            self.busy += 1
            self.pace.leave(now)
            turn.set_result(now)

    def _is_given_up(self, now: float) -> bool:
        return self.pace.refused_since is not None and not self.is_waited_out(now)

    def _stop_all(self) -> None:
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(Stopped())
        self._waiting.clear()

    async def _wake_after(self, seconds: float) -> None:
        began = self.now()
        try:
            await self._sleep(seconds)
        finally:
            self._timer = None
        self._slept += max(0.0, began + seconds - self.now())
        self._wake()


def wait_before(attempt: int, headers: Mapping[str, str] | None = None) -> float:
    """Seconds to wait before the next attempt, after `attempt` of them (1 = the first) failed.

    Retry-After (seconds or a date) where the server gave one; else 0.5 s, 1 s, 2 s ... at most 20 s, of which a random
    part between half and all, so that many clients don't come back in the same moment.
    """
    asked = retry_after(headers or {})
    if asked is not None:
        return asked
    longest = min(20.0, 0.5 * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """What the header Retry-After asks for, in seconds from now; None if absent or not understood."""
    given = headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return float(given)
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
