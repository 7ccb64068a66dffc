"""Organisations that the login manages: read, and changed only where the stack says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

from pydantic import Field, model_validator

from headend.ateme.answers import hint
from headend.ateme.fields import Extra, check_extra
from headend.ateme.listed import ListedKind
from headend.ateme.machines import gone
from headend.ateme.rows import OrganisationRow
from headend.core.model.capabilities import LeavesBehind, Selection, SelectsChanges, TakesOver, note_down
from headend.core.model.errors import Forbidden
from headend.core.model.fields import Lasting, Named, OwnCall, Spec, Trigger
from headend.core.model.findings import Problem, note, warning
from headend.core.model.kind import Report
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Action, Proposal
from headend.core.wire.decode import last_read

if TYPE_CHECKING:
    from headend.ateme.api import Ateme
    from headend.ateme.listing import Listing
    from headend.ateme.rows import Row

UPDATED = ("name", "currency", "purchase_order_number")
STAFF = "only the vendor's staff can do that; lifecycle.retain: true forgets the organisation instead"


class Organisation(Spec):
    """One organisation."""

    name: Annotated[str, Named(), Field(min_length=3, max_length=150, description="what it is called (A-691, A-986)")]
    currency: Annotated[
        Literal["usd", "gbp", "eur"] | None, OwnCall(), Lasting(), Field(description="what it is billed in (A-692)")
    ] = None
    purchase_order_number: Annotated[
        str | None,
        OwnCall(),
        Lasting(),
        Field(max_length=100, description="what bills refer to, up to 100 characters (A-693)"),
    ] = None
    managed: Annotated[
        bool,
        Trigger(),
        Field(description="true: headend makes, changes and deletes it. false: it is only read (A-695)"),
    ] = False
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, set(UPDATED))
        return self


class OrganisationKind(
    ListedKind[Organisation], LeavesBehind[Organisation], TakesOver[Organisation], SelectsChanges[Organisation]
):
    """An organisation that the login manages, found by its name. It is read, and no more: where it isn't as the stack
    has it, plans say so.

    With `managed: true` headend makes it, where there is none, changes and deletes it. The platform lets only the
    vendor's staff change or delete one. Deleting it deletes all that it has. headend never leaves an organisation.
    """

    name = "ateme.organisation"
    collection = "organisations"
    noun = "organisation"
    shape = OrganisationRow
    model = Organisation
    key = ("name",)

    def fields(self) -> list[str]:
        return list(UPDATED)

    def takes_over(self, spec: Organisation) -> bool:
        return not spec.managed

    def leaves_behind(self, last: Organisation) -> bool:
        return not last.managed

    def select_changes(self, live: Observed, spec: Organisation, changes: Sequence[Change]) -> Selection:
        """None of one that is only read."""
        if spec.managed:
            return note_down(changes, {"managed"})
        others = sorted({change.field for change in changes} - {"managed"})
        said = [f"{name}: it is {live.values.get(name)!r} there; only managed: true changes it" for name in others]
        return Selection((), tuple(said), noted=note_down(changes, {"managed"}).noted)

    async def review(self, api: Ateme, proposal: Proposal[Organisation]) -> Sequence[Problem]:
        spec = proposal.spec
        if proposal.deletes:
            if proposal.action is Action.FORGET:
                return (note("the organisation stays: it is only read (A-695)"),)
            return (warning("all that the organisation has is deleted with it (A-115)"),)
        if spec is None or spec.managed:
            return ()
        if proposal.creates:
            remedy = "correct the name, or let headend make it: managed: true"
            return (Problem(f"the login manages no organisation {spec.name!r}", remedy=remedy),)
        remedy = "write what it has, or let headend change it: managed: true"
        fields = sorted({change.field for change in proposal.edits})
        return [Problem(f"{name}: it is another one there", field=name, remedy=remedy) for name in fields]

    # --- reading -----------------------------------------------------------------------------------------
    async def rows(self, api: Ateme, spec: Organisation, *, fresh: bool = False) -> Listing[Row]:
        """Those that the login manages: a new one is in no other list (A-856)."""
        return cast("Listing[Row]", await api.listed("organisation.manageable", None, OrganisationRow, fresh=fresh))

    # --- writing -----------------------------------------------------------------------------------------
    async def create(self, api: Ateme, spec: Organisation) -> Observed:
        """A new one may have become the active one: the next call logs in anew, and checks where it is (A-856)."""
        try:
            made = await super().create(api, spec)
        finally:
            api.changed("organisation.manageable")
        api.tokens.drop(None)
        return Observed(made.id, incomplete=True)

    def body(self, spec: Organisation) -> dict[str, Any]:
        return {"name": spec.name} | (spec.extra or {})

    async def update(self, api: Ateme, id: str, spec: Organisation, changes: Sequence[Change]) -> None:
        """All that the stack sets, or else as last read (A-51)."""
        row = (await self.rows(api, spec)).row(id)
        given = {name: value for name, value in spec.set_fields().items() if name in UPDATED and value is not None}
        kept = last_read(Organisation, "ateme: organisation.manageable", UPDATED, row.given if row else {}, given)
        try:
            await self.change(api, "update", id, kept | given | (spec.extra or {}))
        except Forbidden as error:
            raise hint(error, "only the vendor's staff can do that") from None
        api.changed("organisation.manageable", "organisation.list")

    async def complete(self, api: Ateme, id: str, spec: Organisation, report: Report) -> Observed:
        """What creation can't set."""
        seen = await super().complete(api, id, spec, report)
        given = spec.set_fields()
        late = [name for name in UPDATED[1:] if given.get(name) is not None and seen.values.get(name) != given[name]]
        if not spec.managed or not late:
            return seen
        await self.update(api, id, spec, ())
        return await super().complete(api, id, spec, report)

    async def delete(self, api: Ateme, id: str, last: Organisation, report: Report) -> None:
        """It stops what runs, and takes its time. Never by leaving it (A-695)."""
        path = self.path(id)
        try:
            there = await api.delete("organisation.delete", None, path)
        except Forbidden as error:
            raise hint(error, STAFF) from None

        async def look() -> OrganisationRow | None:
            return (await api.listed("organisation.manageable", None, OrganisationRow, fresh=True)).row(id)

        if there:
            await gone(api, f"organisation {last.name}", look, report, api.settings.environment_timeout, None)
        api.client.reads.drop("ateme")
