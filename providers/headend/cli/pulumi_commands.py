"""pulumi import, export-state and take-back: a stack goes from one engine to the other, and no object is touched."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headend.cli.commands import Group, new_app
from headend.cli.echo import echo, echo_exact
from headend.cli.faults import new_redactor
from headend.cli.loading import load_stack
from headend.cli.options import File, Flags, SecretsOut, StackName, Var
from headend.cli.run import opened, state_place
from headend.cli.secrets_out import secrets_file
from headend.core.model.errors import GuardError, InputError
from headend.core.reconcile.state import is_there

if TYPE_CHECKING:
    from headend.pulumi.deployment import Deployment

pulumi = new_app(cls=Group, add_completion=False, help="Hands stacks over to Pulumi, and takes them back.")
PulumiStack = Annotated[
    str | None, typer.Option("--pulumi-stack", metavar="NAME", help="Pulumi's name of it, if it isn't the file's.")
]


@pulumi.command("import")
def import_(file: File, stack: StackName = None, var: Var = None, pulumi_stack: PulumiStack = None) -> None:
    """Adds to a deployment on standard input what headend's state has, and prints it.

    pulumi stack export | headend pulumi import FILE | pulumi stack import

    No object is touched. From then on headend changes nothing of the stack. Secrets are in clear in the pipe alone:
    Pulumi encrypts them.
    """
    asyncio.run(_import(Flags(file, stack, tuple(var or ())), pulumi_stack))


async def _import(options: Flags, name: str | None) -> None:
    _raise_if_kept()
    with _pulumi():
        from headend.pulumi import importing, place

        deployment = _read()
        home = place.find_place(options.file, name)
    known_stack = load_stack(options, new_redactor())
    if not is_there(there := state_place(known_stack.name, False, options.file.parent)):
        raise InputError(f"there is no state {there}; name the stack by its file, or set HEADEND_STATE")
    async with opened(options, new_redactor(), of_another_engine=True) as (stack, state, session):
        home.raise_if_in_doubt(known := deployment.records())
        handover = home.handover(stack, options.file, len(known))
        found = await importing.hand_over(deployment, home, stack, state, session, handover)
        state.hand_over()
    echo_exact(json.dumps(found.document, indent=4) + "\n")
    echo(f"{stack.name}: {len(stack.resources)} objects are Pulumi's from now on", err=True)


@pulumi.command("export-state")
def export_state(
    file: File,
    stack: StackName = None,
    var: Var = None,
    pulumi_stack: PulumiStack = None,
    secrets_out: SecretsOut = None,
) -> None:
    """Makes headend's state of a deployment on standard input.

    pulumi stack export --show-secrets | headend pulumi export-state FILE

    No object is touched. Of secrets, state gets digests only.
    """
    asyncio.run(_export(Flags(file, stack, tuple(var or ())), pulumi_stack, secrets_out))


async def _export(options: Flags, name: str | None, secrets_out: Path | None) -> None:
    with _pulumi():
        from headend.pulumi import exporting, place

        deployment = _read()
        home = place.find_place(options.file, name)
        exporting.raise_if_not_whole(deployment, home)
        home.raise_if_in_doubt(deployment.records())
    redactor = new_redactor()
    with secrets_file(secrets_out, redactor) as sink:
        async with opened(options, redactor, need_secrets=False, of_another_engine=True) as (stack, state, session):
            taken = await exporting.take_over(deployment, state.digest, session)
            exporting.raise_if_others(state, taken, state_place(stack.name, False, options.file.parent))
            for address, given in taken.handed_out.items():
                for what, value in given.items():
                    if sink:
                        sink(address, what, value)
                    else:
                        echo(f"{address}: {what}, which was shown once, stays in Pulumi's state alone", err=True)
            if not exporting.is_as(state, taken):
                state.take_back(taken.records.values())
    echo(f"{stack.name}: {len(taken.records)} objects are headend's from now on")


@pulumi.command("take-back")
def take_back(file: File, stack: StackName = None, var: Var = None) -> None:
    """Lets headend act on a stack again that Pulumi never got, because the hand-over failed on its way."""
    asyncio.run(_take_back(Flags(file, stack, tuple(var or ()))))


async def _take_back(options: Flags) -> None:
    async with opened(options, new_redactor(), need_secrets=False, of_another_engine=True, only_look=True) as (
        stack,
        state,
        _,
    ):
        if not state.handed_over:
            raise InputError(f"{options.file}: the stack was not handed over")
        state.take_back()
    echo(f"{stack.name} is headend's again; `headend plan {options.file}` tells whether anything else changed it")


@contextlib.contextmanager
def _pulumi() -> Iterator[None]:
    """Raises InputError where Pulumi's SDK isn't installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pulumi":
            raise
        raise InputError("this needs Pulumi's SDK: `pip install 'headend[pulumi]'`") from None


def _read() -> Deployment:
    """The deployment on standard input."""
    from headend.pulumi import deployment

    if sys.stdin.isatty():
        raise InputError(f"a deployment is read from standard input; {deployment.EXPORT}: pipe it here")
    return deployment.read(sys.stdin.read())


def _raise_if_kept() -> None:
    """Raises GuardError where what is printed would stay: it may hold secrets in clear."""
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode
    except (OSError, ValueError):  # no file at all
        return
    if stat.S_ISREG(mode) or sys.stdout.isatty():
        raise GuardError("what is printed may hold secrets in clear: pipe it to `pulumi stack import`")
