"""YAML text as a tree that has its comments, blank lines and anchors, for who writes it anew.

What it is given has been read by `headend.core.stackfile.nodes` without a problem: one document, no tags but `!!str`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from headend.core.model.frozen import frozen_dataclass

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*$")


@dataclass(eq=False, slots=True)
class Tree:
    """One value. items: of a mapping (keyed) or a list, else None. text, style: a scalar's; lines: of a block scalar.
    tail: the comment behind what opens it. foot: the comments after its last item. target: what an alias stands for."""

    text: str = ""
    style: str = ""
    tagged: bool = False
    lines: list[str] = field(default_factory=list)
    items: list[Item] | None = None
    keyed: bool = False
    flow: bool = False
    anchor: str = ""
    target: Tree | None = None
    column: int = 0
    tail: str = ""
    tail_column: int = 0
    foot: list[str] = field(default_factory=list)

    @property
    def is_block(self) -> bool:
        return self.items is not None and not self.flow


@dataclass(eq=False, slots=True)
class Item:
    """An entry of a mapping or a list. head: the comments before it, "" for a blank line. tail: the comment behind it.
    below: those that go on below it, further in; goes_on: right below the one behind it. broken: it begins a line, in a
    flow collection."""

    value: Tree
    key: Tree | None = None
    head: list[str] = field(default_factory=list)
    tail: str = ""
    tail_column: int = 0
    below: list[str] = field(default_factory=list)
    goes_on: bool = False
    broken: bool = False


@frozen_dataclass(slots=True)
class _Between:
    """A comment, or a blank line (text ""), and its place. alone: nothing stands before it on its line."""

    place: tuple[int, int]
    text: str
    alone: bool = True


@frozen_dataclass(slots=True)
class Document:
    """A file's one value. head, end: the comments before and after it, where it doesn't hold them itself."""

    root: Tree
    head: list[str]
    end: list[str]


def read_commented(text: str) -> Document:
    """What is in a text whose lines end in line feeds."""
    return _Reader(text).read()


def comments(text: str) -> list[str]:
    """All comments, in order."""
    return [one.text for one in _Scan(text).between if one.text]


@frozen_dataclass(slots=True)
class _BlockScalar:
    """lines: its content as written. flags: what its header says. indent: of the content; 0 where the header says."""

    lines: list[str]
    flags: str
    indent: int


class _Scan:
    """What a parser doesn't tell. between: comments and blank lines. dashes: where items of lists begin."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.bare = list(self.lines)  # without what is in values
        self.block_scalars: list[_BlockScalar] = []
        self.dashes: list[tuple[int, int]] = []
        for token in yaml.scan(text, Loader=_Loader):
            if isinstance(token, yaml.BlockEntryToken):
                self.dashes.append((token.start_mark.line, token.start_mark.column))
            elif isinstance(token, yaml.ScalarToken) and token.style in {"|", ">"}:
                self._hide_block(token)
            elif isinstance(token, yaml.ScalarToken | yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
                self._hide(token.start_mark, token.end_mark)
        self.between = list(self._between())

    def _hide(self, start: Any, end: Any) -> None:
        for number in range(start.line, end.line + 1):
            line = self.bare[number]
            here = start.column if number == start.line else 0
            there = end.column if number == end.line else len(line)
            self.bare[number] = f"{line[:here]}{'x' * (there - here)}{line[there:]}" if line else "x"

    def _hide_block(self, token: Any) -> None:
        header, end = token.start_mark, token.end_mark
        lines = self.lines[header.line + 1 : end.line + (end.column > 0)]
        flags = self.lines[header.line][header.column + 1 :].partition("#")[0].strip()
        told = any(flag.isdigit() for flag in flags)
        indent = 0 if told else min((_indent(line) for line in lines if line.strip()), default=0)
        while lines and "+" not in flags and not lines[-1].strip() and len(lines[-1]) <= indent:
            lines.pop()
        for number in range(header.line + 1, header.line + 1 + len(lines)):
            self.bare[number] = "x"
        self.block_scalars.append(_BlockScalar(lines, flags, indent))

    def _between(self) -> Iterator[_Between]:
        for number, line in enumerate(self.bare):
            if found := _COMMENT.search(line):
                comment = self.lines[number][found.start() :].rstrip()
                yield _Between((number, found.start()), comment, not line[: found.start()].strip())
            elif not line.strip():
                yield _Between((number, 0), "")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


class _Reader:
    def __init__(self, text: str) -> None:
        scan = _Scan(text)
        self.between, self.end = scan.between, (len(scan.lines), 0)
        self.dashes, self.block_scalars = iter(scan.dashes), iter(scan.block_scalars)
        self.at = self.line = 0
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_Loader))
        self.anchors: dict[str, Tree] = {}
        self.behind: Tree | Item | None = None  # what a comment on the same line belongs to

    def read(self) -> Document:
        first = self.next()
        while not isinstance(first, yaml.NodeEvent):
            first = self.next()
        block = isinstance(first, yaml.CollectionStartEvent) and not first.flow_style
        head = [] if block else [one.text for one in self.pull(_start(first))]
        root = self.value(first, -1)
        end = self.settle(self.pull(self.end), _ends(root), -1)
        return Document(root, head, end)

    def next(self) -> Any:
        event = next(self.events)
        self.line = event.end_mark.line
        return event

    def pull(self, until: tuple[int, int]) -> list[_Between]:
        """What stands before that place on lines of its own. Another comment goes to what it stands behind."""
        found = []
        while self.at < len(self.between) and self.between[self.at].place < until:
            one = self.between[self.at]
            self.at += 1
            if one.alone or self.behind is None or self.behind.tail:
                found.append(one)
            else:
                self.behind.tail, self.behind.tail_column = one.text, one.place[1]
        return found

    def value(self, event: Any, column: int) -> Tree:
        """column: of the block that it stands in."""
        anchor = getattr(event, "anchor", None) or ""
        if isinstance(event, yaml.AliasEvent):
            return Tree(target=self.anchors[anchor])
        if isinstance(event, yaml.ScalarEvent):
            tree = self.scalar(event, column)
        else:
            tree = Tree(items=[], keyed=isinstance(event, yaml.MappingStartEvent), flow=bool(event.flow_style))
            self.behind = tree
            (self.fill_flow if tree.flow else self.fill_block)(tree, event)
        tree.anchor = anchor
        if anchor:
            self.anchors[anchor] = tree
        return tree

    def scalar(self, event: Any, column: int) -> Tree:
        tree = Tree(event.value, event.style or "", event.tag is not None)
        if event.style in {"|", ">"}:
            raw = next(self.block_scalars)
            told = re.search(r"[0-9]", raw.flags)
            indent = max(column, 0) + int(told[0]) if told else raw.indent
            tree.lines = [line[indent:] for line in raw.lines]
            starts = next((line for line in tree.lines if line.strip()), "")
            ends = "+" if "+" in raw.flags else "" if event.value.endswith("\n") else "-"
            tree.style += ("2" if told or starts.startswith(" ") else "") + ends
        return tree

    def fill_block(self, tree: Tree, event: Any) -> None:
        assert tree.items is not None
        end = yaml.MappingEndEvent if tree.keyed else yaml.SequenceEndEvent
        before: Item | None = None
        while not isinstance(first := self.next(), end):
            start = (first.start_mark.line, first.start_mark.column)
            if not tree.keyed:
                start = next(self.dashes)
            tree.column = start[1]
            ends = (_ends(before.value) or _below(before, tree.column)) if before else []
            item = Item(Tree(), head=self.settle(self.pull(start), ends, tree.column))
            if before is None and tree.column:
                item.head = _after_blanks(item.head)
            self.behind = item
            if tree.keyed:
                item.key, first = self.value(first, tree.column), self.next()
            if not isinstance(first, yaml.CollectionStartEvent) or first.flow_style:
                item.head += [one.text for one in self.pull(_start(first)) if one.text]
            item.value = self.value(first, tree.column)
            if not item.value.is_block:
                self.behind = item
            tree.items.append(item)
            before = item

    def fill_flow(self, tree: Tree, event: Any) -> None:
        assert tree.items is not None
        end = yaml.MappingEndEvent if tree.keyed else yaml.SequenceEndEvent
        line = event.end_mark.line
        while not isinstance(first := self.next(), end):
            head = [one.text for one in self.pull(_start(first)) if one.text]
            item = Item(Tree(), head=head, broken=first.start_mark.line > line)
            self.behind = item
            if tree.keyed:
                item.key, first = self.value(first, 0), self.next()
            item.value = self.value(first, 0)
            self.behind = item
            tree.items.append(item)
            line = self.line
        tree.foot = [one.text for one in self.pull(_start(first)) if one.text]

    def settle(self, found: list[_Between], ends: list[_End], column: int) -> list[str]:
        """Gives comments that are further in than what comes next to what ends there; the lines of the others."""
        while found:
            blank = next((n for n, one in enumerate(found) if one.text), len(found))
            if blank == len(found) or found[blank].place[1] <= column:
                break
            ends = [end for end in ends if end[0] <= found[blank].place[1]]
            if not ends:
                break
            _, comments, item = ends[-1]
            if item is not None:
                item.goes_on = (item.goes_on or not comments) and item.tail_column == found[blank].place[1]
            comments.extend(one.text for one in found[: blank + 1])
            found = found[blank + 1 :]
        return [one.text for one in found]


def _after_blanks(head: list[str]) -> list[str]:
    """What begins a block stands right below what opens it."""
    return head[next((at for at, line in enumerate(head) if line), len(head)) :]


def _start(event: Any) -> tuple[int, int]:
    return event.start_mark.line, event.start_mark.column


_End = tuple[int, list[str], Item | None]
"""The column that comments of what ends there have at least, where they go, and of which item."""


def _ends(tree: Tree) -> list[_End]:
    """What ends where the value ends, outermost first."""
    if not tree.is_block or not tree.items:
        return []
    last = tree.items[-1]
    return [(tree.column, tree.foot, None), *(_ends(last.value) or _below(last, tree.column))]


def _below(item: Item, column: int) -> list[_End]:
    """Below a block scalar a comment would be text."""
    return [] if item.value.style[:1] in {"|", ">"} else [(column + 1, item.below, item)]
