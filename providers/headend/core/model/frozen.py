"""Frozen dataclasses that cost little to declare.

A command declares some hundred of them before it does anything, and what dataclasses write to show and to compare each
is compiled each time. Here it is written once for all of them, and does the same.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, dataclass_transform


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen_dataclass(given: Any = None, /, *, slots: bool = False) -> Any:
    """As `dataclass(frozen=True)`. What a class itself says of these stays: `__repr__`, `__eq__` and `__hash__`."""

    def declared(given: Any) -> Any:
        made = dataclass(frozen=True, repr=False, eq=False, slots=slots)(given)
        compared = _comparison([f.name for f in fields(made) if f.compare])
        for name, method in {"__repr__": _shown, **compared}.items():
            if name not in vars(given):
                setattr(made, name, method)
        return made

    return declared if given is None else declared(given)


@reprlib.recursive_repr()
def _shown(one: Any) -> str:
    """Name(field=value, ...)"""
    shown = ", ".join(f"{f.name}={getattr(one, f.name)!r}" for f in fields(one) if f.repr)
    return f"{type(one).__qualname__}({shown})"


def _comparison(names: list[str]) -> dict[str, Any]:
    """By these fields, among those of one class."""
    values: Any = attrgetter(*names) if len(names) > 1 else lambda one: tuple(getattr(one, name) for name in names)

    def equals(one: Any, other: Any) -> Any:
        return values(one) == values(other) if type(one) is type(other) else NotImplemented

    return {"__eq__": equals, "__hash__": lambda one: hash(values(one))}
