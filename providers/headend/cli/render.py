"""Plan documents as text: in colour on a terminal, the same text elsewhere. Reads the document, never the engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from headend.cli.echo import echo, echo_exact
from headend.cli.options import Format
from headend.core.model.printable import printable

SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "forget": "x", "adopt": "<", "move": ">"}
STYLES = {"create": "green", "update": "yellow", "replace": "red", "delete": "red", "adopt": "cyan"}

Line = tuple[str, str]
"""Text, and its style on a terminal."""


def show(document: dict[str, Any], format: Format) -> None:
    """Prints the document: JSON, or text, which has colours where stdout is a terminal and NO_COLOR isn't set."""
    if format is Format.JSON:
        echo_exact(json.dumps(document, indent=1, default=str) + "\n")
    elif not sys.stdout.isatty():
        for text, _ in lines(document):
            echo(text)
    else:
        from rich.console import Console
        from rich.text import Text

        console = Console(soft_wrap=True)
        for text, style in lines(document):
            console.print(Text(printable(text), style))


def plan_text(document: dict[str, Any]) -> str:
    """The document for a reader: each step, its changes, what it interrupts, and the summary."""
    return "\n".join(text for text, _ in lines(document))


def lines(document: dict[str, Any]) -> Iterator[Line]:
    """The same, line by line."""
    for step in document["steps"]:
        if step["action"] != "none":
            yield from _write(step)
        else:
            if "status" in step:
                yield f"! {step['address']}: {_status(step)}", "bold red"
            if "unverifiable" in step:
                yield f"? {step['address']}: can't be verified: {_reasons(step['unverifiable'])}", "dim"
    for name, id in document.get("lookups", {}).items():
        if name.startswith("lookups."):
            yield f"= {name}: {id}", "dim"
    yield from ((f"refused: {refusal_text(one)}", "bold red") for one in document.get("refusals", ()))
    counts = ", ".join(f"{n} {name}" for name, n in document["summary"].items() if n)
    yield f"{document['stack']}: {counts or 'nothing in the stack'}", "bold"


def _write(step: Mapping[str, Any]) -> Iterator[Line]:
    moved = f" from {step['moved_from']}" if "moved_from" in step else ""
    impact = "" if step["impact"] == "none" else f"  [{step['impact']}]"
    head = f"{SIGNS[step['action']]} {step['action']} {step['address']} ({step['reason']}){moved}{impact}"
    yield head, STYLES.get(step["action"], "")
    for change in step.get("changes", ()):
        cause = "  (changed outside headend)" if change["cause"] == "drift" else ""
        yield f"    {change['path']}: {_value(change, 'before')} -> {_value(change, 'after')}{cause}", ""
    if "status" in step:
        yield f"    ! {_status(step)}", "bold red"
    yield from ((f"    ! {text}", "yellow") for text in step.get("warnings", ()))
    for cut in step.get("on_air", ()):
        name = cut["address"] or f"{cut['kind']} {cut['id']}"
        since = f" from {cut['start']}" if cut["start"] else ""
        until = f"until {cut['end']}" if cut["end"] else "without end"
        yield f"    on air: {name}{since} {until}", "bold red"
    if "refused" in step:
        yield f"    refused: {step['refused']}", "bold red"


def refusal_text(refusal: Mapping[str, str]) -> str:
    """Why, and what lifts it."""
    return "; ".join(refusal[name] for name in ("why", "lift") if name in refusal)


def _status(step: Mapping[str, Any]) -> str:
    """What the object does instead of what the stack wants."""
    status = step["status"]
    return f"{status['status']} ({status['reason']})" if status["reason"] else str(status["status"])


def _reasons(fields: Mapping[str, str]) -> str:
    """Fields with the same reason together: `account_id, limit (why)`."""
    by_reason: dict[str, list[str]] = {}
    for name, why in fields.items():
        by_reason.setdefault(why, []).append(name)
    return "; ".join(f"{', '.join(names)} ({why})" for why, names in by_reason.items())


def _value(change: Mapping[str, Any], side: str) -> str:
    """As JSON; a word of headend's own, such as "(secret)", as it is."""
    value = change[side]
    return str(value) if side in change.get("marks", ()) else json.dumps(value, default=str)
