"""What a plan is about, and in which order: targets, the waves of references, and addresses that moved."""

from __future__ import annotations

import graphlib
from collections.abc import Collection, Mapping
from typing import Any

from headend.core.model.address import outer, within
from headend.core.model.capabilities import OwnsParts
from headend.core.model.errors import InputError
from headend.core.model.fields import Secret, Spec, marked
from headend.core.model.kind import Kind
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.specs import is_resolved, resolve, revive
from headend.core.reconcile.state import Entry


def targeted(stack: Stack, targets: Collection[str]) -> dict[str, Resource]:
    """The targets, what lies in them, and all they need. Raises InputError for a target that names nothing."""
    if not targets:
        return dict(stack.resources)
    wanted = [a for a in stack.resources if any(within(a, t) for t in targets)]
    if not wanted:
        raise InputError(f"--target: the stack has nothing at {', '.join(targets)}")
    chosen: dict[str, Resource] = {}
    while wanted:
        address = wanted.pop()
        if address not in chosen and address in stack.resources:
            chosen[address] = stack.resources[address]
            wanted += stack.resources[address].references()
    return {a: r for a, r in stack.resources.items() if a in chosen}


def order(resources: Mapping[str, Resource]) -> list[tuple[str, ...]]:
    """Addresses in waves: each wave refers only to earlier ones. Raises InputError on a cycle."""
    graph = {a: {r for r in resource.references() if r in resources} for a, resource in resources.items()}
    sorter = graphlib.TopologicalSorter(graph)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        raise InputError(f"resources refer to each other in a circle: {' -> '.join(error.args[1])}") from None
    waves = []
    while sorter.is_active():
        wave = sorter.get_ready()
        waves.append(wave)
        sorter.done(*wave)
    return waves


def moves(stack: Stack, entries: Mapping[str, Entry]) -> dict[str, str]:
    """{new address: old address} for renamed keys: by lifecycle.renamed_from, by a moved parent, by natural key."""
    gone = {a: e for a, e in entries.items() if a not in stack.resources and not is_aside(a)}
    if not gone:
        return {}
    found: dict[str, str] = {}
    ids = {a: e.id for a, e in entries.items()}
    new = {a: r for a, r in stack.resources.items() if a not in entries}
    known = _by_key(gone, {r.kind.name: r.kind for r in new.values()})
    for address, resource in new.items():
        candidates = [resource.lifecycle.renamed_from]
        if parent := next((above for above in outer(address) if above in found), None):
            candidates.append(found[parent] + address[len(parent) :])
        old = next((c for c in candidates if c in gone and gone[c].kind == resource.kind.name), None)
        old = old or _same_object(resource, resolve(resource.spec, ids), gone, known)
        if old:
            found[address] = old
            ids[address] = gone.pop(old).id
    return found


Keys = Mapping[tuple[str, Any], Collection[str]]
"""(kind, id or natural key) -> addresses."""


def _same_object(resource: Resource, spec: Spec, gone: Mapping[str, Entry], known: Keys) -> str | None:
    """The one vanished address whose object has this spec's identity or natural key."""
    kind = resource.kind
    if not is_resolved(spec):
        return None
    key = kind.identity(spec) or kind.natural_key(spec)
    same = [a for a in known.get((kind.name, _frozen(key)), ()) if a in gone] if key else []
    return same[0] if len(same) == 1 else None


def _frozen(key: Any) -> Any:
    """Hashable, whatever values it is made of."""
    if isinstance(key, Mapping):
        return tuple(sorted((name, _frozen(value)) for name, value in key.items()))
    return tuple(map(_frozen, key)) if isinstance(key, list | tuple) else key


def _by_key(gone: Mapping[str, Entry], wanted: Mapping[str, Kind[Any, Any]]) -> Keys:
    """By id, by identity (which is another one by now where what it is made of changed; what is made of secrets, state
    can't tell), and by natural key. wanted: kinds that are asked for."""
    found: dict[tuple[str, Any], list[str]] = {}
    for address, entry in gone.items():
        if kind := wanted.get(entry.kind):
            spec = revive(kind, entry)
            known = None if marked(type(spec), Secret) else kind.identity(spec)
            for key in {entry.id, known, _frozen(kind.natural_key(spec))}:
                found.setdefault((kind.name, key), []).append(address)
    return found


def claimed(stack: Stack, kind: Kind[Any, Any], entry: Entry) -> bool:
    """Whether all that the object owned is owned by others of the stack by now, so that it must not be deleted.
    An identity is the id; secrets may be part of it, which state doesn't hold."""
    owned = tuple(kind.owns(revive(kind, entry))) if isinstance(kind, OwnsParts) else ((kind.name, entry.id),)
    return bool(owned) and all(map(stack.elsewhere(entry.address), owned))


def is_aside(address: str) -> bool:
    """Whether state keeps there an object that was replaced and is still to be deleted: no stack has such a name."""
    return "/" in address


def owner(address: str) -> str:
    """The address that an object which was set aside had before; any other address stays what it is."""
    return address.partition("/")[0]
