"""What state is to hold of objects that a stack is made of, and whether a plan finds them as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.core.model.frozen import frozen_dataclass
from headend.core.model.listed import spec_of
from headend.core.model.proposal import Action
from headend.core.model.record import UNTOLD, Digester, Record, compared_form, recorded, secret_fields
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.imports.gather import Found
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.resolve import computed_ids, resolve


@frozen_dataclass
class Held:
    """A state in memory, for a plan that shows whether it would be a good one."""

    held: Mapping[str, Record]
    digest: Digester

    def records(self) -> dict[str, Record]:
        return dict(self.held)

    def intents(self) -> Mapping[str, Any]:
        return {}

    def coming(self) -> Mapping[str, str]:
        return {}

    def held_elsewhere(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        return {}


def records_of(
    stack: Stack, found: Mapping[str, Found], digest: Digester, known: Mapping[str, Record]
) -> dict[str, Record]:
    """address -> what state is to hold of it. found: by address. known: what it holds of others."""
    ids = {address: one.id for address, one in found.items()} | {address: one.id for address, one in known.items()}
    seen = {a: r.computed for a, r in known.items()} | {a: f.seen.computed for a, f in found.items()}
    for address, computed in seen.items():
        ids |= computed_ids(address, computed)
    return {address: _record(stack.resources[address], one, ids, digest) for address, one in found.items()}


def _record(resource: Resource, one: Found, ids: Mapping[str, str], digest: Digester) -> Record:
    want, life = resolve(resource.spec, ids), resource.lifecycle
    secrets = secret_fields(type(want), resource.secret_fields)
    values = recorded(want, secrets, digest)
    live = spec_of(type(want), {name: vars(one.spec)[name] for name in secrets if name in one.seen.values})
    dumped = live.model_dump(mode="json", include=live.model_fields_set, warnings=False)
    values |= {name: digest(compared_form(type(want), name, value)) for name, value in dumped.items() if name in values}
    values |= {name: UNTOLD for name in one.withheld if name in values}
    return Record(
        resource.address,
        resource.kind.name,
        one.id,
        values,
        {**one.seen.computed, "adopted": True},
        tuple(sorted(resource.references())),
        incomplete=one.seen.incomplete,
        protect=life.protect,
        retain=life.retain,
    )


def differing(plan: Plan, addresses: Mapping[str, Any]) -> dict[str, str]:
    """address -> why, of those that the plan would touch."""
    found = {}
    for step in plan.steps:
        if step.address in addresses and (step.action is not Action.NONE or step.refusals):
            fields = ", ".join(dict.fromkeys(".".join(change.path) for change in step.changes))
            found[step.address] = f"a plan would {step.action} it{f': {fields}' if fields else ''}"
    return found
