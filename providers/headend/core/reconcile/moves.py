"""Addresses that moved: a renamed key is the same object. Both engines ask here; only lookups are read."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from headend.core.model.address import last_key, outer
from headend.core.model.capabilities import CreatedOnce, KnownBySecrets
from headend.core.model.errors import ApiError
from headend.core.model.fields import Found, Ignored, Named, Secret, Spec, WriteOnly, mark, marked
from headend.core.model.findings import Problem
from headend.core.model.kind import Kind
from headend.core.model.lookup import find_id
from headend.core.model.record import Digester, Record, frozen, recorded, secret_fields, secret_key
from headend.core.model.references import Query
from headend.core.model.secrets import ask_without, missing_fields
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.resolve import kept_lookups, queries, resolve, without
from headend.core.reconcile.said import moves_said

Keys = Mapping[tuple[str, Any], Collection[str]]
"""(kind, id, identity, natural key or likeness) -> addresses."""


async def find_moves(
    stack: Stack, records: Mapping[str, Record], digest: Digester, apis: Callable[[str], Awaitable[Any]]
) -> dict[str, str]:
    """`moves`, with the ids that lookups of new addresses find: an object may be known by what it was made of. What
    can't be found is told later, where it is needed."""
    gone = {record.kind for address, record in records.items() if address not in stack.resources}
    asking = {
        query
        for address, resource in stack.resources.items()
        if resource.kind.name in gone and address not in records
        for query in queries(_told_apart(resource.spec)).values()
    }

    async def ask(query: Query) -> str | Problem | None:
        with contextlib.suppress(ApiError):
            return await find_id(await apis(query.platform), query, set())
        return None

    answers = zip(asking, await asyncio.gather(*map(ask, asking)), strict=True)
    return moves(stack, records, digest, {query.key: id for query, id in answers if isinstance(id, str)})


def moves(
    stack: Stack, records: Mapping[str, Record], digest: Digester, found_ids: Mapping[str, str] | None = None
) -> dict[str, str]:
    """{new address: old address} for renamed keys: by `moved:` and lifecycle.renamed_from, by a moved parent, by the id
    that adopt gives, by identity or natural key, and, where the name was left to default or nothing tells objects of
    the kind apart, by all that else is recorded. What the stack says by name comes before what is told by a key, and
    that before a mere likeness, whatever their order in the file. found_ids: of lookups, by `Query.key`."""
    gone = {a: r for a, r in records.items() if a not in stack.resources and not is_aside(a)}
    if not gone:
        return {}
    found: dict[str, str] = {}
    ids = {a: r.id for a, r in records.items()} | dict(found_ids or {})
    new = {a: r for a, r in stack.resources.items() if a not in records}
    known = _by_key(gone, {r.kind.name: r.kind for r in new.values()})

    said = {new: old for old, new in moves_said(stack, gone).items()}

    def given(resource: Resource) -> Iterator[str | None]:
        yield said.get(resource.address)
        yield resource.lifecycle.renamed_from

    def told(resource: Resource) -> Iterator[str | None]:
        yield from _named(resource, found)
        yield _only(resource.kind, resource.lifecycle.adopt_id, gone, known)
        yield _same_object(resource, ids, gone, known, digest)

    def guessed(resource: Resource) -> Iterator[str | None]:
        yield from told(resource)
        yield _like_object(resource, ids, gone, known, digest)
        if (key := _likeness_of(resource, ids, digest)) and twins[key] == 1:
            yield _only(resource.kind, key, gone, known)

    twins: Counter[Any] = Counter()
    for candidates in (given, told, guessed):
        if candidates is guessed and gone:  # of those that are left: which of two alike it was, nobody can guess
            twins.update(key for a, r in new.items() if a not in found and (key := _likeness_of(r, ids, digest)))
        for address, resource in new.items() if gone else ():
            if address in found:
                continue
            old = next((c for c in candidates(resource) if c in gone and gone[c].kind == resource.kind.name), None)
            if old:
                found[address] = old
                ids[address] = gone.pop(old).id
    return found


def _named(resource: Resource, found: Mapping[str, str]) -> Iterator[str]:
    """Old addresses that the stack names: its own `renamed_from`, as written or as seen from the parent that moved, and
    the same key in that parent."""
    given = resource.lifecycle.renamed_from
    above = next((above for above in outer(resource.address) if above in found), None)
    if given:
        yield given
        if above and given.startswith(f"{above}."):
            yield found[above] + given[len(above) :]
    if above:
        yield found[above] + resource.address[len(above) :]


def _same_object(
    resource: Resource, ids: Mapping[str, str], gone: Mapping[str, Record], known: Keys, digest: Digester
) -> str | None:
    """The one vanished address whose object has this spec's identity or natural key."""
    kind, spec = resource.kind, resolve(_told_apart(resource.spec), ids)
    if spec.unresolved():
        return None
    if isinstance(kind, KnownBySecrets):
        secrets = secret_fields(type(spec), resource.secret_fields)
        return _only(kind, secret_key(kind, recorded(spec, secrets, digest)), gone, known)
    key = ask_without([spec], lambda: kind.identity(spec) or kind.natural_key(spec), None)
    return _only(kind, key, gone, known)


def _like_object(
    resource: Resource, ids: Mapping[str, str], gone: Mapping[str, Record], known: Keys, digest: Digester
) -> str | None:
    """The one vanished address whose object has all values of this spec but a name that was taken from the key."""
    kind, spec = resource.kind, resolve(_told_apart(resource.spec), ids)
    if spec.unresolved() or not resource.defaulted:
        return None
    secrets = secret_fields(type(spec), resource.secret_fields)
    return _only(kind, _likeness(kind, recorded(spec, secrets, digest)), gone, known)


def follow(records: Mapping[str, Record], moved: Mapping[str, str]) -> dict[str, Record]:
    """The records under their current addresses. moved: new address -> old."""
    current = {new: replace(records[old], address=new) for new, old in moved.items()}
    former = set(moved.values())
    return current | {a: r for a, r in records.items() if a not in former}


def unsure(
    stack: Stack, records: Mapping[str, Record], digest: Digester, moved: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """{new address: vanished addresses} of what must not be made twice, and may be one of several that vanished, or one
    that several may be. moved: what is no longer in question."""
    left = {a: r for a, r in records.items() if a not in stack.resources and not is_aside(a)}
    former = set(moved.values())
    gone = {a: r for a, r in left.items() if a not in former}
    new = {a: r for a, r in stack.resources.items() if a not in records and a not in moved} if gone else {}
    once = {a: r for a, r in new.items() if isinstance(r.kind, CreatedOnce)}
    known = _by_key(gone, {r.kind.name: r.kind for r in once.values()})
    found: dict[str, tuple[str, ...]] = {}
    for address, resource in once.items():
        key = _likeness_of(resource, {}, digest)
        if key and (alike := known.get((resource.kind.name, key))):
            found[address] = tuple(alike)
    return found


def _likeness_of(resource: Resource, ids: Mapping[str, str], digest: Digester) -> Any:
    """What an object of which nothing else tells is recognised by; None where there is a key, or nothing is known."""
    kind, spec = resource.kind, resolve(_told_apart(resource.spec), ids)
    if (
        spec.unresolved()
        or missing_fields(spec)
        or kind.identity(spec) is not None
        or kind.natural_key(spec) is not None
    ):
        return None
    return _whole_likeness(kind, recorded(spec, secret_fields(type(spec), resource.secret_fields), digest))


def _only(kind: Kind[Any, Any], key: Any, gone: Mapping[str, Record], known: Keys) -> str | None:
    same = [a for a in known.get((kind.name, frozen(key)), ()) if a in gone] if key else []
    return same[0] if len(same) == 1 else None


def _by_key(gone: Mapping[str, Record], wanted: Mapping[str, Kind[Any, Any]]) -> Keys:
    """By id, by identity (which is another one by now where what it is made of changed; what is made of secrets, state
    can't tell), by natural key, and by likeness. wanted: kinds that are asked for."""
    found: dict[tuple[str, Any], list[str]] = {}
    for address, record in gone.items():
        if kind := wanted.get(record.kind):
            spec: Spec = record.spec(kind)
            identity = None if marked(type(spec), Secret) else kind.identity(spec)
            keys = {record.id, identity, frozen(kind.natural_key(spec)), secret_key(kind, record.values)}
            names = marked(type(spec), Named)
            for values in _with_and_without_what_was_found(type(spec), record.values):
                if identity is None and kind.natural_key(spec) is None:
                    keys.add(_whole_likeness(kind, values))
                if names and all(values.get(name) == last_key(address) for name in names):
                    keys.add(frozen(_likeness(kind, values)))
            for key in keys:
                found.setdefault((kind.name, key), []).append(address)
    return found


def _told_apart(spec: Spec) -> Spec:
    """The spec without lookups whose result belongs to an object once it is made: they would find another one now."""
    return without(spec, kept_lookups(spec))


def _with_and_without_what_was_found(model: type[Spec], values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    kept = {name for name in marked(model, Found) if (found := mark(model, name, Found)) and found.keep}
    rest = {name: value for name, value in values.items() if name not in kept}
    return [values, rest] if len(rest) < len(values) else [values]


def _likeness(kind: Kind[Any, Any], values: Mapping[str, Any]) -> tuple[Any, ...]:
    """All that was applied but the object's own name."""
    names = marked(kind.spec_type(values.get("variant")), Named)
    return ("like", frozen({name: value for name, value in values.items() if name not in names}))


def _whole_likeness(kind: Kind[Any, Any], values: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the object was made of, where that can be used only once; else all that was applied and isn't headend's."""
    model = kind.spec_type(values.get("variant"))
    made_of = {name: values[name] for name in values if (m := mark(model, name, WriteOnly)) and m.used_up_by_create}
    given = {name: value for name, value in made_of.items() if value is not None}
    rest = {name: value for name, value in values.items() if mark(model, name, Ignored) is None}
    return ("whole", kind.name, frozen(given or rest))


def is_aside(address: str) -> bool:
    """Whether state keeps there an object that was replaced and is still to be deleted: no stack has such a name."""
    return "/" in address


def aside_address(record: Record) -> str:
    """Where state keeps an object while its replacement is made."""
    return f"{record.address}/{record.id}"


def owner(address: str) -> str:
    """The address that an object which was set aside had before; any other address stays what it is."""
    return address.partition("/")[0]
