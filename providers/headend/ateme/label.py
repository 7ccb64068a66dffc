"""Access permissions labels: what guests may be allowed to take, by event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from headend.ateme.fields import Extra, check_extra
from headend.ateme.listed import ListedKind
from headend.ateme.rows import EventRow
from headend.ateme.rows_office import LabelRow
from headend.ateme.rows_services import InvitationRow
from headend.core.model.errors import ApiError
from headend.core.model.fields import Named, Spec

if TYPE_CHECKING:
    from headend.ateme.api import Ateme


class Label(Spec):
    """One label."""

    text: Annotated[str, Named(), Field(min_length=1, description="what it says; a change keeps its id (A-621, A-622)")]
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"text"})
        return self


class LabelKind(ListedKind[Label]):
    """An access permissions label of the organisation: events carry it, and guests are allowed it.

    The platform deletes a label only once nothing refers to it (A-738). headend takes the events and grants of the
    stack off it first; events that carry it otherwise, and guests that are allowed it, are named in the error.
    """

    name = "ateme.label"
    noun = "label"
    shape = LabelRow
    model = Label
    key = ("text",)

    async def users(self, api: Ateme, id: str) -> list[str]:
        """Events that carry it, and guests that are allowed it."""
        try:
            events = await api.listed("event.list", None, EventRow, fresh=True)
            guests = await api.listed("source_invitation.list", None, InvitationRow, fresh=True)
        except ApiError:  # the refusal itself is what has to be told
            return []
        found = [f"event {row.id} ({row.name})" for row in events if id in (row.label_ids or ())]
        named = [(row.id, row.destination_temporary_name) for row in guests if id in (row.label_ids or ())]
        return [*found, *(f"invitation {guest} ({name})" for guest, name in named)]
