"""Which live objects a stack's resources are: by the state, else by what a person would find them by. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headend.core.arrange import moves, order, targeted
from headend.core.desired import Resource, Stack
from headend.core.kind import Can, Kind, Observed, Spec
from headend.core.pending import pending
from headend.core.specs import is_resolved, made_by, readable, resolve, settled
from headend.core.state import Entry


@dataclass(frozen=True)
class Place:
    """A resource's live object. spec: what it is read by. id: None where there is none. seen: as it was read, None
    where it is gone, or never can be read. several: ids of all that may be meant, where that is more than one."""

    kind: Kind[Any, Any]
    spec: Spec
    id: str | None
    seen: Observed | None
    several: tuple[str, ...] = ()


@dataclass
class Locator:
    """Finds the objects of one stack; those that others refer to must be asked for first. entries: what state holds."""

    stack: Stack
    entries: Mapping[str, Entry]
    apis: Callable[[str], Awaitable[Any]]
    ids: dict[str, str] = field(default_factory=dict)
    addresses: dict[tuple[str, str], str] = field(default_factory=dict)  # (kind, id) -> address

    def __post_init__(self) -> None:
        moved = moves(self.stack, self.entries)
        kept = {a: e for a, e in self.entries.items() if a not in moved.values()}
        self.entries = kept | {new: replace(self.entries[old], address=new) for new, old in moved.items()}
        for address, entry in self.entries.items():
            self._note(address, entry.kind, entry.id, entry.computed)

    def _note(self, address: str, kind: str, id: str, computed: Mapping[str, Any]) -> None:
        self.addresses[kind, id] = address
        self.ids |= {address: id, **made_by(address, computed)}

    async def place(self, resource: Resource) -> Place:
        """Where it is. Raises ApiError where that can't be read."""
        kind, entry = resource.kind, self.entries.get(resource.address)
        spec = resolve(settled(resource.spec, resource.defaulted, entry.spec if entry else None), self.ids)
        if entry:
            spec, ids = readable(kind, spec, entry), [entry.id]
        else:
            ids = await self._alike(resource, spec)
        if len(ids) != 1:
            return Place(kind, spec, None, None, tuple(ids))
        seen = await kind.observe(await self.apis(kind.platform), ids[0], spec) if Can.OBSERVE in kind.can else None
        if seen is not None:
            self._note(resource.address, kind.name, seen.id, seen.computed)
        return Place(kind, spec, ids[0], seen)

    async def _alike(self, resource: Resource, spec: Spec) -> list[str]:
        """Ids of what a resource that state doesn't know may be: the one it names, or those with its natural key."""
        kind = resource.kind
        known = resource.lifecycle.adopt_id or (kind.identity(spec) if is_resolved(spec) else None)
        if known is not None:
            return [known]
        key = kind.natural_key(spec)
        where = getattr(spec, kind.parent_field) if kind.parent_field else None
        if Can.OBSERVE not in kind.can or key is None or _waits(key) or _waits(where):
            return []
        taken = {entry.id for entry in self.entries.values() if entry.kind == kind.name}
        return [o.id for o in await kind.find(await self.apis(kind.platform), spec) if o.id not in taken]

    def holder(self, kind: Kind[Any, Any], spec: Spec) -> tuple[str | None, str | None]:
        """(address, id) of the object that this one lives in; None for what isn't known, or isn't there."""
        value = getattr(spec, kind.parent_field, None) if kind.parent_field else None
        if isinstance(value, str):
            return self.addresses.get((str(kind.parent), value)), value
        return getattr(value, "address", None), None

    def removed(self, targets: Collection[str] = ()) -> list[Entry]:
        """What state holds, and the stack no longer names."""
        gone = [entry for address, entry in self.entries.items() if address not in self.stack.resources]
        return [e for e in gone if not targets or any(f"{e.address}.".startswith((f"{t}.", f"{t}/")) for t in targets)]


def _waits(value: Any) -> bool:
    return any(True for _ in pending(value))


async def locate(
    stack: Stack, entries: Mapping[str, Entry], apis: Callable[[str], Awaitable[Any]], wanted: Collection[str]
) -> dict[str, Place]:
    """address -> where it is, of those addresses, which the stack must have. Raises ApiError."""
    locator, resources = Locator(stack, entries, apis), targeted(stack, wanted)
    found: dict[str, Place] = {}
    for wave in order(resources):
        done = await asyncio.gather(*(locator.place(resources[address]) for address in wave))
        found |= dict(zip(wave, done, strict=True))
    return {address: found[address] for address in wanted}
