"""Plan documents and progress as text."""

from __future__ import annotations

import json
from typing import Any

SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "forget": "x", "adopt": "<", "move": ">"}


def plan_text(document: dict[str, Any]) -> str:
    """The plan document for a reader: each step, its changes, what it interrupts, and the summary."""
    lines: list[str] = []
    for step in document["steps"]:
        if step["action"] == "none":
            lines += [f"? {step['address']}: can't be verified ({why})" for why in _reasons(step)]
            continue
        moved = f" from {step['moved_from']}" if "moved_from" in step else ""
        impact = "" if step["impact"] == "none" else f"  [{step['impact']}]"
        lines.append(f"{SIGNS[step['action']]} {step['action']} {step['address']} ({step['reason']}){moved}{impact}")
        for change in step.get("changes", ()):
            cause = "  (changed outside headend)" if change["cause"] == "drift" else ""
            lines.append(f"    {change['path']}: {_value(change['before'])} -> {_value(change['after'])}{cause}")
        lines += [f"    ! {text}" for text in step.get("warnings", ())]
        if "refused" in step:
            lines.append(f"    refused: {step['refused']}")
    counts = ", ".join(f"{n} {name}" for name, n in document["summary"].items() if n)
    return "\n".join([*lines, f"{document['stack']}: {counts or 'nothing in the stack'}"])


def _reasons(step: dict[str, Any]) -> list[str]:
    return [f"{name}: {why}" for name, why in step.get("unverifiable", {}).items()]


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith("(") else json.dumps(value, default=str)
