"""Permanent schedules: an output with an agreement carries one input, for good."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeGuard

from pydantic import Field, model_validator

from headend.ateme.entry import Entry, EntryKind
from headend.ateme.fields import INPUT, Extra, check_extra
from headend.ateme.listing import Listing
from headend.ateme.rows import EntryRow, OutputRow
from headend.ateme.rows_office import AgreementRow
from headend.ateme.viewers import input_rows
from headend.core.model.errors import ApiError, Refused
from headend.core.model.fields import Immutable, Ref, Spec
from headend.core.model.findings import Level, Problem, warning
from headend.core.model.kind import Can
from headend.core.model.observed import Observed
from headend.core.model.proposal import Proposal
from headend.core.model.references import Id

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

AGREEMENT = "permanent_schedule_agreement_id"
BARE = "has no agreement, so that nothing can be scheduled on it for good (A-587, A-751)"

RATES = ("max_allowed_bitrate_kbps", "bitrate", "max_bitrate")
"""What says how much an input carries, in kbit/s."""
MEGABITS_BELOW = 1000
"""Nobody says in which unit an agreement's bitrate is (A-709): below this it counts as Mbit/s, else as kbit/s."""


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
    told_by = ("output",)
    model = PermanentSchedule
    key = ("output",)
    can = Can.ALL & ~Can.UPDATE

    def shown_by(self, spec: PermanentSchedule) -> dict[str, Any]:
        return {"output": spec.output}

    def seen(self, row: EntryRow, spec: PermanentSchedule, now: datetime) -> tuple[dict[str, Any], tuple[str, ...]]:
        return {}, ()

    def check(self, spec: PermanentSchedule, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """An output of the stack must name its agreement."""
        found, output = [*super().check(spec, related)], related.get("output")
        if output is not None and getattr(output, AGREEMENT, None) is None:
            found.append(Problem(f"output: it {BARE}", remedy=f"give the output a {AGREEMENT}"))
        return found

    async def review(self, api: Ateme, proposal: Proposal[PermanentSchedule]) -> Sequence[Problem]:
        found = list(await super().review(api, proposal))
        output = proposal.spec.output if proposal.spec else None
        if proposal.creates and isinstance(output, str) and await self._is_bare(api, output, fresh=False):
            remedy = "name another output, or replace it by one with an agreement"
            found.append(Problem(f"output: {output} {BARE}", remedy=remedy))
        return [*found, *(await self._too_much(api, proposal) if proposal.creates else ())]

    async def _too_much(self, api: Ateme, proposal: Proposal[PermanentSchedule]) -> Sequence[Problem]:
        """The doubt about an input whose bitrate exceeds the agreement's (A-982), be it as the stack wants it or as it
        is. Where it replaces what goes out, it is an error: the old schedule must go before the new one can come, and
        the new one would be refused."""
        spec, wanted = proposal.spec, proposal.related
        if spec is None or not (proposal.replaces or (isinstance(spec.input, str) and isinstance(spec.output, str))):
            return ()
        try:
            outputs = await api.listed("output.list", None, OutputRow)
            inputs = await input_rows(api, spec.environment) if isinstance(spec.environment, str) else Listing()
            agreements = await api.listed("agreement.list", None, AgreementRow)
        except ApiError as error:
            return (warning(f"input: its bitrate can't be checked: {error}", field="input"),)
        agreement = {**_wanted(wanted.get("output")), **_given(outputs, spec.output)}.get(AGREEMENT)
        bound = _given(agreements, str(agreement)).get("bitrate")
        source = {**_given(inputs, spec.input), **_wanted(wanted.get("input"))}
        rates = [rate for name in RATES if _is_number(rate := source.get(name))]
        if not _is_number(bound) or not rates or max(rates) <= bound * (1 if bound >= MEGABITS_BELOW else 1000):
            return ()
        level = Level.ERROR if proposal.replaces else Level.WARNING
        remedy = "lower it, or take an output with a larger agreement"
        what = f"input: up to {max(rates)} kbit/s, and the agreement of its output covers {bound} (A-982)"
        return (Problem(what, remedy=remedy, level=level, field="input"),)

    async def _is_bare(self, api: Ateme, output: str, *, fresh: bool) -> bool:
        """Whether the output is known to have no agreement; one that isn't listed is left to the server."""
        row = (await api.listed("output.list", None, OutputRow, fresh=fresh)).row(output)
        return row is not None and AGREEMENT in row.given and not row.given[AGREEMENT]

    async def create(self, api: Ateme, spec: PermanentSchedule) -> Observed:
        """Looks at the output's agreement right before the call (A-751)."""
        output = str(spec.output)
        if await self._is_bare(api, output, fresh=True):
            raise Refused(f"{self.name}: output {output} {BARE}")
        return await self.make(api, "permanent_schedule.create", spec, {"input_id": spec.input}, {"output_id": output})


def _given(rows: Listing[Any], id: Hashable) -> Mapping[str, Any]:
    """What is said of the one with that id; nothing where none has it."""
    row = rows.row(id)
    return row.given if row else {}


def _wanted(spec: Spec | None) -> Mapping[str, Any]:
    """What the stack wants of an object that it holds."""
    return spec.set_fields() if spec is not None else {}


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
