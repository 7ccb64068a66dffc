"""What a value must be: by a schema of a document, a rule of the table, a field of a kind; and how these differ."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.openapi.refs import Object, Refs
from headend.core.wire.parameters import Parameter

_TYPES: Mapping[str, tuple[str, ...]] = {
    "text": ("string",),
    "id": ("string", "integer"),
    "integer": ("integer",),
    "int32": ("integer",),
    "int64": ("string",),
    "number": ("number",),
    "digits": ("string", "integer"),
    "flag": ("boolean",),
    "object": ("object",),
}
"""Type of a `Parameter` -> what it is in a schema."""
_AUTHORS = "the call may be refused, and headend's authors want to know"
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


@frozen_dataclass
class Value:
    """types: as schemas name them, of the items where it is a list; none: not said. span: of a number, or of a text's
    length; count: of a list's items."""

    types: frozenset[str] = frozenset()
    is_list: bool = False
    choices: tuple[str, ...] = ()
    span: tuple[float | None, float | None] = (None, None)
    count: tuple[float | None, float | None] = (None, None)
    needed: bool = False
    nullable: bool = False


def from_rule(rule: Parameter) -> Value:
    """As the table has it."""
    return Value(
        frozenset(_TYPES[rule.type]),
        rule.repeated,
        rule.choices,
        (rule.low, rule.high),
        (rule.least or None, rule.most),
        rule.needed,
        rule.nullable,
    )


def from_schema(schema: Any, refs: Refs, *, needed: bool = False) -> Value:
    """As a document has it. Raises Unreadable."""
    given = refs.merged(schema)
    outer = _types(given)
    nullable = bool(given.get("nullable") or given.get("x-nullable")) or "null" in outer
    outer -= {"null"}
    is_list = "array" in outer or (not outer and "items" in given)
    inner = refs.merged(given.get("items")) if is_list else given
    choices = inner.get("enum") if isinstance(inner.get("enum"), list) else [inner["const"]] if "const" in inner else []
    types = _types(inner) - {"null"}
    if not types and "properties" in inner:
        types = frozenset({"object"})
    return Value(
        types,
        is_list,
        tuple(_text(one) for one in choices or () if one is not None),
        _span(inner, types),
        (_number(given.get("minItems")), _number(given.get("maxItems"))) if is_list else (None, None),
        needed,
        nullable or None in (choices or ()),
    )


def properties(schema: Any, refs: Refs) -> dict[str, Value]:
    """{name: value} of an object's schema. Raises Unreadable."""
    given = refs.merged(schema)
    found = given.get("properties")
    required = given.get("required")
    needed = required if isinstance(required, list) else []
    if not isinstance(found, Mapping):
        return {}
    return {str(name): from_schema(one, refs, needed=name in needed) for name, one in found.items()}


def differences(ours: Value, theirs: Value) -> Iterator[str]:
    """How a document's value differs, in words that say what to do. What either side doesn't say isn't compared."""
    if ours.types and theirs.types and not _fits(ours.types, theirs.types):
        yield f"the document takes {_told(theirs)}, headend sends {_told(ours)}: {_AUTHORS}"
        return
    if ours.is_list is not theirs.is_list and (theirs.types or theirs.is_list):
        yield f"the document takes {_told(theirs)}, headend sends {_told(ours)}: {_AUTHORS}"
        return
    if ours.choices and theirs.choices:
        if more := [one for one in theirs.choices if one not in ours.choices]:
            yield f"the document also takes {_few(more)}, which headend refuses"
        if less := [one for one in ours.choices if one not in theirs.choices]:
            yield f"the document doesn't take {_few(less)}: leave that out of stacks"
    elif theirs.choices and "boolean" not in theirs.types:
        yield f"the document takes only {_few(theirs.choices)}, which headend doesn't check: mind it"
    for what, mine, other in (("", ours.span, theirs.span), ("of their number, ", ours.count, theirs.count)):
        if _bounded(other) and mine != other:
            here = (
                f"headend {_ends(mine)}: stay within both" if _bounded(mine) else "which headend doesn't check: mind it"
            )
            yield f"{what}the document allows {_ends(other)}, {here}"
    if theirs.needed and not ours.needed:
        yield "the document needs it: give it a value in each stack"
    elif ours.needed and not theirs.needed:
        yield "headend asks for it, and the document doesn't need it"


def _fits(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return bool(ours & theirs) or "file" in theirs or (ours == {"integer"} and "number" in theirs)


def _told(value: Value) -> str:
    words = " or ".join(sorted(_WORDS.get(one, one) for one in value.types))
    return f"a list of {words or 'anything'}" if value.is_list else words


def _few(words: Collection[str]) -> str:
    shown = list(words)[:8]
    return ", ".join(shown) + (f" and {len(words) - 8} more" if len(words) > 8 else "")


def _bounded(span: tuple[float | None, float | None]) -> bool:
    return any(end is not None for end in span)


def _ends(span: tuple[float | None, float | None]) -> str:
    return "..".join("" if end is None else f"{end:.12g}" for end in span)


def _types(schema: Object) -> frozenset[str]:
    given = schema.get("type")
    return frozenset(str(one) for one in (given if isinstance(given, list) else [given] if given else []))


def _number(value: Any) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if usable else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _span(schema: Object, types: frozenset[str]) -> tuple[float | None, float | None]:
    """The bounds, the ends included: before OpenAPI 3.1 `exclusiveMinimum: true` stood beside `minimum`."""
    if types == {"string"}:
        return _number(schema.get("minLength")), _number(schema.get("maxLength"))
    ends = []
    for end, outside, step in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        bound, excluded = _number(schema.get(end)), schema.get(outside)
        if (past := _number(excluded)) is not None:
            bound, excluded = past, True
        if bound is not None and excluded is True and "integer" in types:
            bound += step
        ends.append(bound)
    return ends[0], ends[1]
