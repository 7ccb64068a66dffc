"""Any row of the table as one call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import InputError
from headend.core.wire.invoke import Request
from headend.core.wire.operations import NO_BODY, Operation
from headend.just.api import Just
from headend.just.checks import epoch_seconds
from headend.just.people import NORMAL
from headend.just.wire import READS

if TYPE_CHECKING:
    from headend.core.wire.client import Answer


async def invoke(api: Just, op: Operation, request: Request, scope: str | None) -> Answer:
    """One call with the session's way to say it; its values are as the table has them."""
    if op.key in READS:
        return await api.read(op.key, replace(request, query=_sent(op.key, request.query)))
    body = {} if request.body is NO_BODY else request.body
    if op.key == "utm_metric.update":
        return await _mark(api, op.key, request.path["channel"], body["data"])
    return await api.called(op.key, {name: _field(value) for name, value in body.items()}, request.path)


async def _mark(api: Just, key: str, channel: str, data: Any) -> Answer:
    """Overwrites the marks of an address. Raises InputError for one that is of another channel."""
    marks = json.loads(data) if isinstance(data, str) else data
    if channel not in NORMAL:
        raise InputError(f"{key}: channel: what {channel} knows a person by is undocumented (J-32)")
    if NORMAL[channel].field not in marks:
        raise InputError(f"{key}: data: a person of channel {channel} is known by {NORMAL[channel].field}")
    return await api.mark_all(channel, marks)


def _field(value: Any) -> str:
    """A form's value: text as it is, and JSON where it isn't text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _sent(key: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """The query as it is sent: counts are asked for in seconds (J-25)."""
    seconds = ("startDate", "endDate") if key == "refid.count" else ()
    return {name: str(epoch_seconds(value)) if name in seconds else value for name, value in query.items()}
