"""Any row of the table as one call, and how its lists are paged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headend.core.errors import DecodeError
from headend.core.invoke import Request
from headend.core.wire import NO_BODY, Operation
from headend.mycujoo.api import MycujooApi

if TYPE_CHECKING:
    from headend.transport import Answer

HIDDEN = frozenset({"password", "token", "client_secret", "download_url", "data"}) | frozenset(
    {"bool_value", "datetime_value", "float_value", "number_value", "string_value"}
)
"""What no answer shows: credentials, links that need none, customers' data, and values of fields (M-154, M-198)."""


async def invoke(api: MycujooApi, op: Operation, request: Request, scope: str | None) -> Answer:
    """One call. A POST or PATCH without values has the body {} (M-5, M-7)."""
    body = {} if op.takes_body and request.body is NO_BODY else request.body
    return await api.send(op.key, path=request.path, query=request.query, json=body)


def next_page(op: Operation, body: Any) -> Mapping[str, str] | None:
    """The token of the next page; an absent or empty one ends the list, a short page doesn't (M-16)."""
    if op.role != "paged":
        return None
    if not isinstance(body, dict) or not isinstance(body.get(op.list_key or ""), list | None):
        raise DecodeError(f"mycujoo {op.key}: the answer holds no list {op.list_key}")
    token = body.get("next_page_token")
    return {"page_token": str(token)} if token else None
