"""The values of every operation are those of its document, row by row: place, name, type, words, what is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headend.core.wire.operations import Operation
from headend.core.wire.parameters import Parameter
from headend.core.wire.registry import platforms

PLATFORMS = sorted(path.name.removesuffix("_values.txt") for path in Path(__file__).parent.glob("*_values.txt"))
PROSE = {"ateme"}
"""Whose document has prose and no tables: its lists hold the bounds, too, and nobody knows all that a call takes."""


def rows(op: Operation, filled: frozenset[str], bounded: bool) -> Iterator[str]:
    """As the lists write them. filled: places that headend fills by itself."""
    known = {rule.name: rule for rule in op.parameters}
    for name in set(op.names()) - filled:
        known.setdefault(name, Parameter(name))
    for rule in known.values():
        place = op.place(rule)
        found = lines(rule, needed=place == "path", bounded=bounded)
        yield from (f"{op.number} {op.key} {place} {line}" for line in found)


def lines(rule: Parameter, prefix: str = "", *, needed: bool = False, bounded: bool) -> Iterator[str]:
    """A value, and what is in it."""
    name = prefix + rule.name
    kind = "date-time" if rule.time else rule.type
    words = f" {'|'.join(rule.choices)}" if rule.choices else ""
    count, bounds = (span(rule.least or None, rule.most), span(rule.low, rule.high)) if bounded else ("", "")
    many = f"[{count}]" if rule.repeated else ""
    yield f"{name}{'*' * (needed or rule.needed)} {kind}{many}{words}{' ' * bool(bounds)}{bounds}"
    for inner in rule.inner:
        yield from lines(inner, f"{name}.", bounded=bounded)


def span(low: float | None, high: float | None) -> str:
    """`1..9`, `1..`, `..9`; "" without ends."""
    ends = ["" if end is None else f"{end:.12g}" for end in (low, high)]
    return "..".join(ends) if any(ends) else ""


def documented(platform: str) -> list[str]:
    text = (Path(__file__).parent / f"{platform}_values.txt").read_text()
    return sorted(line for line in text.splitlines() if line and not line.startswith("#"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_value_of_each_operation_is_as_its_document_has_it(platform: str) -> None:
    known = platforms()[platform]
    taken = [line.partition(" (")[0].replace("+ ", "* ", 1) for line in documented(platform) if "= " not in line]
    prose = platform in PROSE
    assert sorted(line for op in known.table.values() for line in rows(op, known.filled, prose)) == sorted(taken)
    assert prose or all(op.complete for op in known.table.values())
    assert {line.split()[1] for line in documented(platform)} <= known.table.keys()
