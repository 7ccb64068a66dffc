"""The document that a simulated platform gives of itself, in any version that headend reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.operations import Operation, Table
from headend.core.wire.parameters import Parameter

Version = Literal["2.0", "3.0.3", "3.1.0"]
VERSIONS: tuple[Version, ...] = ("2.0", "3.0.3", "3.1.0")
_TYPES: Mapping[str, str] = {
    "text": "string",
    "int64": "string",
    "integer": "integer",
    "int32": "integer",
    "number": "number",
    "flag": "boolean",
    "object": "object",
}
"""Type of a `Parameter` -> that of a schema. An id, or digits, may be text or a number, so that nothing is said."""
_MEDIA = {"json": "application/json", "form": "application/x-www-form-urlencoded", "multipart": "multipart/form-data"}


@frozen_dataclass
class Style:
    """How a document is written. base: what its paths leave out. names: (operation, place) -> what it calls a place of
    a path. said: (operation, name) -> what it tells of a value. in_text: operations whose title is the first line of
    the description."""

    version: Version = "3.1.0"
    base: str = ""
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    said: Mapping[tuple[str, str], str] = field(default_factory=dict)
    in_text: frozenset[str] = frozenset()


def describe(table: Table, title: str, style: Style = Style()) -> dict[str, Any]:  # noqa: B008 - it is frozen
    """The document of a table as it is served. Bodies stand by themselves, and operations refer to them."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for op in table.values():
        path, _, query = op.path.removeprefix(style.base).partition("?")
        places = {name: style.names.get((op.key, name), name) for name in op.names()}
        route = re.sub(r"{([a-z_]+)}", lambda match, p=places: f"{{{p[match[1]]}}}", path)  # type: ignore[misc]
        asked = dict(part.split("=", 1) for part in query.split("&") if part)
        paths.setdefault(route, {})[op.method.lower()] = _operation(op, style, places, asked, schemas)
    info = {"title": title, "version": "1"}
    if style.version == "2.0":
        based: dict[str, Any] = {"basePath": style.base} if style.base else {}
        return {"swagger": "2.0", "info": info, **based, "paths": paths, "definitions": schemas}
    based = {"servers": [{"url": style.base}]} if style.base else {}
    return {"openapi": style.version, "info": info, **based, "paths": paths, "components": {"schemas": schemas}}


def _operation(
    op: Operation, style: Style, places: Mapping[str, str], asked: Mapping[str, str], schemas: dict[str, Any]
) -> dict[str, Any]:
    words = f"{op.title}\n\nNeeds: {op.role or 'nothing'}."
    given: dict[str, Any] = {"description": words} if op.key in style.in_text else {"summary": op.title}
    parameters = [
        _place(theirs, "path", {"type": "string"}, True, style, style.said.get((op.key, mine), ""))
        for mine, theirs in places.items()
        if f"{{{mine}}}" in op.path.partition("?")[0]
    ]
    parameters += [_place(name, "query", {"type": "string"}, True, style, "") for name in asked]
    for rule in op.parameters:
        where = op.place(rule)
        if where in {"query", "header"} and rule.name not in asked:
            parameters.append(_place(rule.name, where, _schema(rule, style), rule.needed, style, ""))
    body = _body(op, style)
    if body is not None:
        name = op.key.replace(".", "_")
        schemas[name] = body
        _take_body(given, parameters, op, name, style)
    if parameters:
        given["parameters"] = parameters
    return {**given, "responses": {"200": {"description": "Done"}}}


def _take_body(given: dict[str, Any], parameters: list[dict[str, Any]], op: Operation, name: str, style: Style) -> None:
    if style.version != "2.0":
        schema = {"$ref": f"#/components/schemas/{name}"}
        given["requestBody"] = {"content": {_MEDIA[op.body]: {"schema": schema}}}
    elif op.body == "json":
        parameters.append({"name": "payload", "in": "body", "schema": {"$ref": f"#/definitions/{name}"}})
    else:
        given["consumes"] = [_MEDIA[op.body]]
        parameters += [
            {"name": rule.name, "in": "formData", **_schema(rule, style)}
            for rule in op.parameters
            if op.place(rule) == "body"
        ]


def _place(name: str, where: str, schema: Mapping[str, Any], needed: bool, style: Style, said: str) -> dict[str, Any]:
    found = {"name": name, "in": where, "required": needed, **({"description": said} if said else {})}
    return {**found, **schema} if style.version == "2.0" else {**found, "schema": schema}


def _body(op: Operation, style: Style) -> dict[str, Any] | None:
    """The schema of a body: what is documented of its values, and what it calls things that no document names."""
    if not op.takes_body:
        return None
    rules = [rule for rule in op.parameters if op.place(rule) == "body"]
    properties = {rule.name: _schema(rule, style) for rule in rules}
    for word, name in op.keys.items():
        known = properties.setdefault(name, {"type": "string"})
        if said := style.said.get((op.key, word)):
            known["description"] = said
    if not properties:
        return None
    needed = [rule.name for rule in rules if rule.needed]
    return {"type": "object", "properties": properties, **({"required": needed} if needed else {})}


def _schema(rule: Parameter, style: Style) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _TYPES[rule.type]} if rule.type in _TYPES else {}
    if rule.choices:
        found["enum"] = list(rule.choices)
    low, high = ("minLength", "maxLength") if rule.type == "text" else ("minimum", "maximum")
    found |= {name: end for name, end in ((low, rule.low), (high, rule.high)) if end is not None}
    if rule.inner:
        found["properties"] = {one.name: _schema(one, style) for one in rule.inner}
    if rule.repeated:
        found = {"type": "array", "items": found}
        found |= {name: end for name, end in (("minItems", rule.least or None), ("maxItems", rule.most)) if end}
    if not rule.nullable:
        return found
    if style.version == "3.1.0":
        return {"anyOf": [found, {"type": "null"}]}
    return {**found, ("nullable" if style.version == "3.0.3" else "x-nullable"): True}


def written(document: Mapping[str, Any], *, as_yaml: bool = False) -> bytes:
    """Its text."""
    if not as_yaml:
        return (json.dumps(document, indent=1) + "\n").encode()
    import yaml  # only where it is wanted

    return yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, width=1000).encode()
