"""A field's list or mapping whose entries are rows of a file, each checked by itself and reported at its own line."""

from __future__ import annotations

from collections.abc import Hashable

from pydantic import BaseModel

from headend.core.model.fields import Parts, mark
from headend.core.stackfile.check import Input, make
from headend.core.stackfile.field_types import item_model
from headend.core.stackfile.from_file import FromFile, Row
from headend.core.stackfile.nodes import Node
from headend.core.stackfile.rows import RowReader
from headend.core.stackfile.values import Plain


def asks_for_file(model: type[BaseModel], name: str, node: Node) -> bool:
    """Whether `{from_file: ...}` stands in a field that can take it. In a file of rows it is nothing special."""
    if node.mapping is None or "from_file" not in node.mapping or node.data or name not in model.model_fields:
        return False
    return item_model(model, name) is not None


def read_field_rows(
    rows: RowReader, model: type[BaseModel], name: str, node: Node, address: str, *, secret: bool
) -> Plain:
    """The field's value: a list or a mapping of checked models. secret: nothing of them may be said."""
    found = item_model(model, name)
    assert found is not None
    item, mapping = found
    before = len(rows.problems)
    out = Plain()
    made: dict[Hashable, BaseModel] = {}
    lines: dict[Hashable, int] = {}
    listed = mark(model, name, Parts)
    given = rows.open(node, {"": item}, f"{address}.{name}", keyed=mapping)
    for row in rows.read(given) if given else ():
        assert given is not None
        start = len(rows.problems)
        entry = _make_item(rows, given, row, item, out, secret)
        key: Hashable = row.key if mapping else listed.key(entry) if listed and entry else len(lines)
        if key in lines:
            message = f"`{key}` is given twice, first in line {lines[key]}" if mapping else f"line {lines[key]} again"
            given.report(message, row.source, "keep one of them")
        elif entry is not None:
            made[key] = entry
        lines.setdefault(key, row.source.line)
        if len(rows.problems) > start:
            rows.settle_problems(given, row, start)
    out.broken = given is None or len(rows.problems) > before
    out.value = out.missing or (made if mapping else list(made.values()))
    return out


def _make_item(
    rows: RowReader, from_file: FromFile, row: Row, item: type[BaseModel], out: Plain, secret: bool
) -> BaseModel | None:
    entries, broken = rows.fields(from_file, row, from_file.address)
    zone = rows.values.time_zone
    given = Input(entries, row.source, from_file.address, broken=broken, time_zone=zone)
    for name, entry in entries.items():
        given.set(name, rows.values.plain(entry.node))
    out.secrets += [text for text in given.secrets if text not in out.secrets]
    out.asks_secret |= bool(given.from_secret)
    out.missing = out.missing or next(iter(given.missing.values()), None)
    given.all_secret = secret or bool(given.secrets)
    return make(item, given, rows.problems)
