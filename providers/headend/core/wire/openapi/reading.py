"""The text of a document, JSON or YAML, as plain values: no tags, no duplicate keys, bounded in every direction.

YAML is read event by event: depth costs no recursion, and an alias shares a value instead of copying it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from headend.core.model.errors import InputError

MAX_BYTES = 16 * 1024 * 1024
MAX_VALUES = 2_000_000  # after the expansion of aliases
MAX_DEPTH = 100

_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}
_INT = re.compile(r"-?[0-9]{1,300}")
_FLOAT = re.compile(r"-?[0-9]{1,300}(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?")


def parse_document(content: bytes, name: str) -> dict[str, Any]:
    """The document. name: of the file or address, for errors. Raises InputError."""
    if len(content) > MAX_BYTES:
        most = MAX_BYTES // 1024 // 1024
        raise InputError(f"{name}: larger than {most} MiB, which no description of an API needs: is it the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name}: not UTF-8 text, so no Swagger or OpenAPI document") from None
    try:
        found = _parse_json(text) if text.lstrip()[:1] in {"{", "["} else _parse_yaml(text)
    except RecursionError:
        raise InputError(f"{name}: nests deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
    if not isinstance(found, dict):
        raise InputError(f"{name}: no mapping, so no Swagger or OpenAPI document")
    return found


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_twins)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: not valid JSON: {error.msg}") from None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key `{twin}` is given twice in one mapping: which one holds, nobody can tell")
    return found


@dataclass(slots=True)
class _Open:
    """A collection that isn't complete yet. key: the one that waits for its value."""

    anchor: str | None
    value: Any
    size: int = 1
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    root: Any = None

    def put(self, value: Any, size: int, anchor: str | None, line: int) -> None:
        """A finished value, where it belongs."""
        if anchor is not None:
            self.anchors[anchor] = (value, size)
        if not self.open:
            self.root = value
            return
        holder = self.open[-1]
        holder.size += size
        if holder.size > MAX_VALUES:
            raise ValueError(f"line {line}: more than {MAX_VALUES:,} values once aliases are expanded")
        if isinstance(holder.value, list):
            holder.value.append(value)
        elif holder.key is None:
            holder.key = _key(value, holder.value, line)
        else:
            holder.value[holder.key] = value
            holder.key = None

    def begin(self, event: Any, value: Any, line: int) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise ValueError(f"line {line}: nests deeper than {MAX_DEPTH} levels")
        self.open.append(_Open(event.anchor, value))


def _key(value: Any, known: dict[str, Any], line: int) -> str:
    """Keys are text; a status such as 200 is one, too."""
    key = "" if isinstance(value, dict | list) else str(value)
    if not key:
        raise ValueError(f"line {line}: a key must be a word")
    if key in known:
        raise ValueError(f"line {line}: key `{key}` is given twice in one mapping: which one holds, nobody can tell")
    return key


def _filled_in(value: dict[str, Any]) -> dict[str, Any]:
    """With what `<<` names, which many documents use although YAML 1.2 has no such key."""
    if "<<" not in value:
        return value
    bases = value.pop("<<")
    for base in bases if isinstance(bases, list) else [bases]:
        value = {**base, **value} if isinstance(base, dict) else value
    return value


def _parse_yaml(text: str) -> Any:
    import yaml  # loads a parser that no other command needs so early

    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.ScalarEvent):
                plain = not event.style and event.tag is None
                value = _scalar(event.value) if plain else event.value
                builder.put(value, 1, event.anchor, line)
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in builder.anchors:
                    raise ValueError(f"line {line}: alias `*{event.anchor}` has no finished anchor before it")
                builder.put(*builder.anchors[event.anchor], None, line)
            elif isinstance(event, yaml.CollectionStartEvent):
                builder.begin(event, {} if isinstance(event, yaml.MappingStartEvent) else [], line)
            elif isinstance(event, yaml.CollectionEndEvent):
                done = builder.open.pop()
                if isinstance(done.value, dict):
                    done.value = _filled_in(done.value)
                builder.put(done.value, done.size, done.anchor, line)
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark
        raise ValueError(f"line {place.line + 1 if place else 1}: not valid YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise ValueError("not valid YAML: a character that YAML forbids") from None
    return builder.root


def _scalar(text: str) -> Any:
    """As YAML 1.2 has it: `on`, `no` and dates are text."""
    if text.lower() in _WORDS and text in {text.lower(), text.title(), text.upper()}:
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
