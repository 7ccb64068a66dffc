"""Prepares specs: resolves references and lookups, keeps names, leaves out members of others."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from typing import Any

from headend.core.model.capabilities import KnownBySecrets, OwnsParts
from headend.core.model.fields import Found, Immutable, Parts, Ref, Spec, mark, marked
from headend.core.model.kind import Kind
from headend.core.model.owners import Elsewhere, nowhere
from headend.core.model.record import Digester, Record, secret_key
from headend.core.model.references import Query, Reference, filled, pending
from headend.core.model.stack import Stack


def resolve(spec: Spec, ids: Mapping[str, str]) -> Spec:
    """A copy in which every reference whose key is in `ids` is replaced by that id or computed value."""
    known = {
        name: filled(value, lambda reference: ids.get(reference.key, reference))
        for name, value in spec.linked_fields().items()
        if any(reference.key in ids for reference in pending(value))
    }
    return spec.model_copy(update=known) if known else spec


def ids_for(spec: Spec, ids: Mapping[str, str]) -> dict[str, str | None]:
    """Reference key -> what it resolves to by now, of all that the spec refers to."""
    return {one.key: ids.get(one.key) for one in spec.unresolved() if isinstance(one, Reference)}


def computed_ids(address: str, computed: Mapping[str, Any]) -> dict[str, str]:
    """reference key -> value, for the computed values of a resource."""
    return {Reference(address, name).key: value for name, value in computed.items() if isinstance(value, str)}


def queries(spec: Spec) -> dict[str, Query]:
    """field -> its lookup."""
    if not marked(type(spec), Found):
        return {}  # as for most kinds: a plan asks many times for each resource
    return {name: value for name, value in spec.linked_fields().items() if isinstance(value, Query)}


def fill_lookups(spec: Spec, address: str, found: Mapping[str, str]) -> Spec:
    """A copy with lookups replaced by the ids found, by `<address>.<field>`."""
    known = {name: found[key] for name in queries(spec) if (key := f"{address}.{name}") in found}
    return spec.model_copy(update=known) if known else spec


def kept_lookups(spec: Spec) -> dict[str, Query]:
    """Of the lookups those whose result belongs to the object once it is made."""
    return {n: query for n, query in queries(spec).items() if (found := mark(type(spec), n, Found)) and found.keep}


def without(spec: Spec, names: Collection[str]) -> Spec:
    """A copy in which these fields are not set."""
    if not names:
        return spec
    copy = spec.model_copy(update=dict.fromkeys(names))
    copy.model_fields_set.difference_update(names)
    return copy


def keep_names(spec: Spec, defaulted: Collection[str], last: Record | None) -> Spec:
    """A copy with the names that the object took from the key it had when it was made."""
    known = {name: value for name in defaulted if last and isinstance(value := last.values.get(name), str)}
    return _with(spec, known)


@functools.cache
def _places(model: type[Spec]) -> tuple[tuple[str, bool], ...]:
    """The fields that tell where an object is, and whether they do so by a reference."""
    marks = ((name, mark(model, name, Ref) is not None) for name in model.model_fields)
    return tuple((name, refers) for name, refers in marks if refers or mark(model, name, Immutable))


def spec_to_read_by(kind: Kind[Any, Any], spec: Spec, record: Record, elsewhere: Elsewhere = nowhere) -> Spec:
    """The spec to read an existing object with: its recorded place, not the wanted one, and its recorded members
    as well as the wanted ones. elsewhere: what other resources of the stack own."""
    if kind.variants and record.values.get("variant") != getattr(spec, "variant", None):
        last: Spec = record.spec(kind)
        return last
    model = type(spec)
    placed: dict[str, Any] = {
        name: value
        for name, refers in _places(model)
        if isinstance(value := record.values.get(name), str) and (refers or isinstance(getattr(spec, name, None), str))
    }
    if lists := marked(model, Parts):
        gone = without_members_of_others(record.spec(kind), elsewhere, spec)
        placed |= {name: [*(getattr(spec, name) or ()), *(getattr(gone, name) or ())] for name in lists}
    return _with(spec, placed)


def _with(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """The spec with these values; itself where it has them, as for most resources of most plans."""
    return spec if all(getattr(spec, n) == value for n, value in values.items()) else spec.model_copy(update=values)


def without_members_of_others(last: Spec, elsewhere: Elsewhere, now: Spec | None = None) -> Spec:
    """What was last applied, without members that other resources own now or that `now` lists too."""
    kept = {}
    for name in marked(type(last), Parts):
        rule, items = mark(type(last), name, Parts), getattr(last, name) or ()
        if rule:
            known = {rule.key(item) for item in getattr(now, name, None) or ()}
            gone = (item for item in items if rule.key(item) not in known)
            kept[name] = [item for item in gone if not elsewhere(rule.owned(last, item))]
    return last.model_copy(update=kept) if kept else last


def is_claimed(stack: Stack, kind: Kind[Any, Any], record: Record, digest: Digester) -> bool:
    """Whether other resources now own all that the object owned, so that it must not be deleted.
    The recorded id stands for the identity; where that is made of secrets, their digests do."""
    if isinstance(kind, KnownBySecrets):
        key = secret_key(kind, record.values)
        return key is not None and any(a != record.address for a in stack.secret_keys(digest).get(key, ()))
    owned = tuple(kind.owns(record.spec(kind))) if isinstance(kind, OwnsParts) else ((kind.name, record.id),)
    return bool(owned) and all(map(stack.elsewhere(record.address), owned))
