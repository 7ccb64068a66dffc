"""Permanent schedules: an output with an agreement carries one input, for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from headend.ateme.api import Ateme
from headend.ateme.entry import Entry, EntryKind
from headend.ateme.fields import INPUT, Extra, check_extra
from headend.ateme.rows import EntryRow, OutputRow
from headend.core.model.errors import Refused
from headend.core.model.fields import Immutable, Ref, Spec
from headend.core.model.findings import Problem
from headend.core.model.kind import Can
from headend.core.model.observed import Observed
from headend.core.model.proposal import Proposal
from headend.core.model.references import Id

AGREEMENT = "permanent_schedule_agreement_id"
BARE = "has no agreement, so that nothing can be scheduled on it for good (A-587, A-751)"


class PermanentSchedule(Entry):
    """One pairing of an input with an output, without an end."""

    output: Annotated[
        Id, Ref("ateme.output"), Immutable(), Field(description="one with an agreement: it names it (A-587)")
    ]
    input: Annotated[
        Id, INPUT, Immutable(), Field(description="its bitrate must not exceed that of the agreement (A-588, A-709)")
    ]
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"input_id", "output_id"})
        return self


class PermanentScheduleKind(EntryKind[PermanentSchedule]):
    """What an output with an agreement carries, from its creation until it is deleted: it is always on air.

    The output takes the agreement when it is made (`permanent_schedule_agreement_id`); headend finds a free one and
    never buys any. Another input replaces the schedule, the old one first: the output is dark in between.
    """

    name = "ateme.permanent_schedule"
    collection = "permanent_schedules"
    model = PermanentSchedule
    key = ("output",)
    can = Can.ALL & ~Can.UPDATE

    def matches(self, row: EntryRow, spec: PermanentSchedule) -> bool:
        return row.output == spec.output

    def seen(self, row: EntryRow, spec: PermanentSchedule, now: datetime) -> tuple[dict[str, Any], tuple[str, ...]]:
        return {}, ()

    def check(self, spec: PermanentSchedule, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """An output of the stack must name its agreement."""
        output = related.get("output")
        if output is None or getattr(output, AGREEMENT, None) is not None:
            return ()
        return (Problem(f"output: it {BARE}", remedy=f"give the output a {AGREEMENT}"),)

    async def review(self, api: Ateme, proposal: Proposal[PermanentSchedule]) -> Sequence[Problem]:
        found = list(await super().review(api, proposal))
        output = proposal.spec.output if proposal.spec else None
        if proposal.creates and isinstance(output, str) and await self._is_bare(api, output, fresh=False):
            remedy = "name another output, or replace it by one with an agreement"
            found.append(Problem(f"output: {output} {BARE}", remedy=remedy))
        return found

    async def _is_bare(self, api: Ateme, output: str, *, fresh: bool) -> bool:
        """Whether the output is known to have no agreement; one that isn't listed is left to the server."""
        for row in await api.listed("output.list", None, OutputRow, fresh=fresh):
            if row.id == output:
                return AGREEMENT in row.given and not row.given[AGREEMENT]
        return False

    async def create(self, api: Ateme, spec: PermanentSchedule) -> Observed:
        """Looks at the output's agreement right before the call (A-751)."""
        output = str(spec.output)
        if await self._is_bare(api, output, fresh=True):
            raise Refused(f"{self.name}: output {output} {BARE}")
        return await self.make(api, "permanent_schedule.create", spec, {"input_id": spec.input}, {"output_id": output})
