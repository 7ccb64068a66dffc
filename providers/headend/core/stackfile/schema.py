"""JSON Schema of stack files, for completion and checks in editors.

It never says more than the loader: a file that loads is valid. So what a resource needs is asked of a file that extends
no other one, and of a resource that no rows of a file make (`headend.core.stackfile.schema_complete`); everything may
be null; and what names what, the loader says.
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
from headend.core.stackfile.describe import describe, sentences
from headend.core.stackfile.examples import example_line
from headend.core.stackfile.field_types import holds_mapping, item_model, maps_to_lists
from headend.core.stackfile.from_file import RESERVED
from headend.core.stackfile.lifecycle import LifecycleModel
from headend.core.stackfile.moved import THEN
from headend.core.stackfile.policy_use import AllowModel
from headend.core.stackfile.schema_complete import complete, of_variant
from headend.core.stackfile.schema_parts import (
    LOOKUP,
    PLAIN,
    STAND_INS,
    TEXT,
    WORD,
    any_of,
    loose,
    object_of,
    or_null,
    unless_stand_in,
)
from headend.core.wire import registry


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
    top = {**_general(platforms), **{name: or_null(object_of(group)) for name, group in platforms.items()}}
    whole, parts = complete(kinds)
    defs = {**_definitions(kinds), **parts, **STAND_INS}
    described: dict[str, Any] = _without_rules({**object_of(top), **whole, "$defs": defs})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "headend stack file", **described}


def _general(platforms: Iterable[str]) -> dict[str, Any]:
    """The keys of every stack file."""
    settings = {"type": ["object", "null"], "additionalProperties": True}
    allow = {"type": "array", "items": {"$ref": f"#/$defs/{AllowModel.__name__}"}}
    place = any_of(TEXT, object_of({"stack": TEXT, "address": TEXT}))
    return {
        "headend": {"const": 1, "description": "Format of the file"},
        "stack": {**or_null(TEXT), "description": "The stack's name; by default the file's"},
        "extends": any_of(
            TEXT, {"type": "array", "items": TEXT}, description="The file (or files) that this one is laid over"
        ),
        "vars": {
            "type": ["object", "null"],
            "description": "Variables, used as ${vars.NAME}; null: to be given by --var",
            "additionalProperties": PLAIN,
        },
        "connections": or_null(object_of(dict.fromkeys(platforms, settings))),
        "lookups": {
            "type": ["object", "null"],
            "description": "What to find, by names: once for a plan, and written into it",
            "additionalProperties": any_of(or_null(object_of(_findable())), {"type": "null"}),
        },
        "moved": {
            "type": ["array", "null"],
            "description": "Addresses that were given up, and what they are now: the objects stay",
            "items": object_of({"from": place, "to": place}, "from", "to"),
        },
        "removed": {
            "type": ["array", "null"],
            "description": "What becomes of objects that left the stack; by default they are deleted",
            "items": object_of({"from": TEXT, "then": {"enum": list(THEN)}, "allow": allow}, "from", "then"),
        },
        "options": any_of({"$ref": f"#/$defs/{Options.__name__}"}, {"type": "null"}),
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
    defs: dict[str, Any] = {name: loose(schema) for name, schema in generated.get("$defs", {}).items()}
    for stand_in in (Reference, Query, File):  # what names, lookups and paths become inside headend is nothing to write
        defs.pop(stand_in.__name__, None)
    bare = {model: defs.pop(names[model]) for model in models.keys() - set(general)}
    for model in list(models):
        for inner in _inner_models(model):
            _describe_fields(None, inner, defs[inner.__name__]["properties"])
    for kind in kinds.values():
        variants = {
            name: _resource(kind, model, bare[model], kinds)
            for name, model in (kind.variants or {"": kind.model}).items()
        }
        title = re.split(r"\n\s*\n", (type(kind).__doc__ or kind.name).strip())[0]
        one = _one_of_variants(kind, defs, variants) if kind.variants else or_null(variants[""])
        defs[kind.name] = {"description": " ".join(title.split()), **one}
    return defs


def _inner_models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The models of what the model's fields list."""
    found = [inner[0] for name in model.model_fields if (inner := item_model(model, name))]
    return [*found, *(deeper for one in found for deeper in _inner_models(one))]


def _one_of_variants(
    kind: Kind[Any, Any], defs: dict[str, Any], variants: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """The resource of that variant which it names, so that an editor tells what is wrong with it as one of these; of
    any of them where it names none."""
    places = {name: f"{kind.name}.{name}" for name in variants}
    defs.update({places[name]: schema for name, schema in variants.items()})
    refs = {name: {"$ref": f"#/$defs/{place}"} for name, place in places.items()}
    named = [{"if": of_variant(name), "then": ref} for name, ref in refs.items()]
    stand_in = {"$ref": "#/$defs/stand_in"}
    unnamed = {"type": "object", "properties": {"variant": stand_in}}
    known = unless_stand_in({"enum": list(variants)})
    return {
        "type": ["object", "null"],
        "properties": {"variant": {"description": "Which fields there are, and what they mean", **known}},
        "allOf": [*named, {"if": unnamed, "then": any_of(*refs.values())}],
    }


def _describe_fields(kind: Kind[Any, Any] | None, model: type[BaseModel], properties: dict[str, Any]) -> None:
    for name in model.model_fields:
        if text := sentences(describe(kind, model, name), example_line(model, name)):
            properties[name] = {**properties[name], "description": text}


def _findable() -> dict[str, Any]:
    """What is not used up by finding it, and the fields that it is found by."""
    found = {}
    for name, lookup in registry.lookups().items():
        fields = {
            field: {"description": what, **(any_of(WORD, LOOKUP) if field in lookup.through else WORD)}
            for field, what in lookup.fields.items()
        }
        if not lookup.used_up_when_found:
            found[name] = or_null(object_of(fields))
    return found


def _collection(kind: Kind[Any, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": {"$ref": f"#/$defs/{kind.name}"}}


def _resource(
    kind: Kind[Any, Any], model: type[BaseModel], schema: Mapping[str, Any], kinds: Mapping[str, Kind[Any, Any]]
) -> dict[str, Any]:
    """A resource of one variant: the model's fields, `lifecycle`, and what nests in it."""
    properties = dict(schema.get("properties", {}))
    for name in marked(model, Ref):
        one = {"$ref": "#/$defs/reference"}
        several = {"type": "array", "items": one}
        mapping = {"type": "object", "additionalProperties": several if maps_to_lists(model, name) else one}
        choices = [mapping] if holds_mapping(model, name) else [one, several]
        properties[name] = any_of(*choices, {"type": "null"})
    for name in marked(model, Found):
        properties[name] = any_of({"type": ["string", "number"]}, LOOKUP, {"type": "null"})
    for name in file_fields(model):
        properties[name] = or_null(TEXT)
    for name in model.model_fields:
        if item_model(model, name) and "else" in properties[name]:
            rows = {"if": {"type": "object", "required": ["from_file"]}, "then": {"$ref": "#/$defs/rows"}}
            properties[name]["else"] = {**rows, "else": properties[name]["else"]}
    _describe_fields(kind, model, properties)
    for name in RESERVED:
        ours = {"$ref": f"#/$defs/{name}"}
        properties[name] = any_of(properties[name], ours) if name in properties else ours
    properties["lifecycle"] = any_of({"$ref": "#/$defs/LifecycleModel"}, {"type": "null"})
    properties |= {k.collection: _collection(k) for k in kinds.values() if k.parent == kind.name}
    own = {key: schema[key] for key in ("if", "then") if key in schema}
    return {**object_of(properties), **own}


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
