"""What holds for a kind's objects as a whole, in sentences: for `headend explain`, and docs/kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headend.core.model.capabilities import Container, Unadoptable, Unasked, impact_of_delete
from headend.core.model.fields import Impact
from headend.core.model.kind import Can, Kind
from headend.core.wire.registry import kinds, lookups

ABILITIES = {
    Can.OBSERVE: ("can be read back", "can't be read back: what is live stays unverifiable"),
    Can.UPDATE: ("is changed in place where the platform allows it", "can't be changed in place: a change replaces it"),
    Can.DELETE: ("can be deleted", "can't be deleted: headend forgets it"),
}


def facts(kind: Kind[Any, Any]) -> Iterator[str]:
    """What holds for the object as a whole."""
    place = f"{kinds()[kind.parent].collection}.NAME." if kind.parent else ""
    yield f"In a stack: `{kind.platform}.{place}{kind.collection}.NAME`"
    for ability, (able, unable) in ABILITIES.items():
        only = "can be asked for, whether it exists and nothing more: `headend drift` and `--refresh` do, plans don't"
        able = only if ability is Can.OBSERVE and isinstance(kind, Unasked) else able
        yield f"It {able if ability in kind.can else unable}."
    found = {v: key for v in kind.variants or ("",) if (key := natural_key(kind, v))}
    keys = [f"`{v}`: {key}" if len(set(found.values())) > 1 else key for v, key in found.items()]
    if keys:
        how = "Found, and adopted," if Can.OBSERVE in kind.can and not isinstance(kind, Unadoptable) else "Known"
        yield f"{how} by {'; '.join(dict.fromkeys(keys))}."
    if kind.name in lookups():
        yield "Adopted by its id, or by `lifecycle: {adopt: {lookup: ...}}` of these fields."
    if kind.one_at_a_time_per:
        yield f"Writes with the same `{kind.one_at_a_time_per}` go one at a time."
    order = "creates the new one first" if kind.create_before_delete else "deletes the old one first"
    yield f"A replacement {order}."
    if isinstance(kind, Container):
        yield "It is not replaced unless `lifecycle: {protect: false}` allows it."
    impact = impact_of_delete(kind)
    if impact is not Impact.NONE:
        yield f"Deleting it {impact} a running stream."


class _Probe:
    """Stands in for a spec whose every value is its own field's name."""

    def __init__(self, variant: str) -> None:
        self.variant = variant

    def __getattr__(self, name: str) -> str:
        return name


def natural_key(kind: Kind[Any, Any], variant: str) -> str:
    """The fields that a kind finds an existing object by; "" if it can't."""
    probe: Any = _Probe(variant)
    key = kind.natural_key(probe) or (kind.identity(probe) or "",)
    return ", ".join(f"`{field}`" for field in key if field not in {"", variant, kind.parent_field})
