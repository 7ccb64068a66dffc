"""`from_file`: resources, or the entries of a field, that a file of rows gives.

    viewers: {from_file: viewers.csv, key: account, columns: {account_id: account, limit: streams}, limit: 3}

What stands beside `from_file` is the same for all rows that don't say otherwise. Nothing in a row is interpolated.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from headend.core.model import address as addresses
from headend.core.model.fields import Secret, marked
from headend.core.model.findings import Problem, Source
from headend.core.model.stack import Lifecycle
from headend.core.stackfile.cells import node_of, takes
from headend.core.stackfile.hints import remedy
from headend.core.stackfile.nodes import Entry, Node
from headend.core.stackfile.references import Draft
from headend.core.stackfile.tables import Table
from headend.core.stackfile.values import Values

MAX_ROWS = 200_000  # in all files of a stack together: as many as it may have values itself
LONGEST_KEY = 255
RESERVED: tuple[str, ...] = ("from_file", "key", "columns", "delimiter")
_ABSENT: Final = object()
_BAD = frozenset(addresses.NOT_IN_KEYS) - {"."}

Models = Mapping[str, type[BaseModel]]
"""What a row may become, by variant; one model, whatever it is called by, where that is certain."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field's value comes from. separator: between the items of a list. external: it is the id of something
    that the stack doesn't manage."""

    field: str
    name: str
    separator: str | None = None
    external: bool = False


@dataclass
class FromFile:
    """A `from_file` as it is written. columns: grows while a file is read whose columns nobody listed (`mapped`).
    seen: names of such columns. told: problems of what all rows share, which are said once."""

    table: Table
    models: Models
    address: str
    node: Node
    shared: dict[str, Entry]
    key: tuple[str, ...] = ()
    columns: list[Column] = field(default_factory=list)
    mapped: bool = False
    seen: set[str] = field(default_factory=set)
    told: set[Problem] = field(default_factory=set)

    @functools.cached_property
    def known(self) -> set[str]:
        """All fields that a row may give."""
        return {name for model in self.models.values() for name in model.model_fields}


@dataclass(slots=True)
class Group:
    """Resources that a file gives. head: stands for all of them, with their `lifecycle`, once for each model."""

    head: Draft
    given: FromFile
    lives: dict[type[BaseModel] | None, Lifecycle | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """key: what it is called. cells: values in the order of the columns, as far as those were known."""

    key: str
    source: Source
    cells: tuple[Any, ...] = field(repr=False)
    group: Group | None = None


class Files:
    """Reads what a stack's `from_file`s name; every problem goes to `problems`."""

    def __init__(self, values: Values, problems: list[Problem]) -> None:
        self.values = values
        self.problems = problems
        self.left = MAX_ROWS

    # --- what is written in the stack ----------------------------------------------------------------------------
    def given(self, node: Node, models: Models, address: str, *, keyed: bool) -> FromFile | None:
        """What a mapping with `from_file` asks for, or None with the reasons recorded. keyed: rows need names."""
        before = len(self.problems)
        entries = dict(node.mapping or {})
        written = {name: entries.pop(name).node for name in RESERVED if name in entries}
        table = self._open(written, address)
        if table is None:
            return None
        given = FromFile(table, models, address, node, entries)
        self._columns(given, written.get("columns"))
        self._key(given, written.get("key"), keyed)
        if not given.mapped and not table.typed:
            self._widen(given, table.columns, Source(table.file, 1))
        return given if len(self.problems) == before else None

    def _problem(self, at: FromFile | str, message: str, source: Source, hint: str | None = None) -> None:
        address = at if isinstance(at, str) else at.address
        self.problems.append(Problem(message, source, address, hint))

    def _text(self, name: str, node: Node, address: str) -> str | None:
        plain = self.values.plain(node, secrets=False)
        if not plain.broken and (not isinstance(plain.value, str) or not plain.value):
            self._problem(address, f"`{name}` takes a word, not {node.type_name}", node.source)
        return plain.value if isinstance(plain.value, str) and plain.value else None

    def _open(self, written: Mapping[str, Node], address: str) -> Table | None:
        node = written["from_file"]
        path = self._text("from_file", node, address)
        delimiter = self._text("delimiter", written["delimiter"], address) if "delimiter" in written else ","
        if delimiter and (len(delimiter) > 1 or delimiter in '"\r\n'):
            self._problem(address, "`delimiter` is one character", written["delimiter"].source, 'e.g. ";"')
            return None
        if path is None or delimiter is None:
            return None
        folder = Path(node.source.file).parent
        before = len(self.problems)
        try:
            table = Table(folder / path, self.problems, delimiter)
        except ValueError as error:
            looked = f"it is looked for in {folder.resolve()}"
            self._problem(address, f"`from_file`: {path}: {error}", node.source, looked)
            return None
        return table if len(self.problems) == before else None

    def _key(self, given: FromFile, node: Node | None, keyed: bool) -> None:
        """The columns that rows are called by. They are seen in addresses, so that none of them may be secret."""
        if node is None or not keyed:
            if keyed:
                hint = "name the column, or list the columns, that tell the rows apart"
                self._problem(given, "`key` is missing", given.node.source, hint)
            elif node is not None:
                self._problem(given, "`key`: a list has no keys", node.source, "leave it out")
            return
        items = node.value if isinstance(node.value, tuple) else (node,)
        names = [self._text("key", item, given.address) for item in items]
        secret = {name for model in given.models.values() for name in marked(model, Secret)}
        told = {column.name: column.field for column in given.columns if column.field in secret}
        told |= {} if given.mapped else {name: name for name in secret}
        for item, name in zip(items, names, strict=True):
            if name in told:
                hint = "take a column that may be seen: rows' names stand in addresses"
                self._problem(given, f"`key`: `{name}` fills `{told[name]}`, which is secret", item.source, hint)
            elif name:
                self._exists(given, "key", name, item.source)
        given.key = tuple(name for name in names if name)

    def _exists(self, given: FromFile, what: str, name: str, source: Source) -> None:
        """Of a file that says its columns first (of others: once it is read)."""
        if not given.table.typed and name not in given.table.columns:
            message = f"`{what}`: {given.table.file} has no column `{name}`"
            self._problem(given, message, source, remedy(name, given.table.columns))

    def _columns(self, given: FromFile, node: Node | None) -> None:
        given.mapped = node is not None
        if node is None:
            return
        if not node.mapping:
            self._problem(given, f"`columns` is a mapping of fields to columns, not {node.type_name}", node.source)
        for name, entry in (node.mapping or {}).items():
            if name not in given.known:
                self._problem(given, f"`columns`: unknown key `{name}`", entry.source, remedy(name, given.known))
            elif column := self._column(given, name, entry.node):
                self._exists(given, f"columns.{name}", column.name, entry.node.source)
                self._fits(given, column, entry.node.source)
                given.columns.append(column)

    def _column(self, given: FromFile, name: str, node: Node) -> Column | None:
        """`NAME`, `{column: NAME, separator: ";"}`, or `{id: NAME}`."""
        external = node.sole("id")
        if node.mapping is None or external is not None:
            text = self._text(f"columns.{name}", external or node, given.address)
            return Column(name, text, external=external is not None) if text else None
        parts = {key: self._text(f"columns.{name}.{key}", e.node, given.address) for key, e in node.mapping.items()}
        if parts.keys() - {"column", "separator"} or "column" not in parts:
            hint = "a column's name, {column: NAME, separator: TEXT}, or {id: NAME}"
            self._problem(given, f"`columns.{name}` names no column", node.source, hint)
            return None
        return Column(name, parts["column"], parts.get("separator")) if all(parts.values()) else None  # type: ignore[arg-type]

    def _fits(self, given: FromFile, column: Column, source: Source) -> None:
        """A cell of CSV is text: one value, or a list with a separator."""
        if given.table.typed or column.external:
            return
        accepted = [takes(m, column.field) for m in given.models.values() if column.field in m.model_fields]
        if column.separator is None and not any(one.text or one.plain for one in accepted):
            if any(one.items for one in accepted):
                hint = f'say what is between its items: {{column: {column.name}, separator: ";"}}'
                self._problem(given, f"`columns.{column.field}`: the field is a list", source, hint)
            else:
                message = f"`columns.{column.field}`: a cell of a CSV file can't hold such a value"
                self._problem(given, message, source, "take a JSON file")
        elif column.separator is not None and not any(one.items for one in accepted):
            self._problem(given, f"`columns.{column.field}`: the field is no list", source, "leave out `separator`")

    def _widen(self, given: FromFile, names: Collection[str], source: Source) -> None:
        """Takes columns that nobody listed by their names: each is a field, or only the key."""
        for name in names:
            if name in given.seen:
                continue
            given.seen.add(name)
            if name in given.known:
                self._fits(given, column := Column(name, name), source)
                given.columns.append(column)
            elif name not in given.key:
                hint = remedy(name, given.known) or "say which columns are wanted: `columns: {FIELD: COLUMN}`"
                self._problem(given, f"unknown column `{name}`", source, hint)

    # --- the file ------------------------------------------------------------------------------------------------
    def rows(self, given: FromFile, group: Group | None = None) -> Iterator[Row]:
        """The rows, one after the other; those with problems of their own are left out."""
        table, ended = given.table, len(self.problems)
        for line, values in table:
            source = Source(table.file, line)
            if self.left <= 0:
                self._problem(given, f"more than {MAX_ROWS:,} rows in the files of this stack", source, "split it")
                return
            self.left -= 1
            if table.typed and not given.mapped:
                self._widen(given, values, source)
            key = self._called(given, values, source) if given.key else ""
            if key is not None:
                if table.typed:
                    cells = tuple(values.get(column.name, _ABSENT) for column in given.columns)
                else:
                    cells = tuple(values[column.name] or _ABSENT for column in given.columns)
                yield Row(key, source, cells, group)
        if table.typed and table.columns and len(self.problems) == ended:
            self._unseen(given)

    def _unseen(self, given: FromFile) -> None:
        """Columns that are wanted and that no row of a JSON file has: most likely a slip."""
        for column in given.columns:
            if column.name not in given.table.columns:
                entries = (given.node.mapping or {})["columns"].node.mapping or {}
                message = f"`columns.{column.field}`: no row of {given.table.file} has `{column.name}`"
                hint = remedy(column.name, given.table.columns)
                self._problem(given, message, entries[column.field].node.source, hint)

    def _called(self, given: FromFile, values: Mapping[str, Any], source: Source) -> str | None:
        """The row's name, or None with the reason recorded."""
        parts = []
        for name in given.key:
            value = values.get(name)
            text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
            if not isinstance(text, str) or not text:
                self._problem(given, f"a row without `{name}`, which it is called by", source)
                return None
            parts.append(text)
        key = ",".join(parts)
        if not key.isprintable() or key != key.strip() or not _BAD.isdisjoint(key) or len(key) > LONGEST_KEY:
            hint = "leave out `/`, `{`, `}`, `[`, `]`, unprintable characters and blanks around it, or take another key"
            self._problem(given, f"`{ascii(key)[1:-1][:80]}` can't be a row's name", source, hint)
            return None
        return key

    def entries(self, given: FromFile, row: Row) -> tuple[dict[str, Entry], set[str]]:
        """The row's fields over those that all rows share, and the names of fields whose problem is recorded."""
        model = self._model(given, row)
        found, broken = dict(given.shared), set()
        for column, value in zip(given.columns, row.cells, strict=False):
            if value is not _ABSENT:
                try:
                    words = not given.table.typed or column.separator is not None
                    known = words and model is not None and column.field in model.model_fields
                    accepted = takes(model, column.field) if known else None
                    node = node_of(value, row.source, accepted, column.separator)
                except ValueError as error:
                    where = addresses.row(given.address, row.key) if row.group else given.address
                    self._problem(where, f"`{column.field}`: {error}", row.source)
                    broken.add(column.field)
                    continue
                if column.external:
                    node = Node({"id": Entry(row.source, node)}, row.source)
                found[column.field] = Entry(row.source, node)
        return found, broken

    @staticmethod
    def _model(given: FromFile, row: Row) -> type[BaseModel] | None:
        """By the row's `variant`, where there are several."""
        if len(given.models) == 1:
            return next(iter(given.models.values()))
        cells = zip(given.columns, row.cells, strict=False)
        variant = next((value for column, value in cells if column.field == "variant"), None)
        return given.models.get(variant) if isinstance(variant, str) else None

    def settle(self, given: FromFile, row: Row, before: int) -> None:
        """Looks through the problems since `before`: what all rows share is said once, what is the row's names the
        column."""
        fresh, self.problems[before:] = self.problems[before:], []
        names = {column.field: column.name for column in given.columns}
        for problem in fresh:
            if problem.source == row.source:
                self.problems.append(_of_column(problem, names))
            elif (shared := replace(problem, address=given.address)) not in given.told:
                given.told.add(shared)
                self.problems.append(shared)


def _of_column(problem: Problem, names: Mapping[str, str]) -> Problem:
    """The problem with the name of its column, where that isn't the field's."""
    start, tick, rest = problem.message.partition("`")
    name, end, rest = rest.partition("`")
    column = names.get(name.partition(".")[0], name)
    if start or not tick or not end or column == name.partition(".")[0]:
        return problem
    return replace(problem, message=f"`{name}` (column `{column}`){rest}")
