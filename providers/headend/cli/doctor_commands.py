"""doctor: is a platform as headend assumes it to be, and how to tell headend where it is not."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from headend.cli.api_commands import SIMULATED, Named, StackFile, named
from headend.cli.echo import echo, echo_exact
from headend.cli.faults import new_redactor
from headend.cli.files import check_out, write_out
from headend.cli.loading import load_stack
from headend.cli.options import Flags, Format, MaxRps, Patience, Simulated, rates
from headend.cli.run import connected, state_path
from headend.core.model.errors import InputError
from headend.core.model.printable import printable

if TYPE_CHECKING:
    from headend.ateme.doctor import Finding

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
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the overrides that a stack needs there.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to print the findings.")] = Format.TEXT,
    stack_file: StackFile = None,
    simulator: Simulated = False,
    patience: Patience = None,
    max_rps: MaxRps = None,
) -> None:
    """Tries what may safely be read, and tells which operations are not as headend assumes. Exit 2: some aren't.

    Sent are GET requests without known side effects and OPTIONS, for operations that aren't found also at likely other
    paths. Nothing is changed.
    """
    known = named(platform)
    if known.examine is None:
        raise InputError(f"{platform}: its operations are documented; `connections:` can override them all the same")
    if out is not None:
        check_out(out)
    examine = known.examine
    redactor = new_redactor()
    connections = load_stack(Flags(stack_file), redactor, need_secrets=False).connections if stack_file else {}

    async def run() -> list[Finding]:
        path = state_path(stack_file.stem if stack_file else SIMULATED, simulator)
        with connected(connections, path, simulator, redactor, rates=rates(patience, max_rps)) as session:
            async with session:
                session.check([known.name])
                found: list[Finding] = await examine(await session(known.name))
                return found

    findings = asyncio.run(run())
    otherwise = [finding for finding in findings if finding.verdict == "otherwise"]
    if format is Format.JSON:
        echo_exact(json.dumps([document(finding) for finding in findings], indent=1) + "\n")
    else:
        _print(findings)
    if out is not None:
        rows = [finding for finding in findings if finding.override or finding.verdict == "otherwise"]
        write_out(out, [stub(known.name, out.name, rows).encode()])
    raise typer.Exit(CHANGES if otherwise else 0)


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
        if op.mark == "D":
            row["override_documented"] = True
        text = f"{op.key}: {yaml.safe_dump(row, default_flow_style=True, sort_keys=False, width=sys.maxsize).rstrip()}"
        how = printable(finding.how)
        if finding.override:
            lines += [f"# {how} ({finding.proof})", text]
        else:
            lines += [f"# {how}. Not found elsewhere: fill in how it is, and take away the sign", f"# {text}"]
    head = HEAD.format(platform=platform, name=name, none="" if known else " {}")
    return head + "".join(f"      {line}\n" for line in lines)


def _print(findings: list[Finding]) -> None:
    """What works first, what is to be done last."""
    counts = []
    for verdict in ("works", "not tried", "otherwise"):
        chosen = [finding for finding in findings if finding.verdict == verdict]
        counts.append(f"{len(chosen)} {verdict}")
        for finding in chosen:
            op = finding.op
            how = f": {finding.how}" if finding.how else ""
            fix = ", ".join(f"{name} {value}" for name, value in (finding.override or {}).items())
            proof = f"; {fix} ({finding.proof})" if fix else ""
            echo(f"{verdict:9}  {op.key}  {op.method} {op.path}{how}{proof}")
    echo(", ".join(counts))
