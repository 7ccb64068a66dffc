"""state backup, restore, pull and push: all of a state, kept elsewhere and put back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from headend.cli.echo import echo, echo_exact
from headend.cli.options import Simulated
from headend.cli.run import lock_patience
from headend.cli.state_group import StackName, existing, name_of, place_of, state
from headend.core.model.errors import InputError
from headend.core.reconcile.state import State, is_there, open_state


@state.command()
def backup(
    stack: StackName,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to, instead of a name beside the state that tells when.")
    ] = None,
    simulator: Simulated = False,
) -> None:
    """Copies the whole state into a new file, and overwrites none. The key of its digests isn't in it."""
    with existing(stack, simulator) as state:
        echo(f"{state.back_up(out)}: {_told(state)}")


@state.command()
def restore(
    stack: StackName,
    file: Annotated[Path, typer.Argument(help="A file that `state backup` made.", show_default=False)],
    simulator: Simulated = False,
) -> None:
    """Puts a copy of the stack's state in the place of what is there, of which it makes a copy first."""
    name = name_of(stack)
    path = place_of(stack, simulator)
    there = is_there(path)
    with open_state(path, name, patience=lock_patience()) as state:
        kept = state.back_up() if there else None
        state.restore(file, name)
        echo(f"{path}: {_told(state)}, as in {file}" + (f"; what was there is in {kept}" if kept else ""))


@state.command()
def pull(stack: StackName, simulator: Simulated = False) -> None:
    """Prints the state as one JSON document. Secrets are digests, and sealed where deletion needs them."""
    with existing(stack, simulator) as state:
        echo_exact(state.pull().model_dump_json(indent=1, exclude_defaults=True) + "\n")


@state.command()
def push(
    stack: StackName,
    file: Annotated[Path, typer.Argument(help="What `state pull` printed; - reads it from stdin.", show_default=False)],
    force: Annotated[
        bool, typer.Option("--force", help="Also what is of another stack or lineage, or older than the state.")
    ] = False,
    simulator: Simulated = False,
) -> None:
    """Makes the state what a document of `state pull` says. What was there is kept in a copy."""
    from headend.core.reconcile.state.document import parse  # its models are built only where they are wanted

    name = name_of(stack)
    document = parse(_read(file))
    path = place_of(stack, simulator)
    there = is_there(path)
    if not there and document.stack != name and not force:
        raise InputError(f"it is a state of the stack {document.stack}, not of {name}; --force writes it all the same")
    with open_state(path, name, patience=lock_patience()) as state:
        kept = state.back_up() if there else None
        state.push(document, force=force)
        echo(f"{path}: {_told(state)}" + (f"; what was there is in {kept}" if kept else ""))


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} can't be read: {getattr(error, 'strerror', None) or error}") from None


def _told(state: State) -> str:
    count = state.size()
    return f"{count} object{'' if count == 1 else 's'}, serial {state.serial}"
