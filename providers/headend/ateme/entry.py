"""Schedule entries of all sorts: read from one list, and written so that nothing on air is disturbed twice."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import Field

from headend.ateme.airtime import airtimes, sort
from headend.ateme.answers import hint
from headend.ateme.fields import ENVIRONMENT, NOW, elsewhere, instant
from headend.ateme.rows import EntryRow, EventRow, InputRow, OutputRow
from headend.ateme.running import BROKEN, resting
from headend.core.model.capabilities import OnAir, Use, Uses
from headend.core.model.errors import Ambiguous, Conflict, Refused, Unavailable, Unreachable
from headend.core.model.fields import Immutable, Impact, Spec
from headend.core.model.findings import Problem
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Airtime, Observed, Status
from headend.core.model.proposal import Proposal
from headend.core.model.references import Id
from headend.core.model.signal import Carries, Span

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

OVER = "lies in the past, so there is nothing to create (A-748)"
OFF = BROKEN | {"stopping", "stopped"}  # words of what doesn't go out although it should
UNSEEN = "the answer does not show it"
LISTS = ("schedule.list", "event.list", "recording_schedule.list_upcoming")
"""What a write may change, be it an entry's, an event's or a recording's."""


class Entry(Spec):
    """What every entry has."""

    environment: Annotated[
        Id,
        ENVIRONMENT,
        Immutable(),
        Field(description="where both ends are; writes in it go one by one (A-578, A-586, A-590)"),
    ]


S = TypeVar("S", bound=Entry)


class EntryKind(Kind[S, "Ateme"], OnAir[S, "Ateme"], Uses[S], Carries[S], Listed["Ateme"]):
    """The way of an entry through the API.

    Every write makes the platform send all entries of the environment to its scheduler, which starts over (A-742):
    writes go one at a time in an environment, whatever the sort of entry, and don't happen without a difference.
    """

    parent = "ateme.environment"
    parent_field = "environment"
    one_at_a_time_per = "environment"
    impact_of_delete = Impact.INTERRUPTS
    ends: ClassVar[tuple[Literal["input", "output"], ...]] = ("input", "output")  # that the spec names
    sources = ("input",)
    target = "output"

    @abstractmethod
    def shown_by(self, spec: S) -> dict[str, Any]:
        """The spec's natural key as rows show it: attribute -> value."""

    @abstractmethod
    def seen(self, row: EntryRow, spec: S, now: datetime) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What a row shows beside environment, ends and id: values by field, and warnings."""

    async def end(self, api: Ateme, spec: S) -> datetime | None:
        """When the entry ends, as far as that is known."""
        return None

    async def _is_over(self, api: Ateme, spec: S) -> bool:
        end = await self.end(api, spec)
        return end is not None and end <= api.now()

    def check(self, spec: S, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """Its ends must be in its environment (A-991)."""
        return elsewhere(spec, related, self.ends)

    def times(self, spec: S, related: Mapping[str, Spec]) -> tuple[Any, Any] | None:
        """What the stack says of its beginning and end, None each for one that it hasn't; None if nobody knows."""
        return None, None

    def span(self, spec: S, related: Mapping[str, Spec]) -> Span | None:
        times = self.times(spec, related)
        return None if times is None else (None if times[0] == NOW else instant(times[0]), instant(times[1]))

    def uses(self, spec: S, related: Mapping[str, Spec], now: datetime) -> Iterable[Use]:
        """Its output, which carries one thing at a time. What is over is in nobody's way."""
        times = self.times(spec, related)
        if times is None or (output := getattr(spec, "output", None)) is None:
            return
        start, end = (now if time == NOW else instant(time) for time in times)
        if end is not None and end <= now:
            return
        clash = "at the same time it carries {other}"
        yield Use(("output", output), "output", clash, "see that one ends before the other begins", start, end)

    async def review(self, api: Ateme, proposal: Proposal[S]) -> Sequence[Problem]:
        """No entry begins its life at its end (A-748), and none in a resting environment (A-731)."""
        spec = proposal.spec
        if spec is None or not proposal.writes:
            return ()
        found = await resting(api, spec.environment, proposal.parent)
        if proposal.creates and await self._is_over(api, spec):
            found.append(Problem(f"end_time {OVER}", remedy="correct it, or take the entry out of the stack"))
        return found

    # --- reading -----------------------------------------------------------------------------------------
    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        rows = await api.listed("schedule.list", None, EntryRow)
        here = [row for row in rows if sort(row) == self.name and await lies_in(api, row, within)]
        fields = {"environment": within}
        return [Live(row.id, fields) for row in here if row.end is None or row.end > api.now()]

    async def observe(self, api: Ateme, id: str, spec: S, *, fresh: bool = False) -> Observed | None:
        async def in_list() -> EntryRow | None:
            return (await api.listed("schedule.list", None, EntryRow, fresh=fresh)).row(id)

        async def alone() -> EntryRow | None:
            return await api.single("schedule.get", str(spec.environment), {"schedule_id": id}, EntryRow, doubtful=True)

        row = await api.found("schedule.list", None, in_list, alone, fresh=fresh)
        return await self.missing(api, id, spec) if row is None else self.observed(row, spec, api.now())

    async def missing(self, api: Ateme, id: str, spec: S) -> Observed | None:
        """What an entry is that isn't listed: absent, unless it has ended. Then it is complete (A-748)."""
        if await self._is_over(api, spec):
            return Observed(id=id, values=spec.set_fields(), computed={"schedule_id": id, "status": "ended"})
        return None

    async def find(self, api: Ateme, spec: S) -> list[Observed]:
        rows = (await api.listed("schedule.list", None, EntryRow, fresh=True)).alike(**self.shown_by(spec))
        return [self.observed(row, spec, api.now()) for row in rows if sort(row) == self.name]

    def observed(self, row: EntryRow, spec: S, now: datetime) -> Observed:
        values: dict[str, Any] = {"environment": row.environment_id or spec.environment}
        values |= {name: found for name in self.ends if (found := getattr(row, name))}
        more, warnings = self.seen(row, spec, now)
        values |= more
        compared = [name for name in spec.set_fields() if name != "extra"]
        unverifiable = {name: UNSEEN for name in compared if name not in values}
        computed = {"schedule_id": row.id, "status": row.status}
        return Observed(row.id, values, computed, unverifiable, warnings=warnings)

    async def on_air(self, api: Ateme, id: str, spec: S, *, fresh: bool = False) -> Sequence[Airtime]:
        return await airtimes(api, schedule=id, fresh=fresh)

    async def status(self, api: Ateme, seen: Observed, spec: S, parent: Spec | None) -> Status:
        """The platform's word; by the clock where it has none. Which words there are, nobody says (A-585)."""
        word, now = seen.computed.get("status"), api.now()
        start, end = instant(seen.values.get("start_time")), instant(seen.values.get("end_time"))
        if word is None:
            word = "ended" if end and end <= now else "scheduled" if start and start > now else "running"
        over = end is not None and end <= now  # whatever has become of it since, it is complete
        return Status(str(word), "; ".join(seen.warnings), wrong=str(word).lower() in OFF and not over)

    # --- writing -----------------------------------------------------------------------------------------
    async def make(
        self, api: Ateme, key: str, spec: S, body: Mapping[str, Any], path: Mapping[str, str] = {}
    ) -> Observed:
        """The creating call. path: ids that stand in it, none of which is the entry's."""
        environment, extra = str(spec.environment), spec.set_fields().get("extra") or {}
        if await self._is_over(api, spec):
            raise Refused(f"{self.name}: end_time {OVER}")
        await api.require_running(environment)
        try:
            answer = await api.call(key, scope=environment, path=path, body={**body, **extra})
        finally:  # also where the answer got lost
            api.changed("schedule.list")
        find = partial(self.find, api, spec)
        id = await api.made_id(key, answer.body, EntryRow, find, submitted=next(iter(path.values()), None))
        return Observed(id=id, incomplete=True)

    async def change(
        self, api: Ateme, key: str, id: str, spec: S, body: Mapping[str, Any], done: Callable[[], Awaitable[bool]]
    ) -> None:
        """The changing call; none without a body. done: whether it happened, by a new look."""
        if not body:
            return
        environment = str(spec.environment)
        await api.require_running(environment)

        async def send() -> None:
            await api.call(key, scope=environment, path={"schedule_id": id}, body=dict(body), repeat=False)

        await carefully(api, send, done)

    async def delete(self, api: Ateme, id: str, last: S, report: Report) -> None:
        async def gone() -> bool:
            return (await api.listed("schedule.list", None, EntryRow, fresh=True)).row(id) is None

        await remove(api, "schedule.delete", str(last.environment), {"schedule_id": id}, gone)


async def lies_in(api: Ateme, row: EntryRow | EventRow, environment: str | None) -> bool:
    """Whether it lies in the environment: as it says, or else as one of its ends does."""
    if row.environment_id is not None:
        return row.environment_id == environment
    inputs = await api.listed("input.list", environment, InputRow)
    if row.input is not None:
        return bool(inputs.within(environment, id=[row.input]))
    outputs = await api.listed("output.list", None, OutputRow)
    return any(one.environment_id == environment for one in outputs.having(id=[getattr(row, "output", None)]))


async def remove(
    api: Ateme, key: str, environment: str, path: Mapping[str, str], gone: Callable[[], Awaitable[bool]]
) -> None:
    """Deletes an entry or an event; what is absent is, and so is what lived in an environment that is. A refusal in
    one that rests says so (A-731)."""
    if await api.status(environment) == "deleted":
        return

    async def send() -> None:
        await api.delete(key, environment, path, repeat=False)

    try:
        await carefully(api, send, gone)
    except (Conflict, Refused) as error:
        if await api.is_running(environment):
            raise
        raise hint(error, f"environment {environment} is not running") from None


async def carefully(api: Ateme, send: Callable[[], Awaitable[None]], done: Callable[[], Awaitable[bool]]) -> None:
    """Repeats a write only after a look has shown that it did not happen: each one disturbs what is on air
    (A-54, A-742)."""
    for last in (False, False, True):
        try:
            await send()
        except (Unavailable, Ambiguous, Unreachable):
            api.changed(*LISTS)
            if await done():
                return
            if last:
                raise
            await api.pause()
        else:
            api.changed(*LISTS)
            return
