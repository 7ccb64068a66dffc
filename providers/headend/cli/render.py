"""Plans on the terminal: in colour there, the same text elsewhere, or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent
from typing import TYPE_CHECKING, Any

from headend.cli.echo import echo, echo_exact
from headend.cli.options import Format
from headend.core.model.printable import printable
from headend.reports.text import lines

if TYPE_CHECKING:
    from headend.core.reconcile.plan import Plan


def show(plan: Plan, format: Format, *, every: bool = False, full: bool = False) -> None:
    """Prints the plan: JSON, or text, which has colours where stdout is a terminal and NO_COLOR isn't set.
    every: each step, also where many are alike. full: defaults, too."""
    steps = plan.step_documents(quiet=every or format is Format.JSON)
    show_document(plan.head() | {"steps": steps}, format, every=every, full=full)


def show_document(document: Mapping[str, Any], format: Format, *, every: bool = False, full: bool = False) -> None:
    """The same of a document, whose steps are taken one by one."""
    if "stacks" in document:
        if format is Format.JSON:
            echo_exact(json.dumps(document, indent=1, default=str) + "\n")
        else:
            for one in document["stacks"]:
                echo(f"# {one['file']}")
                show_document(one, format, every=every, full=full)
        return
    if format is Format.JSON:
        for piece in as_json(document, document["steps"]):
            echo_exact(piece)
        return
    shown = lines(document, every=every, full=full)
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
