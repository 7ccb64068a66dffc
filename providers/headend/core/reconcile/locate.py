"""Which live objects a stack's resources are: by the state, else by what a person would find them by. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headend.core.model.fields import Spec
from headend.core.model.kind import Can, Kind
from headend.core.model.lookup import find
from headend.core.model.observed import Observed
from headend.core.model.references import Query, Reference, pending
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.arrange import moves, order, targeted
from headend.core.reconcile.specs import is_resolved, looked_up, made_by, queries, readable, resolve, settled
from headend.core.reconcile.state import Entry


@dataclass(frozen=True)
class Place:
    """A resource's live object. spec: what it is read by. id: None where there is none. seen: as it was read, None
    where it is gone, or never can be read. doubt: why nobody can say which one it is, "" where that is known."""

    kind: Kind[Any, Any]
    spec: Spec
    id: str | None
    seen: Observed | None
    doubt: str = ""


@dataclass
class Locator:
    """Finds the objects of one stack; those that others refer to must be asked for first. entries: what state holds."""

    stack: Stack
    entries: Mapping[str, Entry]
    apis: Callable[[str], Awaitable[Any]]
    ids: dict[str, str] = field(default_factory=dict)
    addresses: dict[tuple[str, str], str] = field(default_factory=dict)  # (kind, id) -> address
    taken: set[str] = field(default_factory=set)  # what lookups have used up
    doubtful: set[str] = field(default_factory=set)  # addresses of what could not be told, or read

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
        self.doubtful.add(resource.address)
        place = await self._place(resource)
        if not place.doubt:
            self.doubtful.discard(resource.address)
        return place

    async def _place(self, resource: Resource) -> Place:
        kind, entry = resource.kind, self.entries.get(resource.address)
        spec = resolve(settled(resource.spec, resource.defaulted, entry.spec if entry else None), self.ids)
        if entry:
            spec, ids = readable(kind, spec, entry), [entry.id]
        else:
            found = await self._alike(resource, spec)
            if isinstance(found, str):
                return Place(kind, spec, None, None, found)
            ids = found
        if len(ids) != 1:
            doubt = f"several may be meant: {', '.join(ids)}" if ids else ""
            return Place(kind, spec, None, None, doubt)
        seen = await kind.observe(await self.apis(kind.platform), ids[0], spec) if Can.OBSERVE in kind.can else None
        if seen is not None:
            self._note(resource.address, kind.name, seen.id, seen.computed)
        return Place(kind, spec, ids[0], seen)

    async def _alike(self, resource: Resource, spec: Spec) -> list[str] | str:
        """Ids of what a resource that state doesn't know may be: the one it names, or those with its natural key.
        Text: why that can't be told."""
        kind = resource.kind
        known = resource.lifecycle.adopt_id or (kind.identity(spec) if is_resolved(spec) else None)
        if known is not None:
            return [known]
        if any(isinstance(one, Query) for one in pending(kind.natural_key(spec))):
            spec = await self._looked_up(resource, spec)
        key = kind.natural_key(spec)
        if key is None and not self.entries:
            return "it can only be told by the state, which is not there"
        if query := next((one for one in pending(key) if isinstance(one, Query)), None):
            return f"there is not exactly one {query}"
        where = getattr(spec, kind.parent_field) if kind.parent_field else None
        missing = [one.address for one in pending((key, where)) if isinstance(one, Reference)]
        if doubtful := next((address for address in missing if address in self.doubtful), None):
            return f"it hangs on {doubtful}, which can't be told"
        if Can.OBSERVE not in kind.can or key is None or missing:
            return []
        taken = {entry.id for entry in self.entries.values() if entry.kind == kind.name}
        return [o.id for o in await kind.find(await self.apis(kind.platform), spec) if o.id not in taken]

    async def _looked_up(self, resource: Resource, spec: Spec) -> Spec:
        """The spec with what its lookups find."""
        found = {}
        for name, query in queries(spec).items():
            id = await find(await self.apis(query.lookup.partition(".")[0]), query, self.taken)
            if isinstance(id, str):
                found[f"{resource.address}.{name}"] = id
        return looked_up(spec, resource.address, found)

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
