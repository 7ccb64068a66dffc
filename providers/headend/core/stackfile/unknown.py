"""What was meant by a key that isn't known where it stands."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from pydantic import BaseModel

from headend.core.model.suggest import suggest
from headend.core.stackfile.nodes import KeyValue


def explain_unknown(
    key: str,
    known: Iterable[str],
    entries: Mapping[str, KeyValue],
    collections: Container[str] = (),
    variants: Mapping[str, type[BaseModel]] | None = None,
) -> str | None:
    """What to do about it: an entry that isn't indented, a field of another variant, or a misspelt word.

    entries: what stands beside it, itself too. collections: those of them that hold other entries."""
    if empty := _empty_above(key, entries, collections):
        return f"`{empty}` above it is empty: if it belongs there, indent it"
    having = [name for name, model in (variants or {}).items() if key in model.model_fields]
    if having:
        return "only these variants have it: " + ", ".join(f"`{name}`" for name in sorted(having))
    return suggest(key, known)


def _empty_above(key: str, entries: Mapping[str, KeyValue], collections: Container[str]) -> str | None:
    """The collection without entries that stands before a mapping, with nothing known in between."""
    if key not in entries or entries[key].node.mapping is None:
        return None
    above = None
    for name, entry in entries.items():
        if name == key:
            break
        if name in collections:
            above = name if entry.node.value is None else None
    return above
