"""Specs on their way: references resolved, names settled, and back again from state."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from headend.core.model.errors import CredentialsError
from headend.core.model.fields import Found, Immutable, Parts, Ref, Sealed, Spec, mark, marked
from headend.core.model.kind import Kind
from headend.core.model.owners import Elsewhere, nowhere
from headend.core.model.references import Query, Reference, filled, pending
from headend.core.model.seal import Seal
from headend.core.reconcile.state import Entry


def resolve(spec: Spec, ids: Mapping[str, str]) -> Spec:
    """A copy with every reference whose key is in `ids` replaced by what stands there: an id or a computed value."""
    known = {
        name: filled(value, lambda reference: ids.get(reference.key, reference))
        for name, value in spec.linked_fields().items()
        if any(reference.key in ids for reference in pending(value))
    }
    return spec.model_copy(update=known) if known else spec


def made_by(address: str, computed: Mapping[str, Any]) -> dict[str, str]:
    """What references to computed values of a resource are resolved by."""
    return {Reference(address, name).key: value for name, value in computed.items() if isinstance(value, str)}


def is_resolved(spec: Spec) -> bool:
    return not any(True for value in spec.linked_fields().values() for _ in pending(value))


def settled(spec: Spec, defaulted: frozenset[str], last: Mapping[str, Any] | None) -> Spec:
    """What was settled when the object was created stays: names that were taken from the key, whatever the key is
    now, and what was to be found once."""
    kept = {name for name in marked(type(spec), Found) if getattr(mark(type(spec), name, Found), "keep", False)}
    names = {*defaulted, *(name for name in kept if isinstance(getattr(spec, name), Query))}
    known = {name: last[name] for name in names if last and isinstance(last.get(name), str)}
    return spec.model_copy(update=known) if known else spec


def looked_up(spec: Spec, address: str, found: Mapping[str, str]) -> Spec:
    """A copy with what the plan's lookups found, by `<address>.<field>`."""
    known = {name: found[key] for name in queries(spec) if (key := f"{address}.{name}") in found}
    return spec.model_copy(update=known) if known else spec


def queries(spec: Spec) -> dict[str, Query]:
    """field -> the lookup that stands in it."""
    return {name: value for name, value in spec.linked_fields().items() if isinstance(value, Query)}


def readable(kind: Kind[Any, Any], spec: Spec, entry: Entry, elsewhere: Elsewhere = nowhere) -> Spec:
    """The spec to read an existing object by: where it was put the last time, not where the stack wants it now, and
    with the members that it had then. elsewhere: what other resources of the stack own."""
    if kind.variants and entry.spec.get("variant") != getattr(spec, "variant", None):
        return revive(kind, entry)
    model = type(spec)
    placed: dict[str, Any] = {
        name: entry.spec[name]
        for name in model.model_fields
        if isinstance(entry.spec.get(name), str)
        and (mark(model, name, Ref) or (mark(model, name, Immutable) and isinstance(getattr(spec, name, None), str)))
    }
    if lists := marked(model, Parts):
        gone = left(revive(kind, entry), elsewhere, spec)
        placed |= {name: [*(getattr(spec, name) or ()), *(getattr(gone, name) or ())] for name in lists}
    return spec.model_copy(update=placed)


def left(last: Spec, elsewhere: Elsewhere, now: Spec | None = None) -> Spec:
    """What was last applied, without the members that other resources own by now, and those that `now` has too."""
    kept = {}
    for name in marked(type(last), Parts):
        rule, items = mark(type(last), name, Parts), getattr(last, name) or ()
        if rule:
            known = {rule.key(item) for item in getattr(now, name, None) or ()}
            gone = (item for item in items if rule.key(item) not in known)
            kept[name] = [item for item in gone if not elsewhere(rule.owned(last, item))]
    return last.model_copy(update=kept) if kept else last


def sealed(spec: Spec, record: Mapping[str, Any], seal: Seal) -> dict[str, Any]:
    """What state keeps of an applied spec, with the secrets that deletion needs beside their digests.
    seal: of the platform's API."""
    kept = {name: value for name in marked(type(spec), Sealed) if (value := getattr(spec, name)) is not None}
    return {**record, **{name: {**record[name], "$sealed": seal.close(value)} for name, value in kept.items()}}


def as_it_was_made(spec: Spec, record: Mapping[str, Any], last: Mapping[str, Any], seal: Seal) -> Spec:
    """A copy in which sealed secrets that are the same, but spelt otherwise, are what the object was made with.

    record, last: the spec as it would be recorded, and as it was. What can't be opened is left as the stack has it.
    """
    known: dict[str, Any] = {}
    for name in marked(type(spec), Sealed):
        old = last.get(name)
        if isinstance(old, Mapping) and "$sealed" in old and old["$digest"] == record.get(name, {}).get("$digest"):
            with contextlib.suppress(CredentialsError):
                known[name] = seal.open(old["$sealed"])
    return spec.model_copy(update=known) if known else spec


def revive(kind: Kind[Any, Any], entry: Entry, seal: Seal | None = None) -> Spec:
    """The last applied spec: enough to read or delete the object. Secrets are None, but for what the seal opens.

    Raises CredentialsError where that is a wrong one.
    """
    model = kind.spec_type(entry.spec.get("variant"))
    values: dict[str, Any] = {}
    for name in model.model_fields:
        value = entry.spec.get(name)
        if isinstance(value, dict) and "$digest" in value:
            value = seal.open(value["$sealed"]) if seal and "$sealed" in value else None
        if value is not None:
            try:
                value = _adapter(model, name).validate_python(value)
            except ValidationError:
                value = entry.spec[name]
        values[name] = value
    return model.model_construct(_fields_set={n for n, v in values.items() if v is not None}, **values)


@functools.cache
def _adapter(model: type[Spec], name: str) -> TypeAdapter[Any]:
    """Kept: to build one costs more than a thousand validations."""
    annotation = model.model_fields[name].annotation
    return TypeAdapter(Any if annotation is None else annotation)
