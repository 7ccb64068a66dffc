"""The rows of the files that a stack names: read one after the other, each named, with its fields as nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel

from headend.core.model import address as addresses
from headend.core.model.findings import Problem, Source
from headend.core.model.suggest import suggest
from headend.core.stackfile.field_types import Accepts, accepted_by
from headend.core.stackfile.from_file import FromFile, Models, Row, open_from_file
from headend.core.stackfile.nodes import MAX_DEPTH, KeyValue, Node, scalar
from headend.core.stackfile.values import Values

MAX_ROWS = 200_000  # in all files of a stack together: as many as it may have values itself
LONGEST_KEY = 255
_ABSENT: Final = object()
_NOT_IN_ROW_KEYS = frozenset(addresses.NOT_IN_KEYS) - {"."}


class RowReader:
    """Reads what a stack's `from_file`s name; every problem goes to `problems`."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.problems = values.problems
        self.rows_left = MAX_ROWS

    def open(self, node: Node, models: Models, address: str, *, keyed: bool) -> FromFile | None:
        """What a mapping with `from_file` asks for, or None with the reasons recorded. keyed: rows need names."""
        return open_from_file(node, models, address, self.values, keyed=keyed)

    def read(self, given: FromFile) -> Iterator[Row]:
        """The rows, one after the other; those with problems of their own are left out."""
        table, before = given.table, len(self.problems)
        for line, values in table:
            source = Source(table.file, line)
            if self.rows_left <= 0:
                given.report(f"more than {MAX_ROWS:,} rows in the files of this stack", source, "split it")
                return
            self.rows_left -= 1
            if table.typed and not given.mapped:
                given.add_unlisted_columns(values, source)
            key = _row_key(given, values, source) if given.key else ""
            if key is not None:
                found = (values.get(column.name, _ABSENT) for column in given.columns)
                yield Row(key, source, tuple(_ABSENT if cell == "" and not table.typed else cell for cell in found))
        if table.typed and table.columns and len(self.problems) == before:
            _report_unseen_columns(given)

    def fields(self, given: FromFile, row: Row, address: str) -> tuple[dict[str, KeyValue], set[str]]:
        """The row's fields over those that all rows share, and the names of fields whose problem is recorded.
        address: of what the row becomes."""
        model = _row_model(given, row)
        found, broken = dict(given.shared), set()
        for column, value in zip(given.columns, row.cells, strict=False):
            if value is _ABSENT:
                continue
            words = not given.table.typed or column.separator is not None
            accepted = accepted_by(model, column.field) if words and model is not None else None
            try:
                node = _cell_node(value, row.source, accepted, column.separator)
            except ValueError as error:
                self.problems.add(f"`{column.field}`: {error}", row.source, address)
                broken.add(column.field)
                continue
            if column.external:
                node = Node({"id": KeyValue(row.source, node)}, row.source)
            found[column.field] = KeyValue(row.source, node)
        return found, broken

    def settle_problems(self, given: FromFile, row: Row, before: int) -> None:
        """Looks through the problems since `before`: what all rows share is said once, what is the row's names the
        column."""
        fresh, self.problems[before:] = self.problems[before:], []
        names = {column.field: column.name for column in given.columns}
        for problem in fresh:
            if problem.source == row.source:
                self.problems.append(_name_column(problem, names))
            elif (shared := replace(problem, address=given.address)) not in given.reported:
                given.reported.add(shared)
                self.problems.append(shared)


def _report_unseen_columns(given: FromFile) -> None:
    """Columns that are wanted and that no row of a JSON file has: most likely a slip."""
    for column in given.columns:
        if column.name not in given.table.columns:
            entries = (given.node.mapping or {})["columns"].node.mapping or {}
            message = f"`columns.{column.field}`: no row of {given.table.file} has `{column.name}`"
            given.report(message, entries[column.field].node.source, suggest(column.name, given.table.columns))


def _row_key(given: FromFile, values: Mapping[str, Any], source: Source) -> str | None:
    """The row's name, or None with the reason recorded."""
    parts = []
    for name in given.key:
        value = values.get(name)
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not text:
            given.report(f"a row without `{name}`, which it is called by", source)
            return None
        parts.append(text)
    key = ",".join(parts)
    if not key.isprintable() or key != key.strip() or not _NOT_IN_ROW_KEYS.isdisjoint(key) or len(key) > LONGEST_KEY:
        hint = "leave out `/`, `{`, `}`, `[`, `]`, unprintable characters and blanks around it, or take another key"
        given.report(f"`{ascii(key)[1:-1][:80]}` can't be a row's name", source, hint)
        return None
    return key


def _row_model(given: FromFile, row: Row) -> type[BaseModel] | None:
    """By the row's `variant`, where there are several."""
    if len(given.models) == 1:
        return next(iter(given.models.values()))
    cells = zip(given.columns, row.cells, strict=False)
    variant = next((value for column, value in cells if column.field == "variant"), None)
    return given.models.get(variant) if isinstance(variant, str) else None


def _name_column(problem: Problem, names: Mapping[str, str]) -> Problem:
    """The problem with the name of its column, where that isn't the field's."""
    start, tick, rest = problem.message.partition("`")
    name, end, rest = rest.partition("`")
    field = name.partition(".")[0]
    column = names.get(field, field)
    if start or not tick or not end or column == field:
        return problem
    return replace(problem, message=f"`{name}` (column `{column}`){rest}")


# --- cells ---------------------------------------------------------------------------------------------------
def _cell_node(value: Any, source: Source, accepted: Accepts | None, separator: str | None) -> Node:
    """A cell as a node. accepted: by the field, which says what a text means; None: a text stays one.
    separator: between a list's items. Raises ValueError saying what is wrong with it."""
    if not isinstance(value, str):
        return _json_node(value, source, 0)
    if separator is None:
        return _word_node(value, source, accepted)
    parts = [part.strip() for part in value.split(separator)]
    if not all(parts):
        raise ValueError(f"an empty item beside a `{separator}`")
    inner = accepted.items if accepted else None
    return Node(tuple(_word_node(part, source, inner) for part in parts), source, data=True)


def _word_node(text: str, source: Source, accepted: Accepts | None) -> Node:
    if not accepted or accepted.text:
        return Node(text, source, text, data=True)
    try:
        return Node(scalar(text), source, text, data=True)
    except ValueError:
        raise ValueError("a number that is not finite, or too long") from None


def _json_node(value: Any, source: Source, depth: int) -> Node:
    """A value of a JSON file."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        if value.keys() == {"secret"}:
            raise ValueError("a secret can't stand in a file of rows")
        inner = {key: KeyValue(source, _json_node(item, source, depth + 1)) for key, item in value.items()}
        return Node(inner, source, data=True)
    if isinstance(value, list):
        return Node(tuple(_json_node(item, source, depth + 1) for item in value), source, data=True)
    return Node(value, source, value if isinstance(value, str) else json.dumps(value), data=True)
