"""`extends`: one file laid over another. Mappings merge, everything else replaces, null removes a key."""

from __future__ import annotations

from pathlib import Path

from headend.core.model.findings import Problem
from headend.core.stackfile.hints import remedy
from headend.core.stackfile.nodes import Entry, Node, read

MAX_FILES = 50


def read_stack(path: Path, problems: list[Problem]) -> Node | None:
    """The file over all that it extends, as one mapping; None where nothing can be said beyond `problems`."""
    return _read(path, problems, (), [0])


def _read(path: Path, problems: list[Problem], above: tuple[Path, ...], count: list[int]) -> Node | None:
    count[0] += 1
    if count[0] > MAX_FILES:
        problems.append(Problem(f"more than {MAX_FILES} files are extended, {path} among them"))
        return None
    node = read(path, problems)
    if node is None:
        return None
    if node.mapping is None:
        problems.append(Problem(f"a stack file is a mapping, not {node.type_name}", node.source))
        return None
    extends = node.mapping.get("extends")
    if extends is None:
        return node
    chain = (*above, path.resolve())
    base: Node | None = None
    for name in extends.node.value if isinstance(extends.node.value, tuple) else (extends.node,):
        if not isinstance(name.value, str):
            problems.append(Problem("`extends` takes a file name, or a list of them", name.source))
            continue
        target = path.parent / name.value
        if target.resolve() in chain:
            problems.append(Problem(f"`extends: {name.value}` goes in a circle", name.source))
            continue
        if not target.is_file():
            problems.append(Problem(f"`extends`: there is no file {target}", name.source))
            continue
        below = _read(target, problems, chain, count)
        if below is not None:
            base = below if base is None else merge(base, below, problems)
    own = Node({key: entry for key, entry in node.mapping.items() if key != "extends"}, node.source)
    return own if base is None else merge(base, own, problems)


def merge(base: Node, over: Node, problems: list[Problem]) -> Node:
    """`over` laid over `base`, both mappings. A null where there is nothing to remove is a problem: a slip."""
    merged: dict[str, Entry] = dict(base.mapping or {})
    for key, entry in (over.mapping or {}).items():
        if entry.node.value is None:
            if merged.pop(key, None) is None:
                problems.append(
                    Problem(
                        f"nothing to remove: the extended file has no `{key}` here",
                        entry.source,
                        remedy=remedy(key, (base.mapping or {}).keys()),
                    )
                )
        elif key in merged and _merges(merged[key].node, entry.node):
            merged[key] = Entry(entry.source, merge(merged[key].node, entry.node, problems))
        else:
            merged[key] = entry
    return Node(merged, over.source)


def _merges(base: Node, over: Node) -> bool:
    """`{secret: NAME}` stands for one value, and so is replaced whole; `{id: ...}` in place of it too."""
    if base.mapping is None or over.mapping is None:
        return False
    return base.sole("secret") is None and over.sole("secret") is None
