"""How fast requests may leave for one host: learned from what it refuses with 429. Pure: time comes as an argument."""

from __future__ import annotations

import math
import random
from collections import deque

_SLOWEST = 1 / 60  # requests a second
_FIRST_PAUSE, _PAUSE, _LONGEST_PAUSE = 1.0, 0.25, 20.0  # s; without Retry-After: the first, once the rate is known
_MEASURED = 3.0  # s; how far back the rate is measured
_MARGIN = 0.97  # of what was measured
_SEARCH, _PROBE = 0.05, 5e-5  # growth by the square of the time: until the second refusal, and after
_LATE = 0.05  # s; so much a timer may be late, without making the requests fewer


class Pace:
    """Without a refusal, nothing waits. A refusal (429) stops everything for as long as the host asks, else for 1 s,
    2 s ... 20 s; then one request goes to see. Once that is accepted, the rate is what the host accepted before it
    refused: at first a guess, from then on measured over 3 s, less a margin. From there it rises by the square of the
    time: fast after the guess, slowly after a measurement.
    """

    def __init__(self, most: float | None = None) -> None:
        """most: requests a second that are never exceeded; None: as many as the host takes."""
        if most is not None and not most > 0:
            raise ValueError("the most requests a second must be above 0")
        self.most = most or math.inf
        self.rate = self._base = self.most  # now, and after the last pause
        self.refused_since: float | None = None  # since when nothing was accepted; None while the host accepts
        self.resumes = -math.inf  # when the pause ends
        self._stopped = -math.inf  # when the last pause began
        self._pause = 0.0
        self._probing = False  # the one request that goes to see has left
        self._guessed = True  # the base wasn't measured yet
        self._began = math.inf  # when the last pause was over; at first, when the first request left
        self._sent = 0  # since then
        self._accepted: deque[float] = deque()  # when those left that were accepted lately
        self._next = -math.inf  # when the next request may leave

    def delay(self, now: float) -> float:
        """Seconds until a request may leave; infinite while another one goes to see."""
        if self.refused_since is not None:
            return math.inf if self._probing else max(0.0, self.resumes - now)
        return max(0.0, self._next - now)

    def leave(self, now: float) -> None:
        """A request leaves, after its delay."""
        self._began = min(self._began, now)
        if self.refused_since is not None:
            self._probing = True
        elif self.rate < math.inf:
            self._sent += 1
            growth = _SEARCH if self._guessed else _PROBE
            self.rate = min(self.most, self._base * (1 + growth * (self._sent / self._base) ** 2))
            self._next = (self._next if now - self._next < _LATE else now) + 1 / self.rate

    def accept(self, now: float, left: float) -> None:
        """The host took a request that left then."""
        if self.refused_since is not None and left > self._stopped:
            self._resume(now, left, self.refused_since)
        self._accepted.append(left)
        while self._accepted[0] < (self.refused_since or now) - _MEASURED and len(self._accepted) > 1:
            self._accepted.popleft()

    def refuse(self, now: float, left: float, asked: float | None) -> bool:
        """The host refused a request that left then, and asked to wait. Whether this is news: of the requests that were
        under way together, the first one counts."""
        if left <= self._stopped:
            if asked is not None and self.refused_since is not None:
                self.resumes = max(self.resumes, now + asked)
            return False
        if self.refused_since is None:
            self.refused_since = now
            self._pause = _PAUSE if self.rate < math.inf else _FIRST_PAUSE
        else:
            self._pause = min(_LONGEST_PAUSE, self._pause * 2)
        self._probing, self._stopped = False, now
        # A random part more, so that many clients don't come back in the same moment.
        self.resumes = now + (self._pause * random.uniform(1.0, 1.1) if asked is None else asked)
        return True

    def forget(self, left: float) -> None:
        """A request that left then is over. If it was to go to see and nothing is known of it, another one goes."""
        if left > self._stopped:
            self._probing = False

    def _resume(self, now: float, probed: float, since: float) -> None:
        """Now that all answers are there: how much did the host take until it refused?"""
        if self.rate == math.inf:  # what it took at once, and how long it paused
            began = max(self._began, since - 1.0)
            taken = self._taken(began)
            self._base = taken / max(probed - began, 0.1) if taken else 1.0
        else:
            began, self._guessed = max(self._began, since - _MEASURED), False
            measured = self._taken(began) / (since - began) if since - began > 1.0 else 0.75 * self.rate
            self._base = max(_MARGIN * min(measured, self.rate), 0.6 * self.rate)
        self.rate = self._base = min(self.most, max(self._base, _SLOWEST))
        self.refused_since, self._probing = None, False
        self._began, self._sent, self._next = now, 0, now + 1 / self.rate

    def _taken(self, began: float) -> int:
        return sum(left >= began for left in self._accepted)
