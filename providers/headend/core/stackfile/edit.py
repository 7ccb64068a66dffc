"""Writes a value into a stack file, and leaves all else of it as it is: comments, order and layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_WIDE = 1 << 30  # columns: a value stays on its line


class Unwritable(ValueError):
    """Why a value can't be written where it stands; the text is for people."""


def with_value(text: str, path: Sequence[str], value: Any) -> str:
    """The file's text with another value at the end of the path of keys, which may be a new key of what the rest of the
    path leads to. Raises Unwritable."""
    node = _composed(text)
    *outer, last = path
    for depth, key in enumerate(outer):
        if (found := _value(node, key)) is None:
            raise Unwritable(f"`{'.'.join(outer[: depth + 1])}` isn't written out in the file")
        node = found
    entry = _Entry(last, value)
    if not _is_plain(entry.node):
        raise Unwritable("the live value looks like a secret, a lookup or rows of a file")
    edited = _edited(text, node, entry)
    try:
        same = _plain(_composed(edited)) == _plain(_composed(text), path, _plain(entry.node))
    except yaml.YAMLError:
        same = False
    if not same:
        raise Unwritable(f"`{last}` can't be written without a change of something else, such as what an anchor shares")
    return edited


class _Entry:
    """What is to stand there: key and value as text on one line, fit to stand between commas."""

    def __init__(self, key: str, value: Any) -> None:
        self.name, self.key, self.value = key, _dumped(key), _dumped(_literal(value))
        self.node = _composed(f"[{self.value}]").value[0]


def _edited(text: str, node: Any, entry: _Entry) -> str:
    known = _value(node, entry.name)
    if known is None:
        return _with_key(text, node, entry)
    if not isinstance(known, yaml.ScalarNode) and not _is_plain(known):
        raise Unwritable(f"`{entry.name}` stands for something that is found elsewhere")
    if "${" in text[known.start_mark.index : known.end_mark.index]:
        raise Unwritable(f"`{entry.name}` is made of variables")
    if known.start_mark.line != known.end_mark.line:
        raise Unwritable(f"`{entry.name}` is written on several lines")
    before, after = text[: known.start_mark.index], text[known.end_mark.index :]
    return f"{before}{' ' if before.endswith(':') else ''}{entry.value}{after}"


def _composed(text: str) -> Any:
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _plain(node: Any, path: Sequence[str] = (), there: Any = None) -> Any:
    """What the node says, with aliases written out, and what is to be `there` at the end of the path."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return [node.tag, node.value] if node else None
    found = {(name.tag, name.value): (name.value, value) for name, value in node.value if isinstance(name.value, str)}
    said = {
        key: _plain(value, *(path[1:], there) if path and path[0] == name else ())
        for key, (name, value) in found.items()
    }
    if len(path) == 1:
        key = next((key for key in said if key[1] == path[0]), ("tag:yaml.org,2002:str", path[0]))
        said[key] = there
    return said


def _value(node: Any, key: str) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _is_plain(node: Any) -> bool:
    """Whether nothing in it is a secret, a lookup or the like: such stand-ins are mappings of one key."""
    if isinstance(node, yaml.MappingNode):
        return not any(name.value in {"secret", "lookup", "from_file"} for name, _ in node.value)
    return all(_is_plain(item) for item in node.value) if isinstance(node, yaml.SequenceNode) else True


def _with_key(text: str, node: Any, entry: _Entry) -> str:
    if not isinstance(node, yaml.MappingNode):
        raise Unwritable("there is no mapping to write it into")
    told = f"{entry.key}: {entry.value}"
    if not node.value:
        if not node.flow_style:
            raise Unwritable("there is nothing beside it yet")
        at = text[: node.end_mark.index].rindex("}")
        return f"{text[:at].rstrip()}{told}{text[at:]}"
    if node.flow_style:
        at = node.value[-1][1].end_mark.index
        return f"{text[:at]}, {told}{text[at:]}"
    first = node.value[0][0].start_mark
    at, indent = int(first.index), " " * int(first.column)
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text[:at]}{told}{newline}{indent}{text[at:]}"


def _literal(value: Any) -> Any:
    """The value with nothing in it that a stack file takes for a variable."""
    if isinstance(value, Mapping):
        return {key: _literal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_literal(item) for item in value]
    return value.replace("${", "$${") if isinstance(value, str) else value


def _dumped(value: Any) -> str:
    """On one line, and fit to stand between commas."""
    listed: str = yaml.dump(
        [value], Dumper=_Dumper, default_flow_style=True, allow_unicode=True, width=_WIDE, sort_keys=False
    )
    return listed.strip()[1:-1]


class _Dumper(yaml.SafeDumper):
    """Writes escapes for what isn't printable, such as Unicode's own line ends, at any depth."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if value.isprintable() else '"')


_Dumper.add_representer(str, _text)
