"""What there is to say of a kind's fields, read from its models: for `headend explain`, the JSON Schema, docs/kinds."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from headend.core.model import fields as marks
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Can, Kind
from headend.core.model.options import format_duration
from headend.core.model.rules import without_rules
from headend.core.model.uploads import file_fields
from headend.core.stackfile.field_types import holds_mapping

UNREAD = "no call reads such an object"


@frozen_dataclass
class FieldFacts:
    """shape: the type in words, with its range. default: in words, "" for none. about: with the rules that it cites.
    likely: the range that a value outside of is warned of. notes: what else its marks say, as docs/kinds has it.
    unverifiable: why it can't be read back, "" where it can. change: what a change does, by itself."""

    name: str
    shape: str
    unit: str
    allowed: tuple[Any, ...]
    required: bool
    default: str
    likely: str
    about: str
    secret: bool
    immutable: bool
    impact: marks.Impact
    unverifiable: str
    notes: tuple[str, ...]


def describe(kind: Kind[Any, Any] | None, model: type[BaseModel], name: str) -> FieldFacts:
    """What there is to say of a field of a kind's model, or of a model in it (kind None)."""
    field, schema = model.model_fields[name], json_schema_of(model)
    found = {type(one): one for one in marks.marks(model, name)}
    notes = [note for one in marks.marks(model, name) if (note := remark(one))]
    notes[:0] = ["compared by content"] if name in file_fields(model) else []
    unit, likely, interrupts = (marks.mark(model, name, kind) for kind in (marks.Unit, marks.Likely, marks.Interrupts))
    unread = marks.mark(model, name, marks.WriteOnly)
    given = kind is not None and (name == kind.parent_field or marks.Named in found)
    return FieldFacts(
        name=name,
        shape=_shape(model, name),
        unit=unit.text if unit and unit.text != "time" else "",
        allowed=tuple(_allowed(schema["properties"][name], schema.get("$defs", {}))),
        required=field.is_required() and not given,
        default=_default(kind, model, name),
        likely=_span_of(likely),
        about=field.description or "",
        secret=marks.mark(model, name, marks.Secret) is not None,
        immutable=marks.Immutable in found,
        impact=(interrupts.impact or marks.Impact.INTERRUPTS) if interrupts else marks.Impact.NONE,
        unverifiable=unread.reason if unread else UNREAD if kind and Can.OBSERVE not in kind.can else "",
        notes=tuple(notes),
    )


@functools.cache
def json_schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def inner_schema(schema: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any] | None:
    """The schema of what stands in the field at the end of the path, be it in a list or a mapping; None where that has
    no fields."""
    defs = schema.get("$defs", {})
    found: dict[str, Any] | None = dict(schema)
    for name in path:
        found = _with_fields(found["properties"].get(name, {}), defs) if found else None
    return found


def _with_fields(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any] | None:
    if "$ref" in schema:
        return _with_fields(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "properties" in schema:
        return dict(schema)
    below = [*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")]
    return next((found for one in below if isinstance(one, dict) and (found := _with_fields(one, defs))), None)


def describe_part(schema: Mapping[str, Any], path: Sequence[str]) -> FieldFacts | None:
    """What there is to say of a field of what stands in a field of a model; None where there is none."""
    inner, name = inner_schema(schema, path[:-1]), path[-1]
    if inner is None or name not in inner["properties"]:
        return None
    own, defs = inner["properties"][name], schema.get("$defs", {})
    return FieldFacts(
        name=name,
        shape=typed(own, defs),
        unit="",
        allowed=tuple(_allowed(own, defs)),
        required=name in inner.get("required", ()),
        default=shown(own.get("default")),
        likely="",
        about=own.get("description", ""),
        secret=False,
        immutable=False,
        impact=marks.Impact.NONE,
        unverifiable="",
        notes=(),
    )


def _shape(model: type[BaseModel], name: str) -> str:
    if ref := marks.mark(model, name, marks.Ref):
        return f"{'mapping to references' if holds_mapping(model, name) else 'reference'} to `{ref.kind}`"
    if marks.mark(model, name, marks.Found):
        return "id"
    if name in file_fields(model):
        return "path of a file"
    schema = json_schema_of(model)
    return typed(schema["properties"][name], schema.get("$defs", {}))


def _default(kind: Kind[Any, Any] | None, model: type[BaseModel], name: str) -> str:
    """As docs/kinds has it; "" where it is required, or null."""
    if kind is not None and name == kind.parent_field:
        return "the one it stands in"
    if marks.mark(model, name, marks.Named):
        return "its key in the stack"
    field = model.model_fields[name]
    return "" if field.is_required() else shown(field.get_default(call_default_factory=True))


def shown(default: Any) -> str:
    """A default as it is written in a stack file."""
    if isinstance(default, timedelta):
        default = format_duration(default)
    if isinstance(default, tuple) and not default:
        default = []
    return "" if default is None else f"`{json.dumps(default)}`"


def _allowed(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> list[Any]:
    """The values of an enumeration."""
    if "$ref" in schema:
        return _allowed(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "const" in schema:
        return [schema["const"]]
    if schema.get("type") == "array":
        return _allowed(schema.get("items", {}), defs)
    options = schema.get("anyOf", ())
    return [*schema.get("enum", ()), *(value for one in options for value in _allowed(one, defs))]


def typed(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    """A JSON Schema fragment in words."""
    if "$ref" in schema:
        return typed(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"`{json.dumps(v) if isinstance(v, bool) else v}`" for v in values)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(typed(option, defs) for option in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list{span(schema)}, of {typed(schema.get('items', {}), defs)}"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return f"mapping of names to {typed(inner, defs)}" if isinstance(inner, dict) else "mapping"
    words = schema.get("type", "any value")
    return (" or ".join(words) if isinstance(words, list) else str(words)) + span(schema)


def span(schema: Mapping[str, Any]) -> str:
    """The range of a number, of a text's length or of a list's."""
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    words |= {"minLength": "of", "maxLength": "to", "minItems": "of", "maxItems": "to"}
    parts = [f"{word} {schema[key]}" for key, word in words.items() if key in schema]
    if "maxLength" in schema and "minLength" not in schema:
        parts.insert(0, "up")
    if parts[-1:] and parts[-1].startswith("of"):
        parts.append("or more")
    unit = " characters" if "maxLength" in schema or "minLength" in schema else ""
    return f", {' '.join(parts)}{unit}" if parts else ""


def _span_of(likely: marks.Likely | None) -> str:
    if likely is None:
        return ""
    ends = [f"{word} {end:.12g}" for word, end in (("from", likely.low), ("to", likely.high)) if end is not None]
    return " ".join(ends)


def remark(mark: marks.Mark) -> str:
    """What a mark means for whoever writes the field."""
    match mark:
        case marks.Immutable():
            return "a change replaces the object"
        case marks.Secret():
            return "secret"
        case marks.Sealed():
            return "kept sealed in state, for deletion"
        case marks.WriteOnly(reason=reason):
            return f"unverifiable: {reason}"
        case marks.Interrupts(impact=impact):
            return f"a change: {impact or marks.Impact.INTERRUPTS}"
        case marks.Ignored():
            return "never compared"
        case marks.Trigger():
            return "any change causes a write"
        case marks.Parts():
            return "what leaves the list is deleted, unless another resource lists it by now"
        case marks.Same():
            return "compared by meaning, not spelling"
        case marks.Found(lookup=name, keep=keep):
            kept = ", kept from then on" if keep else ""
            return f"or `{{lookup: ...}}` of [{name}](#{name.replace('.', '')}){kept}"
        case marks.Likely(low=low, high=high):
            ends = [f"{word} {end:.12g}" for word, end in (("below", low), ("above", high)) if end is not None]
            return f"a warning {' or '.join(ends)}"
    return ""  # the others are said by type and default


def sentences(facts: FieldFacts, example: str = "") -> str:
    """The description of a field in sentences, with its unit and an example, for editors. No rules are cited."""
    about = without_rules(facts.about).rstrip(".")
    unit = "" if not facts.unit or facts.unit in re.split(r"[ ,;]", about) or facts.unit == "°" else f" in {facts.unit}"
    said = [f"{about[:1].upper()}{about[1:]}{'' if not unit or unit in about else f',{unit}'}." if about else ""]
    if facts.likely:
        said.append(f"Likely {facts.likely}.")
    if facts.immutable:
        said.append("A change replaces the object.")
    elif facts.impact is not marks.Impact.NONE:
        said.append({"restart": "A change restarts it.", "destroys": "A change destroys it."}.get(facts.impact, CUTS))
    if facts.default:
        said.append(f"By default {facts.default}.")
    if example:
        said.append(f"For example `{example}`.")
    return " ".join(part for part in said if part)


CUTS = "A change interrupts a running stream."
