"""What values of several operations have in common: ids, times, lengths, PIDs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from headend.core.wire.parameters import Parameter

_CLOCK = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
STAMP: dict[str, Any] = {"form": _CLOCK + r"[+-]\d{4}", "like": "2020-09-16T12:37:00+0000", "time": True}
DAY: dict[str, Any] = {"form": r"\d{4}-\d\d-\d\d", "like": "2020-09-16", "time": True}
MOMENT: dict[str, Any] = {"form": _CLOCK, "like": "1991-09-25T13:22:18", "time": True}
SECONDS: dict[str, Any] = {
    "form": _CLOCK + r"([Zz]|[+-]\d\d:\d\d)",
    "like": "2020-08-25T16:30:00+00:00",
    "time": True,
}
_MILLISECONDS = _CLOCK + r"\.\d{3}(Z|[+-]\d\d:\d\d)"
MILLISECONDS: dict[str, Any] = {"form": _MILLISECONDS, "like": "2020-08-25T16:30:00.000Z", "time": True}


def _check_start(text: str) -> None:
    if text != "NOW":
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("must be like 2020-08-25T16:30:00.000Z, or NOW") from None


START: dict[str, Any] = {
    "form": f"NOW|{_MILLISECONDS}",
    "like": "2020-08-25T16:30:00.000Z, or NOW",
    "check": _check_start,
}

NAMES: dict[str, Any] = {"form": r"[a-zA-Z0-9. _\-]+", "like": "stadium-uplink"}
"""What hosts that a report makes, and TitanFile deployments, may be called."""
DEPLOYMENT = Parameter("deployment_id", place="header")
PRESETS = (
    Parameter("store_preset", "flag"),
    Parameter("preset_id", "integer", nullable=True),
    Parameter("preset_name", nullable=True),
)


def ids(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, "id") for name in names)


def texts(*names: str, **bounds: Any) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, **bounds) for name in names)


def whole(*names: str, low: int | None = None, high: int | None = None, **more: Any) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, "integer", low=low, high=high, **more) for name in names)


def flags(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, "flag") for name in names)


def secrets(*names: str, **bounds: Any) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, secret=True, **bounds) for name in names)


def needed(*rules: Parameter) -> tuple[Parameter, ...]:
    return tuple(replace(rule, needed=True) for rule in rules)


def optional(rules: Iterable[Parameter], *without: str) -> tuple[Parameter, ...]:
    """The same values for an update, which needs none of them, and doesn't take some."""
    return tuple(replace(rule, needed=False) for rule in rules if rule.name not in without)


def zero_or_from(low: int) -> Callable[[int], None]:
    """The check of a number that is 0 for none, or at least that much."""

    def check(value: int) -> None:
        if 0 < value < low:
            raise ValueError(f"must be 0, or at least {low}")

    return check
