"""What the JSON Schema of stack files is put together from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headend.core.model.rules import without_rules
from headend.core.stackfile.from_file import RESERVED

WORD: dict[str, Any] = {"type": ["string", "number", "boolean"]}
PLAIN: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
TEXT: dict[str, Any] = {"type": "string"}
LOOKUP: dict[str, Any] = {"$ref": "#/$defs/lookup"}


def object_of(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """An object with these keys and no others."""
    closed = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**closed, "required": list(required)} if required else closed


def or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a type that may also be null."""
    return {**schema, "type": [schema["type"], "null"]}


def any_of(*schemas: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    return {**({"description": description} if description else {}), "anyOf": list(schemas)}


STAND_INS: dict[str, Any] = {
    "stand_in": any_of({"$ref": "#/$defs/expression"}, {"$ref": "#/$defs/secret"}, {"type": "null"}),
    "expression": {**TEXT, "pattern": r"\$\{"},
    "secret": object_of({"secret": {**WORD, "description": "The secret's name"}}, "secret"),
    "lookup": {
        "description": "Finds the one thing with these values, once for a plan",
        **object_of({"lookup": {"type": "object", "additionalProperties": any_of(WORD, LOOKUP)}}, "lookup"),
    },
    "column": any_of(
        TEXT,
        object_of({"column": TEXT, "separator": TEXT}, "column"),
        object_of({"id": TEXT}, "id"),
        description="A column's name; with what is between the items of a list; or the column of an outside id",
    ),
    "rows": {
        "description": "Entries from a file of rows; what stands beside `from_file` is the same for all of them",
        "type": "object",
        "properties": {name: {"$ref": f"#/$defs/{name}"} for name in RESERVED},
        "required": ["from_file"],
    },
    "from_file": {
        "description": "A file of rows (.csv, .json or .jsonl), as seen from this one: each row becomes a resource",
        **or_null(TEXT),
    },
    "key": any_of(
        TEXT,
        {"type": "array", "items": TEXT},
        {"type": "null"},
        description="The column, or columns, that rows are called by",
    ),
    "columns": {
        "description": "Field -> column; without it, columns are called like the fields",
        "type": ["object", "null"],
        "additionalProperties": any_of({"$ref": "#/$defs/column"}, {"type": "null"}),
    },
    "delimiter": {
        "description": "What is between the values of a CSV file; by default a comma",
        **or_null(TEXT),
    },
    "reference": any_of(
        WORD,
        object_of({"id": WORD}),
        description="A resource's name, `environment/name` across environments, or {id: ...} outside the stack",
    ),
}


def loose(schema: Any) -> Any:
    """The schema with `required` taken out and, wherever a value stands, an expression, a secret or null allowed."""
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            out[key] = {name: _value(item) for name, item in value.items()}
        elif key in {"items", "additionalProperties"} and isinstance(value, dict):
            out[key] = _value(value)
        elif key in {"anyOf", "oneOf", "allOf", "prefixItems"}:
            out[key] = [loose(item) for item in value]
        elif key == "pattern":
            out[key] = _of_all_languages(value)
        elif key not in {"required", "discriminator", "title", "default"}:
            out[key] = value
    return out


def _value(schema: Any) -> dict[str, Any]:
    """What stands in for a value is asked first, so that an editor tells what is wrong with the value alone."""
    inner = loose(schema)
    about = {key: inner.pop(key) for key in ("description", "deprecated", "examples") if key in inner}
    said = [*(f"Write it like {one}" for one in about.get("examples", ())), without_rules(about.get("description", ""))]
    for one in (inner, *inner.get("anyOf", ())):
        if "pattern" in one and said[0]:
            one.setdefault("patternErrorMessage", said[0])
    return {**about, **unless_stand_in(inner)} if inner else about


def unless_stand_in(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema, for all that stands for itself. Editors look for what to offer in `anyOf`, and not in `else`."""
    values = [value for one in (schema, *schema.get("anyOf", ())) for value in one.get("enum", ())]
    offered = {"anyOf": [{"enum": values}, {}]} if values else {}
    return {**offered, "if": {"$ref": "#/$defs/stand_in"}, "else": schema}


_LETTERS = re.compile(r"\[\\w([^\[\]]*)\]")


def _of_all_languages(pattern: str) -> str:
    """The pattern with its classes of letters turned around: to an editor, \\w means those of English alone. They
    take whatever isn't one of ASCII's other signs."""

    def turn(found: re.Match[str]) -> str:
        others = "".join(f"\\x{n:02x}" for n in range(128) if not re.match(found[0], chr(n)))
        return f"[^{others}]"

    return _LETTERS.sub(turn, pattern)
