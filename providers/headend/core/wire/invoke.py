"""Calling any row of a wire table; pages are walked by the contracts' rules."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field, replace
from typing import Any

from headend.core.model.errors import DecodeError
from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.operations import NO_BODY, Operation
from headend.core.wire.registry import Platform


@frozen_dataclass
class Request:
    """One call. path: values of the path's places; query: a list becomes a repeated key; body: NO_BODY for none."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = NO_BODY


async def call_operation(
    platform: Platform, api: Any, op: Operation, request: Request, scope: str | None, *, all_pages: bool
) -> tuple[Any, bool]:
    """The answer, and whether there are more pages. With all_pages: as `read_all_pages` puts them together."""

    async def send(asked: Request) -> Any:
        return await platform.invoke(api, op, asked, scope)

    next_query = functools.partial(platform.turn_page, op)
    if all_pages:
        return await read_all_pages(f"{platform.name} {op.key}", op, request, send, next_query), False
    answer = await send(request)
    return answer, next_query(request, answer) is not None


async def read_all_pages(
    name: str,
    op: Operation,
    request: Request,
    send: Callable[[Request], Awaitable[Any]],
    next_query: Callable[[Request, Any], Mapping[str, str] | None],
) -> Any:
    """The last answer with the rows of all pages; the only one as it came.

    A page's address is made from what `next_query` finds in the one before, by the platform's rule; a link is never
    followed. A row that comes on two pages counts once. Raises DecodeError for a cursor or a page that comes a second
    time, which would go on for ever.
    """
    rows: list[Any] = []
    seen: list[Mapping[str, str]] = []
    asked, before = request, None
    while True:
        answer = await send(asked)
        cursor = next_query(asked, answer)
        if cursor is None and not seen:
            return answer
        page = answer.body if isinstance(answer.body, list) else answer.body.get(op.list_key) or []
        if cursor in seen or (page and page == before):
            raise DecodeError(f"{name}: the same page comes again and again")
        rows, before = rows + page, page
        if cursor is None:
            rows = _once(op, rows)
            body = rows if isinstance(answer.body, list) else {**answer.body, op.list_key: rows}
            return replace(answer, body=body, content=json.dumps(body).encode())
        seen.append(cursor)
        asked = replace(request, query={**request.query, **cursor})


def _once(op: Operation, rows: list[Any]) -> list[Any]:
    """Each row once: lists grow and shrink while they are read (R-22, S-14)."""
    known: dict[Any, Any] = {}
    for number, row in enumerate(rows):
        id = row.get(op.id_field) if isinstance(row, dict) and op.id_field else None
        known.setdefault(row if isinstance(row, str) else ("no id", number) if id is None else ("id", str(id)), row)
    return list(known.values())
