"""The plan: one step per object. Action and reason are two things.

Renderers read `Plan.document()`, never the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import headend
from headend.core.model.fields import Impact
from headend.core.model.findings import Source
from headend.core.model.observed import Change, Status
from headend.core.model.proposal import Action
from headend.core.model.record import Digester, Marker, recorded, secret_fields
from headend.core.model.stack import Stack
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.refusal import Refusal

FORMAT = "headend.plan/1"


@dataclass(frozen=True)
class Cut:
    """Something on air, now or soon, that a step would cut. address: None if this stack doesn't manage it."""

    kind: str
    id: str
    start: datetime | None
    end: datetime | None
    address: str | None = None

    def document(self) -> dict[str, Any]:
        start, end = (time.isoformat() if time else None for time in (self.start, self.end))
        return {"address": self.address, "kind": self.kind, "id": self.id, "start": start, "end": end}

    def __str__(self) -> str:
        until = f"until {self.end.isoformat()}" if self.end else "without end"
        since = f"from {self.start.isoformat()} " if self.start else ""
        return f"{self.address or f'{self.kind} {self.id}'} {since}{until}"


@dataclass(frozen=True, slots=True)
class Step:
    """One object's part of a plan.

    id: remote id, None before it exists. seen: keyed hash of the live object the plan saw. moved_from: old address.
    unverifiable: field -> why it can't be checked. refusals: why guards refuse the step, and what lifts that.
    on_air: what it would cut, now or within the stack's on-air window. hands_out: secrets that it makes.
    status: what the object does, where that is not what the stack wants and the step doesn't mend it.
    decision: what apply carries out or takes note of, None where that is nothing; the other fields are for people.
    """

    address: str
    kind: str
    action: Action
    reason: Reason
    impact: Impact = Impact.NONE
    id: str | None = None
    changes: tuple[Change, ...] = ()
    unverifiable: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    source: Source | None = None
    seen: str = ""
    moved_from: str | None = None
    refusals: tuple[Refusal, ...] = ()
    on_air: tuple[Cut, ...] = ()
    hands_out: tuple[str, ...] = ()
    status: Status | None = None
    decision: Decision | None = field(default=None, repr=False, compare=False)

    @property
    def refused(self) -> str | None:
        """Why guards refuse the step, in one line; None if none does."""
        return "; ".join(map(str, self.refusals)) or None

    def but(self, refusals: Iterable[Refusal]) -> Step:
        """The same step, refused for more reasons."""
        return replace(self, refusals=(*self.refusals, *refusals))

    def document(self) -> dict[str, Any]:
        """The step as in the plan document; nothing in it is secret."""
        entries: dict[str, Any] = {
            "address": self.address,
            "kind": self.kind,
            "action": self.action.value,
            "reason": self.reason.value,
            "impact": self.impact.value,
            "id": self.id,
            "changes": [_change(change) for change in self.changes],
            "unverifiable": dict(self.unverifiable),
            "status": self.status.document() if self.status else None,
            "warnings": list(self.warnings),
            "source": {"file": self.source.file, "line": self.source.line} if self.source else None,
            "seen": self.seen,
            "moved_from": self.moved_from,
            "refused": self.refused,
            "refusals": [refusal.document() for refusal in self.refusals],
            "hands_out": list(self.hands_out),
            "on_air": [cut.document() for cut in self.on_air],
        }
        return {key: value for key, value in entries.items() if value not in (None, [], {}, "")}


def _change(change: Change) -> dict[str, Any]:
    """marks: which of the two values is headend's own marker, "(secret)" or "(known after apply)"."""
    values = {"before": change.before, "after": change.after}
    marks = [name for name, value in values.items() if isinstance(value, Marker)]
    plain = {name: _plain(value) for name, value in values.items()}
    return {"path": ".".join(change.path), **plain, "cause": change.cause} | ({"marks": marks} if marks else {})


def _plain(value: Any) -> Any:
    """The value with headend's markers as text, at any depth."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Marker) else value


@dataclass(frozen=True)
class Plan:
    """All steps of a stack, in file order, deletions last. hash_desired: gives `desired`, which few ask for.
    lookups: `<address>.<field>` or `lookups.<name>` -> the id that was found. refusals: of the plan as a whole."""

    stack: str
    file: str
    hash_desired: Callable[[], str] = field(repr=False, compare=False)
    steps: tuple[Step, ...] = field(repr=False)  # asyncio.run makes a repr of its result, which costs time
    destroy: bool = False
    lookups: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()

    @property
    def desired(self) -> str:
        """Keyed hash of the desired state."""
        return self.hash_desired()

    @property
    def refused(self) -> tuple[str, ...]:
        """All that guards refuse, a line each; nothing where apply would begin."""
        steps = (f"{step.address}: {refusal}" for step in self.steps for refusal in step.refusals)
        return (*steps, *map(str, self.refusals))

    @property
    def wrong(self) -> int:
        """How many objects don't do what the stack wants, and no step mends that."""
        return sum(step.status is not None for step in self.steps if step.action is Action.NONE)

    def writes(self) -> tuple[Step, ...]:
        """Steps that change something, even if only headend's own state."""
        return tuple(step for step in self.steps if step.action is not Action.NONE)

    def summary(self) -> dict[str, int]:
        """Counts by action. `unverifiable` counts objects that are otherwise unchanged; `wrong`
        those that don't do what the stack wants, `refused` what guards refuse, the plan as a whole included."""
        idle = [step for step in self.steps if step.action is Action.NONE]
        unverifiable = sum(1 for step in idle if step.unverifiable and not step.status)
        counts = Counter(step.action for step in self.steps)
        actions = [a for a in Action if a is not Action.NONE]
        known = {"unchanged": len(idle) - unverifiable - self.wrong, "unverifiable": unverifiable}
        refused = sum(1 for s in self.steps if s.refusals) + len(self.refusals)
        more = {name: count for name, count in (("wrong", self.wrong), ("refused", refused)) if count}
        return {a.value: counts[a] for a in actions} | known | more

    def document(self) -> dict[str, Any]:
        """The plan document, JSON-serialisable, free of secrets."""
        return self.head() | {"steps": [step.document() for step in self.steps]}

    def head(self) -> dict[str, Any]:
        """The document without its steps, of which there may be many."""
        return {
            "format": FORMAT,
            "headend": headend.__version__,
            "stack": self.stack,
            "file": self.file,
            "desired": self.desired,
            "destroy": self.destroy,
            "summary": self.summary(),
            "refusals": [refusal.document() for refusal in self.refusals],
            "lookups": dict(sorted(self.lookups.items())),
        }


def desired_hash(stack: Stack, digest: Digester) -> str:
    """Keyed hash of the desired state, made resource by resource; secrets are included as digests."""
    text = ""
    for address, resource in sorted(stack.resources.items()):
        spec = resource.spec
        wanted = recorded(spec, secret_fields(type(spec), resource.secret_fields), digest)
        text = digest([text, address, wanted]).text
    return text
