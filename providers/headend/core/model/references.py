"""What stands in a spec until it is known: references to other resources, and lookups."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from headend.core.model.frozen import frozen_dataclass


@frozen_dataclass(slots=True)
class Reference:
    """Stands where the remote id of another resource of the stack will be, or a value that it computes."""

    address: str
    computed: str | None = None

    @property
    def key(self) -> str:
        """What it is resolved by."""
        return self.address if self.computed is None else f"{self.address}#{self.computed}"

    def __str__(self) -> str:
        return self.key


@frozen_dataclass(slots=True)
class Query:
    """Stands where the id of what a lookup finds will be. match: field -> the value it must have, as JSON text."""

    lookup: str
    match: str

    @property
    def key(self) -> str:
        """What it is resolved by."""
        return f"{self.lookup}?{self.match}"

    @property
    def platform(self) -> str:
        return self.lookup.partition(".")[0]

    @property
    def fields(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.match)
        return found

    def __str__(self) -> str:
        return f"{self.lookup} with {', '.join(f'{k} {json.dumps(v)}' for k, v in self.fields.items())}"


Pending = Reference | Query
Id = str | Pending
"""Type of a field marked `Ref` or `Found`: the remote id, or what the engine resolves before any kind sees it."""


def query(lookup: str, match: Mapping[str, Any]) -> Query:
    return Query(lookup, json.dumps(dict(match), sort_keys=True))


def pending(value: Any) -> Iterator[Pending]:
    """What is not known yet in a field's value, at any depth."""
    if isinstance(value, str):  # as nearly all are
        return
    if isinstance(value, Reference | Query):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from pending(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from pending(item)


def filled(value: Any, known: Callable[[Pending], Any]) -> Any:
    """A field's value with whatever was pending in it replaced by what `known` gives."""
    if isinstance(value, str | int):  # as nearly all are
        return value
    if isinstance(value, Reference | Query):
        return known(value)
    if isinstance(value, Mapping):
        return {key: filled(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(filled(item, known) for item in value)
    return value
