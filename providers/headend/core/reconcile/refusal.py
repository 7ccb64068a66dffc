"""Why a step is not carried out, by which guard, and what lifts that."""

from __future__ import annotations

import enum

from headend.core.model.frozen import frozen_dataclass


class Guard(enum.StrEnum):
    """What refuses."""

    PROTECT = "protect"  # lifecycle.protect, and what holds others
    ON_AIR = "on_air"
    EXISTS = "exists"  # another object has the natural key, or the id
    UNCERTAIN = "uncertain"  # an earlier run may have made it
    STACK = "stack"  # the resource's own fields say so
    PLATFORM = "platform"  # the platform would refuse the deletion
    ORDER = "order"  # steps that wait for each other
    SECRETS = "secrets"  # nowhere to keep a secret that is shown once
    POLICY = "policy"
    MASS_DELETION = "mass_deletion"


@frozen_dataclass
class Refusal:
    """why: what would happen. lift: what allows it, or what to do first; "" where nothing does."""

    guard: Guard
    why: str
    lift: str = ""

    def __str__(self) -> str:
        return f"{self.why}; {self.lift}" if self.lift else self.why

    def document(self) -> dict[str, str]:
        """As in the plan document."""
        return {"guard": self.guard.value, "why": self.why} | ({"lift": self.lift} if self.lift else {})
