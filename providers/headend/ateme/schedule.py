"""Schedules: which input an output carries, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from headend.ateme.entry import Entry, EntryKind
from headend.ateme.fields import (
    INPUT,
    NOW,
    Extra,
    Start,
    Time,
    check_extra,
    check_times,
    gone_by,
    instant,
    milliseconds,
    same_instant,
)
from headend.ateme.rows import EntryRow
from headend.core.model.fields import Immutable, Interrupts, Ref, Same, Spec
from headend.core.model.findings import Problem
from headend.core.model.observed import Change, Observed
from headend.core.model.references import Id

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

TIMES = ("start_time", "end_time")
CLOCKS = timedelta(minutes=1)
"""How far the platform's clock may be ahead, so that an entry made with NOW isn't moved to NOW again."""


class Schedule(Entry):
    """One timed pairing of an input with an output."""

    input: Annotated[Id, INPUT, Immutable(), Field(description="the source, in the same environment (A-579)")]
    output: Annotated[
        Id, Ref("ateme.output"), Immutable(), Field(description="the destination, in the same environment (A-580)")
    ]
    start_time: Annotated[
        Start,
        Same(same_instant),
        Interrupts(),
        Field(description="when it begins: ISO 8601 with Z or an offset, or NOW for at once (A-581, A-746, A-979)"),
    ]
    end_time: Annotated[
        Time, Same(same_instant), Interrupts(), Field(description="when it ends: ISO 8601, after start_time (A-582)")
    ]
    extra: Extra = None

    @model_validator(mode="after")
    def _times(self) -> Self:
        check_times(self.start_time, self.end_time)
        check_extra(self.extra, {"input_id", "output_id", *TIMES})
        return self


class ScheduleKind(EntryKind[Schedule]):
    """A schedule entry.

    Every write makes the platform send all entries of the environment to its scheduler, which starts over (A-742):
    writes go one at a time in an environment, hold only what changed, and don't happen without a difference.
    An entry that has ended is complete: it is never made again.
    """

    name = "ateme.schedule"
    told_by = ("input", "output")
    model = Schedule

    def natural_key(self, spec: Schedule) -> tuple[Any, ...]:
        return (spec.input, spec.output, same_instant(spec.start_time))

    def check(self, spec: Schedule, related: Mapping[str, Spec]) -> Sequence[Problem]:
        return [*super().check(spec, related), *gone_by(spec.start_time, spec.end_time, "schedule")]

    def times(self, spec: Schedule, related: Mapping[str, Spec]) -> tuple[Any, Any] | None:
        return spec.start_time, spec.end_time

    async def end(self, api: Ateme, spec: Schedule) -> datetime | None:
        return instant(spec.end_time)

    def shown_by(self, spec: Schedule) -> dict[str, Any]:
        """NOW was turned into a time by the server, so there the end decides (A-746)."""
        now = spec.start_time == NOW
        time = {"end": instant(spec.end_time)} if now else {"start": instant(spec.start_time)}
        return {"input": spec.input, "output": spec.output, **time}

    def seen(self, row: EntryRow, spec: Schedule, now: datetime) -> tuple[dict[str, Any], tuple[str, ...]]:
        values = {name: time for name in TIMES if (time := getattr(row, name)) is not None}
        start = instant(values.get("start_time"))
        if start is not None and spec.start_time == NOW:
            if start <= now + CLOCKS:  # else NOW asks for an entry that still lies ahead
                values["start_time"] = NOW
        elif start is not None and start <= now and same_instant(spec.start_time) != start:
            values["start_time"] = spec.start_time
            return values, (f"it started at {milliseconds(start)}: start_time can't change any more (A-745)",)
        return values, ()

    async def create(self, api: Ateme, spec: Schedule) -> Observed:
        times = {name: milliseconds(getattr(spec, name)) for name in TIMES}
        return await self.make(
            api, "schedule.create", spec, {"input_id": spec.input, "output_id": spec.output, **times}
        )

    async def update(self, api: Ateme, id: str, spec: Schedule, changes: Sequence[Change]) -> None:
        """Sends the times that changed and no others; the start of a running entry never (A-745)."""
        names = {change.field for change in changes}
        wanted = spec.set_fields()
        live = await self.observe(api, id, spec, fresh=True)
        body = {
            name: milliseconds(wanted[name])
            for name in TIMES
            if name in names and (live is None or same_instant(live.values.get(name)) != same_instant(wanted[name]))
        }
        if "extra" in names:
            body |= spec.extra or {}

        async def done() -> bool:
            seen = await self.observe(api, id, spec, fresh=True)
            return seen is not None and all(
                same_instant(seen.values.get(name)) == same_instant(body[name]) for name in TIMES if name in body
            )

        await self.change(api, "schedule.update", id, spec, body, done)
