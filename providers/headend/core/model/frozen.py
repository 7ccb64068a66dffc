"""Frozen dataclasses that cost little to declare.

A command declares some hundred of them before it does anything. The `repr` that dataclasses write for each takes as
long to compile as all else of it; this one is written once, and shows the same.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, field, fields
from typing import Any, dataclass_transform


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen_dataclass(given: Any = None, /, *, slots: bool = False) -> Any:
    """As `dataclass(frozen=True)`. A class's own `__repr__` stays."""

    def declared(given: Any) -> Any:
        if "__repr__" not in vars(given):
            given.__repr__ = _shown
        return dataclass(frozen=True, repr=False, slots=slots)(given)

    return declared if given is None else declared(given)


@reprlib.recursive_repr()
def _shown(one: Any) -> str:
    """Name(field=value, ...)"""
    shown = ", ".join(f"{f.name}={getattr(one, f.name)!r}" for f in fields(one) if f.repr)
    return f"{type(one).__qualname__}({shown})"
