"""What a run tells while it goes on, and at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from headend.core.model.errors import HeadendError, StateLost
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.proposal import Action

Sink = Callable[[str, str, str], None]
"""Takes (address, name, value) of a secret that a platform shows once. It must keep the secret before it returns."""


@frozen_dataclass
class Event:
    """Progress. phase: start, waiting, warning, done, failed, skipped. seconds: since the step began."""

    address: str
    action: Action
    phase: str
    message: str = ""
    seconds: float = 0.0


@dataclass
class Outcome:
    """The result of a run. failed: address -> message. skipped: address -> why. interrupted: told to stop.
    written: what was done, a line each. lost: why no state knows it, None if state does."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, HeadendError] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    written: list[str] = field(default_factory=list)
    lost: StateLost | None = None

    @property
    def exit_code(self) -> int:
        """0: all done. 7: done in part, interrupted, or lost. Else the code of the first error (6 for stale steps)."""
        if self.interrupted or ((self.errors or self.lost) and self.done):
            return 7
        return next(iter(self.errors.values())).exit_code if self.errors else 0
