"""Refusals: what headend does only if the stack or a flag allows it by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from headend.core.model.capabilities import Container
from headend.core.model.errors import GuardError
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Kind
from headend.core.model.proposal import Action
from headend.core.reconcile import on_air as onair
from headend.core.reconcile.plan import Plan, Step
from headend.core.reconcile.refusal import Guard, Refusal


@frozen_dataclass
class Consent:
    """What was agreed to for one run. interruptions: addresses that may be interrupted. secrets: whether there is a
    place to keep the secrets that platforms make."""

    deletions: bool = False
    interruptions: Collection[str] = ()
    secrets: bool = False


def refusal(kind: Kind[Any, Any], action: Action, protect: bool | None) -> Refusal | None:
    """Why this action is refused for an object of this kind; None if it is allowed (A-410, A-971)."""
    if action not in {Action.DELETE, Action.REPLACE}:
        return None
    if protect:
        why = f"{action} refused: lifecycle.protect is true"
        first = " and apply that first" if action is Action.DELETE else ""  # then state alone knows
        return Refusal(Guard.PROTECT, why, f"set it to false{first}")
    if action is Action.REPLACE and isinstance(kind, Container) and protect is not False:
        why = "replace refused: it destroys all that lives in the object"
        return Refusal(Guard.PROTECT, why, "set lifecycle.protect: false to allow it")
    return None


def mass_deletion(losses: int, managed: int, allowed: bool, way: str = "--allow-deletions") -> Refusal | None:
    """Why a plan that deletes much of what is managed is refused: a wrong file or overlay looks the same. None if it is
    allowed. way: the flag that allows it."""
    if allowed or losses < 5 or losses * 10 <= managed * 3:
        return None
    why = f"{losses} of {managed} objects would be deleted or replaced"
    return Refusal(Guard.MASS_DELETION, why, f"if that is meant, say {way}")


def judge(plan: Plan, managed: int, consent: Consent) -> Plan:
    """The plan with all that apply would refuse of it, now that it is known what was agreed to."""
    steps = tuple(step.but(_refusals(step, consent)) for step in plan.steps)
    losses = sum(1 for step in plan.steps if step.action in {Action.DELETE, Action.REPLACE})
    many = mass_deletion(losses, managed, consent.deletions or plan.destroy)
    return replace(plan, steps=steps, refusals=(many,) if many else ())


def _refusals(step: Step, consent: Consent) -> Iterator[Refusal]:
    if air := onair.refusal(step.address, step.impact, step.on_air, consent.interruptions):
        yield air
    if step.hands_out and not consent.secrets:
        why = f"makes a secret that is shown once ({', '.join(step.hands_out)})"
        yield Refusal(Guard.SECRETS, why, "say where to keep it: --secrets-out FILE")


def raise_if_refused(plan: Plan) -> None:
    """Raises GuardError that names all that a judged plan is refused for."""
    if plan.refused:
        raise GuardError(*plan.refused)
