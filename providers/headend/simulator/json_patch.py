"""JSON Patch (RFC 6902): how a fault changes a true answer, and a test changes a world."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class PatchError(ValueError):
    """The document has no such place, or a test failed."""


def _checked(pointer: str) -> str:
    if pointer and not pointer.startswith("/"):
        raise ValueError("a JSON pointer is empty or begins with '/'")
    return pointer


Pointer = Annotated[
    str, AfterValidator(_checked), Field(description="JSON pointer (RFC 6901), e.g. /0/id; - is the end of a list")
]


class _Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    path: Pointer


class Add(_Step):
    """Puts a value there: a new or another member, or one more item of a list."""

    op: Literal["add"]
    value: Any


class Replace(_Step):
    """Puts another value in the place of what is there."""

    op: Literal["replace"]
    value: Any


class Remove(_Step):
    """Takes away what is there."""

    op: Literal["remove"]


class Move(_Step):
    """Takes a value from elsewhere to there."""

    op: Literal["move"]
    from_: Pointer = Field(alias="from")


class Copy(_Step):
    """Puts a copy of a value from elsewhere there."""

    op: Literal["copy"]
    from_: Pointer = Field(alias="from")


class Test(_Step):
    """Refuses the whole patch unless this is there."""

    __test__ = False  # pytest looks for classes with this name
    op: Literal["test"]
    value: Any


Step = Annotated[Add | Replace | Remove | Move | Copy | Test, Field(discriminator="op")]


def patched(document: Any, steps: Sequence[Step]) -> Any:
    """The document with all steps made; the given one stays as it is. Raises PatchError, which names the step."""
    result = copy.deepcopy(document)
    for number, step in enumerate(steps, 1):
        try:
            result = _made(result, step)
        except PatchError as error:
            raise PatchError(f"step {number} ({step.op} {step.path!r}): {error}") from None
    return result


def _made(document: Any, step: Step) -> Any:
    if isinstance(step, Test):
        if not _same(_find(document, step.path), step.value):
            raise PatchError("the value is another one")
        return document
    if isinstance(step, Remove):
        return _without(document, step.path)
    if isinstance(step, Replace):
        _find(document, step.path)
        return _with(document, step.path, step.value, replace=True)
    if isinstance(step, Add):
        return _with(document, step.path, step.value)
    value = copy.deepcopy(_find(document, step.from_))
    if isinstance(step, Move):
        if step.path.startswith(f"{step.from_}/"):
            raise PatchError("a value can't move into itself")
        document = _without(document, step.from_)
    return _with(document, step.path, value)


def _same(one: Any, other: Any) -> bool:
    """As JSON compares: true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _find(document: Any, pointer: str) -> Any:
    return _descend(document, _parts(pointer))


def _descend(document: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        document = document[_place(document, part)]
    return document


def _place(holder: Any, part: str, *, end: bool = False) -> Any:
    """The key or index of what is there; with `end`, also of what can be added."""
    if isinstance(holder, dict):
        if part not in holder and not end:
            raise PatchError(f"there is no {part!r}")
        return part
    if not isinstance(holder, list):
        raise PatchError(f"{part!r} is asked of what is neither object nor list")
    if end and part == "-":
        return len(holder)
    if not part.isascii() or not part.isdigit() or (part[0] == "0" and part != "0"):
        raise PatchError(f"{part!r} is no index of a list")
    if int(part) > len(holder) - (not end):
        raise PatchError(f"the list has no item {part}")
    return int(part)


def _with(document: Any, pointer: str, value: Any, *, replace: bool = False) -> Any:
    if not pointer:
        return copy.deepcopy(value)
    *way, last = _parts(pointer)
    holder = _descend(document, way)
    place = _place(holder, last, end=True)
    if isinstance(holder, list) and not replace:
        holder.insert(place, copy.deepcopy(value))
    else:
        holder[place] = copy.deepcopy(value)
    return document


def _without(document: Any, pointer: str) -> Any:
    if not pointer:
        raise PatchError("the whole document can't be taken away")
    *way, last = _parts(pointer)
    holder = _descend(document, way)
    del holder[_place(holder, last)]
    return document
