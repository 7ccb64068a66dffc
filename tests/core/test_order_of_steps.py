"""The order of steps, over random stacks and changes: refused, or sound in whatever way equal steps are taken."""

from __future__ import annotations

import graphlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile.circles import in_circles
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.graph import Edges, graph, holding_on
from headend.core.reconcile.plan import Plan, Step


@dataclass(frozen=True)
class Thing:
    """had, wants: what it refers to, before and after. fixed: a new id in a reference replaces it. lets_go: it can
    release what it refers to. first: its kind makes the new object first. name, new_name: unique, if not None."""

    had: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    exists: bool = True
    stays: bool = True
    changes: str = "none"  # what its own fields ask for
    fixed: bool = False
    lets_go: bool = False
    first: bool = False
    name: str | None = None
    new_name: str | None = None

    def references(self) -> tuple[str, ...]:
        return self.wants

    @property
    def kind(self) -> Any:
        return SimpleNamespace(create_before_delete=self.first)


@st.composite
def stacks(draw: st.DrawFn) -> dict[str, Thing]:
    """Things that refer to earlier ones; names are handed around."""
    count = draw(st.integers(1, 6))
    order = [f"t{n}" for n in range(count)]
    firsts = {address for address in order if draw(st.booleans())}
    named = [address for address in order if address not in firsts]
    names = dict(zip(named, draw(st.permutations(named)) if draw(st.booleans()) else named, strict=True))
    found: dict[str, Thing] = {}
    for place, address in enumerate(order):
        earlier = st.lists(st.sampled_from(order[:place]), unique=True, max_size=2) if place else st.just([])
        found[address] = Thing(
            had=tuple(draw(earlier)),
            wants=tuple(draw(earlier)),
            exists=draw(st.sampled_from([True, True, True, False])),
            stays=draw(st.sampled_from([True, True, True, False])),
            changes=draw(st.sampled_from(["none", "update", "replace", "replace"])),
            fixed=draw(st.booleans()),
            lets_go=draw(st.sampled_from([False, False, True])),
            first=address in firsts,
            name=None if address in firsts else address,
            new_name=names.get(address),
        )
    known = {a for a, t in found.items() if t.exists}
    kept = {a for a, t in found.items() if t.stays}
    return {
        a: replace(t, had=tuple(r for r in t.had if r in known), wants=tuple(r for r in t.wants if r in kept))
        for a, t in found.items()
    }


def actions(things: Mapping[str, Thing], forced: set[str]) -> dict[str, Action]:
    """What the decisions would be: a new id in a reference changes, or replaces."""
    found: dict[str, Action] = {}
    for address, thing in things.items():
        anew = [r for r in thing.wants if found.get(r) in {Action.CREATE, Action.REPLACE}]
        differs = bool(anew) or thing.had != thing.wants
        if not thing.stays:
            found[address] = Action.DELETE if thing.exists else Action.NONE
        elif not thing.exists:
            found[address] = Action.CREATE
        elif thing.changes == "replace" or address in forced or (thing.fixed and differs):
            found[address] = Action.REPLACE
        elif thing.changes == "update" or differs or thing.name != thing.new_name:
            found[address] = Action.UPDATE
        else:
            found[address] = Action.NONE
    return found


def planned(things: Mapping[str, Thing]) -> tuple[dict[str, Action], Edges]:
    """As the planner goes about it."""
    stack = Stack("one", "", {a: cast(Any, t) for a, t in things.items() if t.stays})
    records = {
        a: Record(a, "ateme.multi_viewer" if t.lets_go else "ateme.input", a, {}, depends=t.had)
        for a, t in things.items()
        if t.exists
    }
    forced: set[str] = set()
    while True:
        done = actions(things, forced)
        steps = []
        for address, action in done.items():
            thing = things[address]
            holder = thing.new_name if thing.new_name != thing.name or not thing.exists else None
            leaves = holder in things and things[holder].exists and done[holder] is not Action.NONE
            gives = leaves and holder and (not things[holder].stays or things[holder].new_name != things[holder].name)
            after = (holder,) if gives and holder != address and thing.stays else ()
            decision = cast(Any, SimpleNamespace(after=after))
            steps.append(Step(address, "ateme.input", action, Reason.CHANGED, decision=decision))
        plan = Plan("one", "", tuple(steps))
        more = holding_on(plan, stack, records) - forced
        if not more:
            return done, graph(plan, stack, records)
        forced |= more


@dataclass
class World:
    """Live objects: (address, "old" or "new") -> what it refers to, and its name."""

    things: Mapping[str, Thing]
    alive: dict[tuple[str, str], tuple[set[tuple[str, str]], str | None]] = field(default_factory=dict)

    def now(self, address: str, done: Mapping[str, Action]) -> tuple[str, str]:
        return address, "new" if done[address] in {Action.CREATE, Action.REPLACE} else "old"

    def drop(self, address: str) -> None:
        gone = (address, "old")
        users = [other for other, (refs, _) in self.alive.items() if gone in refs]
        assert not users, f"{address} is deleted while {users} refer to it"
        del self.alive[gone]

    def put(self, address: str, done: Mapping[str, Action]) -> None:
        thing, me = self.things[address], self.now(address, done)
        refs = {self.now(r, done) for r in thing.wants}
        assert refs <= self.alive.keys(), f"{address} is made before what it needs"
        self.alive.pop(me, None) if me[1] == "old" else None
        taken = {name for _, name in self.alive.values()} - {None}
        assert thing.new_name not in taken, f"{address} takes a name twice"
        self.alive[me] = (refs, thing.new_name)

    def release(self, address: str, going: set[str]) -> None:
        refs, name = self.alive[address, "old"]
        self.alive[address, "old"] = ({r for r in refs if r[0] not in going}, name)


@given(stacks(), st.randoms(use_true_random=False))
@settings(max_examples=400)
@pytest.mark.contract("A-739")
def test_an_order_is_sound_or_refused(things: dict[str, Thing], random: Any) -> None:
    done, edges = planned(things)
    if in_circles(edges):
        return  # the plan is refused, and says so
    world = World(things)
    for address, thing in things.items():
        if thing.exists:
            world.alive[address, "old"] = ({(r, "old") for r in thing.had}, thing.name)
    going = {a for a, action in done.items() if action is Action.REPLACE}
    sorter = graphlib.TopologicalSorter(edges)
    sorter.prepare()
    ready: list[Any] = []
    while sorter.is_active():
        ready += sorter.get_ready()
        address, part = ready.pop(random.randrange(len(ready)))
        if part == "drop":
            world.drop(address)
        elif part == "put":
            world.put(address, done)
        else:
            world.release(address, going)
        sorter.done((address, part))
