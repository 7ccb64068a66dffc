"""Lets a kind review a decision: its own checks, and the live platform's limits. Never writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headend.core.model.capabilities import Catalogued
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem, errors, remarks
from headend.core.model.kind import Can, Kind
from headend.core.model.proposal import Action, Proposal
from headend.core.model.secrets import ask_without
from headend.core.reconcile import guards
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.doing import status_of
from headend.core.reconcile.refusal import Guard, Refusal


async def ask_catalogue(kind: Kind[Any, Any], api: Any, spec: Spec) -> Sequence[Problem]:
    """What the platform's catalogue says against the spec, where there is one."""
    return await kind.check_catalogue(api, spec) if isinstance(kind, Catalogued) else ()


async def review(
    decision: Decision,
    api: Any,
    parent: Spec | None = None,
    related: Mapping[str, Spec] | None = None,
    said: Sequence[Problem] | None = None,
) -> Decision:
    """The decision with the kind's findings, what is wrong with what the object does, and the protection guard.

    Errors in the spec are findings: the stack must be corrected first. Errors about the loss of an object refuse the
    step. parent: spec of the object that this one lives in. related: field -> spec of the object it refers to.
    said: by the catalogue, if it was asked before.
    """
    situation, kind = decision.situation, decision.kind
    if situation.want is not None:
        want, around = situation.want, related or {}
        found = ask_without((want, *around.values()), lambda: list(kind.check(want, around)), list[Problem]())
        proposal = Proposal(decision.action, situation.want, decision.id, decision.changes, parent, related=around)
        found += await ask_catalogue(kind, api, want) if said is None else said
        found += await kind.review(api, proposal)
        # warnings about an object that is not written would only be noise
        decision = decision.but(*(errors(found) if decision.action is Action.NONE else found))
        if decision.live is not None and not decision.creates and Can.OBSERVE in kind.can:
            status = await status_of(kind, api, decision.live, want, situation.life, parent)
            if status.wrong and status.field not in {change.field for change in decision.changes}:
                doubts = {name: why for name, why in decision.unverifiable.items() if name != status.field}
                decision = replace(decision, status=status, unverifiable=doubts)
    decision = await _review_loss(decision, api)
    removed = situation.last if situation.want is None else None
    protect = removed.protect if removed else situation.life.protect
    lost = decision.reason is Reason.VANISHED  # whatever protects it
    return decision.but(refused=None if lost else guards.refusal(kind, decision.action, protect))


async def _review_loss(decision: Decision, api: Any) -> Decision:
    """Adds findings about an object that is deleted, or left behind because the platform can't delete it."""
    situation, kind = decision.situation, decision.kind
    last, deletes = situation.last, decision.action is Action.DELETE
    if last is None or not (deletes or decision.reason is Reason.RETAINED or decision.action is Action.REPLACE):
        return decision
    deletable = last.is_deletable(kind)
    if deletable and not deletes:
        return decision
    action = Action.DELETE if deletable else Action.FORGET
    found = await kind.review(api, Proposal(action, None, last.id, last=last.spec(kind)))
    decision = decision.but(*remarks(found))
    retained = situation.want is None and last.retain
    why = "; ".join(problem.text for problem in errors(found))
    return decision.but(refused=Refusal(Guard.PLATFORM, why)) if why and not retained else decision
