"""What all decisions have in common: the comparison of what is live with what is wanted, and its impact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headend.core.model.capabilities import impact_of_delete, why_unreadable
from headend.core.model.fields import Immutable, Impact, Interrupts, Spec, mark
from headend.core.model.findings import warning
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Action
from headend.core.model.record import forgotten
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.difference import Difference, differences
from headend.core.reconcile.situation import Situation

FORGOTTEN = "the key of the state was lost: taken to be as the stack has it"


def compare(s: Situation, live: Observed, last: Mapping[str, Any] | None) -> Difference:
    """How a live object differs from the spec. last: what was last applied, None if unknown.

    A forgotten secret that can't be read is taken to be another one, and written again, unless that would replace the
    object."""
    assert s.want is not None
    model, fixed = type(s.want), Can.UPDATE not in s.kind.can
    lost = [n for n in forgotten(last or {}) if n not in live.values and (fixed or mark(model, n, Immutable))]
    found = differences(
        s.want,
        live,
        last,
        digest=s.digest,
        hidden=s.secrets,
        ignore=(*s.life.ignore_changes, *lost),
        blind=why_unreadable(s.kind),
    )
    if s.stateless:
        found = replace(found, changes=tuple(replace(change, cause="unknown") for change in found.changes))
    return replace(found, unverifiable={**found.unverifiable, **dict.fromkeys(lost, FORGOTTEN)}) if lost else found


def step(
    s: Situation,
    action: Action,
    reason: Reason,
    live: Observed | None = None,
    found: Difference | None = None,
    noted: tuple[str, ...] = (),
) -> Decision:
    found = found or Difference()
    model: type[Spec] = s.kind.model if s.want is None else type(s.want)
    return Decision(
        s,
        action,
        reason,
        live.id if live else None,
        found.changes,
        found.unverifiable,
        (*s.findings, *map(warning, live.warnings if live else ())),
        impact=impact(s.kind, action, model, found.changes),
        seen={} if action is Action.NONE else s.bind.pre_image(live, s.hidden),
        noted=noted,
    )


def impact(kind: Kind[Any, Any], action: Action, model: type[Spec], changes: Sequence[Change]) -> Impact:
    """What a step does to a running stream: the worst impact of its changes."""
    if action in {Action.DELETE, Action.REPLACE}:
        return impact_of_delete(kind)
    if not changes:
        return Impact.NONE
    found = {m.impact or Impact.INTERRUPTS for c in changes if (m := mark(model, c.field, Interrupts))}
    return max(found, key=list(Impact).index, default=Impact.NONE)
