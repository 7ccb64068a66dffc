"""Any row of the table as one call; windows of statistics are checked before anything is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import InputError
from headend.core.wire.invoke import Request
from headend.core.wire.operations import NO_BODY, Operation
from headend.just.api import Just
from headend.just.wire import READS

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

_MILLISECONDS = 10**11
_CHANNELS = {
    "utm_metric.update": ("email", "push", "sms"),
    "refid.count": ("email", "sms"),
    "refid.daily": ("email", "sms"),
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


async def invoke(api: Just, op: Operation, request: Request, scope: str | None) -> Answer:
    """One call with the session's way to say it. Raises InputError for an unknown channel and for an empty window."""
    channel = request.path.get("channel")
    if op.key in _CHANNELS and channel not in _CHANNELS[op.key]:
        raise InputError(f"{op.key}: channel is one of {', '.join(_CHANNELS[op.key])}")
    if op.key in READS:
        return await api.read(op.key, replace(request, query=_window(op.key, request.query)))
    body = {} if request.body is NO_BODY else request.body
    if not isinstance(body, Mapping):
        raise InputError(f"{op.key}: takes fields by name")
    return await api.called(op.key, {name: _field(value) for name, value in body.items()}, request.path)


def _field(value: Any) -> str:
    """A form's value: text as it is, and JSON where it isn't text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _window(key: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """The query with its window as it is sent (J-25). Raises InputError for one that can't be."""
    if key == "segment.list":
        return dict(query)
    names: tuple[str, str]
    read: Callable[[str], int | str]
    names, read = (("startDate", "endDate"), _seconds) if key == "refid.count" else (("start", "end"), _moment)
    found: list[Any] = []
    for name in names:
        if name not in query:
            raise InputError(f"{key}: missing: {name}=...")
        try:
            found.append(read(str(query[name])))
        except ValueError as error:
            raise InputError(f"{key}: {name}: {error}") from None
    if found[0] > found[1]:
        raise InputError(f"{key}: {names[0]} is after {names[1]}")
    return {**query, **dict(zip(names, map(str, found), strict=True))}


def _seconds(text: str) -> int:
    """Epoch seconds of a moment with its zone, or as they are."""
    if re.fullmatch(r"-?\d+", text, re.ASCII):
        if abs(int(text)) >= _MILLISECONDS:
            raise ValueError("these are milliseconds; seconds are wanted")
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be epoch seconds, or a moment with its zone such as 2026-12-05T15:00:00Z")
    return int(moment.timestamp())


def _moment(text: str) -> str:
    """As it is: in which zone the service reads it is undocumented."""
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be written as 2026-12-05 15:00:00") from None
    return text
