"""The plan: one step per object. Action and reason are two things.

Renderers read `Plan.document()`, never the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import Any

import headend
from headend.core.model.fields import Impact
from headend.core.model.findings import Source, remarks
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.observed import Change, Status
from headend.core.model.options import NO_OPTIONS, Options
from headend.core.model.proposal import Action
from headend.core.model.record import Marker
from headend.core.model.stack import Resource
from headend.core.reconcile.binding import Binder
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.refusal import Refusal
from headend.core.reconcile.values import Holder, Value, given, nobody, references, units, was_there

FORMAT = "headend.plan/2"
PLANS_FORMAT = "headend.plans/1"  # of several


def _in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@frozen_dataclass
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
        until = f"until {_in_utc(self.end)}" if self.end else "without end"
        since = f"from {_in_utc(self.start)} " if self.start else ""
        return f"{self.address or f'{self.kind} {self.id}'} {since}{until}"


@frozen_dataclass(slots=True)
class Step:
    """One object's part of a plan.

    id: remote id, None before it exists. moved_from: old address. resource: of the stack, None where it goes.
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
    moved_from: str | None = None
    refusals: tuple[Refusal, ...] = ()
    on_air: tuple[Cut, ...] = ()
    hands_out: tuple[str, ...] = ()
    status: Status | None = None
    decision: Decision | None = field(default=None, repr=False, compare=False)
    resource: Resource | None = field(default=None, repr=False, compare=False)

    @property
    def refused(self) -> str | None:
        """Why guards refuse the step, in one line; None if none does."""
        return "; ".join(map(str, self.refusals)) or None

    def but(self, refusals: Iterable[Refusal]) -> Step:
        """The same step, refused for more reasons."""
        more = tuple(refusals)
        return replace(self, refusals=(*self.refusals, *more)) if more else self

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to say of it."""
        idle = self.action is Action.NONE
        return idle and not (self.status or self.unverifiable or self.warnings or self.refusals)

    def document(self, holder: Holder = nobody) -> dict[str, Any]:
        """The step as in the plan document; nothing in it is secret. holder: who has an object, by what state has."""
        entries: dict[str, Any] = {
            "address": self.address,
            "kind": self.kind,
            "action": self.action.value,
            "reason": self.reason.value,
            "impact": self.impact.value,
            "id": self.id,
            "changes": [change_document(change) for change in self.changes],
            "values": [_value(value) for value in self._values(holder)],
            "units": self._units(),
            "references": references(self.resource) if self.resource else {},
            "unverifiable": dict(self.unverifiable),
            "status": self.status.document() if self.status else None,
            "warnings": list(self.warnings),
            "source": {"file": self.source.file, "line": self.source.line} if self.source else None,
            "moved_from": self.moved_from,
            "refused": self.refused,
            "refusals": [refusal.document() for refusal in self.refusals],
            "hands_out": list(self.hands_out),
            "on_air": [cut.document() for cut in self.on_air],
            "bound": self._bound(),
        }
        return {key: value for key, value in entries.items() if value not in (None, [], {}, "")}

    def _values(self, holder: Holder) -> Iterable[Value]:
        """All fields of what is made, and of what goes."""
        if self.decision is None or self.action not in _TOLD_WHOLE:
            return ()
        return given(self.decision, self.resource) if self.resource else was_there(self.decision, holder)

    def _units(self) -> dict[str, str]:
        if self.decision is None:
            return {}
        want, last = self.decision.situation.want, self.decision.situation.last
        model = type(want) if want else self.decision.kind.spec_type(last.values.get("variant") if last else None)
        return units(model, None if self.action in _TOLD_WHOLE else [c.field for c in self.changes])

    def _bound(self) -> dict[str, Any]:
        """What the step was decided by: the live object, and the secrets of the stack as far as there is a key."""
        if self.decision is None:
            return {}
        situation = self.decision.situation
        want, bind = situation.want, situation.bind
        secret = {name: getattr(want, name, None) for name in sorted(situation.secrets)} if want else {}
        secret = {name: value for name, value in secret.items() if value is not None}
        found = {"live": dict(self.decision.seen), "secrets": bind.hash_secret(secret) if secret else None}
        return {name: value for name, value in found.items() if value}


def step_of(
    decision: Decision, resource: Resource | None = None, moved_from: str | None = None, hands_out: tuple[str, ...] = ()
) -> Step:
    """The decision as a step of the plan, which keeps no decision to do nothing: there may be many of them."""
    situation, idle = decision.situation, decision.action is Action.NONE and not (decision.noted or decision.refused)
    return Step(
        situation.address,
        decision.kind.name,
        decision.action,
        decision.reason,
        impact=decision.impact,
        id=decision.id,
        changes=decision.changes,
        unverifiable=decision.unverifiable,
        warnings=tuple(problem.text for problem in remarks(decision.findings)),
        source=resource.source if resource else None,
        moved_from=moved_from,
        hands_out=hands_out,
        refusals=decision.refused,
        status=decision.status,
        decision=None if idle else decision,
        resource=resource,
    )


_TOLD_WHOLE = {Action.CREATE, Action.REPLACE, Action.DELETE, Action.FORGET}


def _value(value: Value) -> dict[str, Any]:
    marked = isinstance(value.value, Marker)
    flags = {name: True for name, is_so in (("default", value.default), ("mark", marked)) if is_so}
    return {"path": value.field, "value": _plain(value.value)} | flags


def change_document(change: Change) -> dict[str, Any]:
    """marks: which of the two values is headend's own marker, "(secret)" or "(known after apply)"."""
    values = {"before": change.before, "after": change.after}
    marks = [name for name, value in values.items() if isinstance(value, Marker)]
    plain = {name: _plain(value) for name, value in values.items()}
    return {"path": ".".join(change.path), **plain, "cause": change.cause} | ({"marks": marks} if marks else {})


def _plain(value: Any) -> Any:
    """The value with headend's markers as text, at any depth."""
    if isinstance(value, str):  # as nearly all are; a marker is none
        return value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Marker) else value


@frozen_dataclass
class Plan:
    """All steps of a stack, in file order, deletions last. bind: made the hashes of what was seen.
    stateless: no state is kept. holder: who has an object, by what state has. at: when it was made. options: of the
    stack.
    lookups: `<address>.<field>` or `lookups.<name>` -> the id that was found. refusals: of the plan as a whole."""

    stack: str
    file: str
    steps: tuple[Step, ...] = field(repr=False)  # asyncio.run makes a repr of its result, which costs time
    destroy: bool = False
    stateless: bool = field(default=False, kw_only=True)
    lookups: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    bind: Binder = field(default_factory=Binder, repr=False, compare=False)
    holder: Holder = field(default=nobody, repr=False, compare=False)
    at: datetime | None = field(default=None, compare=False)
    options: Options = field(default=NO_OPTIONS, repr=False, compare=False)

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
        """Counts by action, of what isn't refused. `unverifiable` counts objects that are otherwise unchanged; `wrong`
        those that don't do what the stack wants, `refused` what guards refuse, the plan as a whole included."""
        idle = [step for step in self.steps if step.action is Action.NONE]
        unverifiable = sum(1 for step in idle if step.unverifiable and not step.status)
        counts = Counter(step.action for step in self.steps if not step.refusals)
        actions = [a for a in Action if a is not Action.NONE]
        known = {"unchanged": len(idle) - unverifiable - self.wrong, "unverifiable": unverifiable}
        refused = sum(1 for s in self.steps if s.refusals) + len(self.refusals)
        more = {name: count for name, count in (("wrong", self.wrong), ("refused", refused)) if count}
        return {a.value: counts[a] for a in actions} | known | more

    def document(self) -> dict[str, Any]:
        """The plan document, JSON-serialisable, free of secrets."""
        return self.head() | {"steps": list(self.step_documents())}

    def step_documents(self, *, quiet: bool = True) -> Iterator[dict[str, Any]]:
        """The documents of the steps, one at a time: there may be a hundred thousand. quiet: also of those of which
        there is nothing to say."""
        return (step.document(self.holder) for step in self.steps if quiet or not step.is_quiet)

    def head(self) -> dict[str, Any]:
        """The document without its steps."""
        head = {
            "format": FORMAT,
            "headend": headend.__version__,
            "stack": self.stack,
            "file": self.file,
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds") if self.at else None,
            "time_zone": self.options.time_zone,
            "destroy": self.destroy,
            "stateless": self.stateless or None,
            "summary": self.summary(),
            "refusals": [refusal.document() for refusal in self.refusals],
            "lookups": dict(sorted(self.lookups.items())),
            "nonce": self.bind.nonce,
            "key": self.bind.key_id,
        }
        return {name: value for name, value in head.items() if value is not None}
