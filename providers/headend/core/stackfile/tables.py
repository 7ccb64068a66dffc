"""Files of rows: CSV, JSON and JSON lines, read one row after the other, each with the line it begins in.

CSV and JSON lines are streamed. The text of a JSON array is held once, beside the one row that is being read.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from headend.core.model.findings import Problems, Source
from headend.core.model.uploads import check_file

Rows = Iterator[tuple[int, dict[str, Any]]]
"""Line, counting from 1, and {column: value}."""


class Table:
    """A file of rows. Iterating reads it; what is wrong with it goes to `problems`, a row at fault is left out.

    columns: names of the columns; of CSV from the start, of JSON as they turn up. typed: whether values have types of
    their own (JSON); CSV has text only, and "" where nothing stands.
    """

    def __init__(self, place: Path, problems: Problems, delimiter: str = ",") -> None:
        """Raises ValueError, saying why, for what is no such file or can't be read."""
        readers: dict[str, Callable[[BinaryIO], Rows]] = {
            ".csv": self._csv,
            ".json": self._array,
            ".jsonl": self._objects,
        }
        if place.suffix.lower() not in readers:
            raise ValueError(f"is none of {', '.join(readers)}")
        self.file, self.place = str(place), check_file(place)
        self.typed = place.suffix.lower() != ".csv"
        self.columns: dict[str, None] = {}
        self.problems = problems
        self.delimiter = delimiter
        self._reader = readers[place.suffix.lower()]
        self._rows = self._read()
        if not self.typed:
            self._first = next(self._rows, None)

    def likely_delimiter(self) -> str | None:
        """What to do about a CSV file whose first line names one column that looks like several: European spreadsheets
        put semicolons between values."""
        only = next(iter(self.columns)) if len(self.columns) == 1 and not self.typed else ""
        found = next((sign for sign in ";\t|," if sign in only and sign != self.delimiter), None)
        return (
            found and f'its values have {_SIGNS[found]} between them: write `delimiter: "{_SHOWN.get(found, found)}"`'
        )

    def __iter__(self) -> Rows:
        if not self.typed and self._first:
            yield self._first
        yield from self._rows

    def _read(self) -> Rows:
        try:
            with self.place.open("rb") as stream:
                yield from self._reader(stream)
        except _Stopped:
            return
        except OSError as error:
            self.problem(f"can't be read: {error.strerror}", 1)

    def problem(self, message: str, line: int, remedy: str | None = None) -> None:
        self.problems.add(message, Source(self.file, line), remedy=remedy)

    def _lines(self, stream: BinaryIO) -> Iterator[str]:
        """The text line by line; ends the reading with a problem at what is not UTF-8."""
        for number, line in enumerate(stream, 1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                self.problem("not UTF-8 text", number, "save the file as UTF-8")
                raise _Stopped from None

    def _csv(self, stream: BinaryIO) -> Rows:
        reader = csv.reader(self._lines(stream), delimiter=self.delimiter, strict=True)
        header: list[str] | None = None
        known: dict[str, str] = {}  # texts that were seen lately: columns often say the same again
        line = 1
        try:
            for cells in reader:
                if header is None:
                    header = self._header(cells, line) if cells else None
                    if cells and header is None:
                        return
                elif len(cells) == len(header):
                    if len(known) > _KNOWN:
                        known.clear()
                    yield line, dict(zip(header, (known.setdefault(cell, cell) for cell in cells), strict=True))
                elif cells:  # else a blank line
                    self.problem(f"has {len(cells)} values; the first line names {len(header)} columns", line)
                line = reader.line_num + 1
        except csv.Error as error:
            self.problem(f"not valid CSV: {error}", line)
        else:
            if header is None:
                self.problem("the file is empty", 1, "its first line names the columns")

    def _header(self, names: list[str], line: int) -> list[str] | None:
        twice = _twice(names)
        if not all(names):
            self.problem("a column without a name", line, "the first line names the columns")
        elif not all(map(str.isprintable, names)):
            self.columns = dict.fromkeys(names)
            self.problem("a column with an unprintable character in its name", line, self.likely_delimiter())
        elif twice:
            self.problem(f"two columns are called `{twice}`", line, "rename one of them")
        else:
            self.columns = dict.fromkeys(names)
            return names
        return None

    def _objects(self, stream: BinaryIO) -> Rows:
        for line, text in enumerate(self._lines(stream), 1):
            if text.strip():
                found = self._decode(text.strip(), 0, line)
                if found and found[1] < len(text.strip()):
                    self.problem("not valid JSON: more than one object in the line", line)
                elif found and (row := self._row(found[0], line)) is not None:
                    yield line, row

    def _array(self, stream: BinaryIO) -> Rows:
        text = "".join(self._lines(stream))
        at, line, opened = _skip(text, 0, 1)
        if not opened:
            return self.problem("the file is empty", 1, "it holds a list of objects")
        if opened != "[":
            return self.problem("not a list of objects", line, "one object a line is .jsonl")
        at, line, opened = _skip(text, at + 1, line)
        while opened != "]":
            found = self._decode(text, at, line)
            if found is None:
                return None
            if (row := self._row(found[0], line)) is not None:
                yield line, row
            line += text.count("\n", at, found[1])
            at, line, opened = _skip(text, found[1], line)
            if opened == ",":
                at, line, opened = _skip(text, at + 1, line)
            elif opened != "]":
                return self.problem("not valid JSON: expected `,` or `]`", line)
        at, line, opened = _skip(text, at + 1, line)
        return self.problem("not valid JSON: something follows the list", line) if opened else None

    def _decode(self, text: str, at: int, line: int) -> tuple[Any, int] | None:
        """The value that begins there and where it ends, or None after a problem."""
        try:
            return _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            self.problem(f"not valid JSON: {error.msg}", line + text.count("\n", at, error.pos))
        except RecursionError:
            self.problem("nested too deeply", line)
        except ValueError as error:
            self.problem(str(error) if type(error) is _Refused else "a number that is too long", line)
        return None

    def _row(self, value: Any, line: int) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self.problem("a row is an object, {column: value}", line)
            return None
        if not all(map(str.isprintable, value.keys() - self.columns.keys())):
            self.problem("a key with an unprintable character", line)
            return None
        self.columns.update(dict.fromkeys(value))
        return value


_KNOWN = 4_096
_SIGNS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
_SHOWN = {"\t": "\\t"}


class _Stopped(Exception):
    """Reading can't go on; why is recorded."""


class _Refused(ValueError):
    """What is no stack value; its text says it."""


def _skip(text: str, at: int, line: int) -> tuple[int, int, str]:
    """The next place that is no blank, its line, and the character there; "" at the end."""
    end = _BLANK.match(text, at).end()  # type: ignore[union-attr]  # it matches everywhere
    return end, line + text.count("\n", at, end), text[end : end + 1]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused(f"key `{_twice(name for name, _ in pairs)}` is given twice")
    return found


def _twice(names: Iterable[str]) -> str | None:
    """The first name that was there before."""
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused("a number that is not finite")
    return number


_BLANK = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)
