"""Writes a tree with comments in the house's layout: two spaces a level, quotes where YAML needs them, no folding."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

import yaml
from yaml.emitter import Emitter
from yaml.resolver import Resolver

from headend.core.stackfile.commented import Document, Item, Tree
from headend.core.stackfile.nodes import scalar

_STEP = "  "
_PLAIN_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp"}
_emitter = Emitter(StringIO(), allow_unicode=True)
_resolver: Any = Resolver()


def print_tree(document: Document) -> str:
    """The text of the tree."""
    root = document.root
    if root.is_block:
        lines = _block(root, "")
    else:
        lines = [_flow(root, "") if root.items is not None else _scalar(root, flow=False)]
    return "\n".join([*_spaced(document.head, ""), *lines, *_spaced(document.end, "")]).rstrip("\n") + "\n"


def _spaced(comments: Iterable[str], indent: str) -> list[str]:
    """One blank line at most in a row."""
    lines: list[str] = []
    for comment in comments:
        if comment or not lines or lines[-1]:
            lines.append(f"{indent}{comment}" if comment else "")
    return lines


def _block(tree: Tree, indent: str) -> list[str]:
    """The lines of a mapping or a list."""
    lines: list[str] = []
    tails: dict[int, list[tuple[int, Item]]] = defaultdict(list)  # column as written -> line, what a comment is behind
    for item in tree.items or ():
        head = list(item.head)
        if not tree.keyed and item.value.is_block and item.value.items:
            first = item.value.items[0]
            head, first.head = [*head, *first.head], []
        spaced = _spaced(head, indent)
        lines += spaced if lines else spaced[len(spaced) - len(_stripped(spaced)) :]
        at = len(lines)
        lines += _entry(tree, item, indent)
        if item.tail:
            at = at if item.value.lines else len(lines) - 1
            tails[item.tail_column].append((at, item))
        lines += _spaced(item.below, indent + _STEP)
    for group in tails.values():
        width = max(len(lines[at]) for at, _ in group)
        for at, item in group:
            lines[at] = f"{lines[at]:{width}}  {item.tail}"
            for below in range(at + 1, at + 1 + len(item.below) if item.goes_on else 0):
                lines[below] = f"{'':{width}}  {lines[below].lstrip()}".rstrip()
    return [*lines, *_spaced(tree.foot, indent)]


def _stripped(lines: Sequence[str]) -> Sequence[str]:
    """Without the blank line that begins it."""
    return lines[1:] if lines and not lines[0] else lines


def _entry(tree: Tree, item: Item, indent: str) -> list[str]:
    """The lines of one entry, without the comments before and behind it."""
    value = item.value
    start = f"{indent}{_key(item.key)}:" if item.key else f"{indent}-"
    anchor = f" &{value.anchor}" if value.anchor else ""
    if value.is_block:
        tail = f"  {value.tail}" if value.tail else ""
        inner = _block(value, indent + _STEP)
        if item.key or anchor or tail:
            return [f"{start}{anchor}{tail}", *inner]
        return [f"{start} {inner[0].lstrip()}", *inner[1:]]
    if value.style[:1] in {"|", ">"}:
        return [f"{start}{anchor} {value.style}", *(f"{indent}{_STEP}{line}" if line else "" for line in value.lines)]
    if value.items is not None:
        return f"{start} {_flow(value, indent)}".split("\n")
    text = _scalar(value, flow=False)
    return [f"{start} {text}".rstrip(" ")]


def _key(key: Tree) -> str:
    return _scalar(key, flow=False) + (" " if key.target else "")


def _flow(tree: Tree, indent: str) -> str:
    """A collection between brackets: on one line, but for the breaks that its author made."""
    if tree.items is None:
        return _scalar(tree, flow=True)
    deeper = f"\n{indent}{_STEP}"
    parts = [f"&{tree.anchor} " if tree.anchor else "", "{" if tree.keyed else "["]
    behind = tree.tail
    for number, item in enumerate(tree.items):
        parts += ["," if number else "", f"  {behind}" if behind else ""]
        breaks = bool(item.broken or item.head or behind)
        parts += [deeper if breaks else " " if number else ""]
        parts += [f"{comment}{deeper}" for comment in item.head]
        if item.key:
            parts.append(f"{_scalar(item.key, flow=True)}{' ' if item.key.target else ''}: ")
        parts.append(_flow(item.value, indent + _STEP) or "null")
        behind = item.tail
    if behind or tree.foot:
        parts += [f"  {behind}" if behind else "", *(f"{deeper}{comment}" for comment in tree.foot), deeper]
    return "".join([*parts, "}" if tree.keyed else "]"])


def _scalar(tree: Tree, *, flow: bool) -> str:
    """A scalar, or an alias, on one line."""
    if tree.target:
        return f"*{tree.target.anchor}"
    anchor = f"&{tree.anchor} " if tree.anchor else ""
    bare = not tree.style and not tree.tagged and "\n" not in tree.text
    if bare or _is_plain(tree.text, flow):
        return f"{anchor}{tree.text}".rstrip(" ")
    return anchor + _quoted(tree.text)


def _is_plain(text: str, flow: bool) -> bool:
    """Whether the text stands for itself without quotes, for readers of YAML 1.1 too."""
    try:
        if not text.isprintable() or not isinstance(scalar(text), str):
            return False
    except ValueError:
        return False
    if flow and (text[0] in "?:-" or re.search(r"[][{},]", text)):
        return False
    looks = _emitter.analyze_scalar(text)
    tag = _resolver.resolve(yaml.ScalarNode, text, (True, False))
    return bool(looks.allow_block_plain) and tag in _PLAIN_TAGS


def _quoted(text: str) -> str:
    if re.search(r'["\\]', text) and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    known = {"\n": "\\n", "\t": "\\t"}
    return known.get(character) or f"\\U{ord(character):08x}"
