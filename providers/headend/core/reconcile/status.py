"""What the objects of a stack do now, for the person on call. Reads the live platforms, writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from headend.core.model.capabilities import OnAir, why_unreadable
from headend.core.model.errors import ApiError, Forbidden, Unreachable
from headend.core.model.fields import Spec
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Airtime, Status
from headend.core.model.record import Record
from headend.core.model.stack import Lifecycle, Resource, Stack
from headend.core.model.tally import Tally
from headend.core.reconcile.doing import status_of
from headend.core.reconcile.locate import Locator, Place, locator_of
from headend.core.reconcile.on_air import Clock, clock
from headend.core.reconcile.order import targeted, wave_by_wave
from headend.core.reconcile.plan import Cut
from headend.core.reconcile.together import together
from headend.core.wire import registry

T = TypeVar("T")
FORMAT = "headend.status/1"
MISSING, UNREADABLE, UNVERIFIABLE = "missing", "unreadable", "unverifiable"


@frozen_dataclass
class Sight:
    """One object. group: the heading it is shown under: what it lives in, else its platform.
    on_air: what goes out through it now. coming: what goes out next."""

    address: str
    kind: str
    group: str
    id: str | None
    status: Status
    on_air: tuple[Cut, ...] = ()
    coming: Cut | None = None

    def document(self) -> dict[str, Any]:
        """As JSON. All keys are always present."""
        on_air = {"on_air": [cut.document() for cut in self.on_air]}
        coming = self.coming.document() if self.coming else None
        head = {"address": self.address, "kind": self.kind, "id": self.id}
        return head | self.status.document() | on_air | {"next": coming}


@frozen_dataclass
class Look:
    """All objects of a stack as they were at that time."""

    stack: str
    time: datetime
    sights: tuple[Sight, ...]

    @property
    def wrong(self) -> int:
        """How many objects don't do what the stack wants, or can't be read."""
        return sum(sight.status.wrong for sight in self.sights)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        head = {"format": FORMAT, "stack": self.stack, "time": self.time.isoformat(timespec="seconds")}
        return head | {"wrong": self.wrong, "objects": [sight.document() for sight in self.sights]}


async def look(
    stack: Stack,
    records: Mapping[str, Record],
    apis: Callable[[str], Awaitable[Any]],
    *,
    targets: Collection[str] = (),
    now: Clock = clock,
    tally: Tally | None = None,
) -> Look:
    """Looks at every object. An object that can't be read says so; raises ApiError only if nothing can be read.

    records: what state holds; without them objects are found by natural key. Raises InputError if no target matches.
    tally: of the objects.
    """
    looker = _Looker(stack, await locator_of(stack, records, apis), apis, now(), tally or Tally())
    resources, gone = targeted(stack, targets), looker.locator.removed(targets)
    looker.tally.total = len(resources) + len(gone)
    sights, removed = await asyncio.gather(
        wave_by_wave(resources, looker.resource, looker.locator.reader.turns),
        together(looker.removed(record) for record in gone),
    )
    found = (*(sights[a] for a in stack.resources if a in sights), *removed)
    unasked = {*looker.dead, *(s.kind.partition(".")[0] for s in found if s.status.word == UNVERIFIABLE)}
    if looker.dead and unasked >= {sight.kind.partition(".")[0] for sight in found}:
        raise next(iter(looker.dead.values()))
    named = {(s.kind, s.id): s.address for s in found if s.id is not None}
    return Look(stack.name, looker.time, tuple(_named(sight, named) for sight in found))


@dataclass
class _Looker:
    """One look. dead: platform -> why it is asked no more."""

    stack: Stack
    locator: Locator
    apis: Callable[[str], Awaitable[Any]]
    time: datetime
    tally: Tally
    dead: dict[str, ApiError] = field(default_factory=dict)

    async def resource(self, resource: Resource) -> Sight:
        place = await self._read(resource.kind, lambda: self.locator.place(resource))
        if isinstance(place, Status):
            return self._sight(resource.address, resource.kind, resource.spec, None, place)
        if place.doubt:
            return self._sight(resource.address, resource.kind, place.spec, None, Status("unknown", place.doubt))
        sight = await self._seen(resource.address, place)
        record = self.locator.records.get(resource.address)
        return _also(sight, "not made to its end: apply goes on") if record and record.incomplete else sight

    async def removed(self, record: Record) -> Sight:
        """What the stack no longer names still runs until the next apply."""
        kind = registry.kinds().get(record.kind)
        if kind is None:
            status = Status("unknown", f"this headend does not know the kind {record.kind}")
            return Sight(record.address, record.kind, record.kind.partition(".")[0], record.id, status)
        spec = record.spec(kind)

        async def read() -> Place:
            seen = None
            if Can.OBSERVE in kind.can:
                seen = await kind.observe(await self.apis(kind.platform), record.id, spec)
            return Place(kind, spec, record.id, seen)

        place = await self._read(kind, read)
        if isinstance(place, Status):
            return self._sight(record.address, kind, spec, record.id, place)
        sight = _also(await self._seen(record.address, place), "no longer in the stack")
        return replace(sight, status=replace(sight.status, wrong=False))

    async def _seen(self, address: str, place: Place) -> Sight:
        kind = place.kind
        if Can.OBSERVE not in kind.can:
            why = why_unreadable(kind) or "the platform doesn't show it"
            return self._sight(address, kind, place.spec, place.id, Status(UNVERIFIABLE, why))
        if place.seen is None or place.id is None:
            return self._sight(address, kind, place.spec, None, Status(MISSING, "the platform has none", wrong=True))
        id, seen = place.id, place.seen

        async def told() -> tuple[Status, Iterable[Airtime]]:
            api = await self.apis(kind.platform)
            life = resource.lifecycle if (resource := self.stack.resources.get(address)) else Lifecycle()
            status = await status_of(kind, api, seen, place.spec, life, self._parent(kind, place.spec))
            return status, await kind.on_air(api, id, place.spec) if isinstance(kind, OnAir) else ()

        found = await self._read(kind, told)
        if isinstance(found, Status):
            return self._sight(address, kind, place.spec, id, found)
        status, times = found
        return self._sight(address, kind, place.spec, id, status, times)

    async def _read(self, kind: Kind[Any, Any], read: Callable[[], Awaitable[T]]) -> T | Status:
        """The result of `read`, or an UNREADABLE status. A host that doesn't answer, or refuses the credentials, is
        asked no more in this look."""
        if (dead := self.dead.get(kind.platform)) is not None:
            return Status(UNREADABLE, str(dead), wrong=True)
        try:
            return await read()
        except ApiError as error:
            if isinstance(error, Unreachable) or (isinstance(error, Forbidden) and error.status == 401):
                self.dead.setdefault(kind.platform, error)
            return Status(UNREADABLE, str(error), wrong=True)

    def _parent(self, kind: Kind[Any, Any], spec: Spec) -> Spec | None:
        address, _ = self.locator.holder(kind, spec)
        parent = self.stack.resources.get(address) if address else None
        return parent.spec if parent else None

    def _sight(
        self,
        address: str,
        kind: Kind[Any, Any],
        spec: Spec,
        id: str | None,
        status: Status,
        times: Iterable[Airtime] = (),
    ) -> Sight:
        self.tally.done += 1
        found = {(t.kind, t.id): Cut(t.kind, t.id, t.start, t.end) for t in times}.values()
        current = [c for c in found if (c.start is None or c.start <= self.time) and _lasts(c, self.time)]
        coming = [c for c in found if c.start is not None and c.start > self.time]
        return Sight(
            address,
            kind.name,
            self._group(address, kind, spec),
            id,
            status,
            tuple(sorted(current, key=lambda c: (c.end is None, c.end or self.time, c.id))),
            min(coming, key=lambda c: (c.start, c.id), default=None),
        )

    def _group(self, address: str, kind: Kind[Any, Any], spec: Spec) -> str:
        if any(other.parent == kind.name for other in registry.kinds_of([kind.platform]).values()):
            return address
        place, id = self.locator.holder(kind, spec)
        if place or id:
            return place or f"{str(kind.parent).replace('.', ' ')} {id}"
        return kind.platform


def _lasts(cut: Cut, time: datetime) -> bool:
    return cut.end is None or time < cut.end


def _also(sight: Sight, reason: str) -> Sight:
    told = "; ".join(filter(None, [sight.status.reason, reason]))
    return replace(sight, status=replace(sight.status, reason=told))


def _named(sight: Sight, addresses: Mapping[tuple[str, str], str]) -> Sight:
    """Adds the addresses of schedules that the stack manages."""

    def name(cut: Cut) -> Cut:
        return replace(cut, address=addresses.get((cut.kind, cut.id)))

    return replace(sight, on_air=tuple(map(name, sight.on_air)), coming=name(sight.coming) if sight.coming else None)
