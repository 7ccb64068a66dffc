"""Puts new entries into the text of a stack file, and leaves all else of it as it is: comments, order and layout."""

from __future__ import annotations

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
    node, left = root, list(path)
    while left and (inner := _value(node, left[0])) is not None and not _is_empty(inner):
        node = inner
        left.pop(0)
    where = ".".join(path[: len(path) - len(left)]) or "the file"
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise Unwritable(f"`{where}` is written in braces; write it on lines of its own")
    if left and _value(node, left[0]) is not None:
        raise Unwritable(f"`{where}.{left[0]}` is empty; take the line out")
    indent = node.value[0][0].start_mark.column
    at = _end(text, node)
    head, tail = text[:at], text[at:]
    newline = "\r\n" if "\r\n" in text else "\n"
    if head and not head.endswith("\n"):
        head += newline
    return head + "".join(line + newline for line in _nested(left, lines, indent)) + tail


def _nested(path: Sequence[str], lines: Sequence[str], indent: int) -> list[str]:
    """The lines below keys that aren't there yet."""
    space = " " * indent
    if not path:
        return [f"{space}{line}" if line else line for line in lines]
    key = yaml.safe_dump([path[0]], default_flow_style=True, width=1 << 30, allow_unicode=True).strip()[1:-1]
    return [f"{space}{key}:", *_nested(path[1:], lines, indent + 2)]


def _value(node: Any, key: str) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _is_empty(node: Any) -> bool:
    return (isinstance(node, yaml.ScalarNode) and node.value == "") or (hasattr(node, "value") and node.value == [])


def _end(text: str, node: Any) -> int:
    """Behind the line on which its last thing ends: the mark of a mapping itself lies behind comments."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        return int(node.end_mark.index)
    end = text.find("\n", int(node.end_mark.index))
    return len(text) if end < 0 else end + 1
