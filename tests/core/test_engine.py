"""Plan and apply over a world in memory: order, drift, moves, failures, and runs that were killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest

from headend.core.model import kind as kinds_module
from headend.core.model.errors import Ambiguous, GuardError, InputError, Refused, StateError
from headend.core.model.fields import Immutable, Named, Ref, Secret, Spec, WriteOnly
from headend.core.model.findings import Source
from headend.core.model.kind import Kind
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Action
from headend.core.model.references import Id, Reference
from headend.core.model.stack import Adopt, Lifecycle, Resource, Stack
from headend.core.reconcile.apply import apply
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.guards import Consent, judge, raise_if_refused
from headend.core.reconcile.outcome import Outcome
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.wire import registry


class World:
    """A platform of boxes, with a log of its writes and errors to raise at will."""

    def __init__(self) -> None:
        self.boxes: dict[str, dict[str, Any]] = {}
        self.log: list[str] = []
        self.fail: dict[str, Exception] = {}
        self.die_after: str | None = None

    def write(self, what: str) -> None:
        if what in self.fail:
            raise self.fail.pop(what)
        self.log.append(what)


class BoxSpec(Spec):
    title: Annotated[str, Named(), Immutable()]
    size: int | None = None
    inside: Annotated[Id | None, Ref("test.box"), Immutable()] = None
    code: Annotated[str | None, Secret(), WriteOnly()] = None


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.fixture(autouse=True)
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "platforms", dict)
    known = dict(kinds_module.kinds)

    class Box(Kind[BoxSpec, World]):
        """A box."""

        name = "test.box"
        model = BoxSpec

        def natural_key(self, spec: BoxSpec) -> tuple[Any, ...]:
            return (spec.inside, spec.title)

        async def observe(self, api: World, id: str, spec: BoxSpec, *, fresh: bool = False) -> Observed | None:
            found = api.boxes.get(id)
            return Observed(id, {k: v for k, v in found.items() if k != "code"}) if found else None

        async def find(self, api: World, spec: BoxSpec) -> list[Observed]:
            key = self.natural_key(spec)
            return [Observed(i, b) for i, b in api.boxes.items() if (b.get("inside"), b["title"]) == key]

        async def create(self, api: World, spec: BoxSpec) -> Observed:
            api.write(f"create {spec.title}")
            id = f"b{len(api.log)}"
            api.boxes[id] = spec.set_fields()
            if api.die_after == f"create {spec.title}":
                raise Killed
            return Observed(id, incomplete=True)

        async def update(self, api: World, id: str, spec: BoxSpec, changes: Sequence[Change]) -> None:
            api.write(f"update {spec.title} {sorted(c.field for c in changes)}")
            api.boxes[id] |= {c.field: getattr(spec, c.field) for c in changes}

        async def delete(self, api: World, id: str, last: BoxSpec, report: Any) -> None:
            api.write(f"delete {last.title}")
            api.boxes.pop(id, None)

    yield
    kinds_module.kinds.clear()
    kinds_module.kinds.update(known)


def resource(key: str, lifecycle: Lifecycle | None = None, **fields: Any) -> Resource:
    named = "title" not in fields
    spec = BoxSpec(**{"title": key} | fields)
    defaulted = frozenset({"title"} if named else ())
    kind = registry.kinds()["test.box"]
    return Resource(key, key, kind, spec, lifecycle or Lifecycle(), {"": Source("s.yaml", 1)}, frozenset(), defaulted)


def stack(*resources: Resource) -> Stack:
    return Stack("test", "s.yaml", {r.address: r for r in resources})


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def plan(world: World, state: State, wanted: Stack, **options: Any) -> Plan:
    async def apis(platform: str) -> World:
        return world

    return asyncio.run(make_plan(wanted, state, apis, **options))


def run(world: World, state: State, wanted: Stack, **options: Any) -> Outcome:
    async def apis(platform: str) -> World:
        return world

    async def both() -> Outcome:
        made = await make_plan(wanted, state, apis, **options)
        return await apply(made, wanted, state, apis)

    return asyncio.run(both())


def actions(made: Plan) -> dict[str, str]:
    return {step.address: step.action.value for step in made.steps}


def test_a_second_apply_writes_nothing(state: State) -> None:
    world, wanted = World(), stack(resource("a", size=1), resource("b", inside=Reference("a")))
    assert run(world, state, wanted).exit_code == 0
    assert world.log == ["create a", "create b"]
    assert not plan(world, state, wanted).writes()
    run(world, state, wanted)
    assert world.log == ["create a", "create b"]


def test_drift_and_change_are_told_apart(state: State) -> None:
    world = World()
    run(world, state, stack(resource("a", size=1)))
    world.boxes["b1"]["size"] = 9
    (step,) = plan(world, state, stack(resource("a", size=1))).steps
    assert (step.action, step.reason) == (Action.UPDATE, Reason.DRIFTED)
    assert step.changes == (Change(("size",), 9, 1, "drift"),)
    (step,) = plan(world, state, stack(resource("a", size=2))).steps
    assert (step.reason, step.changes[0].cause) == (Reason.CHANGED, "you")


def test_a_replaced_object_takes_its_dependents_along_in_the_right_order(state: State) -> None:
    world = World()
    run(world, state, stack(resource("a", title="one"), resource("b", inside=Reference("a"))))
    outcome = run(world, state, stack(resource("a", title="two"), resource("b", inside=Reference("a"))))
    assert outcome.exit_code == 0
    assert world.log[2:] == ["delete b", "delete one", "create two", "create b"]


def test_what_left_the_stack_is_deleted_dependents_first(state: State) -> None:
    world = World()
    run(world, state, stack(resource("a"), resource("b", inside=Reference("a"))))
    run(world, state, stack())
    assert world.log[2:] == ["delete b", "delete a"]
    assert world.boxes == {}
    assert state.records() == {}


def test_an_object_that_vanished_is_made_again(state: State) -> None:
    world = World()
    run(world, state, stack(resource("a")))
    world.boxes.clear()
    (step,) = plan(world, state, stack(resource("a"))).steps
    assert (step.action, step.reason) == (Action.CREATE, Reason.VANISHED)


@pytest.mark.parametrize("how", ["natural key", "renamed_from"])
def test_a_renamed_key_is_a_move_and_makes_no_request(state: State, how: str) -> None:
    world = World()
    title = {"title": "same"} if how == "natural key" else {}
    run(world, state, stack(resource("old", **title)))
    life = Lifecycle(renamed_from="old") if how == "renamed_from" else Lifecycle()
    wanted = stack(resource("new", life, **title))
    assert actions(plan(world, state, wanted)) == {"new": "move"}
    run(world, state, wanted)
    assert world.log == ["create old" if how == "renamed_from" else "create same"]
    assert list(state.records()) == ["new"]
    assert not plan(world, state, wanted).writes()


def test_a_renamed_key_whose_object_is_replaced_leaves_nothing_behind(state: State) -> None:
    world = World()
    run(world, state, stack(resource("old")))
    assert run(world, state, stack(resource("new", Lifecycle(renamed_from="old"), title="new"))).failed == {}
    assert world.log == ["create old", "delete old", "create new"]
    assert [(e.address, e.id) for e in state.records().values()] == [("new", *world.boxes)]


def test_a_failure_skips_only_what_depends_on_it(state: State) -> None:
    world = World()
    world.fail["create a"] = Refused("no room", status=400)
    outcome = run(world, state, stack(resource("a"), resource("b", inside=Reference("a")), resource("c")))
    assert outcome.failed == {"a": "no room"}
    assert list(outcome.skipped) == ["b"]
    assert outcome.done == ["c"]
    assert outcome.exit_code == 7


@pytest.mark.parametrize("killed", ["a", "b"])
def test_a_run_killed_between_request_and_answer_leaves_neither_twin_nor_orphan(state: State, killed: str) -> None:
    world, wanted = World(), stack(resource("a"), resource("b", inside=Reference("a")))
    world.die_after = f"create {killed}"
    with pytest.raises(Killed):
        run(world, state, wanted)
    world.die_after = None
    made = plan(world, state, wanted)
    assert {s.address: s.reason for s in made.steps}[killed] is Reason.RECOVERED
    assert run(world, state, wanted).exit_code == 0
    assert sorted(b["title"] for b in world.boxes.values()) == ["a", "b"]
    assert sorted(e.id for e in state.records().values()) == sorted(world.boxes)
    assert not state.intents()


def test_a_create_without_an_answer_is_found_again(state: State) -> None:
    world = World()
    world.fail["create a"] = Ambiguous("no answer")
    assert run(world, state, stack(resource("a"))).exit_code == 1
    assert list(state.intents()) == ["a"]
    assert run(world, state, stack(resource("a"))).exit_code == 0
    assert len(world.boxes) == 1


def test_one_like_it_is_refused_unless_adoption_is_asked_for(state: State) -> None:
    world = World()
    world.boxes["b7"] = {"title": "a", "size": 1, "inside": None}
    with pytest.raises(GuardError, match="b7"):
        raise_if_refused(judge(plan(world, state, stack(resource("a", size=1))), 0, Consent()))
    wanted = stack(resource("a", Lifecycle(adopt=Adopt.MATCH), size=2))
    made = plan(world, state, wanted)
    assert actions(made) == {"a": "adopt"}
    run(world, state, wanted)
    assert world.log == ["update a ['size']"]
    world.boxes["b8"] = dict(world.boxes["b7"])
    state.drop("a")
    with pytest.raises(InputError, match="b7, b8"):
        plan(world, state, wanted)


def test_protected_objects_are_neither_deleted_nor_replaced(state: State) -> None:
    world = World()
    run(world, state, stack(resource("a", Lifecycle(protect=True), title="one")))
    for wanted in (stack(), stack(resource("a", Lifecycle(protect=True), title="two"))):
        with pytest.raises(GuardError, match="protect"):
            raise_if_refused(judge(plan(world, state, wanted), 1, Consent()))


def test_a_step_whose_object_moved_since_the_plan_is_refused(state: State) -> None:
    world, wanted = World(), stack(resource("a", size=2))
    run(world, state, stack(resource("a", size=1)))

    async def apis(platform: str) -> World:
        return world

    async def late() -> Outcome:
        made = await make_plan(wanted, state, apis)
        world.boxes["b1"]["size"] = 5
        return await apply(made, wanted, state, apis)

    outcome = asyncio.run(late())
    assert outcome.exit_code == 6
    assert world.boxes["b1"]["size"] == 5


def test_secrets_reach_neither_state_nor_plan_and_a_new_one_shows(state: State, tmp_path: Path) -> None:
    world = World()
    run(world, state, stack(resource("a", code="canary-one")))
    made = plan(world, state, stack(resource("a", code="canary-one")))
    assert made.summary()["unverifiable"] == 1
    made = plan(world, state, stack(resource("a", code="canary-two")))
    assert actions(made) == {"a": "update"}
    text = str(made.document()) + repr(made) + repr(resource("a", code="canary-two"))
    assert "canary" not in text
    assert all(b"canary" not in file.read_bytes() for file in tmp_path.iterdir())


def test_asked_to_stop_in_the_middle_what_waits_for_its_turn_is_not_begun(state: State) -> None:
    world, wanted = World(), stack(*(resource(f"box-{n}") for n in range(20)))

    async def go() -> Outcome:
        async def apis(platform: str) -> World:
            return world

        stop = asyncio.Event()
        made = await make_plan(wanted, state, apis)
        return await apply(made, wanted, state, apis, parallelism=1, on_event=lambda event: stop.set(), stop=stop)

    outcome = asyncio.run(go())
    assert len(world.log) == len(outcome.done) == 1
    assert len(outcome.skipped) == 19
    assert (outcome.interrupted, outcome.exit_code) == (True, 7)
    assert state.intents() == {}


def test_asked_to_stop_it_begins_nothing_more(state: State) -> None:
    world, wanted = World(), stack(resource("a"))

    async def apis(platform: str) -> World:
        return world

    async def halted() -> Outcome:
        stop = asyncio.Event()
        stop.set()
        return await apply(await make_plan(wanted, state, apis), wanted, state, apis, stop=stop)

    outcome = asyncio.run(halted())
    assert (outcome.exit_code, world.log) == (7, [])


def test_a_target_brings_what_it_needs_and_nothing_else(state: State) -> None:
    wanted = stack(resource("a"), resource("b", inside=Reference("a")), resource("c"))
    assert actions(plan(World(), state, wanted, targets=["b"])) == {"a": "create", "b": "create"}
    with pytest.raises(InputError, match="nope"):
        plan(World(), state, wanted, targets=["nope"])


def test_destroy_empties_the_world(state: State) -> None:
    world, wanted = World(), stack(resource("a"), resource("b", inside=Reference("a")))
    run(world, state, wanted)
    assert run(world, state, wanted, destroy=True).exit_code == 0
    assert world.boxes == {}


def test_a_state_file_is_for_one_process_at_a_time_and_no_other_file(tmp_path: Path) -> None:
    with open_state(tmp_path / "s.db"), pytest.raises(StateError, match="in use"), open_state(tmp_path / "s.db"):
        pass
    (tmp_path / "x.db").write_text("not a database, and long enough to be read as one" * 20)
    with pytest.raises(StateError, match="not a headend state file"), open_state(tmp_path / "x.db"):
        pass
