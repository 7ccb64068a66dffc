"""`headend api`: from an operation's key and values as they were typed to a request."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from headend.core.model.errors import InputError
from headend.core.model.findings import Problem
from headend.core.wire.invoke import Request
from headend.core.wire.operations import NO_BODY, Operation, Table


def find_operation(table: Table, key: str) -> Operation:
    """The row. Raises InputError, with what may be meant, for a key that isn't there."""
    if key in table:
        return table[key]
    near = difflib.get_close_matches(key, table, n=3) or [known for known in table if key in known][:3]
    meant = f"; did you mean {' or '.join(near)}?" if near else "; `--list` shows them all"
    raise InputError(f"{key}: no such operation{meant}")


def fill_request(
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
        words = {rule.name for rule in op.parameters if rule.type == "text"}  # where 7 is a name and no number
        typed = {n: _listed([t if n in words else _typed(t) for t in texts]) for n, texts in values.items()}
        body = {**({} if body is NO_BODY else body), **typed}
    return Request(path, {}, body)


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
