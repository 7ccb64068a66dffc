"""doctor --openapi: what the platform's own document says otherwise, and the overrides that it leads to."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from headend.cli.echo import echo
from headend.cli.files import replace_file
from headend.core.model.errors import InputError
from headend.core.model.findings import Problems
from headend.core.model.printable import printable
from headend.core.stackfile.nodes import Node, read
from headend.core.wire.openapi.compare import Compared, Comparison
from headend.core.wire.openapi.document import read_operations
from headend.core.wire.openapi.reading import parse_document
from headend.core.wire.openapi.source import download, find, is_address, read_file
from headend.core.wire.registry import Platform

if TYPE_CHECKING:
    from headend.core.wire.session import Session

MARK = "# Written by `headend doctor"
HEAD = """\
{mark} {platform} --openapi`, from {source}. The next `--write` replaces what the document says.
# Stacks use it by `extends: {name}`.
headend: 1
connections:
  {platform}:
    operations:
"""


async def compare(platform: Platform, source: str | None, session: Session) -> tuple[list[Compared], str]:
    """(what the document says, what it is). source: a file or an address; None: the usual places are tried."""
    if source is None:
        name, content = await find(platform, session)
    elif is_address(source):
        name, content = source, await download(source, platform, session)
    else:
        name, content = source, read_file(Path(source))
    parsed = parse_document(content, name)
    document = read_operations(parsed, name, session.told(platform.name, "url"))
    current = platform.table.overridden(session.told(platform.name, "operations") or {})
    comparison = Comparison(platform.name, document, platform.table, current, platform.words, platform.examine is None)
    return comparison.run(), f"{name} ({document.version})"


# --- writing -------------------------------------------------------------------------------------------------------
def place_to_write(given: Path, platform: Platform) -> Path:
    """Where overrides go: the file itself, if it is new or one of these; beside a stack, which nothing touches.

    Raises InputError for what is neither, before anything is requested."""
    if platform.examine is None:
        raise InputError(f"--write: {platform.title}'s operations are documented; its own document is only compared")
    path = given
    if given.exists() and not _is_ours(given):
        problems: Problems = Problems()
        node = read(given, problems)
        if node is None or node.mapping is None or "headend" not in node.mapping:
            raise InputError(f"--write {given}: neither a stack nor a file of overrides that headend wrote")
        path = given.with_name(f"{platform.name}-operations.yaml")
        if path.exists() and not _is_ours(path):
            raise InputError(f"--write {given}: {path} is in the way: headend didn't write it")
    if not path.parent.is_dir():
        raise InputError(f"--write {given}: there is no folder {path.parent}")
    return path


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MARK)) == MARK.encode()
    except OSError as error:
        raise InputError(f"--write {path}: {error.strerror or error}") from None


def write(path: Path, given: Path, platform: Platform, source: str, found: Sequence[Compared]) -> list[str]:
    """Writes what is certain, and keeps what the file had of other operations. Returns what is left to do."""
    rows = {**_kept(path, platform.name), **{c.op.key: c.override for c in found if c.op and c.override is not None}}
    platform.table.overridden(rows)
    lines = [f"      {key}: {_flow(rows[key])}\n" for key in platform.table if key in rows]
    head = HEAD.format(mark=MARK, platform=platform.name, source=printable(source), name=path.name)
    replace_file(path, (head + "".join(lines) if lines else head.rstrip() + " {}\n").encode())
    echo(f"{path}: {len(lines)} of {len(platform.table)} operations are documented by the tenant now", err=True)
    if path == given:
        return [f"in each stack: `extends: {path.name}`, as seen from its folder"]
    line = _missing_line(given, path)
    return [f"in {given}: `{line}`"] if line else []


def _kept(path: Path, platform: str) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        rows = yaml.safe_load(path.read_text())["connections"][platform]["operations"]
        return {str(key): row for key, row in rows.items()}
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        raise InputError(f"--write {path}: can't be read any more; delete it to write it anew") from None


def _flow(row: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(row), default_flow_style=True, sort_keys=False, width=sys.maxsize)
    return text.rstrip()


def _missing_line(stack: Path, overrides: Path) -> str:
    """What a stack must say to be laid over the overrides; "" if it does."""
    node = read(stack, Problems())
    entry = (node.mapping or {}).get("extends") if node else None
    names = [str(name.value) for name in _items(entry.node)] if entry else []
    if any((stack.parent / name).resolve() == overrides.resolve() for name in names):
        return ""
    names.append(overrides.name)
    return f"extends: {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}"


def _items(node: Node) -> Sequence[Node]:
    return node.value if isinstance(node.value, tuple) else (node,)
