"""Reading answers whose envelopes the document leaves open (A-46..48, A-765)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from headend.ateme.rows import Row, id_names
from headend.core.model.errors import ApiError, DecodeError
from headend.core.wire.decode import decode, decode_rows

if TYPE_CHECKING:
    from headend.core.wire.answers import Answer
    from headend.core.wire.operations import Operation

R = TypeVar("R", bound=Row)
Object = Mapping[str, Any]
TOKEN_KEYS = ("jwt_token", "token", "jwt", "access_token")


def rows(op: Operation, body: Any) -> list[Object]:
    """The rows of a list answer: a bare array, the configured key, or the only array in the object (A-47).

    Raises DecodeError for anything else: an unknown shape is never read as an empty list.
    """
    found = body
    if isinstance(body, Mapping):
        arrays = [value for value in body.values() if isinstance(value, list)]
        found = body.get(op.list_key) if op.list_key else arrays[0] if len(arrays) == 1 else None
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise DecodeError(f"ateme: {op.key}: the answer is no list of objects")
    return found


def is_listing(body: Any, *ids: str) -> bool:
    """Whether an answer that should be one object holds rows: an array, or an object without any of `ids` and with
    exactly one array (A-46, A-47)."""
    if isinstance(body, Mapping):
        return not any(name in body for name in ids) and sum(isinstance(v, list) for v in body.values()) == 1
    return isinstance(body, list)


def item(op: Operation, body: Any, *ids: str) -> Object:
    """The object of an item answer, which may be wrapped one level. `ids`: names that its id may have.

    Raises DecodeError where the answer is no object.
    """
    if not isinstance(body, Mapping):
        raise DecodeError(f"ateme: {op.key}: the answer is no object")
    if any(name in body for name in ids):
        return body
    inner = [value for value in body.values() if isinstance(value, Mapping)]
    return inner[0] if len(inner) == 1 else body


def read_rows(op: Operation, body: Any, shape: type[R]) -> list[R]:
    """The rows of a list answer in their documented shape. Raises DecodeError."""
    return decode_rows(shape, f"ateme: {op.key}", rows(op, body))


def read_item(op: Operation, body: Any, shape: type[R], wanted: str, signs: Collection[str] = ()) -> R:
    """The object of an item answer in its documented shape. wanted: the id that was asked for. signs: keys of details
    that are documented without an id: one of them must be there then. Raises DecodeError."""
    names = id_names(shape)
    found = item(op, body, *names, *signs)
    if any(name in found for name in signs) and not any(name in found for name in names):
        found = {**found, names[0]: wanted}
    return decode(shape, f"ateme: {op.key}", found)


def text_id(value: Any) -> str | None:
    """An id as text: ids are opaque, and whole numbers are accepted (A-44). None for what is no id."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def is_own_error(answer: Answer) -> bool:
    """Whether an error answer is the platform's: an object that says what is wrong (A-53)."""
    return isinstance(answer.body, Mapping) and any(answer.body.get(key) for key in ("message", "error", "errors"))


def token_in(body: Any) -> str | None:
    """The JWT of an answer, at its top or one level below (A-2)."""
    if not isinstance(body, Mapping):
        return None
    for place in (body, *(value for value in body.values() if isinstance(value, Mapping))):
        for key in TOKEN_KEYS:
            if isinstance(place.get(key), str) and place[key]:
                return str(place[key])
    return None


def desired_word(word: str | None) -> str | None:
    """started | stopped for a settled state, else None."""
    if word in {"running", "started", "active"}:
        return "started"
    return "stopped" if word == "stopped" else None


def hint(error: ApiError, text: str) -> ApiError:
    """The same error with one more sentence."""
    return type(error)(f"{error} ({text})", status=error.status, code=error.code)
