"""A resource of the stack as its provider is given it: the spec as JSON, and the property `headend` beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from headend.core.model.capabilities import OnAir
from headend.core.model.fields import Secret, Spec, marked
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.record import secret_fields
from headend.core.model.references import Query, Reference, filled, pending
from headend.core.model.stack import Resource, Stack
from headend.core.model.uploads import File
from headend.core.reconcile.on_air import downstream
from headend.core.reconcile.resolve import fill_lookups, kept_lookups
from headend.pulumi.ahead import AHEAD
from headend.pulumi.preparation import Prepared
from headend.pulumi.props import META, RUN, as_json, packed

MANY = 2000  # characters of `operations` that may come with each resource


@frozen_dataclass
class Handover:
    """What is the run's, and not the resource's. journal: the name of its file. file: the stack file, as seen from the
    project's folder. allowed: addresses whose interruption was agreed to. managed: how many objects the stack has, None
    where any number may go. losses: how many of them the program deletes. in_file: platforms whose `operations` are so
    many that the provider reads them in the stack file: the engine writes all resources after each step."""

    journal: str
    file: str = ""
    allowed: frozenset[str] = frozenset()
    managed: int | None = None
    losses: int = 0
    in_file: frozenset[str] = frozenset()


def read_in_file(stack: Stack) -> frozenset[str]:
    """Platforms of which the stack file has more `operations` than may come with each resource."""
    given = {name: json.dumps(one.get("operations", {})) for name, one in stack.connections.items()}
    return frozenset(name for name, text in given.items() if len(text) > MANY)


def hidden_fields(resource: Resource, spec: Spec) -> frozenset[str]:
    """What of the spec Pulumi is told to be secret."""
    return secret_fields(type(spec), resource.secret_fields) & spec.set_fields().keys()


def secret_outputs(hidden: Iterable[str]) -> list[str]:
    """Outputs that Pulumi is told to be secret."""
    return sorted({*hidden, "handed_out"})


def properties(
    stack: Stack,
    resource: Resource,
    id_of: Callable[[Reference], Any],
    prepared: Prepared | None = None,
    handover: Handover | None = None,
) -> dict[str, Any]:
    """What the provider is given of a resource: its spec as JSON, what references stand for, and `headend`."""
    prepared, handover = prepared or Prepared(), handover or Handover(stack.name)
    spec = fill_lookups(resource.spec, resource.address, prepared.lookups)
    return values(spec, id_of) | {META: packed(describe(stack, resource, prepared, handover))}


def values(spec: Spec, id_of: Callable[[Reference], Any]) -> dict[str, Any]:
    """What is set of the spec, as JSON."""
    plain = as_json(spec)
    for field, value in spec.set_fields().items():
        if any(True for _ in pending(value)):
            plain[field] = filled(value, lambda one: {"lookup": one.fields} if isinstance(one, Query) else id_of(one))
        if isinstance(value, File):  # the provider runs elsewhere
            plain[field] = value.model_copy(update={"path": str(value.location.absolute())}).model_dump()
    return plain


def describe(stack: Stack, resource: Resource, prepared: Prepared, handover: Handover) -> dict[str, Any]:
    """The property `headend` (see `headend.pulumi.provider`), without what is empty."""
    life, run = resource.lifecycle, _run(stack, resource.kind.platform, handover)
    meta = {
        "address": resource.address,
        "journal": handover.journal,
        "file": handover.file,
        "adopt": life.adopt.value if life.adopt and life.takes_match else None,
        "adopt_id": prepared.adopt.get(resource.address),
        "freed": prepared.order.freed.get(resource.address),
        "recovering": resource.address in prepared.recovered or None,
        "protect": life.protect,
        "retain": life.retain or None,
        "holder": getattr(stack.holder(resource), "state", None),
        "ignore_changes": list(life.ignore_changes),
        "defaulted": sorted(resource.defaulted),
        "keeps": sorted(kept_lookups(resource.spec)),
        "depends": sorted(resource.references()),
        "carriers": _carriers(stack, resource.address),
        "dependents": sorted(prepared.moved.get(a, a) for a in downstream(resource.address, stack.dependents)[1:]),
        "remarks": [f"{problem.level}: {problem.text}" for problem in resource.remarks],
        AHEAD: prepared.ahead.get(resource.address),
        "hidden": sorted(set(resource.secret_fields) - set(marked(type(resource.spec), Secret))),
    }
    return _told(meta) | ({RUN: run} if handover.file else run)


def _run(stack: Stack, platform: str, handover: Handover) -> dict[str, Any]:
    """What is the run's own."""
    connections = dict(stack.connections.get(platform, {}))
    if platform in handover.in_file:
        del connections["operations"]
    return _told(
        {
            "connections": connections,
            "in_file": platform in handover.in_file or None,
            "allowed": sorted(handover.allowed),
            "managed": handover.managed,
            "losses": handover.losses or None,
            "options": stack.options.model_dump(mode="json", exclude={"policies"}, exclude_defaults=True),
        }
    )


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {name: value for name, value in values.items() if value is not None and value not in ({}, [], "")}


def _carriers(stack: Stack, address: str) -> list[str]:
    """What goes out through the resource: those downstream that have airtimes and nothing behind them."""
    return [
        a
        for a in downstream(address, stack.dependents)
        if a not in stack.dependents and isinstance(stack.resources[a].kind, OnAir) and a != address
    ]
