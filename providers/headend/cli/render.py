"""Plan documents as text: in colour on a terminal, the same text elsewhere. Reads the document, never the
engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent
from typing import TYPE_CHECKING, Any

from headend.cli.alike import Few
from headend.cli.echo import echo, echo_exact
from headend.cli.options import Format
from headend.core.model.printable import printable

if TYPE_CHECKING:
    from headend.core.reconcile.plan import Plan

SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "forget": "x", "adopt": "<", "move": ">"}
STYLES = {"create": "green", "update": "yellow", "replace": "red", "delete": "red", "adopt": "cyan"}

Line = tuple[str, str]
"""Text, and its style on a terminal."""


def show(plan: Plan, format: Format, *, every: bool = False) -> None:
    """Prints the plan: JSON, or text, which has colours where stdout is a terminal and NO_COLOR isn't set.
    every: each step, also where many are alike."""
    steps = plan.step_documents()
    if format is Format.JSON:
        for piece in as_json(plan.head(), steps):
            echo_exact(piece)
        return
    shown = lines(plan.head() | {"steps": steps}, every=every)
    if not sys.stdout.isatty():
        for text, _ in shown:
            echo(text)
    else:
        from rich.console import Console
        from rich.text import Text

        console = Console(soft_wrap=True)
        for text, style in shown:
            console.print(Text(printable(text), style))


def as_json(head: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The document as JSON, piece by piece."""
    start, _, _ = json.dumps({**head, "steps": []}, indent=1, default=str).rpartition("]")
    before = "\n"
    yield start
    for step in steps:
        yield before + indent(json.dumps(step, indent=1, default=str), "  ")
        before = ",\n"
    yield ("]" if before == "\n" else "\n ]") + "\n}\n"


def plan_text(document: Mapping[str, Any]) -> str:
    """The document for a reader: each step, its changes, what it interrupts, and the summary."""
    return "\n".join(text for text, _ in lines(document))


def lines(document: Mapping[str, Any], *, every: bool = False) -> Iterator[Line]:
    """The same, line by line. every: see `show`. Steps are taken one by one, and not kept."""
    few = Few[Mapping[str, Any]]()
    for step in document["steps"]:
        if every:
            yield from _step(step)
        elif key := _likeness(step):
            few.add(step, key, says=_news(step), always="on_air" in step)
    for step, more in few:
        yield from _more(step, more) if more else _step(step)
    for name, id in document.get("lookups", {}).items():
        if name.startswith("lookups."):
            yield f"= {name}: {id}", "dim"
    yield from ((f"refused: {refusal_text(one)}", "bold red") for one in document.get("refusals", ()))
    if few.many:
        yield "(some are only counted; --verbose shows each)", "dim"
    counts = ", ".join(f"{n:,} {name}" for name, n in document["summary"].items() if n)
    yield f"{document['stack']}: {counts or 'nothing in the stack'}", "bold"


def _likeness(step: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The same for steps that a reader needn't tell apart; None for one that there is nothing to say of."""
    kind, guards = step["kind"], tuple(refusal["guard"] for refusal in step.get("refusals", ()))
    if step["action"] != "none":
        return kind, step["action"], step["reason"], step["impact"], "moved_from" in step, guards
    told = step.get("status", {}).get("status"), _reasons(step.get("unverifiable", {}))
    return (kind, *told) if any(told) else None


def _news(step: Mapping[str, Any]) -> set[str]:
    """What a step says that others like it may not say."""
    fields = {f"{change['path'].partition('.')[0]} {change['cause']}" for change in step.get("changes", ())}
    status = {f"{step['status']['reason']}"} if "status" in step else set()
    return {*step.get("warnings", ()), *fields, *status}


def _step(step: Mapping[str, Any]) -> Iterator[Line]:
    if step["action"] != "none":
        yield from _write(step)
        return
    if "status" in step:
        yield f"! {step['address']}: {_status(step)}", "bold red"
    if "unverifiable" in step:
        yield f"? {step['address']}: can't be verified: {_reasons(step['unverifiable'])}", "dim"


def _more(step: Mapping[str, Any], count: int) -> Iterator[Line]:
    """Those like the step, in one line."""
    several = f"{count:,} more of {step['kind']}"
    if step["action"] != "none":
        refused = ", ".join(dict.fromkeys(refusal["guard"] for refusal in step.get("refusals", ())))
        told = f"  refused: {refused}" if refused else ""
        like = {name: value for name, value in step.items() if name != "moved_from"}
        yield f"{_head(like, several)}{told}", STYLES.get(step["action"], "")
    elif "status" in step:
        yield f"! {several}: {step['status']['status']}", "bold red"
    else:
        yield f"? {several}: can't be verified: {_reasons(step['unverifiable'])}", "dim"


def _head(step: Mapping[str, Any], name: str) -> str:
    moved = f" from {step['moved_from']}" if "moved_from" in step else ""
    impact = "" if step["impact"] == "none" else f"  [{step['impact']}]"
    return f"{SIGNS[step['action']]} {step['action']} {name} ({step['reason']}){moved}{impact}"


def _write(step: Mapping[str, Any]) -> Iterator[Line]:
    yield _head(step, step["address"]), STYLES.get(step["action"], "")
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
