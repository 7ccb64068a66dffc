"""Entries that pass from one state to another: written there first, then removed here.

A run that is killed between the two leaves an object that two states have. Nobody deletes such an object
(`headend.core.reconcile.ours`), and the same command again finishes the move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from headend.core.model.errors import InputError
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.record import NO_DIGEST, Digest, Digester, Record
from headend.core.reconcile.state.rows import Intent
from headend.core.reconcile.state.store import State

Wanted = Callable[[str, Digester], Mapping[str, Any]]
"""What would be recorded of the resource at an address of the other stack, as far as its secrets are known."""


@frozen_dataclass
class Carried:
    """moved: {address here: address there}. forgotten: those of which secrets are forgotten."""

    moved: Mapping[str, str]
    forgotten: tuple[str, ...] = ()


@frozen_dataclass
class Parcel:
    """What passes on, as the other state will hold it."""

    records: tuple[Record, ...]
    intents: tuple[Intent, ...]


def pack(source: State, target: State, moves: Mapping[str, str], wanted: Wanted) -> Parcel:
    """Entries and intents, {address here: address there}, as they will be there; without those that a killed run has
    brought there already. Writes nothing. Raises InputError where another object is there."""
    if not moves:
        return Parcel((), ())
    records, intents, there = source.records(), source.intents(), target.records()
    for old, new in moves.items():
        held = there.get(new)
        if (held and (old not in records or held.id != records[old].id)) or (not held and new in target.intents()):
            raise InputError(f"the state that it is to go to has {new} already")
    found = [records[old] for old, new in moves.items() if old in records and new not in there]
    secret = any(isinstance(kept, Digest) for record in found for kept in record.values.values())
    same = not secret or source.key_ids() == target.key_ids()
    carried = tuple(_carried(record, moves, there, same, wanted, (source, target)) for record in found)
    return Parcel(carried, tuple(replace(intents[old], address=new) for old, new in moves.items() if old in intents))


def carry(source: State, target: State, moves: Mapping[str, str], wanted: Wanted) -> Carried:
    """Moves entries and intents. Raises as `pack` does."""
    if not moves:
        return Carried(moves)
    parcel = pack(source, target, moves, wanted)
    target.take(parcel.records, parcel.intents)
    source.give_up(moves)
    lost = (r.address for r in parcel.records if any(kept == NO_DIGEST for kept in r.values.values()))
    return Carried(moves, tuple(lost))


def _carried(
    record: Record,
    moves: Mapping[str, str],
    there: Mapping[str, Record],
    same: bool,
    wanted: Wanted,
    states: tuple[State, State],
) -> Record:
    """The record as the other state holds it, with the digests of that state."""
    new, values = moves[record.address], dict(record.values)
    if not same:
        ours, theirs = (wanted(new, state.digest) for state in states)
        for name, kept in values.items():
            if isinstance(kept, Digest):
                text = NO_DIGEST.text
                if isinstance(known := ours.get(name), Digest) and known != NO_DIGEST and kept != NO_DIGEST:
                    text = theirs[name].text if known == kept else "(another one)"  # equals none
                values[name] = replace(kept, text=text)
    depends = tuple(moves.get(name, name) for name in record.depends if name in moves or name in there)
    return replace(record, address=new, values=values, depends=depends)
