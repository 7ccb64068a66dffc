"""Records changes of `lifecycle:`. They make no step, but count later, when the resource leaves the stack."""

from __future__ import annotations

from dataclasses import replace

from headend.core.model.proposal import Action
from headend.core.model.stack import Stack
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.state import State


def remember(plan: Plan, stack: Stack, state: State) -> None:
    """Updates protection, retention and dependencies in the records of unchanged objects. Makes no request."""
    records = state.records()
    for step in plan.steps:
        if step.action is not Action.NONE or step.address not in records:
            continue
        resource, record = stack.resources[step.address], records[step.address]
        life, depends = resource.lifecycle, tuple(sorted(resource.references()))
        current = replace(record, depends=depends, protect=life.protect, retain=life.retain)
        if current != record:
            state.put(current)
