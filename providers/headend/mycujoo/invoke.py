"""Any row of the table as one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headend.core.wire.invoke import Request
from headend.core.wire.operations import NO_BODY, Operation
from headend.mycujoo.api import MycujooApi

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

HIDDEN = frozenset(
    {"password", "new_password", "old_password", "token", "reset_code", "verification_code"}
    | {"client_secret", "setup_intent_id", "download_url", "data"}
    | {"bool_value", "datetime_value", "float_value", "number_value", "string_value"}
)
"""What no answer and no error shows: credentials, links that need none, customers' data, and values of fields (M-154,
M-198)."""

NOT_MANAGED = {
    "role bindings of accounts": "they can only be revoked, all at once, and not be read, so that nothing could be"
    " compared (M-139): `account.delete_bindings`",
    "passwords, verification of addresses, set-up intents": "each call does something once, and some answer secrets,"
    " so that no plan and no apply ever makes one (M-140): `account.change_password`, `setup_intent.create`, ...",
    "invitations": "an invitation is a way to create an account, `invite: true`, and no object of its own (M-141)",
    "action calls": "the platform makes them, and they can neither be created nor deleted (M-138): `action_call.list`",
    "invoices, payments, usage, prices": "they can only be read (M-159): `invoice.list`, `usage.running`, ...",
    "analytics": "they can only be read, as JSON, tables and CSV (M-160): `project.consumption`, ...",
}
"""What no kind manages, and why; the calls are for `headend api mycujoo`."""


async def invoke(api: MycujooApi, op: Operation, request: Request, scope: str | None) -> Answer:
    """One call. A POST or PATCH without values has the body {} (M-5, M-7)."""
    body = {} if op.takes_body and request.body is NO_BODY else request.body
    return await api.send(op.key, path=request.path, query=request.query, json=body)
