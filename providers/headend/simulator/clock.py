"""The platforms' clock: real time, moved or stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """Gives the time when called. `base` is the real time, or another source."""

    def __init__(self, base: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._base = base
        self._ahead = timedelta()
        self._stopped: datetime | None = None

    def __call__(self) -> datetime:
        return self._base() + self._ahead if self._stopped is None else self._stopped

    @property
    def frozen(self) -> bool:
        return self._stopped is not None

    def change(self, now: datetime | None = None, advance: float | None = None, frozen: bool | None = None) -> None:
        """Sets the time, goes forward by seconds, stops or goes on. Raises OverflowError beyond the year 9999."""
        time = (now or self()).astimezone(UTC) + timedelta(seconds=advance or 0.0)
        stands = self.frozen if frozen is None else frozen
        self._ahead, self._stopped = time - self._base(), time if stands else None
