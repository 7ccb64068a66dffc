"""Recording schedules: what is recorded, when, and where the recording goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from headend.ateme.entry import LISTS, OVER, UNSEEN, carefully, remove
from headend.ateme.fields import (
    ENVIRONMENT,
    INPUT,
    Extra,
    Time,
    check_extra,
    check_times,
    compact,
    elsewhere,
    gone_by,
    instant,
    same_second,
    seconds,
)
from headend.ateme.listing import Listing
from headend.ateme.rows_services import RecordingRow
from headend.ateme.running import resting
from headend.core.model.capabilities import OnAir, Selection, SelectsChanges
from headend.core.model.errors import ApiError, Refused
from headend.core.model.fields import Immutable, Impact, Interrupts, Ref, Same, Spec
from headend.core.model.findings import Problem
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live, spec_of
from headend.core.model.observed import Airtime, Change, Observed, Status
from headend.core.model.proposal import Proposal
from headend.core.model.references import Id
from headend.core.model.signal import Carries, Span
from headend.core.wire.decode import readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

UPCOMING = LISTS[2]
TIMES = ("start_time", "stop_time")
BEGUN = "it has started or finished, and can't be verified: only upcoming recordings are listed (A-749)"
WIRE: Mapping[str, str] = {
    "recording_bucket": "recording_bucket_id",
    "start_time": "start_time",
    "stop_time": "stop_time",
    "transcode": "transcode",
}


class RecordingSchedule(Spec):
    """One recording."""

    environment: Annotated[
        Id, ENVIRONMENT, Immutable(), Field(description="where its input is; must run for every write (A-603)")
    ]
    input: Annotated[Id, INPUT, Immutable(), Field(description="what is recorded, of the same environment (A-604)")]
    recording_bucket: Annotated[
        Id, Ref("ateme.recording_bucket"), Field(description="where the recording is delivered to (A-605)")
    ]
    start_time: Annotated[
        Time,
        Same(same_second),
        Interrupts(),
        Field(description="when it begins: ISO 8601 with Z or an offset, to the second (A-606)"),
    ]
    stop_time: Annotated[
        Time, Same(same_second), Interrupts(), Field(description="when it ends: ISO 8601, after start_time (A-607)")
    ]
    transcode: Annotated[bool, Field(description="whether the recording is transcoded (A-608)")] = False
    extra: Extra = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_times(self.start_time, self.stop_time, "stop_time")
        check_extra(self.extra, {"input_id", *WIRE.values()})
        return self


class RecordingScheduleKind(
    Kind[RecordingSchedule, "Ateme"],
    OnAir[RecordingSchedule, "Ateme"],
    SelectsChanges[RecordingSchedule],
    Carries[RecordingSchedule],
    Listed["Ateme"],
):
    """A recording of an input between two times, delivered to a bucket.

    The platform lists a recording only until it starts: from then on it is there, and not verifiable (A-749). It is
    never made again, and its start can't change any more. Each write makes the environment's schedules start over, so
    that writes go one at a time in an environment.
    """

    name = "ateme.recording_schedule"
    collection = "recording_schedules"
    parent = "ateme.environment"
    parent_field = "environment"
    model = RecordingSchedule
    sources = ("input",)
    told_by = ("input", "recording_bucket")
    one_at_a_time_per = "environment"
    impact_of_delete = Impact.INTERRUPTS

    def natural_key(self, spec: RecordingSchedule) -> tuple[Any, ...]:
        return (spec.input, same_second(spec.start_time), spec.recording_bucket)

    def span(self, spec: RecordingSchedule, related: Mapping[str, Spec]) -> Span | None:
        return instant(spec.start_time), instant(spec.stop_time)

    def check(self, spec: RecordingSchedule, related: Mapping[str, Spec]) -> Sequence[Problem]:
        late = gone_by(spec.start_time, spec.stop_time, "recording", "stop_time")
        return [*elsewhere(spec, related, ("input",)), *late]

    async def review(self, api: Ateme, proposal: Proposal[RecordingSchedule]) -> Sequence[Problem]:
        spec = proposal.spec
        if spec is None or not proposal.writes:
            return ()
        found = await resting(api, spec.environment, proposal.parent)
        if proposal.creates and _passed(api, spec.stop_time):
            found.append(Problem(f"stop_time {OVER}", remedy="correct it, or take the recording out of the stack"))
        return found

    def select_changes(self, live: Observed, spec: RecordingSchedule, changes: Sequence[Change]) -> Selection:
        """The start of what has started stays as it is; what is done is done."""
        fixed = {"start_time"} if live.unverifiable.get("start_time") == BEGUN else set()
        left = tuple(change for change in changes if change.field not in fixed)
        told = () if len(left) == len(changes) else ("start_time: it has started, so that it can't change any more",)
        return Selection(left, warnings=told, noted=tuple(fixed if told else ()))

    # --- reading -------------------------------------------------------------------------------------------
    async def _rows(self, api: Ateme, spec: RecordingSchedule, *, fresh: bool = False) -> Listing[RecordingRow]:
        """Those of its environment that are yet to start; none of one that is gone."""
        path = {"environment_id": str(spec.environment)}
        try:
            return await api.listed(UPCOMING, None, RecordingRow, path=path, fresh=fresh)
        except ApiError:
            if await api.status(str(spec.environment)) == "deleted":
                return Listing()
            raise

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        rows = await self._rows(api, spec_of(RecordingSchedule, {"environment": within}))
        return [Live(row.id, {"environment": within}) for row in rows]

    async def observe(self, api: Ateme, id: str, spec: RecordingSchedule, *, fresh: bool = False) -> Observed | None:
        row = (await self._rows(api, spec, fresh=fresh)).row(id)
        if row is not None:
            return observed(row, spec)
        if not _passed(api, spec.start_time) or await api.status(str(spec.environment)) == "deleted":
            return None
        compared = [name for name in spec.set_fields() if name not in {"environment", "extra"}]
        computed = {"recording_schedule_id": id}
        return Observed(id, {"environment": spec.environment}, computed, dict.fromkeys(compared, BEGUN))

    async def find(self, api: Ateme, spec: RecordingSchedule) -> list[Observed]:
        rows = (await self._rows(api, spec, fresh=True)).alike(
            input=spec.input, recording_bucket_id=spec.recording_bucket
        )
        return [observed(row, spec) for row in rows if same_second(row.start_time) == same_second(spec.start_time)]

    async def on_air(self, api: Ateme, id: str, spec: RecordingSchedule, *, fresh: bool = False) -> Sequence[Airtime]:
        """Its own times: the platform shows none of what is being recorded."""
        return (Airtime(self.name, id, instant(spec.start_time), instant(spec.stop_time)),)

    async def status(self, api: Ateme, seen: Observed, spec: RecordingSchedule, parent: Spec | None) -> Status:
        """The platform's word; of what it doesn't list any more nobody knows (A-610, A-749)."""
        if seen.unverifiable.get("start_time") == BEGUN:
            over = "should be over" if _passed(api, spec.stop_time) else f"should run until {compact(spec.stop_time)}"
            return Status("unknown", f"{BEGUN}; it {over}")
        return Status(str(seen.computed.get("status") or "scheduled"))

    # --- writing -------------------------------------------------------------------------------------------
    async def create(self, api: Ateme, spec: RecordingSchedule) -> Observed:
        environment, key = str(spec.environment), "recording_schedule.create"
        if _passed(api, spec.stop_time):
            raise Refused(f"{self.name}: stop_time {OVER}")
        await api.require_running(environment)
        body = {"input_id": spec.input, **sent(spec), **(spec.extra or {})}
        try:
            answer = await api.call(key, scope=environment, body=body)
        finally:  # also where the answer got lost
            api.changed(UPCOMING)
        id = await api.made_id(key, answer.body, RecordingRow, partial(self.find, api, spec))
        return Observed(id=id, incomplete=True)

    async def update(self, api: Ateme, id: str, spec: RecordingSchedule, changes: Sequence[Change]) -> None:
        """All terms, for nobody says whether an update is a partial one (A-51); the start only until it has come."""
        names, wanted = {change.field for change in changes}, spec.set_fields()
        body = sent(spec) | ((spec.extra or {}) if "extra" in names else {})
        if (await self._rows(api, spec)).row(id) is None:
            del body["start_time"]
        await api.require_running(str(spec.environment))

        async def send() -> None:
            path = {"recording_schedule_id": id}
            await api.call("recording_schedule.update", scope=str(spec.environment), path=path, body=body, repeat=False)

        async def done() -> bool:
            row = (await self._rows(api, spec, fresh=True)).row(id)
            return row is not None and "extra" not in names and _terms(observed(row, spec).values) == _terms(wanted)

        await carefully(api, send, done)

    async def delete(self, api: Ateme, id: str, last: RecordingSchedule, report: Report) -> None:
        """Also of what may have started: nobody else would stop it (A-749)."""

        async def gone() -> bool:
            ahead = not _passed(api, last.start_time)
            return ahead and (await self._rows(api, last, fresh=True)).row(id) is None

        path = {"recording_schedule_id": id}
        await remove(api, "recording_schedule.delete", str(last.environment), path, gone)


def _passed(api: Ateme, time: Any) -> bool:
    moment = instant(time)
    return moment is not None and moment <= api.now()


def sent(spec: RecordingSchedule) -> dict[str, Any]:
    """The terms, as bodies have them."""
    given = {WIRE[name]: getattr(spec, name) for name in WIRE}
    return given | {name: compact(given[name]) for name in TIMES}


def _terms(values: Mapping[str, Any]) -> list[Any]:
    """What an update sets, to compare."""
    return [same_second(values.get(name)) if name in TIMES else values.get(name) for name in WIRE]


def observed(row: RecordingRow, spec: RecordingSchedule) -> Observed:
    values, wrong = readable(RecordingSchedule, ("transcode",), row.given)
    values["environment"] = row.environment_id or spec.environment
    seen = {"input": row.input, "recording_bucket": row.recording_bucket_id}
    values |= {name: value for name, value in seen.items() if value is not None}
    values |= {name: seconds(time) for name in TIMES if (time := getattr(row, name)) is not None}  # as stacks take it
    compared = [name for name in spec.set_fields() if name != "extra"]
    unverifiable = {name: wrong.get(name, UNSEEN) for name in compared if name not in values}
    return Observed(row.id, values, {"recording_schedule_id": row.id, "status": row.status}, unverifiable)
