"""JSON Schema of stack files, for completion in editors.

It never says more than the loader: a file that loads is valid. An overlay holds only what differs, so nothing is
`required` and everything may be null; whether a stack is complete, and what names what, the loader says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from headend.core.model.fields import Found, Ref, marked
from headend.core.model.kind import Kind
from headend.core.model.lookup import lookups
from headend.core.model.options import Options
from headend.core.model.references import Query, Reference
from headend.core.model.uploads import File, file_fields
from headend.core.stackfile.cells import items_of
from headend.core.stackfile.references import takes_mapping
from headend.core.stackfile.resource import LifecycleModel
from headend.core.stackfile.rows import RESERVED
from headend.core.wire import registry

_PLAIN: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
_STAND_INS: dict[str, Any] = {
    "expression": {"type": "string", "pattern": r"\$\{", "description": "A variable: ${vars.NAME}"},
    "secret": {
        "type": "object",
        "properties": {"secret": {"type": ["string", "number", "boolean"], "description": "The secret's name"}},
        "required": ["secret"],
        "additionalProperties": False,
    },
    "lookup": {
        "description": "Finds the one thing with these values, once for a plan",
        "type": "object",
        "properties": {
            "lookup": {
                "type": "object",
                "additionalProperties": {
                    "anyOf": [{"type": ["string", "number", "boolean"]}, {"$ref": "#/$defs/lookup"}]
                },
            }
        },
        "required": ["lookup"],
        "additionalProperties": False,
    },
    "column": {
        "description": "A column's name; with what is between the items of a list; or the column of an outside id",
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {"column": {"type": "string"}, "separator": {"type": "string"}},
                "required": ["column"],
                "additionalProperties": False,
            },
            {
                "type": "object",
                "properties": {"id": {"type": "string"}},
                "required": ["id"],
                "additionalProperties": False,
            },
        ],
    },
    "rows": {
        "description": "Entries from a file of rows; what stands beside `from_file` is the same for all of them",
        "type": "object",
        "properties": {name: {"$ref": f"#/$defs/{name}"} for name in RESERVED},
        "required": ["from_file"],
    },
    "from_file": {
        "description": "A file of rows (.csv, .json or .jsonl), as seen from this one: each row becomes a resource",
        "type": ["string", "null"],
    },
    "key": {
        "description": "The column, or columns, that rows are called by",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}],
    },
    "columns": {
        "description": "Field -> column; without it, columns are called like the fields",
        "type": ["object", "null"],
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/column"}, {"type": "null"}]},
    },
    "delimiter": {
        "description": "What is between the values of a CSV file; by default a comma",
        "type": ["string", "null"],
    },
    "reference": {
        "description": "A resource's name, `environment/name` across environments, or {id: ...} outside the stack",
        "anyOf": [
            {"type": ["string", "number", "boolean"]},
            {
                "type": "object",
                "properties": {"id": {"type": ["string", "number", "boolean"]}},
                "additionalProperties": False,
            },
        ],
    },
}


class _Generator(GenerateJsonSchema):
    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}


def json_schema(kinds: Mapping[str, Kind[Any, Any]] | None = None) -> dict[str, Any]:
    """The schema (draft 2020-12) of a stack file over these kinds; all registered ones by default."""
    kinds = registry.kinds() if kinds is None else kinds
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
        variants = [_object(kind, model, bare[model], kinds) for model in kind.variants.values() or [kind.model]]
        title = re.split(r"\n\s*\n", (type(kind).__doc__ or kind.name).strip())[0]
        defs[kind.name] = {"description": " ".join(title.split()), "anyOf": [*variants, {"type": "null"}]}
    platforms: dict[str, Any] = {}
    for kind in kinds.values():
        group = platforms.setdefault(kind.platform, {})
        if kind.parent is None or kind.parent_field:
            group.setdefault(kind.collection, _collection(kind))
            if kind.parent is None:
                group[kind.collection] = _collection(kind)
    settings = {"type": ["object", "null"], "additionalProperties": True}
    top: dict[str, Any] = {
        "headend": {"const": 1, "description": "Format of the file"},
        "stack": {"type": ["string", "null"], "description": "The stack's name; by default the file's"},
        "extends": {
            "description": "The file (or files) that this one is laid over",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        },
        "vars": {
            "type": ["object", "null"],
            "description": "Variables, used as ${vars.NAME}; null: to be given by --var",
            "additionalProperties": _PLAIN,
        },
        "connections": _properties(dict.fromkeys(platforms, settings)),
        "lookups": {
            "type": ["object", "null"],
            "description": "What to find, by names: once for a plan, and written into it",
            "additionalProperties": {"anyOf": [_properties(_findable()), {"type": "null"}]},
        },
        "options": {"anyOf": [{"$ref": f"#/$defs/{Options.__name__}"}, {"type": "null"}]},
        **{name: _properties(group) for name, group in platforms.items()},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "headend stack file",
        **_properties(top),
        "type": "object",
        "$defs": {**defs, **_STAND_INS},
    }


def _findable() -> dict[str, Any]:
    """What is not used up by finding it, and the fields that it is found by."""
    one, inner = {"type": ["string", "number", "boolean"]}, {"$ref": "#/$defs/lookup"}
    found = {}
    for name, lookup in sorted(lookups.items()):
        fields = {
            field: {"description": what, **({"anyOf": [one, inner]} if field in lookup.through else one)}
            for field, what in lookup.fields.items()
        }
        if not lookup.used_up_when_found:
            found[name] = _properties(fields)
    return found


def _properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "properties": dict(properties), "additionalProperties": False}


def _collection(kind: Kind[Any, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": {"$ref": f"#/$defs/{kind.name}"}}


def _object(
    kind: Kind[Any, Any], model: type[BaseModel], schema: Mapping[str, Any], kinds: Mapping[str, Kind[Any, Any]]
) -> dict[str, Any]:
    """A resource of one variant: the model's fields, `lifecycle`, and what nests in it."""
    properties = dict(schema.get("properties", {}))
    for name in marked(model, Ref):
        keep = {"description": properties.get(name, {}).get("description")}
        one = {"$ref": "#/$defs/reference"}
        mapping = {"type": "object", "additionalProperties": one}
        choices = [mapping] if takes_mapping(model, name) else [one, {"type": "array", "items": one}]
        choice = {"anyOf": [*choices, {"type": "null"}]}
        properties[name] = {**{k: v for k, v in keep.items() if v}, **choice}
    for name in marked(model, Found):
        keep = {k: v for k, v in properties.get(name, {}).items() if k == "description"}
        one = {"$ref": "#/$defs/lookup"}
        properties[name] = {**keep, "anyOf": [{"type": ["string", "number"]}, one, {"type": "null"}]}
    for name in file_fields(model):
        keep = {k: v for k, v in properties.get(name, {}).items() if k == "description"}
        properties[name] = {**keep, "type": ["string", "null"]}
    for name in model.model_fields:
        if items_of(model, name) and "anyOf" in properties[name]:
            properties[name]["anyOf"] = [*properties[name]["anyOf"], {"$ref": "#/$defs/rows"}]
    for name in RESERVED:
        ours = {"$ref": f"#/$defs/{name}"}
        properties[name] = {"anyOf": [properties[name], ours]} if name in properties else ours
    properties["lifecycle"] = {"anyOf": [{"$ref": "#/$defs/LifecycleModel"}, {"type": "null"}]}
    properties |= {k.collection: _collection(k) for k in kinds.values() if k.parent == kind.name}
    return {"type": "object", "properties": properties, "additionalProperties": False}


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
