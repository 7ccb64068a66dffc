"""`from_file` as it is written: which file, what its rows are called by, which column fills which field.

    viewers: {from_file: viewers.csv, key: account, columns: {account_id: account, limit: streams}, limit: 3}

What stands beside `from_file` is the same for all rows that don't say otherwise. Nothing in a row is interpolated.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from headend.core.model.fields import Secret, marked
from headend.core.model.findings import Problem, Problems, Source
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.suggest import suggest
from headend.core.stackfile.field_types import accepted_by
from headend.core.stackfile.nodes import KeyValue, Node
from headend.core.stackfile.tables import Table
from headend.core.stackfile.values import Values

RESERVED: tuple[str, ...] = ("from_file", "key", "columns", "delimiter")

Models = Mapping[str, type[BaseModel]]
"""What a row may become, by variant; one model, whatever it is called by, where that is certain."""


@frozen_dataclass(slots=True)
class Column:
    """Where a field's value comes from. separator: between the items of a list. external: it is the id of something
    that the stack doesn't manage."""

    field: str
    name: str
    separator: str | None = None
    external: bool = False


@frozen_dataclass(slots=True)
class Row:
    """key: what it is called. cells: values in the order of the columns, as far as those were known."""

    key: str
    source: Source
    cells: tuple[Any, ...] = field(repr=False)


@dataclass
class FromFile:
    """columns: grows while a file is read whose columns nobody listed (`mapped`). seen: names of such columns.
    reported: problems of what all rows share, which are said once."""

    table: Table
    models: Models
    address: str
    node: Node
    shared: dict[str, KeyValue]
    values: Values
    problems: Problems
    key: tuple[str, ...] = ()
    columns: list[Column] = field(default_factory=list)
    mapped: bool = False
    seen: set[str] = field(default_factory=set)
    reported: set[Problem] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.known = {name for model in self.models.values() for name in model.model_fields}

    def report(self, message: str, source: Source, remedy: str | None = None) -> None:
        self.problems.add(message, source, self.address, remedy)

    def read_key(self, node: Node | None, keyed: bool) -> None:
        """The columns that rows are called by. They are seen in addresses, so that none of them may be secret."""
        if node is None or not keyed:
            if keyed:
                hint = "name the column, or list the columns, that tell the rows apart"
                self.report("`key` is missing", self.node.source, hint)
            elif node is not None:
                self.report("`key`: a list has no keys", node.source, "leave it out")
            return
        secret = {name for model in self.models.values() for name in marked(model, Secret)}
        filled = {column.name: column.field for column in self.columns if column.field in secret}
        if not self.mapped:
            filled |= {name: name for name in secret}
        for item in node.value if isinstance(node.value, tuple) else (node,):
            name = read_word(self.values, "key", item, self.address)
            if name in filled:
                hint = "take a column that may be seen: rows' names stand in addresses"
                self.report(f"`key`: `{name}` fills `{filled[name]}`, which is secret", item.source, hint)
            elif name:
                self._check_column("key", name, item.source)
                self.key += (name,)

    def _check_column(self, what: str, name: str, source: Source) -> None:
        """A CSV file says its columns first; those of others are known once they are read."""
        if not self.table.typed and name not in self.table.columns:
            message = f"`{what}`: {self.table.file} has no column `{name}`"
            self.report(message, source, self.table.likely_delimiter() or suggest(name, self.table.columns))

    def read_columns(self, node: Node | None) -> None:
        self.mapped = node is not None
        if node is None:
            return
        if not node.mapping:
            self.report(f"`columns` is a mapping of fields to columns, not {node.type_name}", node.source)
        for name, entry in (node.mapping or {}).items():
            if name not in self.known:
                self.report(f"`columns`: unknown key `{name}`", entry.source, suggest(name, self.known))
            elif column := self._read_column(name, entry.node):
                self._check_column(f"columns.{name}", column.name, entry.node.source)
                self._add_column(column, entry.node.source)

    def _read_column(self, field: str, node: Node) -> Column | None:
        """`NAME`, `{column: NAME, separator: ";"}`, or `{id: NAME}`."""
        external = node.sole("id")
        if node.mapping is None or external is not None:
            name = read_word(self.values, f"columns.{field}", external or node, self.address)
            return Column(field, name, external=external is not None) if name else None
        parts = {
            key: read_word(self.values, f"columns.{field}.{key}", entry.node, self.address)
            for key, entry in node.mapping.items()
        }
        if parts.keys() - {"column", "separator"} or "column" not in parts:
            hint = "a column's name, {column: NAME, separator: TEXT}, or {id: NAME}"
            self.report(f"`columns.{field}` names no column", node.source, hint)
            return None
        name = parts["column"]
        return Column(field, name, parts.get("separator")) if name and all(parts.values()) else None

    def _add_column(self, column: Column, source: Source) -> None:
        """Takes a column. A cell of CSV is text, so that its field must take one value, or a list with a separator."""
        self.columns.append(column)
        if self.table.typed or column.external:
            return
        place = f"`columns.{column.field}`"
        accepted = [one for m in self.models.values() if (one := accepted_by(m, column.field))]
        lists = any(one.items for one in accepted)
        if column.separator is not None:
            if not lists:
                self.report(f"{place}: the field is no list", source, "leave out `separator`")
        elif not any(one.text or one.plain for one in accepted):
            if lists:
                hint = f'say what is between its items: {{column: {column.name}, separator: ";"}}'
                self.report(f"{place}: the field is a list", source, hint)
            else:
                self.report(f"{place}: a cell of a CSV file can't hold such a value", source, "take a JSON file")

    def add_unlisted_columns(self, names: Collection[str], source: Source) -> None:
        """Takes columns by their names: each is a field, or only part of the key."""
        for name in names:
            if name in self.seen:
                continue
            self.seen.add(name)
            if name in self.known:
                self._add_column(Column(name, name), source)
            elif name not in self.key:
                near = self.table.likely_delimiter() or suggest(name, self.known)
                hint = near or "say which columns are wanted: `columns: {FIELD: COLUMN}`"
                self.report(f"unknown column `{name}`", source, hint)


def open_from_file(node: Node, models: Models, address: str, values: Values, *, keyed: bool) -> FromFile | None:
    """What a mapping with `from_file` asks for, or None with the reasons recorded. keyed: rows need names."""
    before = len(values.problems)
    shared = dict(node.mapping or {})
    written = {name: shared.pop(name).node for name in RESERVED if name in shared}
    table = _open_table(written, address, values)
    if table is None or len(values.problems) > before:
        return None
    given = FromFile(table, models, address, node, shared, values, values.problems)
    given.read_columns(written.get("columns"))
    given.read_key(written.get("key"), keyed)
    if not given.mapped and not table.typed:
        given.add_unlisted_columns(table.columns, Source(table.file, 1))
    return given if len(values.problems) == before else None


def _open_table(written: Mapping[str, Node], address: str, values: Values) -> Table | None:
    node = written["from_file"]
    path = read_word(values, "from_file", node, address)
    delimiter = read_word(values, "delimiter", written["delimiter"], address) if "delimiter" in written else ","
    if delimiter and (len(delimiter) > 1 or delimiter in '"\r\n'):
        values.problems.add("`delimiter` is one character", written["delimiter"].source, address, 'e.g. ";"')
    elif path and delimiter:
        folder = Path(node.source.file).parent
        values.files.add(folder / path)
        try:
            return Table(folder / path, values.problems, delimiter)
        except ValueError as error:
            hint = f"it is looked for in {folder.resolve()}"
            values.problems.add(f"`from_file`: {path}: {error}", node.source, address, hint)
    return None


def read_word(values: Values, name: str, node: Node, address: str) -> str | None:
    """A text that isn't empty, or None with the reason recorded."""
    plain = values.plain(node, secrets=False)
    if isinstance(plain.value, str) and plain.value:
        return plain.value
    if not plain.broken:
        values.problems.add(f"`{name}` takes a word, not {node.type_name}", node.source, address)
    return None
