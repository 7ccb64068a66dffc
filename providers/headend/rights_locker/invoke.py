"""Any row of the table as one call, and how the one list that has pages is walked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import DecodeError
from headend.core.wire.invoke import Request
from headend.core.wire.operations import Operation
from headend.rights_locker.api import RightsLocker

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

FILLED = frozenset({"pcode"})  # whose provider code: a setting, not a value
_CURSOR: Mapping[str, Any] = {"last_shard": int, "last_id": str | int}  # an id may come as a number
HIDDEN = frozenset({"api_key", "signature"})


async def invoke(api: RightsLocker, op: Operation, request: Request, scope: str | None) -> Answer:
    """One call, signed as the settings say."""
    return await api.invoke(op, request)


def next_page(op: Operation, body: Any) -> Mapping[str, str] | None:
    """The cursor of the next 1000 users: both parts of it, or none (R-21, R-22). Shard 0 is one, too."""
    if op.key != "users.list":
        return None
    users = body.get("users") if isinstance(body, dict) else None
    if not isinstance(users, list) or not all(isinstance(user, str) for user in users):
        raise DecodeError(f"rights_locker: {op.key}: the answer holds no users")
    parts = {name: str(body[name]) for name in _CURSOR if body.get(name) is not None}
    if any(not isinstance(body[name], _CURSOR[name]) or isinstance(body[name], bool) for name in parts):
        raise DecodeError(f"rights_locker: {op.key}: a cursor of another type")
    if len(parts) == 1:
        raise DecodeError(f"rights_locker: {op.key}: half a cursor: only {next(iter(parts))}")
    return parts or None
