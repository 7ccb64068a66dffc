"""Any row of the table as one call: which environment is meant, and what TitanFile takes as a header."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from headend.ateme.answers import TOKEN_KEYS
from headend.ateme.api import Ateme
from headend.ateme.rows import EnvironmentRow
from headend.core.model.errors import InputError
from headend.core.wire.invoke import Request
from headend.core.wire.operations import NO_BODY, Operation

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

HIDDEN = frozenset({*TOKEN_KEYS, "source_invitation_token", "password", "access_key", "secret_key"}) | frozenset(
    {"technical_details", "input_settings", "livelink_args", "url", "backup_url", "stream_key"}
    | {"notification_parameters"}
)
"""What no answer shows (A-22): tokens, passwords, keys, RTMP addresses, addresses of Slack hooks."""


async def find_environment(api: Ateme, wanted: str) -> str:
    """The id of the environment with that id or name. Raises InputError where there is none, or more than one."""
    names: dict[str, list[str]] = {}
    for row in await api.listed("environment.dropdown", None, EnvironmentRow):
        names.setdefault(row.name or row.id, []).append(row.id)
    if wanted in {id for ids in names.values() for id in ids}:
        return wanted
    found = names.get(wanted, [])
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"--environment {wanted}: {len(found)} have that name: {', '.join(found)}; give an id")
    near = difflib.get_close_matches(wanted, names, n=1)
    meant = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(names)) or 'none'}"
    raise InputError(f"--environment {wanted}: no such environment; {meant}")


async def invoke(api: Ateme, op: Operation, request: Request, scope: str | None) -> Answer:
    """One call. scope: an environment's id; it also fills the place of that name in a path (A-9).

    A TitanFile operation takes `deployment_id` as a header (A-21). Raises InputError where the environment or the
    deployment is missing, and ApiError as `Ateme.call` does.
    """
    query, body, headers = dict(request.query), request.body, {}
    if (rule := op.rule("deployment_id")) and rule.place == "header":
        deployment = query.pop("deployment_id", None)
        if isinstance(body, dict) and "deployment_id" in body:
            deployment = body["deployment_id"]
            body = {name: value for name, value in body.items() if name != "deployment_id"} or NO_BODY
        if deployment is not None:
            headers = api.within(str(deployment))
        elif rule.needed:
            raise InputError(f"{op.key}: missing: deployment_id=... (it goes as a header)")
    if scope is None and re.search(r"\bae\b", op.role):
        raise InputError(f"{op.key}: works in one environment; name it with --environment NAME")
    if op.key.startswith("environment."):
        scope = None  # an environment is looked at from outside: it may be about to go
    return await api.call(op.key, scope=scope, path=request.path, query=query, body=body, headers=headers)
