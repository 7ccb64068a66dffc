"""Records changes of `lifecycle:`. They make no step, but count later, when the resource leaves the stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headend.core.model.proposal import Action
from headend.core.model.record import Digest, Digester, Record, recorded
from headend.core.model.stack import Stack
from headend.core.reconcile.decision import Decision
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.state import State


def remember(plan: Plan, stack: Stack, state: State) -> dict[str, Record]:
    """Updates protection, retention, dependencies, and values of which nothing is sent, in the records of unchanged
    objects. Makes no request. Returns all records, as they are then."""
    records = state.records()
    for step in plan.steps:
        if step.action is not Action.NONE or step.address not in records:
            continue
        resource, record = stack.resources[step.address], records[step.address]
        life, depends = resource.lifecycle, tuple(sorted(stack.needs.get(step.address, ())))
        if step.decision and step.decision.noted:
            record = replace(record, values=noted(record.values, step.decision, state.digest))
        if (depends, life.protect, life.retain) != (record.depends, record.protect, record.retain):
            record = replace(record, depends=depends, protect=life.protect, retain=life.retain)
        if record is not records[step.address]:
            state.put(record)
            records[step.address] = record
    return records


def noted(values: Mapping[str, Any], decision: Decision, digest: Digester) -> dict[str, Any]:
    """The recorded values with those of which state is only to take note."""
    want = decision.situation.want
    now = recorded(want, decision.situation.secrets, digest) if want is not None else {}
    kept = {name: value for name, value in values.items() if name not in decision.noted}
    return kept | {name: _sealed_as(values.get(name), now[name]) for name in decision.noted if name in now}


def _sealed_as(old: Any, new: Any) -> Any:
    """The new value; what deletion needs stays as it was sent."""
    return replace(new, sealed=old.sealed) if isinstance(old, Digest) and isinstance(new, Digest) else new
