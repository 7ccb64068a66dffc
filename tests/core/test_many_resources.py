"""Ten thousand resources: what a plan and an apply look at grows with them, and no faster."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest

from headend.core.model import kind as kinds_module
from headend.core.model.address import outer, row, within
from headend.core.model.capabilities import Unreadable
from headend.core.model.errors import InputError
from headend.core.model.fields import Immutable, Named, Secret, Spec
from headend.core.model.findings import Problem, Source
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Lifecycle, Resource, Stack
from headend.core.reconcile.apply import apply
from headend.core.reconcile.decision import Decision
from headend.core.reconcile.on_air import Watch, downstream
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.reader import Reader
from headend.core.reconcile.situation import Situation
from headend.core.reconcile.state import State, open_state
from headend.core.wire import registry
from headend.core.wire.redaction import Redactor

MANY = 400
counted: Counter[str] = Counter()


class SeatSpec(Spec):
    name: Annotated[str, Named(), Immutable()]
    mail: Annotated[str, Secret()] = "m@m"
    price: int = 1


@pytest.fixture(autouse=True)
def seat(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "platforms", dict)
    known = dict(kinds_module.kinds)
    counted.clear()

    class Seat(Kind[SeatSpec, None], Unreadable):
        """Write-only, and known by a value that state doesn't keep."""

        name, collection, model = "test.seat", "seats", SeatSpec
        can = Can.CREATE | Can.UPDATE | Can.DELETE
        unreadable = "there is no call for it"

        def identity(self, spec: SeatSpec) -> str:
            counted["identity"] += 1
            assert spec.mail is not None
            return f"{spec.name}/{spec.mail}"

        async def create(self, api: None, spec: SeatSpec) -> Observed:
            counted["create"] += 1
            return Observed(self.identity(spec))

        async def update(self, api: None, id: str, spec: SeatSpec, changes: Sequence[Change]) -> None:
            counted["update"] += 1

        async def delete(self, api: None, id: str, last: SeatSpec, report: Report) -> None:
            counted["delete"] += 1

    class BagSpec(Spec):
        content: tuple[str, ...]

    class Bag(Kind[BagSpec, None], Unreadable):
        """Known by what is in it, which may change; the id stays that of its creation."""

        name, collection, model = "test.bag", "bags", BagSpec
        can = Can.CREATE | Can.UPDATE | Can.DELETE
        unreadable = "there is no call for it"

        def identity(self, spec: BagSpec) -> str:
            return "+".join(spec.content)

        async def create(self, api: None, spec: BagSpec) -> Observed:
            return Observed(self.identity(spec))

        async def update(self, api: None, id: str, spec: BagSpec, changes: Sequence[Change]) -> None:
            counted["update"] += 1

    yield
    kinds_module.kinds.clear()
    kinds_module.kinds.update(known)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def seats(group: str, numbers: Sequence[int], depends: Sequence[str] = ()) -> Stack:
    """Rows of one group, each called by its number."""
    kind = registry.kinds()["test.seat"]
    life = Lifecycle(depends_on=tuple(depends))
    found = {}
    for number in numbers:
        address = row(f"test.seats.{group}", str(number))
        spec = SeatSpec(name=str(number))
        found[address] = Resource(address, row(group, str(number)), kind, spec, life, {"": Source("s.csv", number + 2)})
    return Stack("s", "s.yaml", found)


def settle(stack: Stack, state: State) -> Plan:
    async def nothing(platform: str) -> Any:
        return None

    async def run() -> Plan:
        plan = await make_plan(stack, state, nothing)
        outcome = await apply(plan, stack, state, nothing)
        assert outcome.failed == {}
        return plan

    return asyncio.run(run())


def test_identities_are_asked_a_few_times_for_each_resource_whatever_happens(state: State) -> None:
    settle(seats("a", range(MANY)), state)
    counted.clear()
    plan = settle(seats("b", range(MANY)), state)
    assert plan.summary()["move"] == MANY
    assert counted == {"identity": MANY}
    assert len(repr(plan)) < 200
    counted.clear()
    plan = settle(seats("b", range(MANY // 2)), state)
    assert plan.summary()["delete"] == counted["delete"] == MANY // 2
    assert counted["identity"] <= MANY
    assert len(state.records()) == MANY // 2


def alive(*types: type) -> int:
    """Objects of these types that something still holds."""
    gc.collect()
    return sum(type(one) in types for one in gc.get_objects())


def test_a_plan_keeps_no_decision_about_what_is_unchanged(state: State) -> None:
    stack = seats("a", range(MANY))
    settle(stack, state)
    before = alive(Decision, Situation, Observed, Record)
    plan = settle(stack, state)
    assert len(plan.steps) == MANY
    assert alive(Decision, Situation, Observed, Record) == before
    assert {step.decision for step in plan.steps} == {None}


def test_a_plan_keeps_the_decisions_that_are_carried_out(state: State) -> None:
    plan = settle(seats("a", range(3)), state)
    assert all(step.decision and step.decision.creates for step in plan.steps)


def test_records_share_their_keys_and_what_is_equal(state: State) -> None:
    settle(seats("a", range(MANY)), state)
    records = state.records().values()
    assert len({id(key) for record in records for key in record.values if key == "price"}) == 1
    assert len({id(resource.references()) for resource in seats("a", range(MANY)).resources.values()}) == 1
    found = asyncio.run(_read(seats("a", range(MANY)), state))
    assert len({id(situation.secrets) for situation in found}) == 1


async def _read(stack: Stack, state: State) -> list[Situation]:
    async def nothing(platform: str) -> Any:
        return None

    reader = Reader(stack, state.records(), nothing, state.digest)
    found = [await reader.resource(resource) for resource in stack.resources.values()]
    for situation in found:
        reader.note(situation.address, "1", {"updated_at": "now"})
    assert reader.ids == {}, "nothing refers to these"
    return found


def test_what_was_changed_after_its_creation_is_still_known_when_it_is_renamed(state: State) -> None:
    kind = registry.kinds()["test.bag"]

    def bags(key: str, *content: str) -> Stack:
        source, spec = {"": Source("s.yaml", 3)}, kind.model(content=content)
        address = f"test.bags.{key}"
        return Stack("s", "s.yaml", {address: Resource(address, key, kind, spec, Lifecycle(), source)})

    settle(bags("a", "x"), state)
    assert settle(bags("a", "x", "y"), state).summary()["update"] == 1
    assert settle(bags("b", "x", "y"), state).summary()["move"] == 1
    assert state.records()["test.bags.b"].id == "x"


def test_what_depends_on_a_renamed_resource_follows_it_all_the_way(state: State) -> None:
    base = seats("a", [1])
    both = Stack("s", "s.yaml", {**base.resources, **seats("b", [2, 3], ["test.seats.a[1]"]).resources})
    settle(both, state)
    state.move("test.seats.a[1]", "test.seats.c[1]")
    state.move("test.seats.b[2]", "test.seats.d[2]")
    state.move("test.seats.c[1]", "test.seats.e[1]")
    assert state.set_aside("test.seats.b[3]") == "test.seats.b[3]/3/m@m"
    state.move("test.seats.e[1]", "test.seats.f[1]")
    state.put(Record("test.seats.g[4]", "test.seat", "4", {}, depends=("test.seats.f[1]",)))
    state.move("test.seats.f[1]", "test.seats.z[1]")
    assert {a: entry.depends for a, entry in state.records().items()} == {
        "test.seats.b[3]/3/m@m": ("test.seats.z[1]",),
        "test.seats.d[2]": ("test.seats.z[1]",),
        "test.seats.g[4]": ("test.seats.z[1]",),
        "test.seats.z[1]": (),
    }


def test_what_lies_behind_an_object_is_found_in_order_and_once() -> None:
    assert downstream("a", {"a": ["b", "c"], "b": ["d"], "c": ["d", "a"], "d": ["b"]}) == ["a", "b", "c", "d"]


def test_paths_lead_no_further_than_what_is_gone() -> None:
    entries = {a: Record(a, "test.seat", a, {}, depends=d) for a, d in [("a", ()), ("b", ("a",)), ("c", ("b",))]}
    watch = Watch(Stack("s", "s.yaml", {}), entries, apis=None)  # type: ignore[arg-type]  # nothing is asked
    assert downstream("a", watch._dependents) == ["a", "b", "c"]
    watch.forget("b")
    assert downstream("a", watch._dependents) == ["a"]


def test_a_write_only_object_is_recorded_once(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    put = State.put

    def counting(self: State, entry: Record) -> None:
        counted["put"] += 1
        put(self, entry)

    monkeypatch.setattr(State, "put", counting)
    plan = settle(seats("a", range(3)), state)
    assert [step.action for step in plan.steps] == [Action.CREATE] * 3
    assert counted["put"] == 3
    assert state.intents() == {}


@pytest.mark.parametrize(
    ("address", "place", "inside"),
    [
        ("p.c.a", "p.c.a", True),
        ("p.c.a.d.b", "p.c.a", True),
        ("p.c.a[x.y]", "p.c.a", True),
        ("p.c.ab", "p.c.a", False),
        ("p.c.a[xy]", "p.c.a[x]", False),
        ("p.c", "p.c.a", False),
    ],
)
def test_rows_and_what_is_nested_lie_within(address: str, place: str, inside: bool) -> None:
    assert within(address, place) is inside


def test_addresses_above() -> None:
    assert list(outer("p.c.a.d.b")) == ["p.c.a.d", "p.c.a", "p.c", "p"]


def test_very_many_secrets_cost_a_message_no_more_than_a_few() -> None:
    redactor = Redactor()
    for number in range(20_000):
        redactor.add(f"viewer-{number}@canary.example")
    for word in ("canary-one", "one-two canary", "a  b"):
        redactor.add(word)
    said = redactor.scrub("viewer-7@canary.example: viewer-19999%40canary.example canary-one-two canary, a b, viewer-x")
    assert said == "(secret): (secret) (secret), (secret), viewer-x"
    assert Redactor().scrub("ab") == "ab"


def test_an_error_says_the_first_problems_and_has_all() -> None:
    error = InputError([Problem(f"p{n}") for n in range(1_234)])
    assert str(error).splitlines()[-2:] == ["p49", "and 1,184 more problems"]
    assert len(error.problems) == 1_234
