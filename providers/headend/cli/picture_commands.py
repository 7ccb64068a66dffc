"""graph and timeline: pictures of a stack, as it is and as a plan leaves it."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from headend.cli import planfile
from headend.cli.echo import echo_exact
from headend.cli.files import check_out, write_out
from headend.cli.options import Flags, MaxRps, Parallelism, Patience, Simulated, StackName, Var, rates
from headend.cli.plan_commands import planned
from headend.core.model.errors import InputError
from headend.core.reconcile.signal import pictures
from headend.reports.many import merged

Picture = Annotated[
    Path,
    typer.Argument(
        metavar="STACK|PLAN", help="A stack file; or a plan (.json), and nothing is asked.", show_default=False
    ),
]


class GraphFormat(enum.StrEnum):
    """How signal paths are drawn."""

    MERMAID = "mermaid"
    SVG = "svg"
    DOT = "dot"


class TimelineFormat(enum.StrEnum):
    """How bookings are drawn."""

    TEXT = "text"
    SVG = "svg"


Out = Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there instead of printing it.")]


def graph(
    file: Picture,
    format: Annotated[GraphFormat, typer.Option("--format", help="How to draw them.")] = GraphFormat.MERMAID,
    out: Out = None,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    patience: Patience = None,
    max_rps: MaxRps = None,
) -> None:
    """Draws the ways of the streams, with what is on air, what a plan would change, and what it would cut."""
    if out:
        check_out(out, "")
    flags = Flags(file, stack, tuple(var or ()), simulator, parallelism, rates=rates(patience, max_rps))
    document = _document(flags, "signal")
    _put(_graph(document, format), out)


def _graph(document: Mapping[str, Any], format: GraphFormat) -> str:
    if format is GraphFormat.SVG:
        from headend.reports.paths import svg

        return svg(document)
    if format is GraphFormat.DOT:
        from headend.reports.dot import dot

        return dot(document)
    from headend.reports.mermaid import mermaid

    return mermaid(document)


def timeline(
    file: Picture,
    format: Annotated[TimelineFormat, typer.Option("--format", help="How to draw them.")] = TimelineFormat.TEXT,
    out: Out = None,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    patience: Patience = None,
    max_rps: MaxRps = None,
) -> None:
    """Shows what each output carries and when, what clashes, and what a plan would cut."""
    if out:
        check_out(out, "")
    flags = Flags(file, stack, tuple(var or ()), simulator, parallelism, rates=rates(patience, max_rps))
    document = _document(flags, "bookings")
    if format is TimelineFormat.SVG:
        from headend.reports.timeline import svg

        _put(svg(document), out)
    else:
        from headend.reports.timeline_text import timeline_text

        _put(timeline_text(document), out)


def _document(flags: Flags, part: str) -> Mapping[str, Any]:
    """The plan document of the file, with that part. Raises InputError where there is nothing to draw."""
    if flags.file.suffix == ".json":
        found = merged(planfile.read_any(flags.file))
        why = "the plan holds no streams, or was printed and not written: `plan --out` keeps what pictures show"
    else:
        plan = asyncio.run(planned(flags, [], need_secrets=False))
        found, why = plan.document() | pictures(plan), "no kind in the stack carries a stream"
    if not found.get(part):
        raise InputError(f"{flags.file}: there is nothing to draw: {why}")
    return found


def _put(text: str, out: Path | None) -> None:
    if out:
        write_out(out, [text.encode()])
    else:
        echo_exact(text)
