"""YAML text as a tree that knows its places: YAML 1.2 scalars, no tags, no duplicate keys, bounded in every direction.

The tree is built from PyYAML's events, not by its constructors: nothing in a file can make an object of a type that
is not listed in `Node`, depth costs no recursion, and aliases share a node instead of copying it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from headend.core.model.findings import Problem, Problems, Source
from headend.core.model.frozen import frozen_dataclass

MAX_BYTES = 4 * 1024 * 1024
MAX_NODES = 200_000  # after the expansion of aliases
MAX_DEPTH = 50
BYTE_ORDER_MARK = "\ufeff"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {
    word: value
    for text, value in (("null", None), ("true", True), ("false", False))
    for word in (text, text.title(), text.upper())
} | {"": None, "~": None}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BEGIN_NUMBERS = frozenset("+-.0123456789")
_STR_TAG = "tag:yaml.org,2002:str"


@frozen_dataclass(slots=True)
class Node:
    """One value. `value`: None, bool, int, float, str, a tuple of nodes, or {key: KeyValue}.
    `text`: a scalar as it is written, so that `1.10` in a string stays 1.10.
    `data`: it comes from a file of rows, and means nothing but itself."""

    value: Any = field(repr=False)
    source: Source
    text: str | None = field(default=None, repr=False)
    data: bool = False

    @property
    def mapping(self) -> Mapping[str, KeyValue] | None:
        """The entries, or None where the value is no mapping."""
        return self.value if isinstance(self.value, dict) else None

    def sole(self, key: str) -> Node | None:
        """The value of `key` where it is the mapping's only key: `{secret: NAME}`, `{id: ...}`."""
        entries = self.mapping
        return entries[key].node if entries is not None and set(entries) == {key} else None

    @property
    def type_name(self) -> str:
        """What a person calls the value's type."""
        names = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", str: "a string"}
        return names.get(type(self.value), "a mapping" if self.mapping is not None else "a list")


@frozen_dataclass(slots=True)
class KeyValue:
    """A key's place and its value."""

    source: Source
    node: Node


def scalar(text: str) -> Any:
    """A plain scalar by the YAML 1.2 core schema: `on`, `no`, `12:30` and dates are strings.

    Raises ValueError for a number that is not finite or too long to be one."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _BEGIN_NUMBERS:  # as most: no need to look further
        return text
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if _FLOAT.fullmatch(text):
        number = float(text) if text[-1].isdigit() or text[-1] == "." else math.nan  # the rest is .inf and .nan
        if not math.isfinite(number):
            raise ValueError("not a finite number")
        return number
    return text


@dataclass(slots=True)
class _Frame:
    """An open collection. `key`: the key that waits for its value; "" where it can't be used."""

    source: Source
    anchor: str | None
    entries: dict[str, KeyValue] | None
    items: list[Node] = field(default_factory=list)
    key: tuple[str, Source] | None = None
    size: int = 1


class _Stopped(Exception):
    """Reading can't go on; the problem is already recorded."""


class _Builder:
    """Feeds on events; `root` is the document's node once they are used up."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.frames: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.root: Node | None = None
        self.documents = 0
        self.total = 0

    def at(self, mark: Any) -> Source:
        return Source(self.file, mark.line + 1, mark.column + 1)

    def stop(self, message: str, source: Source, remedy: str | None = None) -> _Stopped:
        self.problems.add(message, source, remedy=remedy)
        return _Stopped()

    def feed(self, event: Any) -> None:
        source, kind = self.at(event.start_mark), type(event)
        if kind is yaml.ScalarEvent:
            self.scalar(event, source)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self.tag(event, source)
            if len(self.frames) >= MAX_DEPTH:
                raise self.stop(f"nested deeper than {MAX_DEPTH} levels", source)
            self.frames.append(_Frame(source, event.anchor, {} if kind is yaml.MappingStartEvent else None))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = self.frames.pop()
            value = tuple(frame.items) if frame.entries is None else frame.entries
            self.add(Node(value, frame.source), frame.anchor, frame.size)
        elif kind is yaml.AliasEvent:
            self.alias(event, source)
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                raise self.stop("a second YAML document", source, "one file is one document")

    def tag(self, event: Any, source: Source) -> None:
        if event.tag not in (None, "!", _STR_TAG):
            self.problems.add(
                "a tag is not allowed here", source, remedy="stack files hold plain values only; remove the tag"
            )

    def alias(self, event: Any, source: Source) -> None:
        if event.anchor not in self.anchors:
            raise self.stop(f"alias `*{event.anchor}` has no finished anchor before it", source)
        node, size = self.anchors[event.anchor]
        self.add(node, None, size, source)

    def scalar(self, event: Any, source: Source) -> None:
        self.tag(event, source)
        value: Any = event.value
        if not event.style and event.tag is None:
            try:
                value = scalar(event.value)
            except ValueError:
                value = None
                self.problems.add(
                    "a number that is not finite, or too long", source, remedy="quote it if it is a string"
                )
        self.add(Node(value, source, event.value), event.anchor, 1)

    def add(self, node: Node, anchor: str | None, size: int, place: Source | None = None) -> None:
        """Puts a finished node where it belongs. `place`: where an alias to it stands."""
        if anchor is not None:
            self.anchors[anchor] = (node, size)
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        frame.size += size
        if frame.size > MAX_NODES:
            raise self.stop(
                f"more than {MAX_NODES:,} values once aliases are expanded", place or node.source, "split the stack"
            )
        if frame.entries is None:
            frame.items.append(node)
        elif frame.key is None:
            self.key(frame, node, place or node.source)
        else:
            if frame.key[0]:
                frame.entries[frame.key[0]] = KeyValue(frame.key[1], node)
            frame.key = None

    def key(self, frame: _Frame, node: Node, source: Source) -> None:
        text, entries = node.text, frame.entries or {}
        frame.key = ("", source)
        if not text:
            self.problems.add("a key must be a word", source)
        elif text == "<<":
            hint = "use `extends`, or write the keys out"
            self.problems.add("`<<` (merge) is not part of YAML 1.2", source, remedy=hint)
        elif text in entries:
            first = entries[text].source.line
            self.problems.add(f"key `{text}` is given twice, first in line {first}", source, remedy="keep one of them")
        else:
            frame.key = (text, source)


def read(path: Path, problems: Problems, *, quiet: bool = False) -> Node | None:
    """The file's tree; None if it can't be read, the reasons being appended to `problems`.

    quiet: syntax errors name the place only (a secrets file's text must not get into a message)."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: no file can have such a name
        problems.add(f"can't read {file}: {getattr(error, 'strerror', None) or error}")
        return None
    text = decode(data, file, problems)
    return None if text is None else parse(text.removeprefix(BYTE_ORDER_MARK), file, problems, quiet=quiet)


def decode(data: bytes, file: str, problems: Problems) -> str | None:
    """The text of a file; None if it can't be one."""
    if len(data) > MAX_BYTES:
        problems.add(f"larger than {MAX_BYTES // 1024 // 1024} MiB", Source(file, 1), remedy="split it")
        return None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        problems.add("not UTF-8 text", Source(file, data[: error.start].count(b"\n") + 1))
        return None


def parse(text: str, file: str, problems: Problems, *, quiet: bool = False) -> Node | None:
    """As `read`, from text; `file` is what sources say."""
    builder = _Builder(file, problems)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.feed(event)
    except _Stopped:
        return None
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(error, text, file, quiet))
        return None
    except yaml.YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0) or 0) + 1
        problems.add("not valid YAML: a character that YAML forbids", Source(file, line))
        return None
    if builder.root is None:
        problems.add("the file is empty", Source(file, 1))
    return builder.root


_INDENT = re.compile(r" *(?=\t)")
_UNQUOTED = re.compile(r"""[:,\[{]\s*(?=\$\{)""")


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str, quiet: bool) -> Problem:
    """What the parser stumbled over, in words for who wrote the line. quiet: without a word of the parser's."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Problem("not valid YAML", Source(file, 1))
    line = next(iter(text.splitlines()[mark.line :]), "")
    if tab := _INDENT.match(line):
        place = Source(file, mark.line + 1, tab.end() + 1)
        return Problem("the line begins with a tab, which YAML doesn't take", place, remedy="indent it with spaces")
    if bare := _UNQUOTED.search(line):
        place = Source(file, mark.line + 1, bare.end() + 1)
        return Problem("`${...}` must stand in quotes here", place, remedy='write `"${vars.NAME}"`')
    what = "not valid YAML" if quiet else f"not valid YAML: {error.problem or error.context}"
    return Problem(what, Source(file, mark.line + 1, mark.column + 1))
