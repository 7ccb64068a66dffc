"""`$ref`: what it stands for within the document. What leads out of it is refused, and nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from referencing import Specification
from referencing.exceptions import Unresolvable
from referencing.jsonschema import EMPTY_REGISTRY

Object = Mapping[str, Any]
DEEPEST = 30  # of what is made of others by `allOf` and `$ref`
MOST = 2_000  # parts that one schema may be made of
_NOTHING: Object = {}


class Unreadable(ValueError):
    """A part of a document that can't be read; says why."""


class Refs:
    """Resolves within one document."""

    def __init__(self, document: Object) -> None:
        whole = Specification.OPAQUE.create_resource(document)
        self._resolver = EMPTY_REGISTRY.with_resource("", whole).resolver()
        self._parts = 0  # of the schema that is being merged

    def resolved(self, value: Any) -> Object:
        """The mapping that a value is, or stands for; beside a `$ref` more may stand, which comes first.

        Raises Unreadable for what leads out of the document, nowhere, in a circle, or to no mapping."""
        beside: dict[str, Any] = {}
        seen: list[str] = []
        while isinstance(value, Mapping) and isinstance(ref := value.get("$ref"), str):
            if not ref.startswith("#"):
                raise Unreadable(f"$ref {ref!r} leads out of the document, where headend doesn't follow")
            if ref in seen:
                raise Unreadable(f"$ref {ref!r} leads in a circle")
            seen.append(ref)
            beside = {**{k: v for k, v in value.items() if k != "$ref"}, **beside}
            try:
                value = self._resolver.lookup(ref).contents
            except (Unresolvable, ValueError, LookupError, TypeError):
                raise Unreadable(f"$ref {ref!r} leads to nothing in the document") from None
        if not isinstance(value, Mapping):
            raise Unreadable(f"{seen[-1] if seen else 'a schema'} is no mapping")
        return {**value, **beside} if beside else value

    def merged(self, schema: Any, depth: int = 0) -> Object:
        """A schema with all that `allOf` adds to it, and with the one alternative that isn't null. Raises
        Unreadable."""
        self._parts = self._parts + 1 if depth else 1
        if depth > DEEPEST or self._parts > MOST:
            raise Unreadable("a schema is made of itself, or of too many others")
        if schema is True or schema is None:
            return _NOTHING
        found = dict(self.resolved(schema))
        if (names := found.get("properties")) and not all(str(name).isprintable() for name in names):
            raise Unreadable("a name in a body holds signs that can't be shown")
        for part in _listed(found.pop("allOf", None)):
            found = _together(self.merged(part, depth + 1), found)
        for word in ("oneOf", "anyOf"):
            kinds = [self.merged(part, depth + 1) for part in _listed(found.pop(word, None))]
            real = [kind for kind in kinds if kind.get("type") != "null"]
            if len(real) < len(kinds):
                found["nullable"] = True
            if real:
                found = _together(real[0] if len(real) == 1 else _either(real), found)
        return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Object:
    return value if isinstance(value, Mapping) else _NOTHING


def _together(one: Object, other: Object) -> dict[str, Any]:
    """Both hold; where they say the same word, the other does."""
    found = {**one, **other}
    if properties := {**_mapping(one.get("properties")), **_mapping(other.get("properties"))}:
        found["properties"] = properties
    if required := [*_listed(one.get("required")), *_listed(other.get("required"))]:
        found["required"] = required
    return found


def _either(kinds: list[Object]) -> dict[str, Any]:
    """What may be, where one of several holds: any of their properties, needed where all need it."""
    needed = set.intersection(*({str(n) for n in _listed(k.get("required"))} for k in kinds))
    properties = {name: schema for kind in kinds for name, schema in _mapping(kind.get("properties")).items()}
    types = {str(t) for kind in kinds for t in _types(kind)}
    found: dict[str, Any] = {"properties": properties, "required": sorted(needed)} if properties else {}
    return found | ({"type": sorted(types)} if types and all(_types(kind) for kind in kinds) else {})


def _types(schema: Object) -> list[Any]:
    given = schema.get("type")
    return given if isinstance(given, list) else [given] if given else []
