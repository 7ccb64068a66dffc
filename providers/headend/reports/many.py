"""The plans of several stacks as one, so that each renderer tells them together: addresses get their stack's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from headend.reports.wording import Part

_NAMES = {"address", "environment", "source", "target", "by", "row", "input", "clashes", "moved_from"}
_NAMED = 5  # stacks in the title


def merged(document: Part) -> Part:
    """The document of one plan as it is; that of several as if it were one."""
    if "stacks" not in document:
        return document
    stacks = document["stacks"]
    names = _names(stacks)
    zones = {stack.get("time_zone") for stack in stacks}
    found: dict[str, Any] = {name: [] for name in ("steps", "refusals", "errors")}
    signal: dict[str, Any] = {"nodes": [], "edges": []}
    bookings: dict[str, Any] = {"bookings": [], "maintenance": [], "cuts": []}
    for stack, name in zip(stacks, names, strict=True):
        found["steps"] += [_step(step, name, stack["file"]) for step in stack["steps"]]
        found["refusals"] += [{**one, "why": f"{name}: {one['why']}"} for one in stack.get("refusals", ())]
        found["errors"] += [{**one, "address": _at(name, one.get("address"))} for one in stack.get("errors", ())]
        for whole, key in ((signal, "signal"), (bookings, "bookings")):
            for part, entries in (stack.get(key) or {}).items():
                whole[part] += [_entry(entry, name) for entry in entries]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return {
        "format": "headend.plan/2",
        "headend": document["headend"],
        "time_zone": zones.pop() if len(zones) == 1 else None,
        "stack": ", ".join(names[:_NAMED]) + more or "no stack",
        "file": "",  # each step has its own
        "destroy": False,
        "summary": document["summary"],
        "signal": signal,
        "bookings": bookings,
        **found,
    } | ({"at": document["at"]} if "at" in document else {})


def summed(stacks: Sequence[Part]) -> dict[str, int]:
    """The counts of all."""
    found: Counter[str] = Counter()
    for stack in stacks:
        found.update(stack["summary"])
    return dict(found)


def _names(stacks: list[Part]) -> list[str]:
    """Of each stack its name, or its file where several have the same name."""
    counts = Counter(stack["stack"] for stack in stacks)
    return [stack["stack"] if counts[stack["stack"]] == 1 else stack["file"] for stack in stacks]


def _at(stack: str, address: str | None) -> str:
    return f"{stack}/{address}" if address else stack


def _step(step: Part, name: str, file: str) -> Part:
    """file: where it counts as said, if it is said nowhere any more."""
    changed: dict[str, Any] = {"address": _at(name, step["address"])}
    changed["source"] = step.get("source") or {"file": file, "line": 1}
    if "moved_from" in step:
        changed["moved_from"] = _at(name, step["moved_from"])
    if "on_air" in step:
        cuts = step["on_air"]
        changed["on_air"] = [{**cut, "address": cut["address"] and _at(name, cut["address"])} for cut in cuts]
    return {**step, **changed}


def _entry(entry: Mapping[str, Any], name: str) -> Part:
    """A part of a picture: all that names something is named by its stack, too."""

    def named(value: Any) -> Any:
        return [_at(name, one) for one in value] if isinstance(value, list) else value and _at(name, value)

    return {key: named(value) if key in _NAMES else value for key, value in entry.items()}
