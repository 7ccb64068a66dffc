"""Any row of the table as one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headend.core.invoke import Request
from headend.core.wire import NO_BODY, Operation
from headend.mycujoo.api import MycujooApi

if TYPE_CHECKING:
    from headend.transport import Answer

HIDDEN = frozenset(
    {"password", "new_password", "old_password", "token", "reset_code", "verification_code"}
    | {"client_secret", "setup_intent_id", "download_url", "data"}
    | {"bool_value", "datetime_value", "float_value", "number_value", "string_value"}
)
"""What no answer and no error shows: credentials, links that need none, customers' data, and values of fields (M-154,
M-198)."""


async def invoke(api: MycujooApi, op: Operation, request: Request, scope: str | None) -> Answer:
    """One call. A POST or PATCH without values has the body {} (M-5, M-7)."""
    body = {} if op.takes_body and request.body is NO_BODY else request.body
    return await api.send(op.key, path=request.path, query=request.query, json=body)
