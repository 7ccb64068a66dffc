"""JSON Schema of stack files, for completion in editors.

It never says more than the loader: a file that loads is valid. An overlay holds only what differs, so nothing is
`required` and everything may be null; whether a stack is complete, and what names what, the loader says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from headend.core.model.fields import Found, Ref, marked
from headend.core.model.kind import Kind
from headend.core.model.options import Options
from headend.core.model.references import Query, Reference
from headend.core.model.rules import without_rules
from headend.core.model.uploads import File, file_fields
from headend.core.stackfile.field_types import holds_mapping, item_model, maps_to_lists
from headend.core.stackfile.from_file import RESERVED
from headend.core.stackfile.lifecycle import LifecycleModel
from headend.core.wire import registry

_WORD: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_PLAIN: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
_TEXT: dict[str, Any] = {"type": "string"}
_LOOKUP: dict[str, Any] = {"$ref": "#/$defs/lookup"}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """An object with these keys and no others."""
    closed = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**closed, "required": list(required)} if required else closed


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a type that may also be null."""
    return {**schema, "type": [schema["type"], "null"]}


def _any(*schemas: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    return {**({"description": description} if description else {}), "anyOf": list(schemas)}


_STAND_INS: dict[str, Any] = {
    "expression": {**_TEXT, "pattern": r"\$\{", "description": "A variable: ${vars.NAME}"},
    "secret": _object({"secret": {**_WORD, "description": "The secret's name"}}, "secret"),
    "lookup": {
        "description": "Finds the one thing with these values, once for a plan",
        **_object({"lookup": {"type": "object", "additionalProperties": _any(_WORD, _LOOKUP)}}, "lookup"),
    },
    "column": _any(
        _TEXT,
        _object({"column": _TEXT, "separator": _TEXT}, "column"),
        _object({"id": _TEXT}, "id"),
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
        **_or_null(_TEXT),
    },
    "key": _any(
        _TEXT,
        {"type": "array", "items": _TEXT},
        {"type": "null"},
        description="The column, or columns, that rows are called by",
    ),
    "columns": {
        "description": "Field -> column; without it, columns are called like the fields",
        "type": ["object", "null"],
        "additionalProperties": _any({"$ref": "#/$defs/column"}, {"type": "null"}),
    },
    "delimiter": {
        "description": "What is between the values of a CSV file; by default a comma",
        **_or_null(_TEXT),
    },
    "reference": _any(
        _WORD,
        _object({"id": _WORD}),
        description="A resource's name, `environment/name` across environments, or {id: ...} outside the stack",
    ),
}


class _Generator(GenerateJsonSchema):
    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}


def json_schema(kinds: Mapping[str, Kind[Any, Any]] | None = None) -> dict[str, Any]:
    """The schema (draft 2020-12) of a stack file over these kinds; all registered ones by default."""
    kinds = registry.kinds() if kinds is None else kinds
    platforms: dict[str, Any] = {}
    for kind in sorted(kinds.values(), key=lambda k: k.parent is not None):
        group = platforms.setdefault(kind.platform, {})
        if kind.parent is None or kind.parent_field:
            group.setdefault(kind.collection, _collection(kind))
    top = {**_general(platforms), **{name: _or_null(_object(group)) for name, group in platforms.items()}}
    described: dict[str, Any] = _without_rules({**_object(top), "$defs": {**_definitions(kinds), **_STAND_INS}})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "headend stack file", **described}


def _general(platforms: Iterable[str]) -> dict[str, Any]:
    """The keys of every stack file."""
    settings = {"type": ["object", "null"], "additionalProperties": True}
    return {
        "headend": {"const": 1, "description": "Format of the file"},
        "stack": {**_or_null(_TEXT), "description": "The stack's name; by default the file's"},
        "extends": _any(
            _TEXT, {"type": "array", "items": _TEXT}, description="The file (or files) that this one is laid over"
        ),
        "vars": {
            "type": ["object", "null"],
            "description": "Variables, used as ${vars.NAME}; null: to be given by --var",
            "additionalProperties": _PLAIN,
        },
        "connections": _or_null(_object(dict.fromkeys(platforms, settings))),
        "lookups": {
            "type": ["object", "null"],
            "description": "What to find, by names: once for a plan, and written into it",
            "additionalProperties": _any(_or_null(_object(_findable())), {"type": "null"}),
        },
        "options": _any({"$ref": f"#/$defs/{Options.__name__}"}, {"type": "null"}),
    }


def _definitions(kinds: Mapping[str, Kind[Any, Any]]) -> dict[str, Any]:
    """What the schema refers to: the kinds by name, and what their models are made of."""
    general: list[type[BaseModel]] = [LifecycleModel, Options]
    models: dict[type[BaseModel], None] = dict.fromkeys(general)
    for kind in kinds.values():
        models |= dict.fromkeys(kind.variants.values() or [kind.model])
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in models]
    places, generated = models_json_schema(wanted, ref_template="#/$defs/{model}", schema_generator=_Generator)
    names = {model: places[model, "validation"]["$ref"].rpartition("/")[2] for model in models}
    defs: dict[str, Any] = {name: _loose(schema) for name, schema in generated.get("$defs", {}).items()}
    for stand_in in (Reference, Query, File):  # what names, lookups and paths become inside headend is nothing to write
        defs.pop(stand_in.__name__, None)
    bare = {model: defs.pop(names[model]) for model in models.keys() - set(general)}
    for kind in kinds.values():
        variants = [_resource(kind, model, bare[model], kinds) for model in kind.variants.values() or [kind.model]]
        title = re.split(r"\n\s*\n", (type(kind).__doc__ or kind.name).strip())[0]
        defs[kind.name] = _any(*variants, {"type": "null"}, description=" ".join(title.split()))
    return defs


def _findable() -> dict[str, Any]:
    """What is not used up by finding it, and the fields that it is found by."""
    found = {}
    for name, lookup in registry.lookups().items():
        fields = {
            field: {"description": what, **(_any(_WORD, _LOOKUP) if field in lookup.through else _WORD)}
            for field, what in lookup.fields.items()
        }
        if not lookup.used_up_when_found:
            found[name] = _or_null(_object(fields))
    return found


def _collection(kind: Kind[Any, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": {"$ref": f"#/$defs/{kind.name}"}}


def _resource(
    kind: Kind[Any, Any], model: type[BaseModel], schema: Mapping[str, Any], kinds: Mapping[str, Kind[Any, Any]]
) -> dict[str, Any]:
    """A resource of one variant: the model's fields, `lifecycle`, and what nests in it."""
    properties = dict(schema.get("properties", {}))

    def redefine(name: str, given: Mapping[str, Any]) -> None:
        description = properties.get(name, {}).get("description")
        properties[name] = {**({"description": description} if description else {}), **given}

    for name in marked(model, Ref):
        one = {"$ref": "#/$defs/reference"}
        several = {"type": "array", "items": one}
        mapping = {"type": "object", "additionalProperties": several if maps_to_lists(model, name) else one}
        choices = [mapping] if holds_mapping(model, name) else [one, several]
        redefine(name, _any(*choices, {"type": "null"}))
    for name in marked(model, Found):
        redefine(name, _any({"type": ["string", "number"]}, _LOOKUP, {"type": "null"}))
    for name in file_fields(model):
        redefine(name, _or_null(_TEXT))
    for name in model.model_fields:
        if item_model(model, name) and "anyOf" in properties[name]:
            properties[name]["anyOf"] = [*properties[name]["anyOf"], {"$ref": "#/$defs/rows"}]
    for name in RESERVED:
        ours = {"$ref": f"#/$defs/{name}"}
        properties[name] = _any(properties[name], ours) if name in properties else ours
    properties["lifecycle"] = _any({"$ref": "#/$defs/LifecycleModel"}, {"type": "null"})
    properties |= {k.collection: _collection(k) for k in kinds.values() if k.parent == kind.name}
    return _object(properties)


def _without_rules(schema: Any) -> Any:
    """The schema, the descriptions of which cite no rules."""
    if isinstance(schema, list):
        return [_without_rules(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without_rules(value) if key == "description" and isinstance(value, str) else _without_rules(value)
        for key, value in schema.items()
    }


def _loose(schema: Any) -> Any:
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
            out[key] = [_loose(item) for item in value]
        elif key not in {"required", "discriminator"}:
            out[key] = value
    return out


def _value(schema: Any) -> dict[str, Any]:
    inner = _loose(schema)
    about = {key: inner.pop(key) for key in ("description", "title", "default", "deprecated") if key in inner}
    stand_ins = [{"$ref": "#/$defs/expression"}, {"$ref": "#/$defs/secret"}, {"type": "null"}]
    return {**about, "anyOf": [inner, *stand_ins]}
