"""validate: is a stack file right?"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from headend.cli.echo import echo
from headend.cli.faults import new_redactor
from headend.cli.loading import load_stack
from headend.cli.options import File, Flags, StackName, Var
from headend.core.model.errors import InputError
from headend.core.model.findings import counted, errors, lines
from headend.core.model.judge import check_stack


def validate(file: File, stack: StackName = None, var: Var = None) -> None:
    """Checks a stack file without a single request. Warnings are shown, and exit 0 like none."""
    loaded = load_stack(Flags(file, stack, tuple(var or ())), new_redactor(), need_secrets=False)
    found = check_stack(loaded, datetime.now(UTC))
    if wrong := errors(found):
        raise InputError(wrong)
    told = [*loaded.remarks, *found]
    for line in lines(told, "finding", InputError.MOST_TOLD):
        echo(line)
    levels = Counter(problem.level.value for problem in told)
    summary = ", ".join(counted(number, level) for level, number in levels.items()) or "no problems"
    echo(f"{loaded.name}: {len(loaded.resources)} resources, {summary}")
