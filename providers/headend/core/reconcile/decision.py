"""What to do with one object, and why. `headend.core.reconcile.decide` makes it; plan and writes use it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from headend.core.model.fields import Impact, Spec
from headend.core.model.findings import Problem
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Kind
from headend.core.model.observed import Change, Observed, Status
from headend.core.model.proposal import Action
from headend.core.reconcile.binding import PreImage
from headend.core.reconcile.refusal import Refusal
from headend.core.reconcile.situation import Situation


class Reason(enum.StrEnum):
    """Why the action is taken."""

    NEW = "new"
    CHANGED = "changed"
    DRIFTED = "drifted"
    VANISHED = "vanished"
    INCOMPLETE = "incomplete"
    RECOVERED = "recovered"
    FOUND = "found"
    REMOVED = "removed"
    REPLACED = "replaced"
    RETAINED = "retained"
    HELD = "held"
    GONE = "gone"
    RENAMED = "renamed"
    UNCHANGED = "unchanged"


@frozen_dataclass(slots=True)
class Decision:
    """What is done with one object, and why.

    id: of the live object, None before it exists. findings: errors stop the plan; warnings and notes are shown.
    refused: why a guard refuses it. after: addresses whose steps go first, because they free what this one needs.
    seen: hashes of the live object that the decision is based on.
    noted: fields of which nothing is sent, and whose new value state takes note of.
    status: what the live object does, where that is not what the stack wants and no change mends it.
    """

    situation: Situation = field(repr=False)
    action: Action
    reason: Reason
    id: str | None = None
    changes: tuple[Change, ...] = ()
    unverifiable: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Problem, ...] = ()
    refused: tuple[Refusal, ...] = ()
    after: tuple[str, ...] = ()
    impact: Impact = Impact.NONE
    seen: PreImage = field(default_factory=dict)
    noted: tuple[str, ...] = ()
    status: Status | None = None

    @property
    def live(self) -> Observed | None:
        """The live object that `id` names."""
        live = self.situation.live
        if live is not None and live.id == self.id:
            return live
        return next((one for one in self.situation.alike if one.id == self.id), None)

    @property
    def kind(self) -> Kind[Any, Any]:
        return self.situation.kind

    @property
    def creates(self) -> bool:
        return self.action in {Action.CREATE, Action.REPLACE}

    def with_want(self, want: Spec) -> Decision:
        """The same decision with a spec whose references are resolved further."""
        return replace(self, situation=replace(self.situation, want=want))

    def but(self, *findings: Problem, refused: Refusal | None = None) -> Decision:
        """The same decision with more findings, or one more refusal."""
        if not findings and refused is None:
            return self
        no = (refused,) if refused else ()
        return replace(self, findings=(*self.findings, *findings), refused=(*self.refused, *no))
