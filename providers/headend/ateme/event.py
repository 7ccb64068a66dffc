"""Events: a source for a time, offered to those who may take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from headend.ateme.airtime import airtimes
from headend.ateme.entry import OVER, UNSEEN, carefully, lies_in, remove
from headend.ateme.fields import (
    ENVIRONMENT,
    INPUT,
    Extra,
    Time,
    check_extra,
    check_times,
    empty_is_none,
    gone_by,
    in_any_order,
    instant,
    same_second,
    seconds,
)
from headend.ateme.rows import EventRow
from headend.ateme.running import resting
from headend.core.model.capabilities import OnAir
from headend.core.model.errors import Refused
from headend.core.model.fields import Immutable, Impact, Interrupts, Named, Ref, Same, Spec, WriteOnly
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Airtime, Change, Observed
from headend.core.model.proposal import Proposal
from headend.core.model.references import Id
from headend.core.model.signal import Carries
from headend.core.model.uploads import File
from headend.core.wire.decode import readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

WIRE: Mapping[str, str] = {
    "input": "input_id",
    "name": "name",
    "description": "description",
    "start_time": "start_time",
    "end_time": "end_time",
    "labels": "label_ids",
}
TIMES = ("start_time", "end_time")
REPLACED = "guests of other organisations lose the event, and must subscribe to the new one (A-757)"


class Event(Spec):
    """One event."""

    environment: Annotated[
        Id, ENVIRONMENT, Immutable(), Field(description="where its input is; must run for every write (A-611)")
    ]
    name: Annotated[
        str, Named(), Field(min_length=1, max_length=255, description="what it is called, 1 to 255 characters (A-613)")
    ]
    input: Annotated[Id, INPUT, Interrupts(), Field(description="the source, in the same environment (A-612, A-757)")]
    description: Annotated[
        str | None,
        Same(empty_is_none),
        Field(
            max_length=1000,
            examples=["The derby, with both commentaries"],
            description="what people read of it, up to 1000 characters (A-614)",
        ),
    ] = None
    start_time: Annotated[
        Time,
        Same(same_second),
        Interrupts(),
        Field(description="when it begins: ISO 8601 with Z or an offset, to the second (A-615)"),
    ]
    end_time: Annotated[
        Time, Same(same_second), Interrupts(), Field(description="when it ends: ISO 8601, after start_time (A-616)")
    ]
    labels: Annotated[
        list[Id],
        Ref("ateme.label"),
        Same(in_any_order),
        Field(default_factory=list, description="all that it carries; others are taken off it (A-617)"),
    ]
    image: Annotated[
        File | None,
        WriteOnly("the platform may keep it in another form"),
        Field(description="a picture; sent when its content changes, and taken away with the key (A-618, A-619)"),
    ] = None
    extra: Extra = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_times(self.start_time, self.end_time)
        check_extra(self.extra, {"image", "remove_old_image", *WIRE.values()})
        return self


class EventKind(Kind[Event, "Ateme"], OnAir[Event, "Ateme"], Carries[Event], Listed["Ateme"]):
    """An event: what an input carries between two times, for those to take who are members, or guests with one of
    its labels.

    Other times and another input reach whoever has subscribed to it, so a change of them is guarded while the event
    or a subscription is on air. An event that has ended is complete: it is never made again. A replacement takes it
    from guests of other organisations, who must subscribe to the new one (A-757).
    """

    name = "ateme.event"
    parent = "ateme.environment"
    parent_field = "environment"
    model = Event
    key = ("name",)
    sources = ("input",)
    one_at_a_time_per = "environment"
    impact_of_delete = Impact.INTERRUPTS

    def check(self, spec: Event, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """An input of the stack must be in the event's environment (A-612)."""
        late, found = (
            gone_by(spec.start_time, spec.end_time, "event"),
            getattr(related.get("input"), "environment", None),
        )
        if type(found) is not type(spec.environment) or found == spec.environment:
            return late
        remedy = "move the event there (A-757)"
        return [*late, Problem("input: it is in another environment than the event", remedy=remedy, field="input")]

    async def review(self, api: Ateme, proposal: Proposal[Event]) -> Sequence[Problem]:
        spec = proposal.spec
        if spec is None or not proposal.writes:
            return ()
        found = [warning(REPLACED)] if proposal.replaces else []
        found += await resting(api, spec.environment, proposal.parent)
        if proposal.creates and self._is_over(api, spec):
            found.append(Problem(f"end_time {OVER}", remedy="correct it, or take the event out of the stack"))
        return found

    def _is_over(self, api: Ateme, spec: Event) -> bool:
        end = instant(spec.end_time)
        return end is not None and end <= api.now()

    # --- reading -----------------------------------------------------------------------------------------
    async def observe(self, api: Ateme, id: str, spec: Event, *, fresh: bool = False) -> Observed | None:
        """From the list of active events: one that is missing there and has ended is complete (A-259, A-748)."""
        row = (await api.listed("event.list", None, EventRow, fresh=fresh)).row(id)
        if row is not None:
            return observed(row, spec)
        if self._is_over(api, spec):
            return Observed(id=id, values=spec.set_fields(), computed={"event_id": id})
        return None

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        rows = await api.listed("event.list", None, EventRow)
        return [Live(row.id, {"environment": within}) for row in rows if await lies_in(api, row, within)]

    async def find(self, api: Ateme, spec: Event) -> list[Observed]:
        rows = await api.listed("event.list", None, EventRow, fresh=True)
        return [observed(row, spec) for row in rows.having(name=[spec.name])]

    async def on_air(self, api: Ateme, id: str, spec: Event, *, fresh: bool = False) -> Sequence[Airtime]:
        return await airtimes(api, event=id, fresh=fresh)

    # --- writing -----------------------------------------------------------------------------------------
    async def create(self, api: Ateme, spec: Event) -> Observed:
        """One call, with or without a picture: a new event has no labels that would have to be taken off it."""
        environment = str(spec.environment)
        if self._is_over(api, spec):
            raise Refused(f"{self.name}: end_time {OVER}")
        await api.require_running(environment)
        body = sent(spec, WIRE) | (spec.extra or {})
        if spec.image is not None and not spec.labels:
            del body["label_ids"]
        try:
            answer = await api.call("event.create", scope=environment, body=body, **picture(spec))
        finally:  # also where the answer got lost
            api.changed("event.list")
        id = await api.made_id("event.create", answer.body, EventRow, partial(self.find, api, spec))
        return Observed(id=id, incomplete=True)

    async def update(self, api: Ateme, id: str, spec: Event, changes: Sequence[Change]) -> None:
        """What changed, and always all labels: to pass none takes them off (A-756, A-837).

        A form can't say that there are no labels, so a new picture goes ahead of the rest then (A-973).
        """
        names = {change.field for change in changes}
        body = sent(spec, names | {"labels"})
        if "description" in names and spec.description is None:
            body["description"] = ""
        if "extra" in names:
            body |= spec.extra or {}
        if "image" in names and spec.image is None:
            body["remove_old_image"] = True
        await api.require_running(str(spec.environment))
        form = picture(spec) if "image" in names else {}
        if form and not spec.labels:
            await self._write(api, id, spec, {}, form)  # which takes all labels off, too
            form = {}
            if names == {"image"}:
                return
        await self._write(api, id, spec, body, form)

    async def _write(self, api: Ateme, id: str, spec: Event, body: dict[str, Any], form: Mapping[str, Any]) -> None:
        async def send() -> None:
            await api.call(
                "event.update", scope=str(spec.environment), path={"event_id": id}, body=body, repeat=False, **form
            )

        async def done() -> bool:
            """Nobody can look whether a picture arrived."""
            seen = await self.observe(api, id, spec, fresh=True)
            if seen is None or form or "remove_old_image" in body:
                return False
            live = sent(spec.model_copy(update=dict(seen.values)), WIRE)
            same = (
                empty_is_none(live.get(name)) == empty_is_none(body[name]) for name in WIRE.values() if name in body
            )
            return all(same)

        await carefully(api, send, done)

    async def delete(self, api: Ateme, id: str, last: Event, report: Report) -> None:
        async def gone() -> bool:
            return (await api.listed("event.list", None, EventRow, fresh=True)).row(id) is None

        await remove(api, "event.delete", str(last.environment), {"event_id": id}, gone)


def sent(spec: Event, fields: Any) -> dict[str, Any]:
    """Those fields that are set, as bodies have them."""
    given = spec.set_fields()
    found = {WIRE[name]: given[name] for name in WIRE if name in fields and given.get(name) is not None}
    return found | {name: seconds(found[name]) for name in TIMES if name in found}


def picture(spec: Event) -> dict[str, Any]:
    """What makes a call carry the picture, which is read now; nothing without one."""
    return {} if spec.image is None else {"files": {"image": spec.image.part}}


def observed(row: EventRow, spec: Event) -> Observed:
    values, wrong = readable(Event, ("name", "description"), row.given)
    values |= {"environment": row.environment_id or spec.environment}
    values |= {name: time for name in TIMES if (time := getattr(row, name)) is not None}
    if row.input is not None:
        values["input"] = row.input
    if row.label_ids is not None:
        values["labels"] = row.label_ids
    compared = [name for name in spec.set_fields() if name not in {"image", "extra"}]
    unverifiable = {name: wrong.get(name, UNSEEN) for name in compared if name not in values}
    return Observed(row.id, values, {"event_id": row.id}, unverifiable)
