"""A field's list or mapping whose entries are rows of a file, each checked by itself and told of at its own line."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from headend.core.model.fields import Parts, Secret, mark, marked
from headend.core.model.findings import Problem
from headend.core.stackfile.cells import items_of
from headend.core.stackfile.check import Input, make
from headend.core.stackfile.nodes import Node
from headend.core.stackfile.rows import Files, FromFile, Row
from headend.core.wire.redaction import texts


@dataclass
class Entries:
    """What a file gives a field: a list or a mapping of checked models. `broken`: problems are recorded.
    `secrets`: texts that came from `{secret: NAME}` beside `from_file`."""

    value: Any = field(default=None, repr=False)
    broken: bool = False
    secrets: list[str] = field(default_factory=list, repr=False)


def asks_for_file(model: type[BaseModel], name: str, node: Node) -> bool:
    """Whether `{from_file: ...}` stands in a field that can take it. In a file of rows it is nothing special."""
    if node.mapping is None or "from_file" not in node.mapping or node.data or name not in model.model_fields:
        return False
    return items_of(model, name) is not None


def from_file(files: Files, model: type[BaseModel], name: str, node: Node, address: str, *, secret: bool) -> Entries:
    """The entries of the field. secret: nothing of them may be said."""
    found = items_of(model, name)
    assert found is not None
    item, mapping = found
    before = len(files.problems)
    out = Entries()
    made: dict[Hashable, BaseModel] = {}
    lines: dict[Hashable, int] = {}
    listed = mark(model, name, Parts)
    given = files.given(node, {"": item}, f"{address}.{name}", keyed=mapping)
    for row in files.rows(given) if given else ():
        start = len(files.problems)
        entry = _entry(files, given, row, item, out, secret) if given else None
        key: Hashable = row.key if mapping else listed.key(entry) if listed and entry else len(lines)
        if key in lines:
            message = f"`{key}` is given twice, first in line {lines[key]}" if mapping else f"line {lines[key]} again"
            files.problems.append(Problem(message, row.source, f"{address}.{name}", "keep one of them"))
        elif entry is not None:
            made[key] = entry
        lines.setdefault(key, row.source.line)
        if len(files.problems) > start and given:
            files.settle(given, row, start)
    out.broken = given is None or len(files.problems) > before
    out.value = made if mapping else list(made.values())
    return out


def _entry(
    files: Files, given: FromFile, row: Row, item: type[BaseModel], out: Entries, secret: bool
) -> BaseModel | None:
    entries, broken = files.entries(given, row)
    values: dict[str, Any] = {}
    secrets: list[str] = []
    for name, one in entries.items():
        plain = files.values.plain(one.node)
        values[name] = plain.value
        secrets += plain.secrets
        if plain.broken:
            broken.add(name)
    out.secrets += [text for text in secrets if text not in out.secrets]
    unsaid = set(values) if secret or secrets else set(marked(item, Secret))
    given_to = Input(
        values=values,
        entries=entries,
        source=row.source,
        address=given.address,
        broken=frozenset(broken),
        hidden=[*secrets, *(text for name in unsaid for text in texts(values.get(name)))],
        hidden_fields=frozenset(unsaid),
    )
    return make(item, given_to, files.problems)
