"""Values as a person reads them: with their units, times in UTC and in the stack's zone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from headend.core.model.printable import printable

Part = Mapping[str, Any]
"""Of the plan document."""

SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "forget": "x", "adopt": "<", "move": ">"}
STATELESS = "nobody knows what has left the stack, which stays, nor who changed what"
TIME = "time"  # the unit of what is a time


def time_text(text: str | None, zone: str | None) -> str:
    """ "2026-12-05 15:00:00 UTC (16:00:00 Europe/Berlin)"; the text itself where it is no time."""
    try:
        at = datetime.fromisoformat(text or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return text or ""
    there = at.astimezone(ZoneInfo(zone)) if zone else at
    form = "%H:%M:%S" if there.date() == at.date() else "%Y-%m-%d %H:%M:%S"
    local = f" ({there.strftime(form)} {zone})" if zone and zone != "UTC" else ""
    return f"{at.strftime('%Y-%m-%d %H:%M:%S')} UTC{local}"


def value_text(value: Any, unit: str | None = None, zone: str | None = None, *, mark: bool = False) -> str:
    """As JSON, a number with its unit; a word of headend's own, such as "(secret)", as it is."""
    if mark:
        return str(value)
    if unit == TIME and isinstance(value, str):
        return time_text(value, zone)
    counted = unit and isinstance(value, int | float) and not isinstance(value, bool)
    return printable(json.dumps(value, default=str, ensure_ascii=False)) + (f" {unit}" if counted else "")


def change_text(step: Part, change: Part, side: str, zone: str | None = None) -> str:
    """One side of a change."""
    unit = step.get("units", {}).get(change["path"])
    return value_text(change[side], unit, zone, mark=side in change.get("marks", ()))


def entry_text(step: Part, entry: Part, zone: str | None = None) -> str:
    """The value of one field of what is made, or goes."""
    return value_text(
        entry["value"], step.get("units", {}).get(entry["path"]), zone, mark=bool(entry.get("mark", False))
    )


def cut_text(cut: Part, zone: str | None = None) -> str:
    """What is on air, and how long."""
    name = cut["address"] or f"{cut['kind']} {cut['id']}"
    since = f" from {time_text(cut['start'], zone)}" if cut["start"] else ""
    until = f"until {time_text(cut['end'], zone)}" if cut["end"] else "without end"
    return f"{name}{since} {until}"


def refusal_text(refusal: Mapping[str, str]) -> str:
    """Why, and what lifts it."""
    return "; ".join(refusal[name] for name in ("why", "lift") if refusal.get(name))


def status_text(step: Part) -> str:
    """What the object does instead of what the stack wants."""
    status = step["status"]
    return f"{status['status']} ({status['reason']})" if status["reason"] else str(status["status"])


def reasons_text(fields: Mapping[str, str]) -> str:
    """Fields with the same reason together: `account_id, limit (why)`."""
    by_reason: dict[str, list[str]] = {}
    for name, why in fields.items():
        by_reason.setdefault(why, []).append(name)
    return "; ".join(f"{', '.join(names)} ({why})" for why, names in by_reason.items())


def counts_text(summary: Mapping[str, int]) -> str:
    """ "2 create, 1,001 unchanged"."""
    return ", ".join(f"{count:,} {name}" for name, count in summary.items() if count)


def head_text(step: Part, name: str) -> str:
    """ "± replace NAME (changed) from OLD  [interrupts]"."""
    old = f" from {step['moved_from']}" if "moved_from" in step else ""
    impact = "" if step["impact"] == "none" else f"  [{step['impact']}]"
    return f"{SIGNS[step['action']]} {step['action']} {name} ({step['reason']}){old}{impact}"
