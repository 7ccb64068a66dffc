"""The values of one operation: the document's against what the table and the kinds know of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headend.core.wire.openapi.document import Described
from headend.core.wire.openapi.refs import Refs
from headend.core.wire.openapi.values import Value, differences, from_rule, from_schema, properties
from headend.core.wire.operations import Operation
from headend.core.wire.registry import kinds

_DEEPEST = 5  # levels of a body that are looked through for names


def field_differences(platform: str, op: Operation, there: Described, refs: Refs) -> Iterator[str]:
    """How the values of a call differ, a line each. op: the row by the document's names. Raises Unreadable."""
    of_kind = _fields_of_kind(platform, op.key)
    if there.body is not None:
        theirs = properties(there.body, refs)
        ours = {rule.name: from_rule(rule) for rule in op.parameters if op.place(rule) == "body"}
        yield from _compare(theirs, ours, of_kind, set(op.keys.values()) | set(op.names()))
    beside = {place.name: place for place in there.beside if place.where in {"query", "header"}}
    for rule in op.parameters:
        place = op.place(rule)
        if place in {"query", "header"} and (known := beside.get(rule.name)):
            value = from_schema(known.schema, refs, needed=known.needed)
            yield from (f"{rule.name} ({place}): {said}" for said in differences(from_rule(rule), value))
    for name, known in beside.items():
        if known.needed and known.where == "query" and op.rule(name) is None and f"{name}={{" not in op.path:
            yield f"{name} (query): the document needs it, and headend doesn't know it"


def _compare(
    theirs: Mapping[str, Value], ours: Mapping[str, Value], of_kind: Mapping[str, Value], named: set[str]
) -> Iterator[str]:
    """theirs: none where the document doesn't say what is in the body. named: what else is sent."""
    if not theirs:
        return
    for name, value in ours.items():
        if name in theirs:
            yield from (f"{name}: {said}" for said in differences(value, theirs[name]))
    if lacking := [name for name in ours if name not in theirs and name not in named]:
        yield f"the document doesn't have {', '.join(lacking)}: the platform may ignore or refuse that"
    unknown = []
    for name, value in theirs.items():
        if name in ours or name in named:
            continue
        mine = of_kind.get(name) or of_kind.get(name.removesuffix("_id"))
        if mine is not None and name in of_kind:
            yield from (f"{name}: {said}" for said in differences(mine, value))
        elif mine is None and value.needed:
            yield f"{name}: the document needs it, and headend doesn't know it: give it under `extra`"
        elif mine is None:
            unknown.append(name)
    if unknown:
        yield f"the document also has {', '.join(unknown)}: give them under `extra` if you need them"


def _fields_of_kind(platform: str, key: str) -> dict[str, Value]:
    """The fields of the kind that an operation makes or changes, as its stack entries have them."""
    noun, _, rest = key.partition(".")
    verb, _, variant = rest.partition(".")
    kind = kinds().get(f"{platform}.{noun}") if verb in {"create", "update"} else None
    if kind is None or (variant and variant not in kind.variants):
        return {}
    schema = (kind.variants[variant] if variant else kind.model).model_json_schema()
    return properties(schema, Refs(schema))


def names_within(schema: Any, refs: Refs, depth: int = 0) -> dict[str, str]:
    """Every name in a body, at any depth that a body has, with what is said of it. Raises Unreadable."""
    if depth > _DEEPEST:
        return {}
    given = refs.merged(schema)
    found: dict[str, str] = {}
    inner = given.get("properties")
    for name, one in (inner if isinstance(inner, Mapping) else {}).items():
        found |= names_within(one, refs, depth + 1)
        found[str(name)] = str(refs.merged(one).get("description") or "")
    for word in ("items", "additionalProperties"):
        if isinstance(given.get(word), Mapping):
            found |= names_within(given[word], refs, depth + 1)
    return found
