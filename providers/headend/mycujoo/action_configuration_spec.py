"""What the stack says of an action configuration."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator

from headend.core.model.fields import Found, Immutable, Lasting, OwnCall, Same, Secret, Spec, refused
from headend.core.model.references import Query
from headend.core.model.times import LIKE, PATTERN, zone_of
from headend.mycujoo.values import Value, canonical, normal_fields

_AS_WRITTEN = {
    "anyOf": [
        {"type": ["boolean", "number", "string"]},
        {
            "type": "object",
            "properties": {
                "bool_value": {"type": "boolean"},
                "datetime_value": {"type": "string", "pattern": PATTERN, "examples": [LIKE]},
                "float_value": {"type": "number"},
                "number_value": {"type": ["integer", "string"]},
                "string_value": {"type": "string"},
            },
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        },
    ]
}
"""What editors may accept for one value: authors write more than the canonical form."""


class ActionConfiguration(Spec):
    """Desired state of one configuration.

    `fields`: {name: value}; a value is a boolean, a whole number, a float, a string, or says its kind, as in
    `{datetime_value: "2026-12-05T15:00:00Z"}`.
    """

    action_id: Annotated[
        Annotated[str, Field(min_length=1)] | Query,
        Field(description="Id of the action (M-100)"),
        Immutable(),
        Found("mycujoo.action"),
    ]
    group_id: Annotated[
        str, Field(min_length=1, description="Id of the group it belongs to, opaque (M-100)"), Immutable()
    ]
    title: Annotated[str, Field(min_length=1, description="Title; part of what it is found by (M-100, M-113)")]
    fields: Annotated[
        dict[str, Annotated[Value, WithJsonSchema(_AS_WRITTEN)]],
        Field(description="Values by the names of the action's fields; may hold secrets (M-101..M-104)"),
        Secret(),
        Same(normal_fields),
    ] = {}
    order: Annotated[
        int | None,
        OwnCall(),
        Lasting(),
        Field(ge=-(2**31), lt=2**31, description="Place in the group; unmanaged when not given (M-106, M-197)"),
    ] = None

    @field_validator("fields", mode="before")
    @classmethod
    def _canonical(cls, given: Any, info: ValidationInfo) -> Any:
        if not isinstance(given, Mapping):
            raise refused("must be a mapping of field names to values (M-101)")
        values: dict[str, Value] = {}
        for name, value in given.items():
            if not isinstance(name, str) or not name:
                raise refused("field names are non-empty strings (M-101)")
            try:
                values[name] = canonical(value, zone_of(info))
            except ValueError as error:
                raise refused(str(error), name) from None
        return values
