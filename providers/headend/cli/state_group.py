"""What the state commands share: their group, their arguments, and the state that they open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from headend.cli.commands import Group, new_app
from headend.cli.run import lock_patience, state_place
from headend.core.model.errors import InputError
from headend.core.reconcile.state import State, is_there, open_state
from headend.core.reconcile.state.places import Place
from headend.core.stackfile import read_name

state = new_app(cls=Group, add_completion=False, help="What headend's own state file holds.")
StackName = Annotated[str, typer.Argument(help="Name of the stack, or its file.", show_default=False)]
YAML = {".yaml", ".yml"}
Address = Annotated[str, typer.Argument(help="Address of the object.", show_default=False)]


def name_of(stack: str) -> str:
    """The stack's name, which may be given by its file. Raises InputError."""
    if Path(stack).suffix not in YAML:
        return stack
    name = read_name(Path(stack), {})
    if name is None:
        raise InputError(f"{stack} is no stack file that can be read; `headend validate {stack}` says why")
    return name


@contextmanager
def existing(stack: str, simulator: bool) -> Iterator[State]:
    """The stack's state, held for this command alone."""
    place = place_of(stack, simulator)
    if not is_there(place):
        raise InputError(f"there is no state {place}; name the stack by its file, or set HEADEND_STATE")
    with open_state(place, name_of(stack), patience=lock_patience()) as found:
        yield found


def place_of(stack: str, simulator: bool) -> Place:
    """Where the state is of a stack that is given by its name, or its file."""
    file = Path(stack)
    return state_place(name_of(stack), simulator, file.parent if file.suffix in YAML else Path())


def unknown(stack: str, address: str) -> InputError:
    return InputError(f"{address} is not in the state of {stack}; `headend state list {stack}` shows what is")
