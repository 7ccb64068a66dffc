"""What a stack says of any input or output."""

import functools
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from headend.ateme.fields import DEGREES, ENVIRONMENT, GROUP, Extra, check_extra, empty_is_none
from headend.core.model.fields import (
    Ignored,
    Immutable,
    Impact,
    Interrupts,
    Likely,
    OwnCall,
    Same,
    Spec,
    WriteOnly,
    mark,
    marked,
)
from headend.core.model.references import Id

CLEARED = "user_description"  # by an empty text


class Endpoint(Spec):
    """Fields of every input and output."""

    environment: Annotated[
        Id, ENVIRONMENT, Immutable(), Field(description="the environment it is in; never in a body (A-411, A-458)")
    ]
    variant: Annotated[
        str, Immutable(), Field(description="the type, which says what other fields there are (A-412, A-459)")
    ]
    user_description: Annotated[
        str | None,
        Same(empty_is_none),
        Field(
            max_length=255,
            examples=["Main feed of the stadium"],
            description="what people read of it, up to 255 characters (A-414, A-460)",
        ),
    ] = None
    latitude: Annotated[
        float | None,
        OwnCall(),
        Likely(-90, 90),
        DEGREES,
        Field(description="north of the equator in degrees, -90 to 90; goes with longitude (A-416, A-462)"),
    ] = None
    longitude: Annotated[
        float | None,
        OwnCall(),
        Likely(-180, 180),
        DEGREES,
        Field(description="east of Greenwich in degrees, -180 to 180; goes with latitude (A-417, A-463)"),
    ] = None
    dashboard_group: Annotated[
        Id | None,
        OwnCall(),
        GROUP,
        Field(description="the group it is shown in; no call takes it out of one again (A-418, A-464, A-977)"),
    ] = None
    state: Annotated[
        Literal["started", "stopped"],
        OwnCall(),
        Interrupts(Impact.INTERRUPTS),
        Field(description="whether it is to run (A-419, A-465)"),
    ] = "started"
    extra: Extra = None

    not_sent: ClassVar[frozenset[str]] = frozenset({"environment", "variant", "extra"})
    wire_names: ClassVar[Mapping[str, str]] = {"stream_name": "id"}
    absent_means_null: ClassVar[frozenset[str]] = frozenset()  # a field that a row lacks is null
    documented: ClassVar[frozenset[str]] = frozenset({"user_description"})  # sent along in updates as last read
    clearable: ClassVar[frozenset[str] | None] = frozenset({CLEARED, "dashboard_group"})
    sent_id_on_update: ClassVar[bool] = False  # whether the update lists `id` among its fields

    @model_validator(mode="before")
    @classmethod
    def _nulls(cls, given: Any) -> Any:
        """A null without a meaning of its own on the wire is a field that isn't set (A-50)."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value is not None or name in cls.absent_means_null}

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude are set together")
        check_extra(self.extra, {self.wire_names.get(name, name) for name in type(self).model_fields})
        return self

    @classmethod
    @functools.cache
    def wire(cls) -> Mapping[str, str]:
        """{field: name on the wire} of what create and update bodies hold."""
        own = cls.not_sent.union(marked(cls, OwnCall))
        return {name: cls.wire_names.get(name, name) for name in cls.model_fields if name not in own}


@functools.cache
def row_names(model: type[Endpoint], plain: bool) -> Mapping[str, str]:
    """{field: its key in a row}: the submitted id stands elsewhere where `id` is the platform's, which `plain` tells
    (A-804)."""
    names = model.wire()
    return {**names, "stream_name": "stream_id"} if plain and "stream_name" in names else names


@functools.cache
def shown_names(model: type[Endpoint], plain: bool) -> Mapping[str, str]:
    """The same of those that a row shows."""
    places = {"latitude": "latitude", "longitude": "longitude"}
    return {f: n for f, n in row_names(model, plain).items() if not mark(model, f, WriteOnly)} | places


@functools.cache
def compared_fields(model: type[Endpoint]) -> frozenset[str]:
    """Those that a row shows, and that are compared."""
    fields = model.model_fields
    return frozenset(f for f in fields if not mark(model, f, WriteOnly) and not mark(model, f, Ignored))
