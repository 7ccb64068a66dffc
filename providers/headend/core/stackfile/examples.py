"""An example of each field: as its model says, else by its type and marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from headend.core.model.fields import Credential, Found, Likely, Named, Ref, Secret, Unit, mark, marked
from headend.core.model.lookup import Lookup
from headend.core.model.uploads import file_fields
from headend.core.stackfile.commented import read_commented
from headend.core.stackfile.describe import json_schema_of
from headend.core.stackfile.field_types import holds_mapping, maps_to_lists
from headend.core.stackfile.printer import print_tree
from headend.core.wire import registry


def example_line(model: type[BaseModel], name: str) -> str:
    """`latency: 6000`, as it stands in a stack file."""
    text: str = yaml.safe_dump(
        {name: example(model, name)}, default_flow_style=True, allow_unicode=True, width=1 << 30, sort_keys=False
    )
    return print_tree(read_commented(text)).strip()[1:-1]


def example(model: type[BaseModel], name: str) -> Any:
    """A value that a stack file may give the field."""
    field = model.model_fields[name]
    if field.examples:
        return field.examples[0]
    if ref := mark(model, name, Ref):
        one = _named(ref.kind)
        if holds_mapping(model, name):
            return {"1": [one] if maps_to_lists(model, name) else one}
        return [one] if _is_list(model, name) else one
    if found := mark(model, name, Found):
        return {"lookup": _found_by(registry.lookups()[found.lookup])}
    if mark(model, name, Credential) or (mark(model, name, Secret) and not _is_list(model, name)):
        return {"secret": name.upper()}
    if name in file_fields(model):
        return f"files/{name}"
    default = field.get_default(call_default_factory=True) if not field.is_required() else None
    if isinstance(default, bool):
        return not default
    if default and isinstance(default, int | float):
        return default
    schema = json_schema_of(model)
    return _of(schema["properties"][name], schema.get("$defs", {}), _Hints(model, name, default))


def _named(kind: str) -> str:
    """What a resource of the kind could be called."""
    found = registry.kinds().get(kind)
    for model in (found.model, *found.variants.values()) if found else ():
        for name in marked(model, Named):
            if given := model.model_fields[name].examples:
                return str(given[0])
    return kind.partition(".")[2].replace("_", "-")


def _is_list(model: type[BaseModel], name: str) -> bool:
    return '"array"' in str(json_schema_of(model)["properties"][name]).replace("'", '"')


def _found_by(lookup: Lookup[Any]) -> dict[str, Any]:
    return {next(iter(lookup.fields)): "derby"}


class _Hints:
    """What of a number's or a text's meaning is known. usual: what a number with that unit, or a port, is like."""

    def __init__(self, model: type[BaseModel], name: str, default: Any) -> None:
        unit, likely = mark(model, name, Unit), mark(model, name, Likely)
        usual = {"ms": 2000, "kbit/s": 8000, "°": 48.2} | ({"": 5001} if "port" in name.split("_") else {})
        self.usual = usual.get(unit.text if unit else "")
        self.low, self.default = likely.low if likely else None, default


def _of(schema: Mapping[str, Any], defs: Mapping[str, Any], hints: _Hints) -> Any:
    """A value of a JSON Schema fragment: of an enumeration, one that isn't the default."""
    if "$ref" in schema:
        return _of(defs[schema["$ref"].rpartition("/")[2]], defs, hints)
    if "anyOf" in schema:
        return _of(schema["anyOf"][0], defs, hints)
    for key in ("examples", "enum"):
        if key in schema:
            return next((value for value in schema[key] if value != hints.default), schema[key][0])
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind in {"integer", "number"}:
        low = schema.get("minimum", schema.get("exclusiveMinimum", hints.low)) or 0
        if hints.usual is not None and low < hints.usual <= schema.get("maximum", hints.usual):
            return hints.usual
        return int(max(1, low + ("exclusiveMinimum" in schema)))
    if kind == "array":
        return [_of(schema.get("items", {}), defs, hints)]
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: _of(fields[name], defs, hints) for name in schema.get("required", list(fields)[:1])}
    return {"boolean": True, "null": None}.get(str(kind), "derby")
