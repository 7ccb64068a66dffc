"""Refusals: what headend does only if the stack or a flag allows it by name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from headend.core.model.capabilities import Container
from headend.core.model.errors import GuardError
from headend.core.model.kind import Kind
from headend.core.model.proposal import Action
from headend.core.reconcile import on_air as onair
from headend.core.reconcile.plan import Plan


def refusal(kind: Kind[Any, Any], action: Action, protect: bool | None) -> str | None:
    """Why this action is refused for an object of this kind; None if it is allowed (A-410, A-971)."""
    if action not in {Action.DELETE, Action.REPLACE}:
        return None
    if protect:
        return f"{action} refused: lifecycle.protect is true; set it to false and apply that first"
    if action is Action.REPLACE and isinstance(kind, Container) and protect is not False:
        return "replace refused: it destroys all that lives in the object; set lifecycle.protect: false to allow it"
    return None


def mass_deletion(losses: int, managed: int, allowed: bool, way: str = "--allow-deletions") -> str | None:
    """Why a plan that deletes much of what is managed is refused: a wrong file or overlay looks the same. None if it is
    allowed. way: the flag that allows it."""
    if allowed or losses < 5 or losses * 10 <= managed * 3:
        return None
    return f"{losses} of {managed} objects would be deleted or replaced; if that is meant, say {way}"


def check(
    plan: Plan, managed: int, *, allow_deletions: bool = False, allowed: Collection[str] = (), sink: bool = False
) -> None:
    """Raises GuardError that names every refused step. allowed: addresses that may be interrupted.
    sink: whether there is a place to keep the secrets that platforms make."""
    refused = [f"{s.address}: {s.refused}" for s in plan.steps if s.refused]
    refused += filter(None, (onair.refusal(s.address, s.impact, s.on_air, allowed) for s in plan.steps))
    if not sink:
        refused += [
            f"{s.address}: makes a secret that is shown once ({', '.join(s.hands_out)}); "
            "say where to keep it: --secrets-out FILE"
            for s in plan.steps
            if s.hands_out
        ]
    losses = sum(1 for step in plan.steps if step.action in {Action.DELETE, Action.REPLACE})
    if many := mass_deletion(losses, managed, allow_deletions or plan.destroy):
        refused.append(many)
    if refused:
        raise GuardError("\n".join(refused))
