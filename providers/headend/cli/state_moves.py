"""state mv: an object gets another address, or passes to another stack's state."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from headend.cli.between import other_place, wanted_of
from headend.cli.echo import echo
from headend.cli.faults import new_redactor
from headend.cli.loading import load_stack
from headend.cli.options import Flags, Simulated
from headend.cli.run import heed_hand_over, lock_patience
from headend.cli.state_group import Address, StackName, existing, name_of, place_of, state, unknown
from headend.core.model.address import is_key
from headend.core.model.errors import InputError
from headend.core.model.moved import keys, shape
from headend.core.reconcile.state import is_there, open_state
from headend.core.reconcile.state.carry import carry
from headend.core.reconcile.state.nested import nested, renamed


@state.command()
def mv(
    stack: StackName,
    old: Address,
    new: Annotated[str | None, typer.Argument(help="Its new address; by default it keeps the old one.")] = None,
    to_stack: Annotated[
        Path | None, typer.Option("--to-stack", metavar="FILE", help="The file of the stack whose state gets it.")
    ] = None,
    simulator: Simulated = False,
) -> None:
    """Gives an object, with all that is nested in it, another address, in this state or in another stack's. Nothing is
    sent to a platform. Say the same in the stack files, before the next plan."""
    new = new or old
    if new == old and not to_stack:
        raise InputError("say its new address, or --to-stack")
    if shape(new) != shape(old):
        raise InputError(f"{new} is an address of other objects than {old}: platform and collections must be the same")
    if not all(map(is_key, keys(new))):
        raise InputError(f"{new} is no address that a stack can have")
    if to_stack:
        _carry(stack, to_stack, old, new, simulator)
        return
    with existing(stack, simulator) as state:
        moves = renamed(state.addresses(), old, new)
        if not moves:
            raise unknown(stack, old)
        if taken := [one for one in nested(state.addresses(), new) if one not in moves]:
            raise InputError(f"{taken[0]} is in the state of {stack} already")
        state.move_all(moves)
    for before, after in moves.items():
        echo(f"{before}: is {after} now")


def _carry(stack: str, file: Path, old: str, new: str, simulator: bool) -> None:
    name, wanted = name_of(stack), load_stack(Flags(file), new_redactor(), need_secrets=False)
    if wanted.name == name:
        raise InputError(f"{file} is the stack {name} itself; leave out --to-stack")
    source = place_of(stack, simulator)
    paths = source, other_place(wanted.name, file.parent, source, simulator)
    if not is_there(paths[0]):
        raise InputError(f"there is no state {paths[0]}; name the stack by its file, or set HEADEND_STATE")
    names = dict(zip(paths, (name, wanted.name), strict=True))
    with contextlib.ExitStack() as held:  # in an order that is always the same: two of these never wait for each other
        states = {
            path: held.enter_context(open_state(path, names[path], patience=lock_patience()))
            for path in sorted(paths, key=str)
        }
        giver, taker = (states[path] for path in paths)
        for one, where in ((giver, stack), (taker, file)):
            heed_hand_over(one, where)
        moves = renamed(giver.addresses(), old, new)
        if not moves:
            raise unknown(stack, old)
        carried = carry(giver, taker, moves, wanted_of(wanted))
    for before, after in moves.items():
        echo(f"{before}: is {after} of the stack {wanted.name} now")
    for address in carried.forgotten:
        echo(f"{address}: what was applied of its secrets is forgotten; the next apply may write them again")
    for address in moves.values():
        if "/" not in address and address not in wanted.resources:
            echo(f"{address}: {file} doesn't have it; write it there, or its next apply deletes the object")
