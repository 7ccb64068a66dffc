"""Dashboard groups: what belongs together on the map."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from headend.ateme.fields import Extra, check_extra
from headend.ateme.listed import ListedKind
from headend.ateme.rows import GroupRow
from headend.core.model.fields import Immutable, Named, Spec


class DashboardGroup(Spec):
    """One group, for one sort of objects."""

    name: Annotated[str, Named(), Field(min_length=1, description="what the map calls it (A-623)")]
    group_type: Annotated[
        Literal["source", "destination", "mv", "transcoder"],
        Immutable(),
        Field(description="for inputs, outputs, multi-viewers or transcoders (A-624, A-841)"),
    ]
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"name", "group_type"})
        return self


class DashboardGroupKind(ListedKind[DashboardGroup]):
    """A group of inputs (`source`), outputs (`destination`), multi-viewers (`mv`) or transcoders on the map.

    They name it as their `dashboard_group`. A multi-viewer or a transcoder joins by the input that it makes (A-418,
    A-841, A-990). What once is in a group can change to another one, and never to none (A-977).
    """

    name = "ateme.dashboard_group"
    noun = "dashboard_group"
    shape = GroupRow
    place = "group_id"
    key = ("group_type", "name")
    create_before_delete = True  # what has joined it changes over
    model = DashboardGroup
