"""How many requests may be under way at one host, and how long to wait before a repeat."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 60.0  # s; a server that asks for more is reported instead of waited for


class Limit:
    """Slots for requests to one host: half as many after a 429 or 5xx, one more after each round of successes.

    `async with limit:` holds a slot. Waiters are served in the order they came.
    """

    def __init__(self, most: int = 16) -> None:
        if most < 1:
            raise ValueError("parallelism must be at least 1")
        self.most = most
        self.allowed = float(most)
        self.busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self.busy < int(self.allowed) and not self._waiting:
            self.busy += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot was handed over in the same moment
                self._release()
            raise

    async def __aexit__(self, *exc: object) -> None:
        self._release()

    def eased(self) -> None:
        """A request went well."""
        self.allowed = min(float(self.most), self.allowed + 1 / self.allowed)
        self._wake()

    def pressed(self) -> None:
        """The host said that it is too much."""
        self.allowed = max(1.0, self.allowed / 2)

    def _release(self) -> None:
        self.busy -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self.busy < int(self.allowed):
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)


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
