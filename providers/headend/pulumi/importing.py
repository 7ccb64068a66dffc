"""From the embedded engine to Pulumi: the entries that `pulumi up` would have written of what headend's state has.

Nothing is written anywhere here. What stands in a resource's entry is made by the code that the program and the
providers use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from pulumi.dynamic.dynamic import PROVIDER_KEY

from headend.core.model.errors import GuardError, InputError
from headend.core.model.fields import Spec
from headend.core.model.findings import lines
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.record import Record, keep_spelling, recorded
from headend.core.model.references import Query, Reference, pending
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.moves import is_aside
from headend.core.reconcile.order import waves
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.reader import Apis, Reader
from headend.core.reconcile.resolve import keep_names
from headend.core.reconcile.state import State
from headend.pulumi.declaration import Handover, describe, hidden_fields, secret_outputs, values
from headend.pulumi.deployment import Deployment, Entry, in_order, secret
from headend.pulumi.p import pickled
from headend.pulumi.place import Place
from headend.pulumi.preparation import Prepared
from headend.pulumi.props import META, RUN, outputs_of, packed
from headend.pulumi.provider import creation_mark
from headend.pulumi.snapshot import STACK_TYPE, type_token

PROVIDER_TYPE = "pulumi:providers:pulumi-python"


async def hand_over(
    deployment: Deployment, place: Place, stack: Stack, state: State, apis: Apis, handover: Handover
) -> Deployment:
    """The deployment with an entry for each object of the state. Raises GuardError, before any request where that can
    be told, for what isn't settled on either side."""
    records = state.records()
    if not records:
        raise GuardError(f"headend's state of {stack.name} has no objects to hand over")
    _raise_if_unfinished(stack, state, records)
    deployment.raise_if_other(place)
    deployment.raise_if_unfinished()
    _raise_if_others(deployment, records)
    plan = await make_plan(stack, state, apis)
    _raise_if_changes(stack, plan)
    made = await _Entries.of(place, stack, plan, state, records, apis, handover)
    found = deployment.with_resources(made.into(deployment.resources, anew=not state.handed_over))
    if not deployment.keeps_secrets and made.secrets:
        why = "the deployment doesn't say how Pulumi encrypts the secrets of this stack"
        raise GuardError(f"{why}; `pulumi refresh` notes it, also for an empty stack; then export it again")
    return found


def _raise_if_unfinished(stack: Stack, state: State, records: Mapping[str, Record]) -> None:
    told = [f"{a}: nobody knows whether its {one.action} was done" for a, one in sorted(state.intents().items())]
    told += [f"{a}: its creation has not run to the end" for a, one in records.items() if one.incomplete]
    told += [f"{a}: it was replaced, and is still to be deleted" for a in records if is_aside(a)]
    if told:
        raise GuardError(*told, f"`headend apply {stack.file}` first, so that nothing is in doubt")


def _raise_if_others(deployment: Deployment, records: Mapping[str, Record]) -> None:
    """Raises GuardError where Pulumi has objects already that headend's state doesn't have like that."""
    told = []
    for address, _, entry in deployment.ours():
        record = records.get(address)
        if record is None:
            told.append(f"{address}: Pulumi has {entry.get('id')} there, and headend's state nothing")
        elif record.id != entry.get("id"):
            told.append(f"{address}: Pulumi has {entry.get('id')} there, and headend's state {record.id}")
    if told:
        why = "Pulumi's state is of other objects, or of another time"
        way = "`pulumi stack rm --force --preserve-config`, which leaves all objects alone, then `pulumi stack init`"
        raise GuardError(*told, f"{why}; look at it, and if nothing of it counts any more: {way}")


def _raise_if_changes(stack: Stack, plan: Plan) -> None:
    """Pulumi's state says that what stands in it was applied."""
    if told := [f"{step.address}: {step.action} ({step.reason})" for step in plan.writes()]:
        found = lines(told, "change", InputError.MOST_TOLD)
        raise GuardError(*found, f"the plan isn't empty: `headend apply {stack.file}` first")


@frozen_dataclass
class _Entries:
    """specs: by address, as they were applied, with secrets. unverifiable: address -> field -> why."""

    place: Place
    stack: Stack
    records: Mapping[str, Record]
    specs: Mapping[str, Spec]
    unverifiable: Mapping[str, Mapping[str, str]]
    lookups: Mapping[str, str]
    handover: Handover

    @classmethod
    async def of(
        cls,
        place: Place,
        stack: Stack,
        plan: Plan,
        state: State,
        records: Mapping[str, Record],
        apis: Apis,
        handover: Handover,
    ) -> _Entries:
        reader = Reader(stack, records, apis, state.digest, lookups=dict(plan.lookups))
        specs = {}
        for address, resource in stack.resources.items():
            record = records[address]
            want = reader.filled(resource, keep_names(resource.spec, resource.defaulted, record))
            now = recorded(want, hidden_fields(resource, want), state.digest)
            seal = getattr(await apis(resource.kind.platform), "seal", None)
            specs[address] = keep_spelling(want, now, record, seal)
        unverifiable = {step.address: step.unverifiable for step in plan.steps}
        return cls(place, stack, records, specs, unverifiable, plan.lookups, handover)

    @property
    def secrets(self) -> bool:
        """Whether there are any."""
        return any(hidden_fields(resource, self.specs[a]) for a, resource in self.stack.resources.items())

    def into(self, there: Iterable[Entry], *, anew: bool) -> list[Entry]:
        """What is there and what it lacks, each after what it refers to. anew: what is there is of a time before
        headend had the stack, and is made anew."""
        found = {str(entry["urn"]): entry for entry in there}
        root, provider = self.place.urn(STACK_TYPE, self._root), self.place.urn(PROVIDER_TYPE, "default")
        exported = {a: record.id for a, record in self.records.items()}
        exported |= {name: id for name, id in self.lookups.items() if name.startswith("lookups.")}
        stack = found.get(root, {"urn": root, "custom": False, "type": STACK_TYPE})
        found[root] = {**stack, "outputs": {**stack.get("outputs", {}), **exported}}
        engine = found.setdefault(
            provider, {"urn": provider, "custom": True, "id": str(uuid4()), "type": PROVIDER_TYPE}
        )
        beside = {"parent": root, "provider": f"{provider}::{engine['id']}"}
        for address in (a for wave in waves(self.stack.resources) for a in wave):
            urn = self._urn(address)
            if anew or urn not in found:
                found[urn] = _with_once(self._entry(address) | beside, found.get(urn, {}))
        return in_order(found)

    @property
    def _root(self) -> str:
        return f"{self.place.project}-{self.place.stack}"

    def _urn(self, address: str) -> str:
        return self.place.urn(type_token(self.records[address].kind), address)

    def _entry(self, address: str) -> dict[str, Any]:
        resource, record, spec = self.stack.resources[address], self.records[address], self.specs[address]
        life, hidden = resource.lifecycle, hidden_fields(resource, spec)
        meta = describe(self.stack, resource, Prepared(), self.handover)
        meta.pop(RUN, None)
        given = {name: value for name, value in values(spec, _unknown).items() if value is not None}
        given = {n: v for n, v in given.items() if not any(isinstance(one, Query) for one in pending(getattr(spec, n)))}
        pickle = {PROVIDER_KEY: pickled(record.kind)}
        outputs = outputs_of(given, record.id, record.computed, meta) | {"made": creation_mark()}
        if why := {name: one for name, one in self.unverifiable[address].items() if name in given}:
            outputs["unverifiable"] = why
        kept = {
            "protect": bool(life.protect),
            "retainOnDelete": life.retain,
            "ignoreChanges": list(life.ignore_changes),
        }
        return {
            "urn": self._urn(address),
            "custom": True,
            "id": record.id,
            "type": type_token(record.kind),
            "inputs": _hidden({**given, META: packed(meta)}, hidden) | pickle,
            "outputs": _hidden(outputs, hidden) | pickle,
            "dependencies": [self._urn(a) for a in sorted(resource.references())],
            "propertyDependencies": {
                name: [self._urn(a) for a in sorted(_needed(resource, name))] for name in [*given, META, PROVIDER_KEY]
            },
            "additionalSecretOutputs": secret_outputs(hidden),
        } | {name: value for name, value in kept.items() if value}


def _with_once(entry: dict[str, Any], former: Entry) -> dict[str, Any]:
    """The entry with what Pulumi alone knows of the object, by the entry that it had."""
    shown = {name: value for name, value in former.get("outputs", {}).items() if name == "handed_out"}
    times = {name: former[name] for name in ("created", "modified") if name in former}
    return entry | times | {"outputs": entry["outputs"] | shown}


def _hidden(values: Mapping[str, Any], hidden: Iterable[str]) -> dict[str, Any]:
    return {name: secret(value) if name in hidden else value for name, value in values.items()}


def _needed(resource: Resource, field: str) -> set[str]:
    found = pending(resource.spec.set_fields().get(field))
    return {one.address for one in found if isinstance(one, Reference)}


def _unknown(reference: Reference) -> Any:
    raise GuardError(f"{reference}: its value is in no state; `headend apply` first")
