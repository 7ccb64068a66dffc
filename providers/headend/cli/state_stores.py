"""state init, lock, unlock and migrate: states that a team shares."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Annotated

import typer

from headend.cli.echo import echo, echo_exact
from headend.cli.options import Simulated
from headend.cli.run import lock_patience
from headend.cli.state_group import StackName, existing, name_of, place_of, state
from headend.core.model.errors import InputError, StateInUse
from headend.core.reconcile.state import is_there, open_state
from headend.core.reconcile.state.holders import Holder
from headend.core.reconcile.state.key import VARIABLE, environment_key, key_id
from headend.core.reconcile.state.places import DATABASES, StoreUrl
from headend.core.reconcile.state.places import place_of as read_place
from headend.core.reconcile.state.remote import connect


@state.command()
def init(
    url: Annotated[str, typer.Argument(help="Of the store, as HEADEND_STATE has it.", show_default=False)],
) -> None:
    """Prints what has to be done once for a store: the SQL for a database, with the least that a run needs."""
    place = read_place(url, "STACK")
    if not isinstance(place, StoreUrl):
        echo(f"{place}: nothing has to be done for files")
    elif place.scheme in DATABASES:
        from headend.core.reconcile.state.sql import SQL

        echo_exact(SQL)
    else:
        echo(f"{place}: the bucket must be there. A run reads, lists, writes and deletes objects below that place,")
        echo("and the store must honour conditional writes (If-None-Match, If-Match), as S3, GCS and Azure do.")


@state.command()
def lock(
    stack: StackName,
    reason: Annotated[str, typer.Option("--reason", help="What for: whoever is refused reads it.")] = "",
    simulator: Simulated = False,
) -> None:
    """Refuses every run that would write, until `state unlock`. Plans, drift and status go on."""
    with existing(stack, simulator) as state:
        holder, now = Holder(), datetime.now(UTC).isoformat(timespec="seconds")
        state.lock(f"{holder.user} on {holder.host} at {now}{f': {reason}' if reason else ''}")
    echo(f"{stack} is locked: nothing writes until `headend state unlock {stack}`")


@state.command()
def unlock(
    stack: StackName,
    force: Annotated[
        bool, typer.Option("--force", help="Take it from a run, too. For who knows that the run is no more.")
    ] = False,
    simulator: Simulated = False,
) -> None:
    """Ends what `state lock` began."""
    place = place_of(stack, simulator)
    if force and isinstance(place, StoreUrl):
        with contextlib.closing(connect(place)) as store:
            if who := store.release():
                echo(f"taken from its run: {who}")
    if not is_there(place):
        raise InputError(f"there is no state {place}; name the stack by its file, or set HEADEND_STATE")
    with open_state(place, name_of(stack), patience=lock_patience(), heed_lock=False) as state:
        by = state.locked_by
        state.lock(None)
    echo(f"{stack} is unlocked; it was locked by {by}" if by else f"{stack} was not locked")


@state.command()
def migrate(
    stack: StackName,
    source: Annotated[str, typer.Argument(metavar="FROM", help="A file, or a store's address.", show_default=False)],
    target: Annotated[str, typer.Argument(metavar="TO", help="The same.", show_default=False)],
) -> None:
    """Copies the stack's state from one store to another, where none may be yet. The old one is locked from then on. If
    it is killed, the same command again finishes it."""
    name = name_of(stack)
    places = read_place(source, name), read_place(target, name)
    if not is_there(places[0]):
        raise InputError(f"there is no state {places[0]}")
    moved, patience = f"{name} is in {places[1]} by now", lock_patience()
    with contextlib.ExitStack() as opened:
        old = opened.enter_context(open_state(places[0], name, patience=patience, heed_lock=False))
        if (by := old.locked_by) and not by.endswith(moved):
            raise StateInUse(f"{places[0]} was locked by {by}; `headend state unlock STACK` ends that")
        key = environment_key()
        if key is None or key_id(key) not in old.key_ids():
            raise InputError(f"what {places[0]} keeps of secrets is made with its key: set {VARIABLE} to that one")
        new = opened.enter_context(open_state(places[1], name, patience=patience))
        brought = new.id == old.id  # by one that was killed, or has done it
        if new.addresses() and not (brought and by):
            raise InputError(f"there is a state {places[1]} already")
        old.lock(f"{Holder().user}: {moved}")  # first: whatever ends this, nobody goes on with the old one
        if not (brought and by):
            new.push(old.pull(), force=True)
        new.need_key()
        echo(f"{moved}: {new.size()} objects; {places[0]} is locked")
