"""Grants: what one guest may take, by the list of invitations, which shows what each has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeVar

from pydantic import Field

from headend.ateme.listed import UNSEEN
from headend.ateme.rows_services import InvitationRow
from headend.ateme.source_invitation import LIST, addressed, invitation, take_away, write
from headend.core.model.fields import Immutable, Ref, Spec
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Observed
from headend.core.model.references import Id

if TYPE_CHECKING:
    from headend.ateme.api import Ateme


class Grant(Spec):
    """What every grant has."""

    invitation: Annotated[
        Id, Ref("ateme.source_invitation"), Immutable(), Field(description="the guest that is allowed it (A-646)")
    ]


S = TypeVar("S", bound=Grant)


class GrantKind(Kind[S, "Ateme"], Listed["Ateme"]):
    """The way of a grant through the API. granted: the field that says what of.

    It has no id of its own: headend's is `<invitation>/<what is granted>`.
    """

    can = Can.OBSERVE | Can.CREATE | Can.DELETE
    granted: ClassVar[str]

    @property
    def noun(self) -> str:
        return self.name.partition(".")[2]

    def _id(self, row: InvitationRow, thing: object) -> str:
        return f"{row.id}/{thing}"

    def _seen(self, row: InvitationRow, thing: str, spec: S) -> Observed | None:
        """None where the guest hasn't it; a list that doesn't show what guests have proves nothing."""
        held: list[str] | None = getattr(row, f"{self.granted}_ids")
        if held is None:
            return Observed(self._id(row, thing), unverifiable=dict.fromkeys(spec.set_fields(), UNSEEN))
        values = {"invitation": spec.invitation if spec.invitation in {row.id, row.number} else row.id}
        return Observed(self._id(row, thing), values | {self.granted: thing}) if thing in held else None

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        return [
            Live(self._id(row, thing), {"invitation": row.id, self.granted: thing})
            for row in await api.listed(LIST, None, InvitationRow)
            for thing in getattr(row, f"{self.granted}_ids") or ()
        ]

    async def observe(self, api: Ateme, id: str, spec: S, *, fresh: bool = False) -> Observed | None:
        guest, _, thing = id.partition("/")
        row = await invitation(api, guest, fresh=fresh)
        return None if row is None else self._seen(row, thing, spec)

    async def find(self, api: Ateme, spec: S) -> list[Observed]:
        row = await invitation(api, spec.invitation)
        found = row and getattr(row, f"{self.granted}_ids") and self._seen(row, getattr(spec, self.granted), spec)
        return [found] if found else []

    async def create(self, api: Ateme, spec: S) -> Observed:
        row, thing = await addressed(api, spec.invitation), getattr(spec, self.granted)
        await write(api, f"{self.noun}.create", row, {f"{self.granted}_id": thing})
        return Observed(self._id(row, thing))

    async def delete(self, api: Ateme, id: str, last: S, report: Report) -> None:
        """It is gone with its guest (A-740)."""
        guest, _, thing = id.partition("/")
        api.changed(LIST)
        row = await invitation(api, guest)
        if row is not None:
            await take_away(api, f"{self.noun}.delete", row, **{f"{self.granted}_id": thing})
