"""Names that pass from one object to another in one plan: who gives one up goes first. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from headend.core.model.capabilities import Nameless, SharesKey, identifies
from headend.core.model.fields import Spec
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Kind
from headend.core.model.proposal import Action
from headend.core.model.record import Record, frozen
from headend.core.reconcile.plan import Step
from headend.core.reconcile.refusal import Guard, Refusal
from headend.core.wire import registry

Key = tuple[str, Any]
"""(kind, natural key)."""


@frozen_dataclass
class _Passing:
    """What a step does to its object's natural key. has: the one that it has now. wants: the one that it takes."""

    step: Step
    has: Key | None
    wants: Key | None

    @property
    def gives_up(self) -> bool:
        """Whether its key becomes free in this plan."""
        return self.step.action in {Action.UPDATE, Action.REPLACE, Action.DELETE} and self.has != self.wants


def in_turn(steps: Sequence[Step], records: Mapping[str, Record]) -> list[Step]:
    """The steps, each after the one that gives up the natural key that it takes.

    Objects that exchange their keys by changes in place can't go one after the other: they are refused, unless their
    kind may have a key twice, as those that are made before the old one is deleted.
    """
    passing = {s.address: p for s in steps if s.action is not Action.NONE and (p := _passing(s, records))}
    holders = {p.has: address for address, p in passing.items() if p.has is not None and p.gives_up}
    before = {
        address: holders[p.wants]
        for address, p in passing.items()
        if p.wants is not None and p.wants != p.has and holders.get(p.wants, address) != address
        if not _change_hands(p.step)
    }
    circles = _in_circles(before, {a for a, p in passing.items() if p.step.action is Action.UPDATE})
    return [_after(step, before.get(step.address), circles) for step in steps]


def _passing(step: Step, records: Mapping[str, Record]) -> _Passing | None:
    kind = registry.kinds()[step.kind]
    if step.decision is None or isinstance(kind, Nameless | SharesKey):
        return None
    record, want = records.get(step.address), step.decision.situation.want
    return _Passing(step, _key(kind, record.spec(kind)) if record else None, _key(kind, want) if want else None)


def _change_hands(step: Step) -> bool:
    """Whether objects like this pass from one resource to another as they are, so that none has to go first."""
    want = step.decision.situation.want if step.decision else None
    return want is not None and identifies(registry.kinds()[step.kind], want)


def _key(kind: Kind[Any, Any], spec: Spec) -> Key | None:
    key = None if spec.unresolved() else kind.natural_key(spec)
    return None if key is None else (kind.name, frozen(key))


def _after(step: Step, holder: str | None, circles: Collection[str]) -> Step:
    """The step, after that of the holder of the name that it takes."""
    if holder is None or step.decision is None:
        return step
    if step.address not in circles:
        after = tuple(dict.fromkeys((*step.decision.after, holder)))
        return replace(step, decision=replace(step.decision, after=after))
    if registry.kinds()[step.kind].create_before_delete:
        return step
    why = f"it takes the name of {holder}, and that one in the end its own"
    way = "give one of them another name first, in an apply of its own"
    return step.but([Refusal(Guard.ORDER, why, way)])


def _in_circles(before: Mapping[str, str], in_place: Collection[str]) -> set[str]:
    """Addresses from which the way leads back to them, and only by way of changes in place."""
    found, seen = set[str](), set[str]()
    for start in before:
        way, address = list[str](), start
        while address in before and address in in_place and address not in seen:
            seen.add(address)
            way.append(address)
            address = before[address]
        if address in way:
            found |= {*way[way.index(address) :]}
    return found
