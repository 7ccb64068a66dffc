"""Decoding answers strictly, by the shape that a contract documents: an answer is proof, or it is an error.

    class Label(Shape):
        id: OpaqueId = named("label_id", "id")   # the first of these keys that is there
        text: str
        note: str | None = None                  # may be missing, and may be null

    decode(Label, "ateme: label.get", body)          -> Label
    decode_rows(Label, "ateme: label.list", rows)    -> list[Label], in one pass

Nothing is converted: true is no number, 5 no text, "5" no number. A field without a default must be there. A field is
null only if its type says so, and an id never is. Unknown keys are ignored. Anything else raises DecodeError, which
names the operation, the row, the key, what was expected and what type came, and never the value: it may be private.

`readable` is for the fields of a spec. It takes what fits their types, and says why of the rest, so that a value of the
wrong type is never a difference. `DecodeError` is for all that says which object an answer is about.

A 404 is proof only in the platform's own words: `Client.is_own_error` tells them from those of a proxy on the way.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter
from pydantic import ValidationError as _ValidationError
from pydantic_core import ErrorDetails
from typing_extensions import is_typeddict

from headend.core.model.errors import DecodeError
from headend.core.model.fields import Immutable, Spec, mark
from headend.core.model.observed import Undecoded


class Shape(BaseModel):
    """Base of the documented shapes of answers."""

    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, hide_input_in_errors=True, defer_build=True, populate_by_name=False
    )

    def __repr__(self) -> str:  # values may be private, and reprs end up in tracebacks
        return f"{type(self).__name__}()"

    __str__ = __repr__


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


TextId = Annotated[str, StringConstraints(strict=True, min_length=1)]
"""An id that is text, and never empty."""

OpaqueId = Annotated[str, BeforeValidator(_number_as_text), StringConstraints(strict=True, min_length=1)]
"""An id that may come as text or as a whole number, where the contract says so (A-44). It is text from here on."""


def named(*keys: str, default: Any = ...) -> Any:
    """A field that may have several names: the first that is there counts, whatever its value."""
    return Field(default, validation_alias=AliasChoices(*keys))


S = TypeVar("S", bound=BaseModel)
MOST_TOLD: Final = 3  # errors of one answer


def decode(shape: type[S], where: str, body: Any) -> S:
    """The answer as its shape. where: platform and operation, for the error. Raises DecodeError."""
    try:
        return shape.model_validate(body)
    except _ValidationError as error:
        raise _decode_error(where, error, in_rows=False) from None


def decode_rows(shape: type[S], where: str, rows: Any) -> list[S]:
    """The rows of a list answer as their shapes. Raises DecodeError where one isn't so, or the rows are no array."""
    try:
        return _rows_of(shape).validate_python(rows)
    except _ValidationError as error:
        raise _decode_error(where, error, in_rows=True) from None


@functools.cache
def _rows_of(shape: type[S]) -> TypeAdapter[list[S]]:
    return TypeAdapter(list[shape], config=None)  # type: ignore[valid-type]


def _decode_error(where: str, error: _ValidationError, *, in_rows: bool) -> DecodeError:
    found = error.errors(include_url=False, include_context=False)
    told = list(dict.fromkeys(_told(one, in_rows=in_rows) for one in found))
    more = [f"and {len(told) - MOST_TOLD} more"] if len(told) > MOST_TOLD else []
    return DecodeError(f"{where}: the answer can't be used: {'; '.join([*told[:MOST_TOLD], *more])}")


def _told(one: ErrorDetails, *, in_rows: bool) -> str:
    """row 3: label_id: expected text, got null."""
    place = list(one["loc"])
    number = place.pop(0) if in_rows and place else None
    row = [f"row {number + 1}"] if isinstance(number, int) else []
    path = ".".join(part if isinstance(part, str) else str(part + 1) for part in place)
    if one["type"] == "missing":
        said = "is missing"
    else:
        said = f"expected {_EXPECTED.get(one['type'], 'another value')}, got {json_type(one['input'])}"
    return ": ".join([*row, *filter(None, [path]), said])


_EXPECTED: Final = {
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "too_short": "text that is not empty",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "literal_error": "one of the documented words",
}


def json_type(value: Any) -> str:
    """What sort of JSON value it is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text" if value else "empty text"
        case list() | tuple():
            return "an array"
    return "an object"


# --- values of a spec's fields ---------------------------------------------------------------------------------
def readable(
    spec: type[Spec], names: Mapping[str, str] | Iterable[str], row: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What a row shows of a spec's fields: {field: value} of those that it has, and {field: why not} of values that
    don't have the field's type. names: field -> its key in the row, or fields that are called the same.

    Only types are judged, not bounds or words: a platform may know more of them. Null is a value where the spec
    allows it, but not for an immutable field, which would make the object anew.
    """
    pairs = names.items() if isinstance(names, Mapping) else zip(names := list(names), names, strict=True)
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field, key in pairs:
        if key not in row:
            continue
        value = row[key]
        if value is None and mark(spec, field, Immutable) is not None:
            wrong[field] = Undecoded(f"the answer's {key}: expected a value, got null")
            continue
        try:
            values[field] = _loose(spec, field).validate_python(value)
        except _ValidationError as error:
            told = _told(error.errors(include_url=False)[0], in_rows=False)
            wrong[field] = Undecoded(f"the answer's {key}: {told}")
    return values, wrong


def last_read(
    spec: type[Spec], where: str, names: Iterable[str], row: Mapping[str, Any], given: Collection[str] = ()
) -> dict[str, Any]:
    """What an update has to send back as it was last read: those of the fields that the row has. Raises DecodeError for
    one of another type, unless its value is `given` by the stack."""
    values, wrong = readable(spec, [name for name in names if row.get(name) is not None], row)
    raise_if_wrong(where, {name: why for name, why in wrong.items() if name not in given})
    return values


def raise_if_wrong(where: str, wrong: Mapping[str, str]) -> None:
    """Raises DecodeError with what `readable` found wrong: for values that are to be sent back as they are."""
    if wrong:
        raise DecodeError(f"{where}: {'; '.join(wrong.values())}")


@functools.cache
def _loose(spec: type[Spec], field: str) -> TypeAdapter[Any]:
    return TypeAdapter(_json_form(spec.model_fields[field].annotation), config=ConfigDict(strict=True))


def _json_form(annotation: Any) -> Any:
    """The annotation without bounds, validators and fixed words."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _json_form(args[0])
    if origin is Literal:
        return Union[tuple(dict.fromkeys(type(word) for word in args))]  # noqa: UP007
    if origin in {Union, types.UnionType}:
        return Union[tuple(_json_form(one) for one in args)]  # noqa: UP007
    if origin in {list, tuple, dict}:
        return origin[tuple(_json_form(one) for one in args)]
    if is_typeddict(annotation):
        held: Any = Union[tuple(map(_json_form, get_type_hints(annotation).values()))]  # noqa: UP007
        return dict[str, held]
    if annotation in {str, int, float, bool, type(None), dict, list}:
        return annotation
    return Any
