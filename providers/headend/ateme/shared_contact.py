"""Shared contacts: whom guests can turn to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from headend.ateme.answers import hint
from headend.ateme.fields import Extra, check_extra, empty_is_none
from headend.ateme.listed import ListedKind
from headend.ateme.rows_services import ContactRow
from headend.core.model.errors import Refused
from headend.core.model.fields import Named, Same, Spec
from headend.core.model.observed import Change

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

WRITTEN = r"^[\w .,\-@+!]*$"
SIGNS = "letters, digits, spaces and . , - @ _ + !"


class SharedContact(Spec):
    """One person, or desk."""

    name: Annotated[
        str,
        Named(),
        Field(
            min_length=1,
            max_length=80,
            pattern=WRITTEN,
            examples=["Duty desk"],
            description=f"the contact's name: 1 to 80 {SIGNS} (A-633)",
        ),
    ]
    email: Annotated[
        str | None,
        Same(empty_is_none),
        Field(
            max_length=150,
            pattern=WRITTEN,
            examples=["noc@example.com"],
            description=f"the e-mail address: up to 150 {SIGNS} (A-634)",
        ),
    ] = None
    phone: Annotated[
        str | None,
        Same(empty_is_none),
        Field(
            max_length=150,
            pattern=WRITTEN,
            examples=["+44 20 7946 0000"],
            description=f"the phone number: up to 150 {SIGNS} (A-635)",
        ),
    ] = None
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"name", "email", "phone"})
        return self


class SharedContactKind(ListedKind[SharedContact]):
    """A contact that the organisation shares with its guests. It is found by its e-mail address, or else its name."""

    name = "ateme.shared_contact"
    noun = "shared_contact"
    shape = ContactRow
    place = "contact_id"
    model = SharedContact

    def natural_key(self, spec: SharedContact) -> tuple[Any, ...]:
        return (spec.email or spec.name,)

    async def update(self, api: Ateme, id: str, spec: SharedContact, changes: Sequence[Change]) -> None:
        """The document names + and ! for creations only: a refusal is told so, and makes nothing anew (A-843)."""
        try:
            await super().update(api, id, spec, changes)
        except Refused as error:
            if not any(re.search("[+!]", value or "") for value in (spec.name, spec.email, spec.phone)):
                raise
            raise hint(error, "its documentation allows + and ! in a new contact, not in a changed one") from None
