"""Schedules: which input an output carries, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from headend.ateme.airtime import airtimes
from headend.ateme.answers import Row, text_id
from headend.ateme.api import FAILURES, Ateme, only, resting
from headend.ateme.fields import ENVIRONMENT, INPUT, NOW, Extra, check_extra, instant, milliseconds, same_instant
from headend.core.errors import Ambiguous, Problem, Refused, Unavailable, Unreachable
from headend.core.kind import (
    Airtime,
    Change,
    Immutable,
    Impact,
    Interrupts,
    Kind,
    Observed,
    Ref,
    Report,
    Same,
    Spec,
    Status,
)
from headend.core.pending import Id

OVER = "lies in the past, so there is nothing to create (A-748)"
TIMES = ("start_time", "end_time")


class Schedule(Spec):
    """One timed pairing of an input with an output."""

    environment: Annotated[
        Id, ENVIRONMENT, Immutable(), Field(description="where both are; writes in it go one by one (A-578)")
    ]
    input: Annotated[Id, INPUT, Immutable(), Field(description="the source (A-579)")]
    output: Annotated[Id, Ref("ateme.output"), Immutable(), Field(description="the destination (A-580)")]
    start_time: Annotated[
        str,
        Same(same_instant),
        Interrupts(),
        Field(description="ISO 8601 with Z or an offset, or NOW: when it is created (A-581, A-746)"),
    ]
    end_time: Annotated[str, Same(same_instant), Interrupts(), Field(description="ISO 8601, after start_time (A-582)")]
    extra: Extra = None

    @field_validator("start_time", "end_time", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else value

    @model_validator(mode="after")
    def _times(self) -> Self:
        if self.start_time != NOW and instant(self.start_time) is None:
            raise ValueError("start_time: a time like 2026-12-05T15:00:00Z, or NOW")
        end, start = instant(self.end_time), instant(self.start_time)
        if end is None:
            raise ValueError("end_time: a time like 2026-12-05T17:15:00Z")
        if start is not None and end <= start:
            raise ValueError("end_time: must be after start_time (A-748)")
        check_extra(self.extra, {"input_id", "output_id", *TIMES})
        return self


class ScheduleKind(Kind[Schedule, Ateme]):
    """A schedule entry.

    Every write makes the platform send all entries of the environment to its scheduler, which starts over (A-742):
    writes go one at a time in an environment, hold only what changed, and don't happen without a difference.
    An entry that has ended is complete: it is never made again.
    """

    name = "ateme.schedule"
    collection = "schedules"
    parent = "ateme.environment"
    parent_field = "environment"
    model = Schedule
    one_at_a_time_per = "environment"
    impact_of_delete = Impact.INTERRUPTS

    def natural_key(self, spec: Schedule) -> tuple[Any, ...]:
        return (spec.input, spec.output, same_instant(spec.start_time))

    async def foresee(
        self, api: Ateme, spec: Schedule, changes: Sequence[Change] | None, parent: Spec | None
    ) -> Sequence[Problem]:
        """No entry begins its life at its end (A-748), and none in a resting environment (A-731)."""
        found = await resting(api, spec.environment, parent)
        if changes is None and self._is_over(api, spec):
            found.append(Problem(f"end_time {OVER}", remedy="correct it, or take the entry out of the stack"))
        return found

    def _is_over(self, api: Ateme, spec: Schedule) -> bool:
        end = instant(spec.end_time)
        return end is not None and end <= api.now()

    # --- reading -----------------------------------------------------------------------------------------
    async def observe(self, api: Ateme, id: str, spec: Schedule, *, fresh: bool = False) -> Observed | None:
        row = None
        if fresh:
            row = await api.single("schedule.get", str(spec.environment), {"schedule_id": id}, "schedule_id", "id")
        if row is None:
            rows = await api.listed("schedule.list", None, fresh=fresh)
            row = next((r for r in rows if row_id(r) == id), None)
        if row is not None:
            return observed(id, row, spec, api.now())
        if self._is_over(api, spec):
            return Observed(id=id, values=spec.set_fields(), computed={"schedule_id": id, "status": "ended"})
        return None

    async def find(self, api: Ateme, spec: Schedule) -> list[Observed]:
        found = []
        for row in await api.listed("schedule.list", None, fresh=True):
            id = row_id(row)
            if id is not None and not row.get("is_event_subscription") and matches(row, spec):
                found.append(observed(id, row, spec, api.now()))
        return found

    async def on_air(self, api: Ateme, id: str, spec: Schedule, *, fresh: bool = False) -> Sequence[Airtime]:
        return await airtimes(api, schedule=id, fresh=fresh)

    async def status(self, api: Ateme, seen: Observed, spec: Schedule, parent: Spec | None) -> Status:
        """The platform's word; by the clock where it has none."""
        word, now = seen.computed.get("status"), api.now()
        start, end = instant(seen.values.get("start_time")), instant(seen.values.get("end_time"))
        if word is None:
            word = "ended" if end and end <= now else "scheduled" if start and start > now else "running"
        return Status(str(word), "; ".join(seen.warnings), wrong=word in FAILURES)

    # --- writing -----------------------------------------------------------------------------------------
    async def create(self, api: Ateme, spec: Schedule) -> Observed:
        environment = str(spec.environment)
        if self._is_over(api, spec):
            raise Refused(f"ateme: schedule: end_time {OVER}")
        await api.require_running(environment)
        body = {
            "input_id": spec.input,
            "output_id": spec.output,
            "start_time": milliseconds(spec.start_time),
            "end_time": milliseconds(spec.end_time),
        }
        answer = await api.call("schedule.create", scope=environment, body=body | (spec.extra or {}))
        api.changed("schedule.list")
        id = api.new_id("schedule.create", answer.body, ("schedule_id", "id"))
        if id is None:
            id = only(await self.find(api, spec), "schedule").id
        return Observed(id=id, incomplete=True)

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
        if not body:
            return
        environment = str(spec.environment)
        await api.require_running(environment)

        async def send() -> None:
            await api.call("schedule.update", scope=environment, path={"schedule_id": id}, body=body, repeat=False)

        async def done() -> bool:
            seen = await self.observe(api, id, spec, fresh=True)
            return seen is not None and all(
                same_instant(seen.values.get(name)) == same_instant(body[name]) for name in TIMES if name in body
            )

        await self._carefully(api, send, done)

    async def delete(self, api: Ateme, id: str, last: Schedule, report: Report) -> None:
        environment = str(last.environment)
        if await api.status(environment) == "deleted":
            return

        async def send() -> None:
            await api.delete("schedule.delete", environment, {"schedule_id": id}, repeat=False)

        async def done() -> bool:
            return all(row_id(row) != id for row in await api.listed("schedule.list", None, fresh=True))

        await self._carefully(api, send, done)

    async def _carefully(
        self, api: Ateme, send: Callable[[], Awaitable[None]], done: Callable[[], Awaitable[bool]]
    ) -> None:
        """Repeats a write only after a look has shown that it did not happen: each one disturbs what is on air
        (A-54, A-742)."""
        for last in (False, False, True):
            try:
                await send()
            except (Unavailable, Ambiguous, Unreachable):
                api.changed("schedule.list")
                if await done():
                    return
                if last:
                    raise
                await api.pause()
            else:
                api.changed("schedule.list")
                return


def row_id(row: Row) -> str | None:
    return text_id(row.get("schedule_id", row.get("id")))


def matches(row: Row, spec: Schedule) -> bool:
    """The natural key; NOW was turned into a time by the server, so there the end decides (A-746)."""
    if text_id(row.get("input_id", row.get("source_id"))) != spec.input:
        return False
    if text_id(row.get("output_id", row.get("destination_id"))) != spec.output:
        return False
    name = "end_time" if spec.start_time == NOW else "start_time"
    return instant(row.get(name)) == instant(getattr(spec, name))


def observed(id: str, row: Row, spec: Schedule, now: datetime) -> Observed:
    values: dict[str, Any] = {"environment": text_id(row.get("environment_id")) or spec.environment}
    for field, names in (("input", ("input_id", "source_id")), ("output", ("output_id", "destination_id"))):
        found = [text_id(row[name]) for name in names if row.get(name) is not None]
        if found:
            values[field] = found[0]
    values |= {name: row[name] for name in TIMES if instant(row.get(name)) is not None}
    warnings: tuple[str, ...] = ()
    start = instant(values.get("start_time"))
    if start is not None and spec.start_time == NOW:
        values["start_time"] = NOW
    elif start is not None and start <= now and same_instant(spec.start_time) != start:
        values["start_time"] = spec.start_time
        warnings = (f"it started at {milliseconds(start)}: start_time can't change any more (A-745)",)
    unverifiable = {name: "the answer does not show it" for name in ("input", "output", *TIMES) if name not in values}
    computed = {"schedule_id": id, "status": row.get("status")}
    return Observed(id=id, values=values, computed=computed, unverifiable=unverifiable, warnings=warnings)
