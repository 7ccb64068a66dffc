"""Moves between stacks that a stack file speaks of: looked at for a plan, carried out when it is applied."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from headend.cli.echo import echo
from headend.cli.faults import new_redactor
from headend.cli.loading import load_stack
from headend.cli.options import Flags
from headend.cli.run import heed_hand_over, state_place
from headend.cli.state_group import name_of
from headend.core.model.errors import InputError
from headend.core.model.moved import Moved
from headend.core.model.record import Digester, Record, recorded
from headend.core.model.stack import Stack
from headend.core.reconcile.between import Joined, coming, going
from headend.core.reconcile.state import Intent, State, is_there, open_state
from headend.core.reconcile.state.carry import carry, pack
from headend.core.reconcile.state.neighbours import stacks
from headend.core.reconcile.state.places import Place, StoreUrl


def joined(stack: Stack, state: State, simulator: bool) -> State | Joined:
    """The state with what is to come from other stacks. Holds their states for the moment that it takes."""
    if state.doubts is not None:  # nobody knows what other stacks have
        return state
    records: dict[str, Record] = {}
    intents: dict[str, Intent] = {}
    told: dict[str, str] = {}
    for name, given, path in _others(stack, simulator):
        lines = [one for one in given if one.old.stack]
        if lines and is_there(path):
            with open_state(path, name) as other:
                moves = coming(stack, lines, other.addresses())
                parcel = pack(other, state, moves, wanted_of(stack))
            records |= {record.address: record for record in parcel.records}
            intents |= {intent.address: intent for intent in parcel.intents}
            told |= {new: f"{old} of the stack {name}" for old, new in moves.items()}
    return Joined(state, records, intents, told) if told else state


def carry_over(stack: Stack, state: State, simulator: bool, planned: Collection[str]) -> None:
    """Carries out the moves between this stack and others, as far as they were planned. Raises StateInUse, before
    anything of one is written, where a run holds the other state, GuardError where Pulumi has it."""
    for name, lines, path in _others(stack, simulator) if state.doubts is None else ():
        away = {
            old: new
            for old, new in going([m for m in lines if m.new.stack], state.addresses()).items()
            if old in planned
        }
        here = [one for one in lines if one.old.stack]
        if not away and not (here and is_there(path)):
            continue
        with open_state(path, name) as other:
            heed_hand_over(other, name)
            moves = {old: new for old, new in coming(stack, here, other.addresses()).items() if new in planned}
            lost = carry(other, state, moves, wanted_of(stack)).forgotten
            file = next((one.new.stack for one in lines if one.new.stack and _is_file(one.new.stack)), None)
            lost += carry(state, other, away, wanted_of(_load(file) if away and file else None)).forgotten
        for address in lost:
            echo(f"{address}: what was applied of its secrets is forgotten; the next apply may write them again")


def wanted_of(stack: Stack | None) -> Any:
    """Gives what would be recorded of a resource of the stack, as far as its secrets are known."""

    def wanted(address: str, digest: Digester) -> Mapping[str, Any]:
        resource = stack.resources.get(address) if stack else None
        return recorded(resource.spec, resource.secret_fields, digest) if resource else {}

    return wanted


def other_place(stack: str, folder: Path, source: Place, simulator: bool) -> Place:
    """The state of another stack in the store where the source is. folder: where that stack's file is."""
    place = state_place(stack, simulator, folder)
    if place != source:
        return place
    if isinstance(source, StoreUrl):
        raise InputError(f"HEADEND_STATE is the address of one state, {source}; end it with a / to have many there")
    return next((one for name, one in stacks(source) if name == stack), source.with_name(f"{stack}{source.suffix}"))


def _others(stack: Stack, simulator: bool) -> Iterator[tuple[str, list[Moved], Place]]:
    """The other stacks that `moved:` names, with its lines of each, and the state of each."""
    found: dict[str, list[Moved]] = {}
    own = Path(stack.file).parent
    folders: dict[str, Path] = {}
    for one in stack.moved:
        if other := one.old.stack or one.new.stack:
            found.setdefault(name_of(other), []).append(one)
            folders[name_of(other)] = Path(other).parent if _is_file(other) else own
    source = state_place(stack.name, simulator, own)
    for name, lines in found.items():
        if name != stack.name:
            yield name, lines, other_place(name, folders[name], source, simulator)


def _is_file(stack: str) -> bool:
    return Path(stack).suffix in {".yaml", ".yml"}


def _load(file: str) -> Stack:
    return load_stack(Flags(Path(file)), new_redactor(), need_secrets=False)
