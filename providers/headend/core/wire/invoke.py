"""Calling any row of a wire table: values by name go to their places, and pages are walked by the contracts' rules."""

from __future__ import annotations

import difflib
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headend.core.model.errors import DecodeError, InputError
from headend.core.model.findings import Problem
from headend.core.wire.operations import NO_BODY, Operation, Table
from headend.core.wire.registry import Platform


@dataclass(frozen=True)
class Request:
    """One call. path: values of the path's places; query: a list becomes a repeated key; body: NO_BODY for none."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = NO_BODY


def find(table: Table, key: str) -> Operation:
    """The row. Raises InputError, with what may be meant, for a key that isn't there."""
    if key in table:
        return table[key]
    near = difflib.get_close_matches(key, table, n=3) or [known for known in table if key in known][:3]
    meant = f"; did you mean {' or '.join(near)}?" if near else "; `--list` shows them all"
    raise InputError(f"{key}: no such operation{meant}")


def fill(
    table: Table,
    op: Operation,
    given: Sequence[tuple[str, str]],
    body: Any = NO_BODY,
    filled: Collection[str] = frozenset(),
) -> Request:
    """The request for values as they were typed.

    A value for a place of the path is text. What is left goes into the query, or into the body where the row has one;
    there a value may be JSON (`limit=3`, `tags=["a"]`), and is text where it isn't. A name that is repeated is a list.
    body: the whole of the body, or what the values are laid over. filled: places that the client fills by itself.

    Raises InputError naming every place without a value; for a place with two; for a body where there is none; for
    an id that is a word of the API, and so makes another call of it (A-45, M-19); and for values that aren't as the
    operation documents them.
    """
    request = _filled(table, op, given, body, filled)
    values = request.body if op.takes_body and request.body is not NO_BODY else request.query
    if isinstance(values, Mapping) and (found := op.faults({**request.path, **values})):
        raise InputError([Problem(f"{op.key}: {error}") for error in found])
    return request


def _filled(
    table: Table, op: Operation, given: Sequence[tuple[str, str]], body: Any, filled: Collection[str]
) -> Request:
    """The request, before what is in it is judged."""
    values: dict[str, list[str]] = {}
    for name, text in given:
        values.setdefault(name, []).append(text)
    places = [name for name in op.names() if name not in filled]
    if missing := [name for name in places if name not in values]:
        raise InputError(f"{op.key}: missing: {', '.join(f'{name}=...' for name in missing)} ({op.method} {op.path})")
    if twice := [name for name in places if len(values[name]) > 1]:
        raise InputError(f"{op.key}: {twice[0]} is a place in the path, and takes one value")
    path = {name: values.pop(name)[0] for name in places}
    url = op.url({**dict.fromkeys(filled, "-"), **path})
    for other in table.values():
        if (other.method, other.path) == (op.method, url) and other.key != op.key:
            raise InputError(f"{op.key}: with these values that is another call, {other.key}")
    if not op.takes_body:
        if body is not NO_BODY:
            raise InputError(f"{op.key}: {op.method} takes no body")
        return Request(path, {name: _listed([_queried(text) for text in texts]) for name, texts in values.items()})
    if values:
        if not isinstance({} if body is NO_BODY else body, Mapping):
            raise InputError(f"{op.key}: the body is no object, so {', '.join(values)} can't be laid over it")
        words = {rule.name for rule in op.takes if rule.type == "text"}  # where 7 is a name and no number
        typed = {n: _listed([t if n in words else _typed(t) for t in texts]) for n, texts in values.items()}
        body = {**({} if body is NO_BODY else body), **typed}
    return Request(path, {}, body)


async def answers(
    platform: Platform, api: Any, op: Operation, request: Request, scope: str | None, *, all_pages: bool
) -> tuple[Any, bool]:
    """The answer, and whether there are more pages. With all_pages: as `walk` puts them together."""

    def following(asked: Request, answer: Any) -> Mapping[str, str] | None:
        if platform.turn_page is not None:
            return platform.turn_page(op, asked, answer)
        return platform.next_page(op, answer.body)

    async def send(asked: Request) -> Any:
        return await platform.invoke(api, op, asked, scope)

    if all_pages:
        return await walk(f"{platform.name} {op.key}", op, request, send, following), False
    answer = await send(request)
    return answer, following(request, answer) is not None


async def walk(
    name: str,
    op: Operation,
    request: Request,
    send: Callable[[Request], Awaitable[Any]],
    following: Callable[[Request, Any], Mapping[str, str] | None],
) -> Any:
    """The last answer with the rows of all pages; the only one as it came.

    A page's address is made from what `following` finds in the one before, by the platform's rule; a link is never
    followed. A row that comes on two pages counts once. Raises DecodeError for a cursor or a page that comes a second
    time, which would go on for ever.
    """
    rows: list[Any] = []
    seen: list[Mapping[str, str]] = []
    asked, before = request, None
    while True:
        answer = await send(asked)
        cursor = following(asked, answer)
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


def _listed(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _queried(text: str) -> Any:
    """A list where the text is a JSON one; everything else goes as it stands."""
    value = _typed(text)
    return value if isinstance(value, list) else text


def _typed(text: str) -> Any:
    def refuse(name: str) -> None:
        raise ValueError(name)  # NaN and its like are no JSON

    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError:
        return text
