"""What a cell of a file of rows is to a field: CSV has only text, and the field's type says what it means."""

from __future__ import annotations

import enum
import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from headend.core.model.findings import Source
from headend.core.model.references import Query, Reference
from headend.core.model.uploads import file_fields
from headend.core.stackfile.nodes import MAX_DEPTH, Entry, Node, scalar


@dataclass(frozen=True)
class Takes:
    """What a field takes. text: strings, so that a cell is taken as it stands. plain: numbers, booleans, or whatever
    else YAML makes of a word. items: what a list's items take, None where it takes no list."""

    text: bool = False
    plain: bool = False
    items: Takes | None = None


@functools.cache
def takes(model: type[BaseModel], name: str) -> Takes:
    """What the model's field of that name takes."""
    return Takes(text=True) if name in file_fields(model) else _takes(model.model_fields[name].annotation)


def _takes(annotation: Any) -> Takes:
    text = plain = False
    items = None
    for option in _options(annotation):
        origin = get_origin(option) or option
        if origin is Literal:
            words = [isinstance(word, str) for word in get_args(option)]
            text, plain = text or any(words), plain or not all(words)
        elif origin in (list, tuple, set, frozenset):
            items = _takes((get_args(option) or (str,))[0])
        elif isinstance(origin, type) and issubclass(origin, enum.Enum):
            text = text or any(isinstance(member.value, str) for member in origin)
            plain = plain or any(not isinstance(member.value, str) for member in origin)
        elif isinstance(origin, type) and issubclass(origin, str):
            text = True
        elif not (isinstance(origin, type) and issubclass(origin, (Mapping, dict, BaseModel))):
            plain = True
    return Takes(text, plain, items)


def _options(annotation: Any) -> Iterator[Any]:
    """The members of a union, without None and without what stands in for values that aren't known yet."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _options(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for option in get_args(annotation):
            yield from _options(option)
    elif annotation not in (NoneType, Reference, Query):
        yield annotation


def items_of(model: type[BaseModel], name: str) -> tuple[type[BaseModel], bool] | None:
    """The model of the entries of a list, or of a mapping (True), that a file can give; None for other fields."""
    for option in _options(model.model_fields[name].annotation):
        origin, inner = get_origin(option), get_args(option)
        if origin in (list, tuple, dict, Mapping) and inner:
            mapping = origin in (dict, Mapping)
            models = list(_options(inner[1 if mapping else 0]))
            if len(models) == 1 and isinstance(models[0], type) and issubclass(models[0], BaseModel):
                return models[0], mapping
    return None


def node_of(value: Any, source: Source, accepted: Takes | None, separator: str | None) -> Node:
    """A cell as a node. accepted: what a text is meant for; None: a text stays one. separator: between a list's items.
    Raises ValueError saying what is wrong with it."""
    if not isinstance(value, str):
        return _tree(value, source, 0)
    if separator is None:
        return _word(value, source, accepted)
    parts = [part.strip() for part in value.split(separator)]
    if not all(parts):
        raise ValueError(f"an empty item beside a `{separator}`")
    inner = accepted.items if accepted else None
    return Node(tuple(_word(part, source, inner) for part in parts), source, data=True)


def _word(text: str, source: Source, accepted: Takes | None) -> Node:
    value: Any = text
    if accepted and not accepted.text:
        try:
            value = scalar(text)
        except ValueError:
            raise ValueError("a number that is not finite, or too long") from None
    return Node(value, source, text, data=True)


def _tree(value: Any, source: Source, depth: int) -> Node:
    """A value of a JSON file."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        if value.keys() == {"secret"}:
            raise ValueError("a secret can't stand in a file of rows")
        inner = {key: Entry(source, _tree(item, source, depth + 1)) for key, item in value.items()}
        return Node(inner, source, data=True)
    if isinstance(value, list):
        return Node(tuple(_tree(item, source, depth + 1) for item in value), source, data=True)
    return Node(value, source, value if isinstance(value, str) else json.dumps(value), data=True)
