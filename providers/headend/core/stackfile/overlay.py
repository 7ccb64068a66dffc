"""`extends`: one file laid over another. Mappings merge, everything else replaces, null removes a key."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from headend.core.model.errors import InputError
from headend.core.model.findings import Problems
from headend.core.model.suggest import suggest
from headend.core.model.uploads import check_file
from headend.core.stackfile.nodes import KeyValue, Node, read

MAX_FILES = 50
JOINED = ("moved", "removed")


def read_stack(path: Path, problems: Problems, files: set[Path]) -> Node | None:
    """The file over all that it extends, as one mapping; None where nothing can be said beyond `problems`.
    files: takes what is read."""
    return _read(path, problems, (), itertools.count(1), files)


def _read(
    path: Path, problems: Problems, above: tuple[Path, ...], count: Iterator[int], files: set[Path]
) -> Node | None:
    if next(count) > MAX_FILES:
        problems.add(f"more than {MAX_FILES} files are extended, {path} among them")
        return None
    files.add(path)
    node = read(path, problems)
    if node is None:
        return None
    if node.mapping is None:
        problems.add(f"a stack file is a mapping, not {node.type_name}", node.source)
        return None
    extends = node.mapping.get("extends")
    if extends is None:
        return node
    chain = (*above, path.resolve())
    base: Node | None = None
    for name in extends.node.value if isinstance(extends.node.value, tuple) else (extends.node,):
        target = path.parent / str(name.value)
        if not isinstance(name.value, str):
            problems.add("`extends` takes a file name, or a list of them", name.source)
        elif why := _why_none(target):
            problems.add(f"`extends: {name.value}`: {why}", name.source, remedy=f"it is looked for as {target}")
        elif target.resolve() in chain:
            problems.add(f"`extends: {name.value}` goes in a circle", name.source)
        elif below := _read(target, problems, chain, count, files):
            base = merge(base, below, problems) if base else below
    own = Node({key: entry for key, entry in node.mapping.items() if key != "extends"}, node.source)
    return merge(base, own, problems) if base else own


def _why_none(target: Path) -> str | None:
    try:
        check_file(target)
    except ValueError as error:
        return str(error)
    return None


def merge(base: Node, over: Node, problems: Problems, path: tuple[str, ...] = ()) -> Node:
    """`over` laid over `base`, both mappings. A null where there is nothing to remove is a problem: a slip.
    Below `vars` a null stays: it means that the value has to be given. What is said of addresses that were left holds
    on: such lists are joined. path: keys that lead to the two."""
    merged: dict[str, KeyValue] = dict(base.mapping or {})
    for key, entry in (over.mapping or {}).items():
        if entry.node.value is None and path != ("vars",):
            if merged.pop(key, None) is None:
                message = f"nothing to remove: the extended file has no `{key}` here"
                told = len(problems) < InputError.MOST_TOLD  # the others are counted, and a hint is a look at all keys
                problems.add(message, entry.source, remedy=suggest(key, base.mapping or {}) if told else None)
        elif key in merged and _merges(merged[key].node, entry.node):
            merged[key] = KeyValue(entry.source, merge(merged[key].node, entry.node, problems, (*path, key)))
        elif key in merged and not path and key in JOINED and _are_lists(merged[key].node, entry.node):
            merged[key] = KeyValue(entry.source, Node((*merged[key].node.value, *entry.node.value), entry.node.source))
        else:
            merged[key] = entry
    return Node(merged, over.source)


def _are_lists(*nodes: Node) -> bool:
    return all(isinstance(node.value, tuple) for node in nodes)


def _merges(base: Node, over: Node) -> bool:
    """`{secret: NAME}` stands for one value, and so is replaced whole; `{id: ...}` in place of it too."""
    if base.mapping is None or over.mapping is None:
        return False
    return base.sole("secret") is None and over.sole("secret") is None
