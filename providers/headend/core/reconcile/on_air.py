"""On air: what a write would cut, now or soon, and the guard that refuses such a write.

An object is on air while a schedule carries it. The live platform says what schedules carry. headend asks it for the
object itself, and for everything on its signal path: all that depends on it by the stack or by state.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from headend.core.model.address import within
from headend.core.model.capabilities import OnAir
from headend.core.model.fields import Impact
from headend.core.model.observed import Airtime
from headend.core.model.options import Options
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile.plan import Cut, Step
from headend.core.reconcile.refusal import Guard, Refusal
from headend.core.wire import registry

Clock = Callable[[], datetime]


def clock() -> datetime:
    """Now, with its zone."""
    return datetime.now(UTC)


def imminent(times: Iterable[Airtime], options: Options, now: datetime) -> list[Airtime]:
    """Airtimes that run now or begin within the window, sorted by start. Clock skew widens each airtime."""
    skew, horizon = options.clock_skew, now + options.on_air_window  # nothing is added to ends: 9999-12-31 is one
    found = {
        (t.kind, t.id): t
        for t in times
        if (t.start is None or t.start <= horizon + skew) and (t.end is None or now - skew < t.end)
    }
    return sorted(found.values(), key=lambda t: (t.start or now, t.kind, t.id))


def in_maintenance(options: Options, now: datetime) -> bool:
    return any(span.covers(now) for span in options.maintenance)


def refusal(
    address: str, impact: Impact, cuts: Iterable[Cut], allowed: Collection[str], key: str = "--allow-interruption"
) -> Refusal | None:
    """Why the step is refused: what it would cut, and until when. None if the step, or every schedule, was named.
    key: the flag or variable that takes such names."""
    missing = [cut for cut in cuts if not _named(cut.address, allowed)]
    if not missing or _named(address, allowed):
        return None
    verb = "destroy" if impact is Impact.DESTROYS else "interrupt"
    told = "; ".join(map(str, missing))
    return Refusal(Guard.ON_AIR, f"would {verb} what is on air: {told}", f"{key} {address} lets it")


def _named(address: str | None, allowed: Collection[str]) -> bool:
    return address is not None and any(within(address, name) for name in allowed)


def downstream(address: str, dependents: Mapping[str, Collection[str]]) -> list[str]:
    """The address and all that depends on it, nearest first. dependents: address -> what depends on it."""
    found = [address]
    seen = {address}
    for one in found:  # grows while it is walked
        new = [a for a in dependents.get(one, ()) if a not in seen]
        seen.update(new)
        found += new
    return found


@dataclass
class Watch:
    """Knows the signal paths. records: what state holds, by current address; a run removes what it deleted."""

    stack: Stack
    records: dict[str, Record]
    apis: Callable[[str], Awaitable[Any]]
    now: Clock = clock

    async def cuts(self, step: Step, *, fresh: bool = False) -> tuple[Cut, ...]:
        """What the step would cut, now or within the window; nothing if it disturbs no stream."""
        if step.impact is Impact.NONE or step.id is None or in_maintenance(self.stack.options, self.now()):
            return ()
        times = await self.carried(step.address, fresh=fresh)
        if not times:
            return ()
        return tuple(
            Cut(t.kind, t.id, t.start, t.end, self._addresses.get((t.kind, t.id)))
            for t in imminent(times, self.stack.options, self.now())
        )

    async def carried(self, address: str, *, fresh: bool = False) -> list[Airtime]:
        """All that goes out through the object, now and later."""
        asked = (self._airtimes(one, fresh) for one in downstream(address, self._dependents))
        return [airtime for found in await asyncio.gather(*asked) for airtime in found]

    async def _airtimes(self, address: str, fresh: bool) -> Iterable[Airtime]:
        record = self.records.get(address)
        if record is None:
            return ()
        kind = registry.kinds()[record.kind]
        if not isinstance(kind, OnAir):
            return ()
        return await kind.on_air(await self.apis(kind.platform), record.id, record.spec(kind), fresh=fresh)

    def forget(self, address: str) -> None:
        """Drops a deleted object: nothing goes out through it any more."""
        record = self.records.pop(address, None)
        if record is None:
            return
        self._addresses.pop((record.kind, record.id), None)
        for needed in set(record.depends) - self.stack.needs.get(address, frozenset()):
            self._dependents.get(needed, {}).pop(address, None)

    @functools.cached_property
    def _addresses(self) -> dict[tuple[str, str], str]:
        """(kind, id) -> its address in state."""
        return {(record.kind, record.id): address for address, record in self.records.items()}

    @functools.cached_property
    def _dependents(self) -> Mapping[str, dict[str, None]]:
        """address -> what depends on it, by state or by the stack."""
        found: dict[str, dict[str, None]] = {}
        for address in [*self.records, *self.stack.resources]:
            record = self.records.get(address)
            for needed in (*(record.depends if record else ()), *self.stack.needs.get(address, ())):
                found.setdefault(needed, {})[address] = None
        return found
