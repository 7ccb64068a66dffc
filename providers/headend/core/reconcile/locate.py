"""Finds the live object of each resource: by state, else by natural key. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from headend.core.model.fields import Spec
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Observed
from headend.core.model.record import NO_DIGEST, Digest, Record
from headend.core.model.references import Query, Reference, pending
from headend.core.model.secrets import SecretNeeded
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.moves import find_moves, follow
from headend.core.reconcile.order import targeted, wave_by_wave
from headend.core.reconcile.reader import Apis, Reader
from headend.core.reconcile.resolve import spec_to_read_by
from headend.core.reconcile.situation import Situation


@frozen_dataclass
class Place:
    """A resource's live object. spec: what it is read with. id: None if there is none. seen: the object as read,
    None if it is gone or can't be read. doubt: why the object can't be identified, "" if it can."""

    kind: Kind[Any, Any]
    spec: Spec
    id: str | None
    seen: Observed | None
    doubt: str = ""


def no_digest(value: Any) -> Digest:
    """A digest for readers without the state's key: it matches no secret."""
    return NO_DIGEST


class Locator:
    """Finds the objects of one stack, `wave_by_wave`. records: what state holds, by the addresses that the stack has by
    now."""

    def __init__(self, stack: Stack, records: Mapping[str, Record], apis: Apis) -> None:
        self.stack = stack
        self.records = records
        self.reader = Reader(stack, self.records, apis, no_digest, looking=True)
        self.addresses = {(r.kind, r.id): address for address, r in records.items()}  # (kind, id) -> address
        self.doubtful: set[str] = set()  # addresses that could not be identified or read

    async def place(self, resource: Resource) -> Place:
        """The resource's live object. Raises ApiError if it can't be read."""
        self.doubtful.add(resource.address)
        try:
            situation = await self.reader.resource(resource)
        except SecretNeeded as error:
            return Place(resource.kind, resource.spec, None, None, error.problems[0].text)
        assert situation.want is not None
        if doubt := self._doubt(resource, situation):
            return Place(resource.kind, situation.want, None, None, doubt)
        self.doubtful.discard(resource.address)
        spec = situation.want
        if situation.last:
            spec = spec_to_read_by(resource.kind, spec, situation.last)
        id = situation.last.id if situation.last else situation.named
        seen = situation.live or next((o for o in situation.alike if o.id not in situation.ours), None)
        if seen is not None:
            self.addresses[resource.kind.name, seen.id] = resource.address
            self.reader.note(resource.address, seen.id, seen.computed)
        elif not situation.last:
            self.reader.forget(resource.address)
        known = seen if Can.OBSERVE in resource.kind.can else None
        return Place(resource.kind, spec, seen.id if seen else id, known)

    def _doubt(self, resource: Resource, situation: Situation) -> str:
        """Why the object can't be identified; "" if it is identified, or proven absent."""
        kind, want = resource.kind, situation.want
        if situation.last or situation.named or want is None:
            return ""
        key = kind.natural_key(want)
        told = key is not None or (situation.resolved and kind.identity(want) is not None)
        if not told and not self.records:
            return "it can only be told by the state, which is not there"
        if query := next((one for one in pending(key) if isinstance(one, Query)), None):
            return f"there is not exactly one {query}"
        where = getattr(want, kind.parent_field) if kind.parent_field else None
        missing = [one.address for one in pending((key, where)) if isinstance(one, Reference)]
        if doubtful := next((address for address in missing if address in self.doubtful), None):
            return f"it hangs on {doubtful}, which can't be told"
        free = [o.id for o in situation.alike if o.id not in situation.ours]
        return f"several may be meant: {', '.join(free)}" if len(free) > 1 else ""

    def holder(self, kind: Kind[Any, Any], spec: Spec) -> tuple[str | None, str | None]:
        """(address, id) of the object that this one lives in; None for each part that is unknown."""
        value = getattr(spec, kind.parent_field, None) if kind.parent_field else None
        if isinstance(value, str):
            return self.addresses.get((str(kind.parent), value)), value
        return getattr(value, "address", None), None

    def removed(self, targets: Collection[str] = ()) -> list[Record]:
        """Records of what the stack no longer names."""
        gone = [record for address, record in self.records.items() if address not in self.stack.resources]
        return [r for r in gone if not targets or any(f"{r.address}.".startswith((f"{t}.", f"{t}/")) for t in targets)]


async def locator_of(stack: Stack, records: Mapping[str, Record], apis: Apis) -> Locator:
    """A locator that follows what has another key in the stack by now."""
    return Locator(stack, follow(records, await find_moves(stack, records, no_digest, apis)), apis)


async def locate(stack: Stack, records: Mapping[str, Record], apis: Apis, wanted: Collection[str]) -> dict[str, Place]:
    """address -> its live object, for addresses of the stack. Raises ApiError."""
    locator, resources = await locator_of(stack, records, apis), targeted(stack, wanted)
    found = await wave_by_wave(resources, locator.place, locator.reader.turns)
    return {address: found[address] for address in wanted}
