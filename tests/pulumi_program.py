"""What the stack program does and hands to Pulumi's engine of each resource, for the engine of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from headend.core.model.references import Reference, pending
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.order import waves
from headend.pulumi.declaration import Handover, properties
from headend.pulumi.preparation import Prepared
from headend.pulumi.program import Project, prepare_run
from headend.pulumi.snapshot import Snapshot, read_records, type_token

StandsFor = Callable[[Reference], Any]


@dataclass(frozen=True)
class Declared:
    """One resource, in the order of declaration. aliases: names that it may have had before."""

    resource: Resource
    aliases: tuple[str, ...]
    properties: Callable[[StandsFor], dict[str, Any]]

    @property
    def address(self) -> str:
        return self.resource.address

    @property
    def kind(self) -> str:
        return self.resource.kind.name

    @property
    def depends(self) -> dict[str, frozenset[str]]:
        """Field -> addresses that its value comes from."""
        given = self.resource.spec.set_fields()
        found = {n: frozenset(r.address for r in pending(v) if isinstance(r, Reference)) for n, v in given.items()}
        return {name: addresses for name, addresses in found.items() if addresses}

    @property
    def delete_before_replace(self) -> bool | None:
        """None: the diff decides."""
        return None if self.resource.kind.create_before_delete else True


def declare(project: Project, stack: Stack, snapshot: Snapshot) -> tuple[tuple[str, ...], Iterator[Declared]]:
    """What the program says, and the stack's resources, each after those that it refers to. Raises what it refuses."""
    prepared, handover = asyncio.run(prepare_run(project, stack, read_records(snapshot)))
    order = waves(stack.resources, prepared.order.after)
    resources = (stack.resources[address] for wave in order for address in wave)
    return prepared.lines, (_declared(stack, resource, prepared, handover) for resource in resources)


def _declared(stack: Stack, resource: Resource, prepared: Prepared, handover: Handover) -> Declared:
    def given(stands_for: StandsFor) -> dict[str, Any]:
        return properties(stack, resource, stands_for, prepared, handover)

    old = prepared.moved.get(resource.address)
    return Declared(resource, (old,) if old else (), given)


def urn(project: str, stack: str, kind: str, name: str) -> str:
    return f"urn:pulumi:{stack}::{project}::{type_token(kind)}::{name}"
