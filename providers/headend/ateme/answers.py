"""Reading answers whose envelopes the document leaves open (A-46..48, A-765)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.core.model.errors import DecodeError
from headend.core.wire.operations import Operation

Row = Mapping[str, Any]
TOKEN_KEYS = ("jwt_token", "token", "jwt", "access_token")


def rows(op: Operation, body: Any) -> list[Row]:
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


def item(op: Operation, body: Any, *ids: str) -> Row:
    """The object of an item answer, which may be wrapped one level. `ids`: names that its id may have.

    Raises DecodeError where the answer is no object.
    """
    if not isinstance(body, Mapping):
        raise DecodeError(f"ateme: {op.key}: the answer is no object")
    if any(name in body for name in ids):
        return body
    inner = [value for value in body.values() if isinstance(value, Mapping)]
    return inner[0] if len(inner) == 1 else body


def text_id(value: Any) -> str | None:
    """An id as text: ids are opaque, and numbers are accepted (A-44)."""
    return None if value is None or value == "" or isinstance(value, bool) else str(value)


def is_deleted(row: Row) -> bool:
    """Whether a row carries a deleted mark: deletes are soft (A-726, A-765)."""
    return bool(row.get("is_deleted") or row.get("deleted") or row.get("deleted_at")) or row.get("status") == "deleted"


def token_in(body: Any) -> str | None:
    """The JWT of an answer, at its top or one level below (A-2)."""
    if not isinstance(body, Mapping):
        return None
    for place in (body, *(value for value in body.values() if isinstance(value, Mapping))):
        for key in TOKEN_KEYS:
            if isinstance(place.get(key), str) and place[key]:
                return str(place[key])
    return None


def stream_state(row: Row) -> str | None:
    """The word for what an object does, whatever the field is called; None where the row has none (A-955)."""
    for key in ("status", "state"):
        if isinstance(row.get(key), str):
            return str(row[key]).lower()
    for key in ("is_running", "is_started"):
        if isinstance(row.get(key), bool):
            return "started" if row[key] else "stopped"
    return None


def desired_word(word: str | None) -> str | None:
    """started | stopped for a settled state, else None."""
    if word in {"running", "started", "active"}:
        return "started"
    return "stopped" if word == "stopped" else None
