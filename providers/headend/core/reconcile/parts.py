"""The steps of a plan that streams take part in, with what each comes from and leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from headend.core.model.address import outer
from headend.core.model.capabilities import Container
from headend.core.model.fields import Ref, Spec, mark
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Kind
from headend.core.model.proposal import Action
from headend.core.model.record import Marker
from headend.core.model.references import Reference, pending
from headend.core.model.signal import Carries, HoldsAddress, Span
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.plan import Plan, Step
from headend.core.wire import registry

Find = Callable[[str], Kind[Any, Any] | None]
"""Address -> the kind of what is there."""


@frozen_dataclass
class Ends:
    """Addresses that a stream comes from, and where it leads."""

    sources: tuple[str, ...] = ()
    target: str | None = None


@frozen_dataclass
class Part:
    """A step's object. spec: as it is to be, or was last applied. before: its ends, where the plan changes them."""

    step: Step
    kind: Kind[Any, Any]
    spec: Spec
    environment: str | None
    ends: Ends
    before: Ends | None = None

    @property
    def address(self) -> str:
        return self.step.address

    @property
    def goes(self) -> bool:
        return self.step.action is Action.DELETE

    @property
    def is_there(self) -> bool:
        """Whether it is live before the plan is carried out."""
        return self.step.id is not None and self.step.action is not Action.CREATE

    @property
    def joins(self) -> bool:
        """Whether it joins two others, and is no place that a stream comes through itself."""
        return isinstance(self.kind, Carries) and self.kind.target is not None

    def span(self, parts: Mapping[str, Part]) -> Span | None:
        """When it carries a stream, as the stack wants it."""
        return self._span(self.spec, parts)

    def span_before(self, parts: Mapping[str, Part]) -> Span | None:
        """The same as it is now."""
        live = {change.field: change.before for change in self.step.changes if len(change.path) == 1}
        if not live or any(isinstance(value, Marker) for value in live.values()):
            return self.span(parts)
        return self._span(self.spec.model_copy(update=live), parts)

    def _span(self, spec: Spec, parts: Mapping[str, Part]) -> Span | None:
        if not isinstance(self.kind, Carries):
            return None
        linked = self.spec.linked_fields().items()
        named = {name: parts.get(value.address) for name, value in linked if isinstance(value, Reference)}
        return self.kind.span(spec, {name: part.spec for name, part in named.items() if part})


def parts_of(plan: Plan) -> dict[str, Part]:
    """The parts, by address, in the plan's order. What vanished before is none."""
    kinds = registry.kinds()
    wanted = {name for name, kind in kinds.items() if isinstance(kind, Carries | Container | HoldsAddress)}
    steps = {step.address: step for step in plan.steps if step.kind in wanted and step.reason is not Reason.GONE}

    def find(address: str) -> Kind[Any, Any] | None:
        return kinds[steps[address].kind] if address in steps else None

    made = (_part(step, kinds[step.kind], find) for step in steps.values())
    return {part.address: part for part in made if part}


def _part(step: Step, kind: Kind[Any, Any], find: Find) -> Part | None:
    last = step.decision.situation.last if step.decision else None
    home = next((address for address in outer(step.address) if isinstance(find(address), Container)), None)
    if step.resource is None:
        return Part(step, kind, last.spec(kind), home, _applied(kind, last.depends, find)) if last else None
    spec, before = step.resource.spec, None
    if last and isinstance(kind, Carries):
        moving = {*kind.sources, *([kind.target] if kind.target else ())}
        if any(change.field in moving for change in step.changes):
            before = _applied(kind, last.depends, find)
    return Part(step, kind, spec, home, _wanted(kind, spec), before)


def _wanted(kind: Kind[Any, Any], spec: Spec) -> Ends:
    """What the spec names."""
    if isinstance(kind, HoldsAddress):
        return Ends(target=next(_named(spec, kind.address_of(spec)[0]), None))
    if not isinstance(kind, Carries):
        return Ends()
    sources = dict.fromkeys(address for name in kind.sources for address in _named(spec, name))
    return Ends(tuple(sources), next(_named(spec, kind.target), None) if kind.target else None)


def _named(spec: Spec, field: str) -> Iterator[str]:
    return (one.address for one in pending(getattr(spec, field, None)) if isinstance(one, Reference))


def _applied(kind: Kind[Any, Any], depends: Iterable[str], find: Find) -> Ends:
    """What it was last applied with, by what it depended on."""
    found = {address: known for address in depends if (known := find(address))}
    if isinstance(kind, HoldsAddress):
        return Ends(target=next((a for a, known in found.items() if isinstance(known, Container)), None))
    if not isinstance(kind, Carries):
        return Ends()
    ref = mark(kind.spec_type(next(iter(kind.variants), None)), kind.target, Ref) if kind.target else None
    target = next((address for address, known in found.items() if ref and known.name == ref.kind), None)
    sources = [a for a, known in found.items() if isinstance(known, Carries) and not known.target and a != target]
    return Ends(tuple(sources), target)
