"""state list, show, settle, rm and rekey: what headend's own file holds, and what of it only a person can know."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from headend.cli import state_copies, state_moves, state_stores
from headend.cli.echo import echo, echo_exact
from headend.cli.options import Simulated
from headend.cli.state_group import Address, StackName, existing, state, unknown
from headend.core.model.errors import InputError

__all__ = ["state", "state_copies", "state_moves", "state_stores"]


@state.command("list")
def list_(stack: StackName, simulator: Simulated = False) -> None:
    """Every object in state: address, kind, remote id; then writes of which nobody knows whether they were done."""
    with existing(stack, simulator) as state:
        for intent in state.intents().values():
            echo(f"{intent.address}  {intent.kind}  (a {intent.action} of unknown outcome)")
        for entry in state.records().values():
            echo(f"{entry.address}  {entry.kind}  {entry.id}{'  (incomplete)' if entry.incomplete else ''}")


@state.command()
def show(stack: StackName, address: Address, simulator: Simulated = False) -> None:
    """One object as state knows it; secrets are digests."""
    with existing(stack, simulator) as state:
        entry = state.record(address)
    if entry is None:
        raise unknown(stack, address)
    shown = {"id": entry.id, "kind": entry.kind, "spec": entry.values, "computed": entry.computed}
    echo_exact(
        json.dumps(shown | {"depends": entry.depends}, indent=1, default=lambda kept: {"$digest": kept.text}) + "\n"
    )


@state.command()
def settle(stack: StackName, address: Address, simulator: Simulated = False) -> None:
    """Drops a write's unknown outcome, once you have looked: the next apply makes the object anew."""
    with existing(stack, simulator) as state:
        if address not in state.intents():
            raise InputError(f"{address}: no write of unknown outcome; `headend state list {stack}` shows such writes")
        state.settle(address)
    echo(f"{address}: settled; the next apply makes it, if it isn't there")


@state.command()
def rm(
    stack: StackName,
    addresses: Annotated[
        list[str], typer.Argument(metavar="ADDRESS...", help="Addresses of objects.", show_default=False)
    ],
    simulator: Simulated = False,
) -> None:
    """Drops objects, or the damaged rows of some, from state, with what is nested in them. The objects themselves stay;
    `adopt` takes them over again."""
    with existing(stack, simulator) as state:
        known = state.addresses()
        for address in addresses:
            if address not in known and not any(one.startswith((f"{address}.", f"{address}[")) for one in known):
                raise unknown(stack, address)
        for address in addresses:
            for one in state.drop_nested(address):
                echo(f"{one}: dropped from state; the object stays")


@state.command()
def rekey(stack: StackName, simulator: Simulated = False) -> None:
    """Gives state another key for its digests of secrets: HEADEND_STATE_KEY, or a new one of headend's own.

    Nothing is forgotten if the old key is still there. If it is lost, the next apply writes secrets again that can't be
    read; those that only a replacement could change are taken to be as the stack has them.
    """
    with existing(stack, simulator) as state:
        forgotten = state.rekey()
    echo(f"{stack} has another key" + (f"; secrets of {forgotten} objects are forgotten" if forgotten else ""))
