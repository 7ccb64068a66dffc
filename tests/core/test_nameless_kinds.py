"""Objects that nothing tells apart, and fields that nobody can read back: walls of screens, in short."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest

from headend.core.model import kind as kinds_module
from headend.core.model.capabilities import CreatedInStages, LetsGo, Nameless
from headend.core.model.errors import Ambiguous, InputError, Refused
from headend.core.model.fields import Immutable, Ref, Spec
from headend.core.model.findings import Source
from headend.core.model.kind import Kind, Report
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Action
from headend.core.model.record import UNKNOWN
from headend.core.model.references import Id, Reference
from headend.core.model.stack import Adopt, Lifecycle, Resource, Stack
from headend.core.reconcile.apply import apply
from headend.core.reconcile.outcome import Outcome
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.wire import registry


class WallSpec(Spec):
    rows: int = 2
    shows: Annotated[dict[str, Id] | None, Ref("test.source")] = None


class SourceSpec(Spec):
    port: Annotated[int, Immutable()] = 1


class World:
    """The sources and the walls by id; what was sent; what goes wrong next."""

    def __init__(self) -> None:
        self.walls: dict[str, dict[str, Any]] = {}
        self.sent: list[str] = []
        self.fails: dict[str, Exception] = {}

    def did(self, what: str) -> None:
        self.sent.append(what)
        if what in self.fails:
            raise self.fails.pop(what)


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "platforms", dict)
    known = dict(kinds_module.kinds)

    class Wall(Kind[WallSpec, World], Nameless, CreatedInStages[WallSpec, World], LetsGo[WallSpec, World]):
        """A wall."""

        name = "test.wall"
        model = WallSpec

        async def observe(self, api: World, id: str, spec: WallSpec, *, fresh: bool = False) -> Observed | None:
            if id not in api.walls:
                return None
            return Observed(id, {"rows": api.walls[id]["rows"]}, unverifiable={"shows": "it is never shown"})

        async def find(self, api: World, spec: WallSpec) -> list[Observed]:
            return [Observed(id, dict(row)) for id, row in api.walls.items() if row["rows"] == spec.rows]

        async def create(self, api: World, spec: WallSpec) -> Observed:
            id = f"w-{len(api.walls) + 1}"
            api.walls[id] = {"rows": spec.rows}
            api.did("create")
            return Observed(id, incomplete=True)

        async def release(self, api: World, id: str, last: WallSpec, going: Collection[str]) -> None:
            api.did(f"release {sorted(set((last.shows or {}).values()) & set(going))}")

        async def furnish(self, api: World, id: str, spec: WallSpec, report: Report) -> None:
            api.did("furnish")

        async def update(self, api: World, id: str, spec: WallSpec, changes: Sequence[Change]) -> None:
            api.walls[id]["rows"] = spec.rows
            api.did(f"update {[(c.before, c.after) for c in changes]}")

        async def complete(self, api: World, id: str, spec: WallSpec, report: Report) -> Observed:
            api.did("complete")
            return await super().complete(api, id, spec, report)

    class Feed(Kind[SourceSpec, World]):
        """What a wall shows."""

        name = "test.source"
        model = SourceSpec

        async def observe(self, api: World, id: str, spec: SourceSpec, *, fresh: bool = False) -> Observed | None:
            return Observed(id, {"port": api.walls[id]["port"]}) if id in api.walls else None

        async def create(self, api: World, spec: SourceSpec) -> Observed:
            api.did(f"make {spec.port}")
            api.walls[f"in-{spec.port}"] = {"port": spec.port, "rows": None}
            return Observed(f"in-{spec.port}")

        async def delete(self, api: World, id: str, last: SourceSpec, report: Report) -> None:
            api.did(f"delete {id}")
            del api.walls[id]

    class Maker(Feed):
        """The same, whose replacement is made first."""

        name = "test.maker"
        create_before_delete = True

    yield
    kinds_module.kinds.clear()
    kinds_module.kinds.update(known)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def stack(*names: str, adopt: Adopt = Adopt.NEVER, adopt_id: str | None = None, **fields: Any) -> Stack:
    life = Lifecycle(adopt=adopt, adopt_id=adopt_id)
    walls = {
        name: Resource(name, name, registry.kinds()["test.wall"], WallSpec(**fields), life, {"": Source("s", 1)})
        for name in names or ("it",)
    }
    return Stack("test", "s", walls)


def planned(world: World, state: State, wanted: Stack) -> Plan:
    async def apis(platform: str) -> World:
        return world

    return asyncio.run(make_plan(wanted, state, apis))


def applied(world: World, state: State, wanted: Stack) -> Outcome:
    async def apis(platform: str) -> World:
        return world

    async def both() -> Outcome:
        return await apply(await make_plan(wanted, state, apis), wanted, state, apis)

    world.sent.clear()
    return asyncio.run(both())


def test_two_that_are_just_alike_are_made_beside_a_third_that_is_somebody_elses(state: State) -> None:
    world = World()
    world.walls["w-0"] = {"rows": 2}
    assert applied(world, state, stack("a", "b")).failed == {}
    assert sorted(world.walls) == ["w-0", "w-2", "w-3"]
    plan = planned(world, state, stack("a", "b"))
    assert (plan.writes(), plan.summary()["unverifiable"]) == ((), 0), "nobody asked for what can't be seen"


def test_a_match_is_no_way_to_name_one_and_an_id_is(state: State) -> None:
    world = World()
    world.walls["w-0"] = {"rows": 2}
    with pytest.raises(InputError, match="nothing tells objects of this kind apart"):
        planned(world, state, stack(adopt=Adopt.MATCH))
    (step,) = planned(world, state, stack(adopt_id="w-0")).steps
    assert (step.action, step.id) == (Action.ADOPT, "w-0")


def test_a_run_that_takes_over_what_it_finds_makes_none_where_one_may_be_it(state: State) -> None:
    world = World()
    world.walls |= {"w-0": {"rows": 2}, "w-1": {"rows": 7}}
    (step,) = planned(world, state, stack(adopt=Adopt.IF_FOUND)).steps
    assert "it may be w-0: nothing tells objects of this kind apart" in str(step.refused)
    (step,) = planned(world, state, stack(adopt=Adopt.IF_FOUND, rows=3)).steps
    assert (step.action, step.refused, len(step.warnings)) == (Action.CREATE, None, 1)


def test_one_whose_creation_was_lost_is_found_and_not_made_twice(state: State) -> None:
    world = World()
    world.fails["create"] = Ambiguous("the connection was lost")
    assert "it" in applied(world, state, stack()).failed
    assert applied(world, state, stack()).failed == {}
    assert (list(world.walls), world.sent) == (["w-1"], ["furnish", "complete"])


def test_what_cannot_be_read_back_is_set_for_what_is_new_or_unfinished_and_never_for_an_update(state: State) -> None:
    world = World()
    world.fails["furnish"] = Refused("not yet")
    assert "it" in applied(world, state, stack()).failed
    assert applied(world, state, stack()).failed == {}
    assert world.sent == ["furnish", "complete"], "the run before didn't get there"
    assert applied(world, state, stack(rows=3)).failed == {}
    assert world.sent == ["update [(2, 3)]", "complete"]
    assert applied(world, state, stack(rows=3)).failed == {}
    assert world.sent == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param({"1": "in-1"}, {"1": "in-2"}, ({"1": "in-1"}, {"1": "in-2"}), id="another"),
        pytest.param({"1": "in-1"}, None, ({"1": "in-1"}, None), id="none any more"),
        pytest.param(
            {"1": "in-1", "2": "in-2"},
            {"1": Reference("new"), "2": "in-2"},
            ({"1": "in-1", "2": "in-2"}, {"1": UNKNOWN, "2": "in-2"}),
            id="one that is yet to be made",
        ),
    ],
)
def test_a_field_that_is_never_shown_changes_as_the_stack_does(
    state: State, before: Any, after: Any, told: tuple[Mapping[str, Any], Any]
) -> None:
    world = World()
    assert applied(world, state, stack(shows=before)).failed == {}
    (step,) = planned(world, state, stack(shows=after)).steps
    assert [(c.field, c.before, c.after) for c in step.changes] == [("shows", *told)]


def test_taking_one_over_writes_what_nobody_can_see(state: State) -> None:
    world = World()
    world.walls["w-0"] = {"rows": 2}
    assert applied(world, state, stack(adopt_id="w-0", shows={"1": "in-1"})).failed == {}
    assert world.sent == ["update [(None, {'1': 'in-1'})]", "complete"]


def shown(kind: str, port: int, *, wall: bool = True) -> Stack:
    """A wall that shows a source, or one that shows nothing."""
    source = Resource("src", "src", registry.kinds()[kind], SourceSpec(port=port), Lifecycle(), {"": Source("s", 1)})
    found = stack(shows={"1": Reference("src"), "2": "in-0"} if wall else None)
    return Stack("test", "s", {"src": source, **found.resources})


def test_a_tile_lets_go_of_what_is_replaced_before_it_is_deleted(state: State) -> None:
    world = World()
    assert applied(world, state, shown("test.source", 1)).failed == {}
    assert applied(world, state, shown("test.source", 2)).failed == {}
    tiles = str([({"1": "in-1", "2": "in-0"}, {"1": UNKNOWN, "2": "in-0"})])
    assert world.sent == ["release ['in-1']", "delete in-1", "make 2", f"update {tiles}", "complete"]
    assert planned(world, state, shown("test.source", 2)).writes() == ()


def test_what_cannot_let_go_keeps_what_it_holds(state: State) -> None:
    world = World()
    assert applied(world, state, shown("test.source", 1)).failed == {}
    world.fails["release ['in-1']"] = Refused("not now")
    outcome = applied(world, state, shown("test.source", 2))
    assert (list(outcome.failed), list(outcome.skipped)) == (["it"], ["src"])
    assert world.sent == ["release ['in-1']"]
    assert applied(world, state, shown("test.source", 2)).failed == {}


def test_what_is_taken_out_of_the_tiles_for_good_is_deleted_after_that(state: State) -> None:
    world = World()
    assert applied(world, state, shown("test.source", 1)).failed == {}
    assert applied(world, state, stack()).failed == {}
    assert [what.partition(" ")[0] for what in world.sent] == ["update", "complete", "delete"]


def test_what_is_made_anew_first_is_deleted_when_nobody_holds_it_any_more(state: State) -> None:
    world = World()
    assert applied(world, state, shown("test.maker", 1)).failed == {}
    assert applied(world, state, shown("test.maker", 2)).failed == {}
    assert [what.partition(" ")[0] for what in world.sent] == ["make", "update", "complete", "delete"]
