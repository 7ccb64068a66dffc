"""Answers as JSON, as a table and as CSV."""

from __future__ import annotations

import csv
import enum
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from headend.core.model.printable import one_line


class Shape(enum.StrEnum):
    """How an answer is shown."""

    JSON = "json"
    TABLE = "table"
    CSV = "csv"


def shown(
    body: Any, shape: Shape, list_key: str | None = None, found: Sequence[Mapping[str, Any]] | None = None
) -> str:
    """The answer as text that ends with a line end. A list is a row each; anything else is one row.

    found: the rows of tables, where the platform says them.
    """
    if shape is Shape.JSON:
        return json.dumps(body, indent=1, ensure_ascii=False) + "\n"
    if found is None:
        found = [row if isinstance(row, Mapping) else {"value": row} for row in _rows(body, list_key)]
    return _tabular(found, shape)


def _tabular(rows: Sequence[Mapping[str, Any]], shape: Shape) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_cell(row.get(name)) for name in columns] for row in rows]
    if shape is Shape.CSV:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([columns, *cells] if columns else [])
        return text.getvalue()
    return aligned([columns, *cells] if columns else [])


def aligned(lines: list[list[str]]) -> str:
    """Columns as wide as their widest cell, two blanks apart."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))] if lines else []
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"{line.rstrip()}\n" for line in padded)


def _rows(body: Any, list_key: str | None) -> list[Any]:
    """A bare array, that of list_key, or the only array in the object; else the answer itself."""
    if isinstance(body, list):
        return body
    if isinstance(body, Mapping):
        if list_key and isinstance(body.get(list_key), list):
            return list(body[list_key])
        arrays = [value for value in body.values() if isinstance(value, list)]
        if len(arrays) == 1 and len(body) == 1:
            return list(arrays[0])
    return [body]


def _cell(value: Any) -> str:
    """Text on one line; what is nested stays JSON."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return one_line(text)
