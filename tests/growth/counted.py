"""What a phase of work costs, counted: requests, rows decoded, and lines of headend that run. Nothing is timed."""

from __future__ import annotations

import linecache
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import headend
from headend.core.wire import decode
from headend.simulator import Entry

HOME = str(Path(headend.__file__).parent)
SIMULATOR = str(Path(HOME, "simulator"))
MOST = 4.4
"""How many times as much four times as many objects may cost."""
FEW = {"requests": 4, "rows": 56, "lines": 128}
"""What a cost may grow by besides: what began only with more objects than a few, and three lists of sixteen, since it
is a matter of moments which steps share a list."""


@dataclass
class Cost:
    """requests: operation -> how many. rows: shape -> how many were judged. lines: (file, line) -> how often it ran."""

    requests: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    lines: Counter[tuple[str, int]] = field(default_factory=Counter)


def too_much(one: Cost, four: Cost, few: Mapping[str, int] = FEW) -> list[str]:
    """What grows faster than the objects, the worst first. four: the cost of four times as many."""
    found = [
        (after / max(before, 1), f"{what}: {before} -> {after}: {_told(name)}")
        for what, more in few.items()
        for name, after in getattr(four, what).items()
        if after > MOST * (before := getattr(one, what)[name]) + more
    ]
    return [text for _, text in sorted(found, reverse=True)]


def _told(name: str | tuple[str, int]) -> str:
    if isinstance(name, str):
        return name
    file, line = name
    return f"{file}:{line}: {linecache.getline(str(Path(HOME, file)), line).strip()}"


@contextmanager
def counting(journal: Sequence[Entry], *, lines: bool) -> Iterator[Cost]:
    """Counts what this thread does, and those that begin meanwhile. lines: lines too, which is slow."""
    cost = Cost()
    begun = len(journal)
    with _rows_counted(cost.rows), _lines_counted(cost.lines) if lines else nullcontext():
        yield cost
    cost.requests.update(entry.key for entry in journal[begun:])


@contextmanager
def _rows_counted(rows: Counter[str]) -> Iterator[None]:
    one, several = decode.decode, decode.decode_rows

    def decode_one(shape: type[Any], where: str, body: Any) -> Any:
        rows[shape.__name__] += 1
        return one(shape, where, body)

    def decode_several(shape: type[Any], where: str, body: Any) -> Any:
        rows[shape.__name__] += len(body) if isinstance(body, Sequence) else 1
        return several(shape, where, body)

    with _replaced(one, decode_one), _replaced(several, decode_several):
        yield


@contextmanager
def _replaced(function: Any, by: Any) -> Iterator[None]:
    """In every module that has imported it, or imports it meanwhile."""
    _replace(function, by)
    try:
        yield
    finally:
        _replace(by, function)


def _replace(function: Any, by: Any) -> None:
    for module in [m for name, m in sys.modules.items() if name.startswith("headend.")]:
        for name in [name for name, value in vars(module).items() if value is function]:
            setattr(module, name, by)


@contextmanager
def _lines_counted(lines: Counter[tuple[str, int]]) -> Iterator[None]:
    counted: dict[Any, dict[int, int]] = {}  # code -> line -> how often

    def count(frame: FrameType) -> Callable[[FrameType, str, Any], Any]:
        found = counted.setdefault(frame.f_code, {})

        def local(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line":
                found[frame.f_lineno] = found.get(frame.f_lineno, 0) + 1
            return local

        return local

    known: dict[Any, Any] = {}

    def begin(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code not in known:
            ours = code.co_filename.startswith(HOME) and not code.co_filename.startswith(SIMULATOR)
            known[code] = count(frame) if ours else None
        return known[code]

    before = sys.gettrace()
    threading.settrace(begin)
    sys.settrace(begin)
    try:
        yield
    finally:
        sys.settrace(before)
        threading.settrace(before)  # type: ignore[arg-type]  # None ends it
        for code, found in counted.items():
            for line, number in found.items():
                lines[code.co_filename[len(HOME) + 1 :], line] += number
