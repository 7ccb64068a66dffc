"""Writes a value into a stack file, and leaves all else of it as it is: comments, order and layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

_WIDE = 1 << 30  # columns: a value stays on its line


class Unwritable(ValueError):
    """Why a value can't be written where it stands; the text is for people."""


def with_value(text: str, path: Sequence[str], value: Any) -> str:
    """The file's text with another value at the end of the path of keys, which may be a new key of what the rest of the
    path leads to. Raises Unwritable."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    *outer, last = path
    for depth, key in enumerate(outer):
        if (found := _value(node, key)) is None:
            raise Unwritable(f"`{'.'.join(outer[: depth + 1])}` isn't written out in the file")
        node = found
    known = _value(node, last)
    if known is None:
        return _with_key(text, node, last, value)
    if not isinstance(known, yaml.ScalarNode) and not _is_plain(known):
        raise Unwritable(f"`{last}` stands for something that is found elsewhere")
    if "${" in text[known.start_mark.index : known.end_mark.index]:
        raise Unwritable(f"`{last}` is made of variables")
    if known.start_mark.line != known.end_mark.line:
        raise Unwritable(f"`{last}` is written on several lines")
    return text[: known.start_mark.index] + _dumped(value) + text[known.end_mark.index :]


def _value(node: Any, key: str) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _is_plain(node: Any) -> bool:
    """Whether nothing in it is a secret, a lookup or the like: such stand-ins are mappings of one key."""
    if isinstance(node, yaml.MappingNode):
        return not any(name.value in {"secret", "lookup", "from_file"} for name, _ in node.value)
    return all(_is_plain(item) for item in node.value) if isinstance(node, yaml.SequenceNode) else True


def _with_key(text: str, node: Any, key: str, value: Any) -> str:
    if not isinstance(node, yaml.MappingNode):
        raise Unwritable("there is no mapping to write it into")
    entry = f"{_dumped(key)}: {_dumped(value)}"
    if node.flow_style or not node.value:
        before = text[: node.end_mark.index].rindex("}") if node.flow_style else None
        if before is None:
            raise Unwritable("there is nothing beside it yet")
        inside = text[:before].rstrip()
        return f"{inside}{', ' if node.value else ''}{entry}{text[len(inside) :]}"
    first = node.value[0][0].start_mark
    at, indent = int(first.index), " " * int(first.column)
    return f"{text[:at]}{entry}\n{indent}{text[at:]}"


def _dumped(value: Any) -> str:
    """On one line, and fit to stand between commas."""
    listed: str = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=_WIDE, sort_keys=False)
    return listed.strip()[1:-1]
