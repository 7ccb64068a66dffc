"""A plan looks at all at once, by the ids that state holds; where others turn out, it looks anew."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Annotated, Any

import pytest

import virtual_time
from headend.core.model import kind as kinds_module
from headend.core.model.errors import ApiError, Unreachable
from headend.core.model.fields import Immutable, Named, Ref, Spec
from headend.core.model.findings import Source
from headend.core.model.kind import Kind
from headend.core.model.observed import Observed
from headend.core.model.record import NO_DIGEST, Record
from headend.core.model.references import Id, Reference
from headend.core.model.stack import Adopt, Lifecycle, Resource, Stack
from headend.core.reconcile.order import wave_by_wave
from headend.core.reconcile.planner import make_plan
from headend.core.wire import registry

HOME, GUEST = "test.homes.home", "test.homes.home.guests.guest"


class HomeSpec(Spec):
    name: Annotated[str, Named()]


class GuestSpec(Spec):
    home: Annotated[Id, Ref("test.home"), Immutable()]
    name: Annotated[str, Named()]


class World:
    """live: id -> the home that it is in, None for a home. Each answer takes a second; `fails` says whose look does."""

    def __init__(self, live: dict[str, str | None], fails: dict[str, ApiError]) -> None:
        self.live, self.fails = live, fails
        self.asked: list[tuple[float, str]] = []

    async def ask(self, what: str) -> None:
        self.asked.append((asyncio.get_running_loop().time() - self.began, what))
        await asyncio.sleep(1)
        if what in self.fails:
            raise self.fails[what]

    @property
    def said(self) -> list[str]:
        return [f"{time:g} {what}" for time, what in self.asked]

    def plan(self, records: dict[str, str], adopt: dict[str, Lifecycle]) -> dict[str, str]:
        """What a plan does with a guest in its home: key of the address -> action. records: address -> id."""
        kinds = kinds_module.kinds
        specs: dict[str, Spec] = {HOME: HomeSpec(name="home"), GUEST: GuestSpec(home=Reference(HOME), name="guest")}
        wanted = {
            a: Resource(a, a, kinds[f"test.{spec.name}"], spec, adopt.get(a, Lifecycle()), {"": Source("s", 1)})
            for a, spec in specs.items()
        }
        values = {HOME: {"name": "home"}, GUEST: {"name": "guest", "home": records.get(HOME)}}
        known = {a: Record(a, f"test.{values[a]['name']}", id, values[a]) for a, id in records.items()}
        state: Any = SimpleNamespace(
            records=lambda: known, intents=dict, digest=lambda value: NO_DIGEST, held_elsewhere=dict, coming=dict
        )

        async def work() -> Any:
            self.began = asyncio.get_running_loop().time()
            return await make_plan(Stack("s", "s", wanted), state, self.api)

        return {step.address.rpartition(".")[2]: str(step.action) for step in virtual_time.run(work()).steps}

    async def api(self, platform: str) -> World:
        return self


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "platforms", dict)
    known = dict(kinds_module.kinds)

    class Home(Kind[HomeSpec, World]):
        """Where guests are."""

        name, collection, model, key = "test.home", "homes", HomeSpec, ("name",)

        async def observe(self, api: World, id: str, spec: HomeSpec, *, fresh: bool = False) -> Observed | None:
            await api.ask(f"look {id}")
            return Observed(id, {"name": spec.name}) if id in api.live else None

        async def find(self, api: World, spec: HomeSpec) -> list[Observed]:
            await api.ask("find home")
            return [Observed(id, {"name": spec.name}) for id, home in api.live.items() if home is None]

    class Guest(Kind[GuestSpec, World]):
        """Who is in a home."""

        name, collection, model, key = "test.guest", "guests", GuestSpec, ("home", "name")
        parent, parent_field = "test.home", "home"

        async def observe(self, api: World, id: str, spec: GuestSpec, *, fresh: bool = False) -> Observed | None:
            await api.ask(f"look {id} in {spec.home}")
            return Observed(id, {"name": spec.name, "home": spec.home}) if id in api.live else None

        async def find(self, api: World, spec: GuestSpec) -> list[Observed]:
            await api.ask(f"find in {spec.home}")
            return [Observed(i, {"name": "guest", "home": h}) for i, h in api.live.items() if h == spec.home]

    yield
    kinds_module.kinds.clear()
    kinds_module.kinds.update(known)


MATCH, BY_ID = Lifecycle(adopt=Adopt.MATCH), Lifecycle(adopt_id="h-2")
BOTH: dict[str, str | None] = {"h-1": None, "g-1": "h-1"}
CASES: dict[str, tuple[dict[str, str | None], dict[str, str], dict[str, Lifecycle], list[str], dict[str, str]]] = {
    "what state knows is looked at at once": (
        *(BOTH, {HOME: "h-1", GUEST: "g-1"}, {}),
        *(["0 look h-1", "0 look g-1 in h-1"], {"home": "none", "guest": "none"}),
    ),
    "what is new is looked for at once in what state knows": (
        *(BOTH, {HOME: "h-1"}, {GUEST: MATCH}),
        *(["0 look h-1", "0 find in h-1", "1 look g-1 in h-1"], {"home": "none", "guest": "adopt"}),
    ),
    "what is named by its id is known, too": (
        *({"h-2": None, "g-1": "h-2"}, {}, {HOME: BY_ID, GUEST: MATCH}),
        *(["0 look h-2", "0 find in h-2", "1 look g-1 in h-2"], {"home": "adopt", "guest": "adopt"}),
    ),
    "what is looked for in a place that must be found waits": (
        *(BOTH, {}, {HOME: MATCH, GUEST: MATCH}),
        *(["0 find home", "1 look h-1", "2 find in h-1", "3 look g-1 in h-1"], {"home": "adopt", "guest": "adopt"}),
    ),
    "what was found in a place that is gone does not count": (
        *({"g-1": "h-1"}, {HOME: "h-1"}, {GUEST: MATCH}),
        ["0 look h-1", "0 find in h-1", "1 look h-1", "1 look g-1 in h-1", "2 find home"],
        {"home": "create", "guest": "create"},
    ),
    "what was made elsewhere is looked for anew there": (
        *({"h-2": None, "g-1": "h-2"}, {HOME: "h-1"}, {HOME: MATCH, GUEST: MATCH}),
        ["0 look h-1", "0 find in h-1", "1 look h-1", "2 find home", "3 find in h-2", "4 look g-1 in h-2"],
        {"home": "adopt", "guest": "adopt"},
    ),
    "what state knows is looked at once, whatever becomes of its place": (
        *({"g-1": "h-1"}, {HOME: "h-1", GUEST: "g-1"}, {}),
        *(["0 look h-1", "0 look g-1 in h-1", "1 look h-1", "2 find home"], {"home": "create", "guest": "replace"}),
    ),
}


@pytest.mark.parametrize(("live", "records", "adopt", "asked", "done"), CASES.values(), ids=CASES)
def test_what_is_asked_and_when(
    live: dict[str, str | None],
    records: dict[str, str],
    adopt: dict[str, Lifecycle],
    asked: list[str],
    done: dict[str, str],
) -> None:
    world = World(live, {})
    assert world.plan(records, adopt) == done
    assert world.said == asked


def test_an_error_in_a_place_that_is_gone_is_not_told() -> None:
    world = World({}, {"find in h-1": Unreachable("there is no such home")})
    assert world.plan({HOME: "h-1"}, {}) == {"home": "create", "guest": "create"}


@pytest.mark.parametrize("records", [{HOME: "h-1"}, {HOME: "h-1", GUEST: "g-1"}])
def test_an_error_in_a_place_that_is_there_is_told(records: dict[str, str]) -> None:
    why = Unreachable("not at home")
    world = World(dict(BOTH), {"find in h-1": why, "look g-1 in h-1": why})
    with pytest.raises(Unreachable, match="not at home"):
        world.plan(records, {})


def test_of_two_errors_that_of_what_is_referred_to_is_told() -> None:
    first, second = Unreachable("the home"), Unreachable("the guest")
    world = World(dict(BOTH), {"look h-1": first, "look g-1 in h-1": second})
    with pytest.raises(Unreachable, match="the home"):
        world.plan({HOME: "h-1", GUEST: "g-1"}, {})


def test_a_turn_comes_when_all_before_it_are_done() -> None:
    async def go() -> list[str]:
        turns: dict[str, asyncio.Event] = {}
        told: list[str] = []

        async def work(resource: Resource) -> str:
            told.append(f"begins {resource.key}")
            if resource.key == "b":  # which needs no turn
                return "b"
            await turns[resource.address].wait()
            await asyncio.sleep(0.01)
            told.append(f"ends {resource.key}")
            return resource.key

        kind = kinds_module.kinds["test.guest"]
        needs = {"c": "b", "b": "a", "a": None}
        specs = {k: GuestSpec(home=Reference(need) if need else "h-1", name=k) for k, need in needs.items()}
        resources = {k: Resource(k, k, kind, s, Lifecycle(), {}) for k, s in specs.items()}
        assert await wave_by_wave(resources, work, turns) == {"a": "a", "b": "b", "c": "c"}
        return told

    assert asyncio.run(go()) == ["begins a", "begins b", "begins c", "ends a", "ends c"]
