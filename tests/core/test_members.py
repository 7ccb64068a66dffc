"""Lists of things that live beside other people's: what left the list goes, what another resource lists stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest

from headend.core.model import kind as kinds_module
from headend.core.model.capabilities import OwnsParts
from headend.core.model.errors import InputError, PartlyDone
from headend.core.model.fields import Parts, Same, Spec
from headend.core.model.findings import Source
from headend.core.model.kind import Kind
from headend.core.model.observed import Change, Observed
from headend.core.model.owners import Owned, Owners
from headend.core.model.stack import Lifecycle, Resource, Stack
from headend.core.reconcile.apply import apply
from headend.core.reconcile.outcome import Event
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.stackfile import load
from headend.core.wire import registry

World = dict[str, int]


def by_name(items: Iterable[str]) -> dict[str, dict[str, int]]:
    return {item.partition("=")[0]: {"value": int(item.partition("=")[2] or 0)} for item in items}


class ShelfSpec(Spec):
    items: Annotated[
        list[str],
        Same(by_name),
        Parts(lambda item: item.partition("=")[0], lambda spec, item: ("shelf", item.partition("=")[0])),
    ]


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "platforms", dict)
    known = dict(kinds_module.kinds)
    kinds_module.kinds.clear()

    class Shelf(Kind[ShelfSpec, World], OwnsParts[ShelfSpec]):
        """Things on a shelf."""

        name = "test.rack"
        model = ShelfSpec

        def owns(self, spec: ShelfSpec) -> Iterable[Owned]:
            return (("shelf", item.partition("=")[0]) for item in spec.items)

        async def observe(self, api: World, id: str, spec: ShelfSpec, *, fresh: bool = False) -> Observed | None:
            seen = [f"{name}={api[name]}" for name in by_name(spec.items) if name in api]
            return Observed(id, {"items": seen}) if seen else None

        async def create(self, api: World, spec: ShelfSpec) -> Observed:
            await self.update(api, "s", spec, ())
            return Observed("s", warnings=("made of what was at hand",))

        async def update(self, api: World, id: str, spec: ShelfSpec, changes: Sequence[Change]) -> None:
            wanted = by_name(spec.items)
            api |= {name: value["value"] for name, value in wanted.items() if name != "heavy"}
            for gone in {change.path[1] for change in changes} - wanted.keys():
                del api[gone]

        async def complete(self, api: World, id: str, spec: ShelfSpec, report: Any) -> Observed:
            if (live := await self.observe(api, id, spec)) and len(live.values["items"]) == len(spec.items):
                return live
            raise PartlyDone("heavy fell down", {"items": live.values["items"] if live else []})

        async def delete(self, api: World, id: str, last: ShelfSpec, report: Any) -> None:
            for name in by_name(last.items):
                api.pop(name, None)

    yield
    kinds_module.kinds.clear()
    kinds_module.kinds.update(known)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def racks(**items: list[str]) -> Stack:
    kind = registry.kinds()["test.rack"]
    return Stack(
        "test",
        "s",
        {n: Resource(n, n, kind, ShelfSpec(items=i), Lifecycle(), {"": Source("s", 1)}) for n, i in items.items()},
    )


def carry_out(world: World, state: State, wanted: Stack, failed: int = 0) -> tuple[dict[str, str], list[str]]:
    """address -> action of the plan, and what was warned of while it was applied."""
    events: list[Event] = []

    async def apis(platform: str) -> World:
        return world

    async def both() -> dict[str, str]:
        plan = await make_plan(wanted, state, apis)
        outcome = await apply(plan, wanted, state, apis, on_event=events.append)
        assert len(outcome.failed) == failed
        return {step.address: step.action.value for step in plan.steps}

    return asyncio.run(both()), [event.message for event in events if event.phase == "warning"]


def test_what_left_the_list_shows_as_a_change_and_goes_and_other_peoples_things_stay(state: State) -> None:
    world = {"theirs": 1}
    carry_out(world, state, racks(one=["a=1", "b=2"]))
    assert carry_out(world, state, racks(one=["b=2", "a=1"])) == ({"one": "none"}, [])
    assert carry_out(world, state, racks(one=["a=1"]))[0] == {"one": "update"}
    assert world == {"theirs": 1, "a": 1}
    carry_out(world, state, racks())
    assert world == {"theirs": 1}


def test_what_goes_over_to_another_list_is_never_deleted(state: State) -> None:
    world: World = {}
    carry_out(world, state, racks(one=["a=1", "b=2", "c=3"]))
    deleted = Watched(world)
    carry_out(deleted, state, racks(one=["a=1"], two=["b=2"]))
    assert deleted.gone == ["c"]
    assert carry_out(deleted, state, racks(two=["b=2"], three=["a=1", "e=5"]))[0]["one"] == "forget"
    assert carry_out(deleted, state, racks(four=["b=2", "d=4"]))[0]["three"] == "delete"
    assert deleted.gone == ["c", "a", "e"]
    assert dict(deleted) == {"b": 2, "d": 4}


class Watched(World):
    """Notes what is taken out of it."""

    def __init__(self, values: World) -> None:
        super().__init__(values)
        self.gone: list[str] = []

    def __delitem__(self, name: str) -> None:
        self.gone.append(name)
        super().__delitem__(name)

    def pop(self, name: str, default: Any = None) -> Any:
        self.gone.append(name)
        return super().pop(name, default)


def test_state_learns_what_a_list_has_even_where_nothing_is_to_be_written(state: State) -> None:
    world = {"a": 1, "theirs": 2}
    carry_out(world, state, racks(one=["a=1"]))
    assert carry_out(world, state, racks(one=["a=1", "theirs=2"]))[0] == {"one": "none"}
    assert state.records()["one"].values["items"] == ["a=1", "theirs=2"]
    del world["theirs"]
    assert carry_out(world, state, racks(one=["a=1"]))[0] == {"one": "none"}
    world["theirs"] = 3  # somebody's again: no longer ours to take away
    assert carry_out(world, state, racks(one=["a=1"]))[0] == {"one": "none"}
    carry_out(world, state, racks())
    assert world == {"theirs": 3}


def test_of_what_is_done_in_part_state_holds_what_is_there(state: State) -> None:
    world: World = {}
    _, warned = carry_out(world, state, racks(one=["a=1", "heavy=9"]), failed=1)
    assert warned == ["made of what was at hand"]
    entry = state.records()["one"]
    assert (entry.values["items"], entry.incomplete) == (["a=1"], True)
    assert carry_out(world, state, racks(one=["a=1"]))[0] == {"one": "update"}
    assert not state.records()["one"].incomplete


def test_nothing_is_owned_twice_be_it_a_part_or_the_whole() -> None:
    owners = Owners()
    assert owners.add("one", ("box", "a", "x")) is None
    assert owners.add("one", ("box", "a", "x")) is None
    assert owners.add("two", ("box", "a", "y")) is None
    assert owners.add("three", ("box", "a", "x")) == "one"
    assert owners.add("four", ("box", "a")) == "one"
    assert owners.add("five", ("box", "a", "z")) == "four"
    assert owners.of(("box", "b"), "six") is None


def test_two_lists_with_the_same_things_are_refused_with_what_they_share(tmp_path: Path) -> None:
    file = tmp_path / "stack.yaml"
    file.write_text("headend: 1\ntest:\n  racks: {one: {items: [a=1, b=2]}, two: {items: [b=3, c=1]}}\n")
    with pytest.raises(InputError, match=r"test\.racks\.two: has b in common with test\.racks\.one"):
        load(file)
