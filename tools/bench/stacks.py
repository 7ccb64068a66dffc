"""Stacks of N objects of one kind, with what they refer to, and the world that they need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Stack = dict[str, Any]


@dataclass(frozen=True)
class Sort:
    """A kind as it is measured. stack: of N objects, number by number changed or not. world: prepares a simulator."""

    stack: Callable[[int, Callable[[int], bool]], Stack]
    world: Callable[[Any, int], None] = lambda simulator, size: None


def in_place(**collections: dict[str, Any]) -> Stack:
    """One environment of Ateme+ with those objects."""
    place = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
    return {"ateme": {"environments": {"place": place | collections}}}


def inputs(size: int, is_changed: Callable[[int], bool]) -> Stack:
    def one(number: int) -> dict[str, Any]:
        return {"variant": "srt_push", "port": 2000 + number, "latency": 900 if is_changed(number) else 200}

    return in_place(inputs={f"feed-{number:05}": one(number) for number in range(size)})


SORTS: dict[str, Sort] = {"ateme.input": Sort(inputs)}


def prepare(simulator: Any, kind: str, size: int) -> None:
    SORTS[kind].world(simulator, size)


def write(kind: str, size: int, *, changed: bool) -> str:
    """The stack file; changed: one object of a hundred is otherwise."""
    stack = SORTS[kind].stack(size, lambda number: changed and number % 100 == 0)
    return "\n".join(_lines({"headend": 1, "stack": "bench"} | stack)) + "\n"


def _lines(value: dict[str, Any], indent: str = "") -> Iterator[str]:
    """YAML as people write it: a line for each key. PyYAML's own writer takes longer than all the rest."""
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield f"{indent}{key}:"
            yield from _lines(item, indent + "  ")
        else:
            yield f"{indent}{key}: {json.dumps(item)}"
