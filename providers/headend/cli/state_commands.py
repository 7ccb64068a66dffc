"""state list, show, settle, forget and rekey: what headend's own file holds, and what of it only a person can know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from headend.cli.commands import Group, new_app
from headend.cli.echo import echo, echo_exact
from headend.cli.options import Simulated
from headend.cli.run import state_path
from headend.core.model.errors import InputError
from headend.core.reconcile.state import State, is_there, open_state

state = new_app(cls=Group, add_completion=False, help="What headend's own state file holds.")
StackName = Annotated[str, typer.Argument(help="Name of the stack.", show_default=False)]
Address = Annotated[str, typer.Argument(help="Address of the object.", show_default=False)]


@state.command("list")
def list_(stack: StackName, simulator: Simulated = False) -> None:
    """Every object in state: address, kind, remote id; then writes of which nobody knows whether they were done."""
    with _existing(stack, simulator) as state:
        for intent in state.intents().values():
            echo(f"{intent.address}  {intent.kind}  (a {intent.action} of unknown outcome)")
        for entry in state.records().values():
            echo(f"{entry.address}  {entry.kind}  {entry.id}{'  (incomplete)' if entry.incomplete else ''}")


@state.command()
def show(
    stack: StackName,
    address: Address,
    simulator: Simulated = False,
) -> None:
    """One object as state knows it; secrets are digests."""
    with _existing(stack, simulator) as state:
        entry = state.record(address)
    if entry is None:
        raise _unknown(stack, address)
    shown = {"id": entry.id, "kind": entry.kind, "spec": entry.values, "computed": entry.computed}
    echo_exact(
        json.dumps(shown | {"depends": entry.depends}, indent=1, default=lambda kept: {"$digest": kept.text}) + "\n"
    )


@state.command()
def settle(
    stack: StackName,
    address: Address,
    simulator: Simulated = False,
) -> None:
    """Forgets that a write's outcome is unknown, once you have looked: the next apply makes the object anew."""
    with _existing(stack, simulator) as state:
        if address not in state.intents():
            raise InputError(f"{address}: no write of unknown outcome; `headend state list {stack}` shows such writes")
        state.settle(address)


@state.command()
def forget(
    stack: StackName,
    address: Address,
    simulator: Simulated = False,
) -> None:
    """Drops an object, or the damaged row of one, from state. The object itself stays; `adopt` takes it over again."""
    with _existing(stack, simulator) as state:
        if not state.holds(address):
            raise _unknown(stack, address)
        state.drop(address)


@state.command()
def rekey(stack: StackName, simulator: Simulated = False) -> None:
    """Gives state another key for its digests of secrets: HEADEND_STATE_KEY, or a new one of headend's own.

    Nothing is forgotten if the old key is still there. If it is lost, the next apply writes secrets again that can't be
    read; those that only a replacement could change are taken to be as the stack has them.
    """
    with _existing(stack, simulator) as state:
        forgotten = state.rekey()
    echo(f"{stack} has another key" + (f"; secrets of {forgotten} objects are forgotten" if forgotten else ""))


@contextmanager
def _existing(stack: str, simulator: bool) -> Iterator[State]:
    path = state_path(stack, simulator)
    if not is_there(path):
        raise InputError(f"there is no state file {path}; HEADEND_STATE names another")
    with open_state(path, stack) as state:
        yield state


def _unknown(stack: str, address: str) -> InputError:
    return InputError(f"{address} is not in the state of {stack}; `headend state list {stack}` shows what is")
