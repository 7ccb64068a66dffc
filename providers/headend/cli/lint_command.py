"""lint: what is odd in stack files, for people, pipelines and code scanning."""

from __future__ import annotations

import enum
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

import headend
from headend.cli.echo import echo, echo_exact
from headend.cli.many import choose
from headend.cli.options import ChangedSince, Files, Flags, Var
from headend.core.model.errors import HeadendError, InputError
from headend.core.model.findings import Problem, Source, counted
from headend.core.model.rules import without_rules
from headend.core.model.suggest import suggest
from headend.core.stackfile import load
from headend.core.stackfile.lint import INVALID, RULES
from headend.core.stackfile.lint import lint as lint_stack

FORM = "headend.lint/1"


class LintFormat(enum.StrEnum):
    """How findings are shown."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def lint(
    file: Files,
    var: Var = None,
    changed_since: ChangedSince = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Leave out findings of this rule; may be repeated.")
    ] = None,
    format: Annotated[
        LintFormat, typer.Option("--format", help="text, json, sarif for code scanning, or github for its workflows.")
    ] = LintFormat.TEXT,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 also where something is odd.")] = False,
) -> None:
    """Tells what is odd in stack files, by rules with names; exits 1 if anything is. Asks no platform and no secret."""
    for rule in ignore or ():
        if rule not in RULES and not rule.startswith("policy/"):
            raise InputError(f"--ignore {rule}: there is no such rule; {suggest(rule, RULES, show=40)}")
    flags = Flags(file[0], None, tuple(var or ()))
    now, found, invalid = datetime.now(UTC), list[Problem](), False
    for one in choose(file, flags, changed_since):
        try:
            stack = load(one, variables=flags.variables, secret=lambda name: None, need_secrets=False)
            found += lint_stack(stack, now)
        except InputError as error:
            invalid = True
            found += [_named(problem, one) for problem in error.problems]
    kept = (problem for problem in found if problem.rule not in (ignore or ()))
    found = [replace(problem, message=without_rules(problem.message)) for problem in kept]
    _show(found, format)
    if invalid:
        raise typer.Exit(InputError.exit_code)
    raise typer.Exit(HeadendError.exit_code if found and not exit_zero else 0)


def _named(problem: Problem, file: Path) -> Problem:
    return replace(problem, rule=INVALID, source=problem.source or Source(str(file), 1))


def _show(found: Sequence[Problem], format: LintFormat) -> None:
    if format is LintFormat.TEXT:
        for problem in found:
            where = f"{problem.address}: " if problem.address else ""
            echo(f"{problem.source}: {problem.rule}: {where}{problem.text}")
        echo(counted(len(found), "finding") if found else "nothing odd")
        return
    if format is LintFormat.JSON:
        document = {"form": FORM, "findings": [_entry(problem) for problem in found]}
        echo_exact(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        return
    from headend.reports.machines import Note, github_of, sarif_of

    notes = [
        Note(
            problem.level.value,
            problem.rule,
            f"{problem.address}: {problem.text}" if problem.address else problem.text,
            problem.address or "",
            *((problem.source.file, problem.source.line, problem.source.column) if problem.source else ()),
        )
        for problem in found
    ]
    sarif = format is LintFormat.SARIF
    echo_exact(sarif_of(notes, headend.__version__, RULES) if sarif else github_of(notes))


def _entry(problem: Problem) -> dict[str, object]:
    source = problem.source
    return {
        "rule": problem.rule,
        "level": problem.level.value,
        "file": source.file if source else None,
        "line": source.line if source else None,
        "column": source.column if source else None,
        "address": problem.address,
        "message": problem.message,
        "remedy": problem.remedy,
    }
