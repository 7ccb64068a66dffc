"""validate: is a stack file right?"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import typer

from headend.cli.echo import echo
from headend.cli.faults import new_redactor
from headend.cli.loading import load_stack
from headend.cli.many import choose, each, one_at_a_time
from headend.cli.options import ChangedSince, Files, Flags, StackName, Var
from headend.core.model.errors import InputError
from headend.core.model.findings import counted, errors, lines
from headend.core.model.judge import check_stack


def validate(file: Files, stack: StackName = None, var: Var = None, changed_since: ChangedSince = None) -> None:
    """Checks a stack file without a single request. Warnings are shown, and exit 0 like none."""
    one_at_a_time(file, stack=stack)
    flags = Flags(file[0], stack, tuple(var or ()))
    chosen = choose(file, flags, changed_since)
    if len(file) == 1 and chosen:
        _validate(flags)
        return
    if not chosen:
        echo("no stack changed")
    raise typer.Exit(each(chosen, lambda one: _validate(replace(flags, file=one)), head=False))


def _validate(flags: Flags) -> int:
    """Says what is found. Raises InputError."""
    loaded = load_stack(flags, new_redactor(), need_secrets=False, ask=False)
    found = check_stack(loaded, datetime.now(UTC))
    if wrong := errors(found):
        raise InputError(wrong)
    told = [*loaded.remarks, *found]
    for line in lines(told, "finding", InputError.MOST_TOLD):
        echo(line)
    levels = Counter(problem.level.value for problem in told)
    summary = ", ".join(counted(number, level) for level, number in levels.items()) or "no problems"
    echo(f"{loaded.name}: {len(loaded.resources)} resources, {summary}")
    return 0
