"""Event subscriptions: an output carries an event, at the event's times or at its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from headend.ateme.airtime import known_events
from headend.ateme.entry import Entry, EntryKind
from headend.ateme.fields import (
    TIME,
    Extra,
    Time,
    check_extra,
    check_times,
    elsewhere,
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
OWN = "only with timed_by_event_owner: false (A-594, A-595)"


class EventSubscription(Entry):
    """One event on one output."""

    event: Annotated[
        Id, Ref("ateme.event"), Immutable(), Field(description="what is taken; {id: ...} for another's (A-591)")
    ]
    output: Annotated[
        Id,
        Ref("ateme.output"),
        Interrupts(),
        Field(description="the destination, in the environment of the event's input (A-592)"),
    ]
    timed_by_event_owner: Annotated[
        bool, Interrupts(), Field(description="whether it goes by the event's times (A-593)")
    ]
    start_time: Annotated[
        Time | None,
        TIME,
        Same(same_instant),
        Interrupts(),
        Field(
            description="when it begins: ISO 8601 with Z or an offset; needed where the owner doesn't time it (A-594)"
        ),
    ] = None
    end_time: Annotated[
        Time | None,
        TIME,
        Same(same_instant),
        Interrupts(),
        Field(description="when it ends: ISO 8601, after start_time; needed where that is (A-595)"),
    ] = None
    extra: Extra = None

    @model_validator(mode="after")
    def _times(self) -> Self:
        if not self.timed_by_event_owner:
            check_times(self.start_time, self.end_time)
        elif given := [name for name in TIMES if getattr(self, name) is not None]:
            raise ValueError(f"{given[0]}: {OWN}")
        check_extra(self.extra, {"event_id", "output_id", "timed_by_event_owner", *TIMES})
        return self


class EventSubscriptionKind(EntryKind[EventSubscription]):
    """An output that takes an event: of one's own organisation, or of one whose guest one is.

    It is a schedule entry like any other: deleting or changing it makes the environment's scheduler start over
    (A-742). The platform lists the events of one's own organisation only. Where a subscription goes by the times of
    another's event and doesn't show them, headend can't know when that is, and treats it as on air.
    """

    name = "ateme.event_subscription"
    told_by = ("event", "output")
    model = EventSubscription
    key = ("event", "output")
    ends = ("output",)
    sources = ("event",)

    def shown_by(self, spec: EventSubscription) -> dict[str, Any]:
        return {"event_id": spec.event, "output": spec.output}

    def seen(self, row: EntryRow, spec: EventSubscription, now: datetime) -> tuple[dict[str, Any], tuple[str, ...]]:
        values: dict[str, Any] = {}
        if row.event_id is not None:
            values["event"] = row.event_id
        if row.timed_by_event_owner is not None:
            values["timed_by_event_owner"] = row.timed_by_event_owner
        if row.timed_by_event_owner is not True:  # else they are the event's
            values |= {name: time for name in TIMES if (time := getattr(row, name)) is not None}
        return values, ()

    def check(self, spec: EventSubscription, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """Event and output must be in one environment (A-590)."""
        times = () if spec.timed_by_event_owner else gone_by(spec.start_time, spec.end_time, "subscription")
        return [*elsewhere(spec, related, ("event", "output")), *times]

    def times(self, spec: EventSubscription, related: Mapping[str, Spec]) -> tuple[Any, Any] | None:
        """Its own, or those of an event of the stack."""
        timed = related.get("event") if spec.timed_by_event_owner else spec
        return None if timed is None else (getattr(timed, TIMES[0], None), getattr(timed, TIMES[1], None))

    async def end(self, api: Ateme, spec: EventSubscription) -> datetime | None:
        """Its own, or the event's where that is listed."""
        if not spec.timed_by_event_owner:
            return instant(spec.end_time)
        event = (await known_events(api)).row(spec.event) if isinstance(spec.event, str) else None
        return event.span[1] if event else None

    # --- reading -----------------------------------------------------------------------------------------
    async def observe(self, api: Ateme, id: str, spec: EventSubscription, *, fresh: bool = False) -> Observed | None:
        """With a warning where the entry still goes by former times of the event (A-969)."""
        found = await super().observe(api, id, spec, fresh=fresh)
        if found is None or not spec.timed_by_event_owner:
            return found
        row = (await api.listed("schedule.list", None, EntryRow)).row(id)
        event = (await known_events(api)).row(str(spec.event)) if row and row.start_time else None
        if row is None or event is None:
            return found
        both = zip(TIMES, row.span, event.span, strict=True)
        late = [name for name, own, new in both if own and new and own != new]
        if not late:
            return found
        former = getattr(row, late[0])
        told = f"it goes by a former {late[0]} of the event, {former}: the platform did not pass the new one on"
        return Observed(id, found.values, found.computed, found.unverifiable, warnings=(*found.warnings, told))

    async def missing(self, api: Ateme, id: str, spec: EventSubscription) -> Observed | None:
        """Where its times are the event's, and that isn't listed either, nobody can tell whether it is over or was
        taken away: it is not made again."""
        if not spec.timed_by_event_owner or (await known_events(api)).row(str(spec.event)):
            return await super().missing(api, id, spec)
        why = "neither it nor its event is listed: it is over, or was taken away"
        values = {name: value for name, value in spec.set_fields().items() if name != "event"}
        return Observed(id=id, values=values, computed={"schedule_id": id}, unverifiable={"event": why})

    # --- writing -----------------------------------------------------------------------------------------
    def terms(self, spec: EventSubscription) -> dict[str, Any]:
        """What creation and update have in common; times only where they are one's own."""
        times = {name: milliseconds(getattr(spec, name)) for name in TIMES}
        own = {} if spec.timed_by_event_owner else times
        return {"output_id": spec.output, "timed_by_event_owner": spec.timed_by_event_owner, **own}

    async def create(self, api: Ateme, spec: EventSubscription) -> Observed:
        return await self.make(api, "event_subscription.create", spec, {"event_id": spec.event, **self.terms(spec)})

    async def update(self, api: Ateme, id: str, spec: EventSubscription, changes: Sequence[Change]) -> None:
        """All terms in one call: both times must come with it where they are one's own (A-255)."""
        extra = (spec.extra or {}) if any(change.field == "extra" for change in changes) else {}

        async def done() -> bool:
            seen = await self.observe(api, id, spec, fresh=True)
            return seen is not None and not extra and self.terms(spec.model_copy(update=dict(seen.values))) == terms

        terms = self.terms(spec)
        await self.change(api, "event_subscription.update", id, spec, terms | extra, done)
