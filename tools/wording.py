"""What a page of docs/kinds says of a type, a mark, a default and the rules behind them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from headend.ateme.fields import Likely
from headend.core.model import fields as marks
from headend.core.model.options import format_duration
from headend.core.model.rules import NUMBER, cited_rules, without_rules


def plain(text: str | None) -> str:
    """A docstring as paragraphs of Markdown."""
    return re.sub(r"\n +", "\n", without_rules(text or ""))


def contract(platform: str) -> str:
    """The page of a platform's rules, as the pages of kinds see it."""
    return f"../contract/{platform}.md"


def linked(platform: str, text: str | None) -> str:
    """The rules that a description cites, each a link to where it stands."""
    where = contract(platform)
    return NUMBER.sub(lambda rule: f"[{rule[0]}]({where}#{rule[0].lower()})", cited_rules(text or ""))


def sourced(platform: str, *texts: str) -> tuple[str, ...]:
    """The last cells of a row: texts, and the rules that they cite."""
    return *map(without_rules, texts), linked(platform, " ".join(texts))


def sources(platform: str, text: str | None) -> Iterator[str]:
    """A sentence with those of a docstring, if it cites any."""
    if links := linked(platform, text):
        yield f"Rules: {links}."


def row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def shown(default: Any) -> str:
    if isinstance(default, timedelta):
        default = format_duration(default)
    return "" if default is None else f"`{json.dumps(default)}`"


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
        case marks.Ref() | marks.Named() | marks.OwnCall():
            return ""  # said by type and default
        case Likely(low=low, high=high):
            ends = [f"{word} {end:.12g}" for word, end in (("below", low), ("above", high)) if end is not None]
            return f"a warning {' or '.join(ends)}"
    return ""
