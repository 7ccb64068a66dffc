"""How far many things are, how fast they go, and how long the rest takes, in words."""

from __future__ import annotations

from collections import deque

WINDOW = 60.0  # seconds that the rate is taken from, so that it follows what happens now
SOON = 2.0  # seconds before which a rate means nothing


class Standing:
    """Takes how many are done by what time."""

    def __init__(self, now: float) -> None:
        self._seen = deque([(now, 0)])

    def told(self, done: int, total: int, now: float, word: str = "") -> str:
        """`1,204 of 100,000 done, 310/s, about 5 min left`; word: " done"."""
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW:
            self._seen.popleft()
        then, before = self._seen[0]
        head = f"{done:,} of {total:,}{word}"
        if now - then < SOON or done <= before:
            return head
        rate = (done - before) / (now - then)
        left = f", {_about((total - done) / rate)} left" if done < total else ""
        return f"{head}, {_rate(rate)}{left}"


def _rate(rate: float) -> str:
    if rate < 1:
        return f"{rate * 60:.1f}/min"
    return f"{rate:.1f}/s" if rate < 10 else f"{rate:,.0f}/s"


def _about(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 90 else f"about {minutes // 60} h {minutes % 60:02} min"


def lasted(seconds: float) -> str:
    """12.3 s, 2 min 05 s, 1 h 02 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
