"""What a stack file that extends no other one has to say: the part of the JSON Schema that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from headend.core.model.fields import Named, mark
from headend.core.model.kind import Kind
from headend.core.stackfile.drafts import stands_alone

_Kinds = Mapping[str, Kind[Any, Any]]


def complete(kinds: _Kinds) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is asked of the file, and the definitions that this refers to."""
    platforms: dict[str, Any] = {}
    defs: dict[str, Any] = {}
    for kind in kinds.values():
        if kind.parent is not None:
            defs[_name(kind, alone=False)] = _resource(kind, kinds, alone=False)
        if stands_alone(kind):
            defs[_name(kind, alone=True)] = _resource(kind, kinds, alone=True)
            group = platforms.setdefault(kind.platform, {"properties": {}})
            group["properties"].setdefault(kind.collection, _collection(kind, alone=True))
    asked = {"required": ["headend"], "properties": platforms}
    return {"if": {"required": ["extends"]}, "else": asked}, defs


def _name(kind: Kind[Any, Any], *, alone: bool) -> str:
    """What the definition is called: of a resource that stands alone, or inside of what it lives in."""
    return f"{kind.name}.{'complete' if alone else 'complete-inside'}"


def _collection(kind: Kind[Any, Any], *, alone: bool) -> dict[str, Any]:
    return {"additionalProperties": {"$ref": f"#/$defs/{_name(kind, alone=alone)}"}}


def _resource(kind: Kind[Any, Any], kinds: _Kinds, *, alone: bool) -> dict[str, Any]:
    """What is asked of a resource; of one that rows of a file make, nothing: they may give it."""
    inner = {k.collection: _collection(k, alone=False) for k in kinds.values() if k.parent == kind.name}
    fixed = None if alone else kind.parent_field
    asked: dict[str, Any] = {"properties": inner} if inner else {}
    if kind.variants:
        asked["required"] = ["variant"]
        asked["allOf"] = [
            {"if": of_variant(name), "then": {"required": _needed(model, fixed)}}
            for name, model in kind.variants.items()
        ]
    else:
        asked["required"] = _needed(kind.model, fixed)
    return {"if": {"type": "object", "required": ["from_file"]}, "else": asked}


def of_variant(name: str) -> dict[str, Any]:
    """What a resource of that variant is known by."""
    return {"type": "object", "required": ["variant"], "properties": {"variant": {"const": name}}}


def _needed(model: type[BaseModel], fixed: str | None) -> list[str]:
    """fixed: the field that follows from where the resource stands."""
    fields = model.model_fields.items()
    return [name for name, f in fields if f.is_required() and name != fixed and not mark(model, name, Named)]
