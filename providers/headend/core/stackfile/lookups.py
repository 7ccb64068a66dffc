"""Lookups as they are written: in a field that takes one, or under a name of their own at the top of the stack."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from headend.core.model.references import Query, query
from headend.core.model.stack import Wanted
from headend.core.model.suggest import suggest
from headend.core.stackfile.nodes import KeyValue, Node
from headend.core.stackfile.values import NAME, Broken, Plain, Values
from headend.core.wire.registry import lookups


def read_lookup(lookup: str, name: str, node: Node, values: Values, address: str) -> Query:
    """The lookup that a mapping of fields to values asks for; what is wrong with it is reported. name: of the place.
    Raises Broken where one of the values can't be had."""
    return query(lookup, _read_match(lookup, name, node, values, address))


def _read_match(lookup: str, name: str, node: Node, values: Values, address: str) -> dict[str, Any]:
    known, entries = lookups()[lookup], node.mapping or {}
    plain = values.plain(node, secrets=False) if entries else Plain({})
    match: dict[str, Any] = {}
    for key, entry in entries.items():
        inner = entry.node.sole("lookup") if key in known.through else None
        if key not in known.fields:
            message = f"`{name}`: {lookup} can't be found by `{key}`"
            values.problems.add(message, entry.source, address, suggest(key, known.fields))
        if inner is not None:
            match[key] = {"lookup": _read_match(known.through[key], f"{name}.{key}", inner, values, address)}
        elif isinstance(plain.value.get(key), str | int | float | bool):
            match[key] = plain.value[key]
    if plain.broken:
        raise Broken
    if not match or len(match) < len(entries):
        hint = f"give fields of {lookup} with plain values: {', '.join(known.fields)}"
        values.problems.add(f"`{name}`: not a lookup", node.source, address, hint)
    return match


def read_named_lookups(entries: Mapping[str, KeyValue], values: Values) -> dict[str, Wanted]:
    """`lookups:` of the file: name -> what to find, e.g. `{straas.playlist: {title: Highlights}}`."""
    node = entries["lookups"].node if "lookups" in entries else None
    if node and node.mapping is None and node.value is not None:
        values.problems.add(f"`lookups` is a mapping, not {node.type_name}", node.source)
    found: dict[str, Wanted] = {}
    for name, entry in ((node.mapping if node else None) or {}).items():
        if query := _read_named(name, entry, values):
            found[name] = Wanted(query, entry.source)
    return found


def _read_named(name: str, entry: KeyValue, values: Values) -> Query | None:
    inner = entry.node.mapping or {}
    address, lookup = f"lookups.{name}", next(iter(inner), "")
    source = inner[lookup].source if inner else entry.source
    if not NAME.fullmatch(name):
        what, source, hint = f"`{name}` can't be a lookup's name", entry.source, "letters, digits, `_` and `-`"
    elif len(inner) != 1:
        what, source = "a lookup is one kind of thing and its fields", entry.node.source
        hint = "e.g. {straas.video: {title: Final}}"
    elif lookup not in lookups():
        what, hint = f"nothing is known that finds `{lookup}`", suggest(lookup, lookups()) or ""
    elif lookups()[lookup].used_up_when_found:
        what, hint = f"who finds a {lookup} uses it up", "write the lookup into the field that takes it"
    else:
        with contextlib.suppress(Broken):
            return read_lookup(lookup, lookup, inner[lookup].node, values, address)
        return None
    values.problems.add(what, source, address, hint or None)
    return None
