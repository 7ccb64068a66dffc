"""What a plan says of an object that is made, or goes: each field with its value, for a person to judge."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from headend.core.model.fields import Ref, Spec, Unit, mark
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.record import HIDDEN, Digest, Marker, Record
from headend.core.model.references import Reference, filled, pending
from headend.core.model.stack import Resource
from headend.core.model.uploads import describe_file, file_fields
from headend.core.reconcile.decision import Decision

Holder = Callable[[str, str], str | None]
"""Kind and id of an object -> its address, where the stack has it."""


def nobody(kind: str, id: str) -> str | None:
    """Holds nothing."""
    return None


@frozen_dataclass(slots=True)
class Value:
    """One field. default: nobody wrote it."""

    field: str
    value: Any
    default: bool = False


def given(decision: Decision, resource: Resource) -> Iterator[Value]:
    """What will be sent of an object that is made; what it refers to by address. The object that it lives in is told
    by its own."""
    want, spec = decision.situation.want or resource.spec, resource.spec
    home, written = resource.kind.parent_field, spec.model_fields_set
    for name, known in want.set_fields().items():
        value = spec.linked_fields().get(name, known)
        if name == home and isinstance(value, Reference) and resource.address.startswith(f"{value.address}."):
            continue
        yield Value(name, _shown(type(want), name, value, resource.secret_fields), name not in written)


def was_there(decision: Decision, holder: Holder) -> Iterator[Value]:
    """What is live of an object that goes, else what was last applied."""
    last, live = decision.situation.last, decision.live
    model = decision.kind.spec_type(last.values.get("variant")) if last else decision.kind.model
    values = {**(last.values if last else {}), **(live.values if live else {})}
    hidden = decision.situation.hidden
    for name in model.model_fields:
        if (value := values.get(name)) is not None:
            yield Value(name, _shown(model, name, _by_address(model, name, value, holder), hidden))


def units(model: type[Spec], fields: Collection[str] | None = None) -> dict[str, str]:
    """Field -> its unit, of these or of all."""
    found = _units(model)
    return {name: found[name] for name in (found if fields is None else fields) if name in found}


@functools.cache
def _units(model: type[Spec]) -> dict[str, str]:
    return {name: unit.text for name in model.model_fields if (unit := mark(model, name, Unit))}


def references(resource: Resource) -> dict[str, list[str]]:
    """Field -> addresses that it refers to."""
    found: dict[str, list[str]] = {}
    for name, value in resource.spec.linked_fields().items():
        if addresses := [one.address for one in pending(value) if isinstance(one, Reference)]:
            found[name] = addresses
    return found


def _by_address(model: type[Spec], name: str, value: Any, holder: Holder) -> Any:
    ref = mark(model, name, Ref)
    address = holder(ref.kind, value) if ref and isinstance(value, str) else None
    return Marker(address) if address else value


def _shown(model: type[Spec], name: str, value: Any, hidden: Collection[str]) -> Any:
    if name in hidden or isinstance(value, Digest):
        return HIDDEN
    if name in file_fields(model):
        return describe_file(value)
    return filled(value, lambda one: Marker(one.address if isinstance(one, Reference) else str(one)))


def by_key(records: Mapping[str, Record]) -> Holder:
    """Who holds an object, by what state has."""
    found = {(record.kind, record.id): address for address, record in records.items()}
    return lambda kind, id: found.get((kind, id))
