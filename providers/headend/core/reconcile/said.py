"""What `moved:` and `removed:` of a stack make of what state holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from headend.core.model.moved import goes_to, now_at, said_of
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile.refusal import Guard, Refusal

T = TypeVar("T")


def moves_said(stack: Stack, addresses: Iterable[str]) -> dict[str, str]:
    """{old address: new address}, of those that `moved:` speaks of; what stands in the stack stays where it is."""
    if not stack.moved:
        return {}
    left = (address for address in addresses if address not in stack.resources)
    return {old: new for old in left if (new := now_at(old, stack.moved)) in stack.resources}


def stays_behind(stack: Stack, address: str) -> Refusal | None:
    """Why an object is not deleted that is to have another address by now, where another object is."""
    for new in moves_said(stack, [address]).values():
        why = f"`moved` says that it is {new} by now, which another object is"
        return Refusal(Guard.EXISTS, why, "to delete it, take that line out")
    return None


def intents_as_said(stack: Stack, intents: Mapping[str, T]) -> dict[str, T]:
    """Writes of unknown outcome, by the addresses that the stack has by now."""
    moved = moves_said(stack, intents)
    return {moved.get(address, address): intent for address, intent in intents.items()}


def records_as_said(stack: Stack, records: Mapping[str, Record]) -> dict[str, Record]:
    """The records, of which those that left the stack are kept or deleted as `removed:` says; what went to another
    stack is kept."""
    if not stack.removed and not stack.moved:
        return dict(records)
    left = [address for address in records if address not in stack.resources]
    keeps = {address: said.forget for address in left if (said := said_of(address, stack.removed))}
    keeps |= dict.fromkeys((address for address in left if goes_to(address, stack.moved)), True)
    return {a: replace(r, retain=keeps[a]) if a in keeps else r for a, r in records.items()}
