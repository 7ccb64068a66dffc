"""What fields accept, read from their types: text or plain words, references, files of rows."""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from headend.core.model.frozen import frozen_dataclass
from headend.core.model.references import Query, Reference
from headend.core.model.uploads import file_fields


@frozen_dataclass
class Accepts:
    """text: strings, so that a cell of a CSV file stays as it is. plain: numbers, booleans, or whatever else YAML
    makes of a word. items: what a list's items accept, None for no list."""

    text: bool = False
    plain: bool = False
    items: Accepts | None = None


@functools.cache
def accepted_by(model: type[BaseModel], name: str) -> Accepts | None:
    """What the model's field of that name accepts; None where there is no such field."""
    if name not in model.model_fields:
        return None
    return Accepts(text=True) if name in file_fields(model) else _accepts(model.model_fields[name].annotation)


def _accepts(annotation: Any) -> Accepts:
    values: list[Any] = []  # of literals and enums; "" stands for any text, 0 for any other plain value
    items = None
    for option in _options(annotation):
        origin = get_origin(option) or option
        if origin is Literal:
            values += get_args(option)
        elif origin in (list, tuple, set, frozenset):
            items = _accepts((get_args(option) or (str,))[0])
        elif _is_subclass(origin, enum.Enum):
            values += [member.value for member in origin]
        elif not _is_subclass(origin, Mapping, dict, BaseModel):
            values.append("" if _is_subclass(origin, str) else 0)
    words = [isinstance(value, str) for value in values]
    return Accepts(any(words), not all(words), items)


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


def _is_subclass(option: Any, *types: type) -> bool:
    return isinstance(option, type) and issubclass(option, types)


def item_model(model: type[BaseModel], name: str) -> tuple[type[BaseModel], bool] | None:
    """The model of the entries of a list, or of a mapping (True), that a file can give; None for other fields."""
    for option in _options(model.model_fields[name].annotation):
        origin, inner = get_origin(option), get_args(option)
        if origin in (list, tuple, dict, Mapping) and inner:
            mapping = origin in (dict, Mapping)
            models = list(_options(inner[1 if mapping else 0]))
            if len(models) == 1 and _is_subclass(models[0], BaseModel):
                return models[0], mapping
    return None


def holds_mapping(model: type[BaseModel], name: str) -> bool:
    """Whether a field of references holds a mapping to them, not one or a list."""
    annotation = model.model_fields[name].annotation
    return any(get_origin(option) is dict for option in (annotation, *get_args(annotation)))


def maps_to_lists(model: type[BaseModel], name: str) -> bool:
    """Whether it holds a mapping to lists of them."""
    annotation = model.model_fields[name].annotation
    mappings = [option for option in (annotation, *get_args(annotation)) if get_origin(option) is dict]
    return any(get_origin(get_args(option)[1]) is list for option in mappings)
