"""Referral marks, which subscriptions and lone addresses carry alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from headend.core.model.capabilities import Selection
from headend.core.model.fields import Spec
from headend.core.model.observed import Change

NO_UNSET = "can't be taken off again: it stays as it was set (J-42)"

Refid = Annotated[str | None, Field(min_length=1, description="Referral mark; can be changed, not taken off (J-42)")]
Refidm = Annotated[str | None, Field(min_length=1, description="Second referral mark, likewise")]
_NAMES = ("refid", "refidm")


def marks(spec: Spec) -> dict[str, str]:
    """The marks that are set, by their name on the wire."""
    return {name: value for name in _NAMES if (value := getattr(spec, name)) is not None}


def select_all_but_removals(changes: Sequence[Change]) -> Selection:
    """All changes but marks that were taken out of the stack: the API can't express that."""
    gone = [c for c in changes if c.field in _NAMES and c.after is None]
    warnings = tuple(f"{c.field} {NO_UNSET}" for c in gone)
    return Selection(tuple(c for c in changes if c not in gone), warnings=warnings)
