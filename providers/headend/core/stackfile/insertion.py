"""Puts new entries into the text of a stack file, and leaves all else of it as it is: comments, order and layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import yaml

from headend.core.stackfile.edit import Unwritable


def insert(text: str, path: Sequence[str], lines: Sequence[str]) -> str:
    """The text with these lines at the end of the mapping that the keys lead to; keys that are missing are made.
    lines: of its entries, indented by nothing. Raises Unwritable where the mapping can't take them."""
    root = yaml.compose(text, Loader=yaml.SafeLoader) if text.strip() else None
    if root is None:
        return "\n".join(_nested(path, lines, 0)) + "\n"
    node, left, shared = root, list(path), _shared(root)
    while True:
        where = ".".join(path[: len(path) - len(left)]) or "the file"
        if id(node) in shared:
            raise Unwritable(f"`{where}` shares its lines by an anchor; write it out")
        if not isinstance(node, yaml.MappingNode) or node.flow_style:
            raise Unwritable(f"`{where}` is written in braces; write it on lines of its own")
        key, inner = _entry(node, left)
        if inner is None or _is_empty(inner):
            break
        node = inner
        left.pop(0)
    if inner is None:
        return _with(text, _end(text, node), _nested(left, lines, node.value[0][0].start_mark.column))
    head = text[: inner.start_mark.index].rstrip(" ")
    text = head + text[inner.end_mark.index :]
    return _with(text, _line_end(text, len(head)), _nested(left[1:], lines, key.start_mark.column + 2))


def _with(text: str, at: int, lines: Sequence[str]) -> str:
    """The text with more lines there, which end as its own do."""
    newline = "\r\n" if "\r\n" in text else "\n"
    head = text[:at]
    if head and not head.endswith("\n"):
        head += newline
    return head + "".join(line + newline for line in lines) + text[at:]


def _nested(path: Sequence[str], lines: Sequence[str], indent: int) -> list[str]:
    """The lines below keys that aren't there yet."""
    space = " " * indent
    if not path:
        return [f"{space}{line}" if line else line for line in lines]
    key = yaml.safe_dump([path[0]], default_flow_style=True, width=1 << 30, allow_unicode=True).strip()[1:-1]
    return [f"{space}{key}:", *_nested(path[1:], lines, indent + 2)]


def _entry(node: yaml.MappingNode, path: Sequence[str]) -> tuple[Any, Any]:
    """Key and value of the first of the path; None for each if it isn't there."""
    return next(((name, value) for name, value in node.value if [name.value] == list(path[:1])), (None, None))


def _is_empty(node: Any) -> bool:
    return node.tag == "tag:yaml.org,2002:null" or (isinstance(node, yaml.MappingNode) and not node.value)


def _shared(root: Any) -> set[int]:
    """Of nodes that stand in more than one place, by an alias: what is written into one is written into all."""
    found: Counter[int] = Counter()
    left = [root]
    while left:
        node = left.pop()
        found[id(node)] += 1
        if found[id(node)] == 1 and isinstance(node, yaml.CollectionNode):
            left += [one for item in node.value for one in (item if isinstance(item, tuple) else (item,))]
    return {one for one, times in found.items() if times > 1}


def _end(text: str, node: Any) -> int:
    """Behind the line on which its last thing ends: the mark of a mapping itself lies behind comments."""
    last = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if token.end_mark.index > node.end_mark.index:
            break
        last = token.end_mark.index if token.start_mark.index < token.end_mark.index else last
    return last if text[last - 1 : last] == "\n" else _line_end(text, last)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
