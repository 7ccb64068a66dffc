"""Lookups as they are written: in a field that takes one, or under a name of their own at the top of the stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headend.core.model.findings import Problem, Source
from headend.core.model.lookup import lookups
from headend.core.model.references import Query, query
from headend.core.model.stack import Wanted
from headend.core.stackfile.hints import remedy
from headend.core.stackfile.nodes import Entry, Node
from headend.core.stackfile.values import NAME, Plain, Values

Tell = Callable[[str, Source, str | None], None]
"""Takes what is wrong, its place, and what to do."""


def asked(lookup: str, name: str, node: Node, values: Values, tell: Tell) -> Query:
    """The lookup that a mapping of fields to values asks for. name: how the place is called.

    What is no plain value, nor a lookup where one is taken, is told; so is what it can't be found by.
    """
    return query(lookup, _match(lookup, name, node, values, tell))


def _match(lookup: str, name: str, node: Node, values: Values, tell: Tell) -> dict[str, Any]:
    known, entries = lookups[lookup], node.mapping or {}
    plain = values.plain(node, secrets=False) if entries else Plain({})
    match: dict[str, Any] = {}
    for key, entry in entries.items():
        inner = entry.node.sole("lookup") if key in known.through else None
        if key not in known.fields:
            tell(f"`{name}`: {lookup} can't be found by `{key}`", entry.source, remedy(key, known.fields))
        if inner is not None:
            match[key] = {"lookup": _match(known.through[key], f"{name}.{key}", inner, values, tell)}
        elif isinstance(plain.value.get(key), str | int | float | bool):
            match[key] = plain.value[key]
    if not plain.broken and (not match or len(match) < len(entries)):
        hint = f"give fields of {lookup} with plain values: {', '.join(known.fields)}"
        tell(f"`{name}`: not a lookup", node.source, hint)
    return match


def named(entries: Mapping[str, Entry], values: Values, problems: list[Problem]) -> dict[str, Wanted]:
    """`lookups:` of the file: name -> what to find, e.g. `{straas.playlist: {title: Highlights}}`."""
    whole = entries.get("lookups")
    if whole is None or (whole.node.mapping is None and whole.node.value is None):
        return {}
    if whole.node.mapping is None:
        problems.append(Problem(f"`lookups` is a mapping, not {whole.node.type_name}", whole.node.source))
        return {}
    found = {}
    for name, entry in whole.node.mapping.items():
        query = _one(name, entry, values, problems)
        if query is not None:
            found[name] = Wanted(query, entry.source)
    return found


def _one(name: str, entry: Entry, values: Values, problems: list[Problem]) -> Query | None:
    def tell(message: str, source: Source, hint: str | None) -> None:
        problems.append(Problem(message, source, f"lookups.{name}", hint))

    inner = entry.node.mapping or {}
    if not NAME.fullmatch(name):
        tell(f"`{name}` can't be a lookup's name", entry.source, "letters, digits, `_` and `-`")
    elif len(inner) != 1:
        tell("a lookup is one kind of thing and its fields", entry.node.source, "e.g. {straas.video: {title: Final}}")
    elif (lookup := next(iter(inner))) not in lookups:
        tell(f"nothing is known that finds `{lookup}`", inner[lookup].source, remedy(lookup, lookups))
    elif lookups[lookup].used_up_when_found:
        tell(f"who finds a {lookup} uses it up", inner[lookup].source, "write the lookup into the field that takes it")
    else:
        return asked(lookup, lookup, inner[lookup].node, values, tell)
    return None
