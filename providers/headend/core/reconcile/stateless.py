"""Runs without state, for who wants no store: what is live is found by natural key, identity, or the id that `adopt`
gives. What can't be told so is refused. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headend.core.model.capabilities import KnownBySecrets, Nameless, Unadoptable, identifies
from headend.core.model.kind import Can
from headend.core.model.record import Record, frozen, recorded, secret_fields
from headend.core.model.secrets import missing_fields
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.locate import Place, locate
from headend.core.reconcile.reader import Apis
from headend.core.reconcile.state import State


async def find_all(stack: Stack, state: State, apis: Apis) -> dict[str, str]:
    """Puts a record of all that is found of the stack into a state that is kept nowhere, as if what the stack wants had
    been applied last. Returns address -> why nobody can tell which object it is. Raises ApiError if a read fails."""
    places = await locate(stack, {}, apis, stack.resources)
    doubts = {a: why for a, r in stack.resources.items() if (why := _untold(r) or places[a].doubt)}
    doubts |= _one_for_several(stack, {a: place for a, place in places.items() if a not in doubts})
    state.take([_record(stack.resources[a], p, state) for a, p in places.items() if p.seen and a not in doubts], ())
    return doubts


def _untold(resource: Resource) -> str:
    """Why no object of such a resource can be told without state; "" where it can."""
    kind, life = resource.kind, resource.lifecycle
    if Can.OBSERVE not in kind.can:
        return "nothing of it can be read back"
    if isinstance(kind, KnownBySecrets | Unadoptable):
        return "it can't be looked for"
    if life.adopt_id or life.adopt_query or missing_fields(resource.spec) or identifies(kind, resource.spec):
        return ""
    keyless = isinstance(kind, Nameless) or kind.natural_key(resource.spec) is None
    return "nothing tells objects of its kind apart" if keyless else ""


def _one_for_several(stack: Stack, places: Mapping[str, Place]) -> dict[str, str]:
    """Addresses that share an object, or what it would be found by once it is made."""
    found: dict[Any, list[str]] = {}
    for address, place in places.items():
        for key in _keys(stack.resources[address], place):
            found.setdefault(key, []).append(address)
    shared = [addresses for addresses in found.values() if len(addresses) > 1]
    return {one: f"{alike[one == alike[0]]} is found by the same" for alike in shared for one in alike}


def _keys(resource: Resource, place: Place) -> Iterator[Any]:
    if place.seen:
        yield place.kind.name, place.seen.id
    life = resource.lifecycle
    if not (life.adopt_id or life.adopt_query or missing_fields(place.spec) or identifies(place.kind, place.spec)):
        holder = getattr(place.spec, place.kind.parent_field) if place.kind.parent_field else None
        yield place.kind.name, holder, frozen(place.kind.natural_key(place.spec))


def _record(resource: Resource, place: Place, state: State) -> Record:
    assert place.seen is not None
    life, kind = resource.lifecycle, place.kind
    values = recorded(place.spec, secret_fields(type(place.spec), resource.secret_fields), state.digest)
    return Record(
        resource.address,
        kind.name,
        place.seen.id,
        values,
        {**place.seen.computed, "adopted": True},
        tuple(sorted(resource.references())),
        protect=life.protect,
        retain=life.retain,
    )
