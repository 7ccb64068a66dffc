"""`headend api`: from an operation's key and values as they were typed to a request."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from headend.core.model.errors import InputError
from headend.core.model.findings import Problem
from headend.core.wire.invoke import Request
from headend.core.wire.operations import NO_BODY, Operation, Table
from headend.core.wire.parameters import Parameter, read_json


def find_operation(table: Table, key: str) -> Operation:
    """The row. Raises InputError, with what may be meant, for a key that isn't there."""
    if key in table:
        return table[key]
    near = difflib.get_close_matches(key, table, n=3) or [known for known in table if key in known][:3]
    meant = f"; did you mean {' or '.join(near)}?" if near else "; `--list` shows them all"
    raise InputError(f"{key}: no such operation{meant}")


def describe_values(op: Operation, filled: Collection[str] = frozenset()) -> Iterator[str]:
    """A line for each value that is documented: its name, with a * where the call is refused without it, where it goes,
    and what it must be. filled: places that the client fills by itself."""
    known = {rule.name: rule for rule in op.parameters}
    rules = [known.pop(name, Parameter(name)) for name in op.names() if name not in filled]
    rows = [
        (rule.name + "*" * (rule.needed or rule.name in op.names()), op.place(rule), rule.told())
        for rule in [*rules, *known.values()]
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    for name, place, told in rows:
        yield f"{name.ljust(widths[0])}  {place.ljust(widths[1])}  {told}"
    if op.complete and not rows:
        yield "takes no values"
    if op.exactly_one:
        yield f"exactly one of {', '.join(op.exactly_one)}"


def fill_request(
    table: Table,
    op: Operation,
    given: Sequence[tuple[str, str]],
    body: Any = NO_BODY,
    filled: Collection[str] = frozenset(),
) -> Request:
    """The request for values as they were typed.

    A value for a place of the path is text. What is left goes into the query, or into the body where the row has one;
    there a value may be JSON (`limit=3`, `tags=["a"]`), and is text where it isn't, or where text is documented. A name
    that is repeated is a list, and so is a single value of a name that is documented as one (M-248).
    body: the whole of the body, or what the values are laid over. filled: places that the client fills by itself.

    Raises InputError naming every place without a value; for a place with two; for a body where there is none; for
    an id that is a word of the API, and so makes another call of it (A-45, M-19); and for values that aren't as the
    operation documents them.
    """
    request = _filled(table, op, given, body, filled)
    whole = {} if request.body is NO_BODY else request.body
    if not isinstance(whole, Mapping):
        found = ["the body must be an object"] if op.complete else []
    elif op.complete and (twice := [name for name in whole if name in op.names()]):
        found = [f"{name}: goes into the path, not into the body" for name in twice]
    else:
        found = op.faults({**request.path, **request.query, **whole})
    if found:
        raise InputError([Problem(f"{op.key}: {error}") for error in found])
    return request


def _filled(
    table: Table, op: Operation, given: Sequence[tuple[str, str]], body: Any, filled: Collection[str]
) -> Request:
    """The request, before what is in it is judged."""
    texts: dict[str, list[str]] = {}
    for name, text in given:
        texts.setdefault(name, []).append(text)
    path = _path(table, op, texts, filled)
    values = {name: _value(op, name, several) for name, several in texts.items() if name not in path}
    if not op.takes_body:
        if body is not NO_BODY:
            raise InputError(f"{op.key}: {op.method} takes no body")
        return Request(path, values)
    query = {name: values.pop(name) for name in list(values) if (rule := op.rule(name)) and rule.place == "query"}
    if values:
        if not isinstance({} if body is NO_BODY else body, Mapping):
            raise InputError(f"{op.key}: the body is no object, so {', '.join(values)} can't be laid over it")
        body = {**({} if body is NO_BODY else body), **values}
    return Request(path, query, body)


def _path(table: Table, op: Operation, texts: Mapping[str, Sequence[str]], filled: Collection[str]) -> dict[str, str]:
    """The values of the path's places. Raises InputError."""
    places = [name for name in op.names() if name not in filled]
    if missing := [name for name in places if name not in texts]:
        raise InputError(f"{op.key}: missing: {', '.join(f'{name}=...' for name in missing)} ({op.method} {op.path})")
    if twice := [name for name in places if len(texts[name]) > 1]:
        raise InputError(f"{op.key}: {twice[0]} is a place in the path, and takes one value")
    path = {name: texts[name][0] for name in places}
    url = op.url({**dict.fromkeys(filled, "-"), **path})
    meant = any(value in rule.words for name, value in path.items() if (rule := op.rule(name)))
    for other in table.values():
        if (other.method, other.path) == (op.method, url) and other.key != op.key and not meant:
            raise InputError(f"{op.key}: with these values that is another call, {other.key}")
    return path


def _value(op: Operation, name: str, texts: Sequence[str]) -> Any:
    """The value of a name as its texts say, one or several of them."""
    rule = op.rule(name)
    if rule is None:
        return _listed([_typed(text) if op.takes_body else _queried(text) for text in texts])
    in_json = op.body == "json" and op.place(rule) == "body"
    is_text = rule.type in {"text", "int64"} or not (in_json or rule.type == "object")  # 7 may be a name
    values: list[Any] = []
    for text in texts:
        typed = _typed(text)
        if rule.repeated and isinstance(typed, list):
            values += typed if in_json else [one if isinstance(one, str) else json.dumps(one) for one in typed]
        else:
            values.append(text if is_text else typed)
    return values if rule.repeated and in_json else _listed(values)


def _listed(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _queried(text: str) -> Any:
    """A list where the text is a JSON one; everything else goes as it stands."""
    value = _typed(text)
    return value if isinstance(value, list) else text


def _typed(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        return text
