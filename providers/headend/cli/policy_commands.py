"""policy test: do policies say what their examples expect?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headend.cli.commands import Group, new_app
from headend.cli.echo import echo
from headend.core.model.errors import HeadendError, InputError
from headend.core.model.examples import try_out
from headend.core.model.findings import Problems, counted
from headend.core.stackfile.policies import read_policies
from headend.core.stackfile.policy_use import OWN, SHIPPED

policy = new_app(cls=Group, add_completion=False, help="What is to hold of stacks.")


@policy.callback()
def root() -> None:
    """What is to hold of stacks."""  # with one command alone, typer would make it the whole


@policy.command("test")
def test(
    file: Annotated[str, typer.Argument(help=f"The policy file; `{OWN}` for the policies that ship.")],
) -> None:
    """Runs the examples that stand beside policies. Exit 1: one comes out otherwise. Makes no request."""
    problems = Problems()
    policies = read_policies(SHIPPED if file == OWN else Path(file), problems, set())
    if problems:
        raise InputError(problems)
    tried = [(policy, example, try_out(policy, example)) for policy in policies for example in policy.examples]
    wrong = [one for one in tried if one[2].partition(":")[0] != one[1].expect]
    for policy, example, came in wrong:
        echo(f"{example.source}: policy {policy.name}: {came}, and should be: {example.expect}", err=True)
    found = f"{len(wrong)} otherwise" if wrong else "all as they should be"
    names = "1 policy" if len(policies) == 1 else f"{len(policies)} policies"
    echo(f"{file}: {names}, {counted(len(tried), 'example')}, {found}")
    raise typer.Exit(HeadendError.exit_code if wrong else 0)
