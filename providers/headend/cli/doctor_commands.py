"""doctor: is a platform as headend assumes it to be, and how to tell headend where it is not."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from headend.cli.api_commands import SIMULATED, Named, StackFile, named
from headend.cli.doctor_report import show_compared, show_findings
from headend.cli.echo import echo_exact
from headend.cli.faults import new_redactor
from headend.cli.files import check_out, write_out
from headend.cli.loading import load_stack
from headend.cli.options import Flags, Format, MaxRps, Patience, Simulated, Verbose, rates
from headend.cli.run import connected, state_place
from headend.core.model.errors import InputError
from headend.core.model.printable import printable
from headend.core.wire.operations import BY_TENANT
from headend.core.wire.registry import Platform

if TYPE_CHECKING:
    from headend.ateme.doctor import Finding
    from headend.core.wire.openapi.compare import Compared
    from headend.core.wire.session import Session

CHANGES = 2  # exit code
HEAD = """\
# What `headend doctor {platform}` found. In a stack file: `extends: {name}` lays the stack over it.
# Look at every row before you use it: a guess that answers is still a guess.
headend: 1
connections:
  {platform}:
    operations:{none}
"""


def doctor(
    platform: Named,
    openapi: Annotated[
        str | None,
        typer.Option("--openapi", metavar="FILE|URL", help="Compare with the platform's Swagger or OpenAPI document."),
    ] = None,
    find_openapi: Annotated[
        bool, typer.Option("--find-openapi", help="The same, looking for the document where platforms have it.")
    ] = False,
    write: Annotated[
        Path | None,
        typer.Option(metavar="STACK|FILE", help="Write what the document says there, for all stacks to use."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the overrides that a stack needs there.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to print the findings.")] = Format.TEXT,
    verbose: Verbose = False,
    stack_file: StackFile = None,
    simulator: Simulated = False,
    patience: Patience = None,
    max_rps: MaxRps = None,
) -> None:
    """Tries what may safely be read, and tells which operations are not as headend assumes. Exit 2: some aren't.

    Sent are GET requests without known side effects and OPTIONS, for operations that aren't found also at likely other
    paths. Nothing is changed. With --openapi nothing is tried: the platform's own document says how all of them are.
    """
    known = named(platform)
    by_document = openapi is not None or find_openapi
    _check_options(known, by_document, openapi is not None and find_openapi, write, out)
    redactor = new_redactor()
    connections = load_stack(Flags(stack_file), redactor, need_secrets=False).connections if stack_file else {}
    path = state_place(
        stack_file.stem if stack_file else SIMULATED, simulator, stack_file.parent if stack_file else Path()
    )
    where = connected(connections, path, simulator, redactor, rates=rates(patience, max_rps))
    if by_document:
        raise typer.Exit(_by_document(known, openapi, write, format, verbose, where))
    raise typer.Exit(_by_trying(known, out, format, verbose, where))


def _check_options(known: Platform, by_document: bool, both: bool, write: Path | None, out: Path | None) -> None:
    """Raises InputError for what doesn't go together, before anything is requested."""
    if both:
        raise InputError("--openapi names the document, --find-openapi looks for it: take one of them")
    if by_document and out is not None:
        raise InputError("--out is for what was tried; --write takes what a document says")
    if not by_document and write is not None:
        raise InputError("--write takes what a document says: name it by --openapi, or let --find-openapi look for it")
    if not by_document and known.examine is None:
        raise InputError(
            f"{known.name}: its operations are documented; `connections:` can override them all the same, and "
            "--openapi compares them with a document"
        )
    if out is not None:
        check_out(out)


def _by_document(
    known: Platform,
    openapi: str | None,
    write: Path | None,
    format: Format,
    verbose: bool,
    where: AbstractContextManager[Session],
) -> int:
    """The exit code."""
    from headend.cli import doctor_document  # loads what resolves references

    place = doctor_document.place_to_write(write, known) if write is not None else None

    async def run() -> tuple[list[Compared], str]:
        with where as session:
            async with session:
                return await doctor_document.compare(known, openapi, session)

    found, source = asyncio.run(run())
    left = doctor_document.write(place, write, known, source, found) if place and write else None
    if format is Format.JSON:
        echo_exact(json.dumps([compared(one) for one in found], indent=1) + "\n")
    else:
        show_compared(found, source, known, left, verbose=verbose)
    return 0 if all(one.verdict in {"same", "not in the table"} for one in found) else CHANGES


def _by_trying(
    known: Platform, out: Path | None, format: Format, verbose: bool, where: AbstractContextManager[Session]
) -> int:
    """The exit code."""
    examine: Any = known.examine

    async def run() -> list[Finding]:
        with where as session:
            async with session:
                session.check([known.name])
                found: list[Finding] = await examine(await session(known.name))
                return found

    findings = asyncio.run(run())
    if format is Format.JSON:
        echo_exact(json.dumps([document(finding) for finding in findings], indent=1) + "\n")
    else:
        show_findings(findings, known.name, verbose=verbose)
    if out is not None:
        rows = [finding for finding in findings if finding.override or finding.verdict == "otherwise"]
        write_out(out, [stub(known.name, out.name, rows).encode()])
    return CHANGES if any(finding.verdict == "otherwise" for finding in findings) else 0


def compared(one: Compared) -> dict[str, Any]:
    """What a document says of an operation, as JSON."""
    op = one.op
    row = {"operation": op.key, "method": op.method, "path": op.path, "mark": op.mark} if op else {}
    shown = {**row, "verdict": one.verdict, "call": one.call, "title": one.title, "how": list(one.how)}
    more = {"fields": list(one.fields), "candidates": list(one.candidates), "override": dict(one.override or {})}
    return shown | {name: value for name, value in more.items() if value}


def document(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    op = finding.op
    shown = {"operation": op.key, "method": op.method, "path": op.path, "mark": op.mark, "verdict": finding.verdict}
    more = {"how": finding.how, "override": dict(finding.override or {}), "proof": finding.proof}
    return shown | {name: value for name, value in more.items() if value}


def stub(platform: str, name: str, findings: list[Finding]) -> str:
    """A stack file that holds nothing but overrides; rows that nobody knows are there to be filled in."""
    known = [finding for finding in findings if finding.override]
    lines = []
    for finding in findings:
        op = finding.op
        row: dict[str, Any] = dict(finding.override or {"method": op.method, "path": op.path})
        if op.mark in {"D", BY_TENANT}:
            row["override_documented"] = True
        text = f"{op.key}: {yaml.safe_dump(row, default_flow_style=True, sort_keys=False, width=sys.maxsize).rstrip()}"
        how = printable(finding.how)
        if finding.override:
            lines += [f"# {how} ({finding.proof})", text]
        else:
            lines += [f"# {how}. Not found elsewhere: fill in how it is, and take away the sign", f"# {text}"]
    head = HEAD.format(platform=platform, name=name, none="" if known else " {}")
    return head + "".join(f"      {line}\n" for line in lines)
