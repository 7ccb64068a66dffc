"""Capabilities: found by `isinstance` and by nothing else, used by some kind each, and what each changes in a plan."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest

import headend
from headend.core.model import capabilities
from headend.core.model import kind as kinds_module
from headend.core.model.capabilities import (
    Container,
    HandsOutSecrets,
    LeavesBehind,
    OnAir,
    OwnsParts,
    Selection,
    SelectsChanges,
    SharesKey,
    TakesOver,
    Unadoptable,
    Unreadable,
    Use,
    handed_out_by_create,
    impact_of_delete,
    owned_by,
    select_changes,
    takes_over,
    why_unreadable,
)
from headend.core.model.errors import InputError
from headend.core.model.fields import Immutable, Impact, Spec
from headend.core.model.findings import Source
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Airtime, Change, Observed
from headend.core.model.options import Options
from headend.core.model.owners import Owned
from headend.core.model.record import Record
from headend.core.model.stack import Lifecycle, Resource, Stack
from headend.core.reconcile.plan import Action, Step
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.stackfile import load
from headend.core.wire import registry

SOURCES = sorted(Path(headend.__file__).parent.rglob("*.py"))
PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-kind.md").read_text()
REAL = dict(registry.kinds())
CAPABILITIES = [
    one
    for _, one in inspect.getmembers(capabilities, inspect.isclass)
    if one.__module__ == capabilities.__name__ and one not in {Selection, Use}
]


def members(capability: type[Any]) -> set[str]:
    """What a kind has by it."""
    return {name for name in {*vars(capability), *inspect.get_annotations(capability)} if not name.startswith("_")}


# --- as the code stands -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda one: one.__name__)
def test_some_kind_has_it_and_it_says_when_its_members_are_called(capability: type[Any]) -> None:
    assert any(isinstance(kind, capability) for kind in REAL.values()), "then it can go"
    assert len(inspect.getdoc(capability) or "") > 30
    assert f"\n| `{capability.__name__}` | " in PAGE
    for name in members(capability) - {*inspect.get_annotations(capability)}:
        assert re.search("[Aa]sked|[Cc]alled", inspect.getdoc(getattr(capability, name)) or ""), name


@pytest.mark.parametrize("name", REAL)
def test_a_kind_has_the_members_of_its_capabilities_and_of_no_other(name: str) -> None:
    kind = REAL[name]
    for capability in CAPABILITIES:
        if isinstance(kind, capability):
            assert all(hasattr(kind, member) for member in members(capability)), capability
            assert all(
                getattr(type(kind), member) is not vars(capability).get(member) for member in members(capability)
            )
        else:
            assert not any(hasattr(kind, member) for member in members(capability)), capability


@pytest.mark.parametrize("name", REAL)
def test_what_cant_be_observed_says_why(name: str) -> None:
    kind = REAL[name]
    assert isinstance(kind, Unreadable) is (Can.OBSERVE not in kind.can)
    written = any("complete" in vars(cls) for cls in type(kind).__mro__ if cls is not Kind)
    assert kind.completes is (Can.OBSERVE in kind.can or written)


def test_nobody_asks_whether_a_method_is_overridden() -> None:
    asks = re.compile(r"\bis (not )?Kind\.|\bin type\(\w*kind\)\.__dict__|__func__")
    assert [path.name for path in SOURCES if asks.search(path.read_text())] == []


# --- what each changes ------------------------------------------------------------------------------------------
World = dict[str, dict[str, Any]]  # id -> what is live


class ThingSpec(Spec):
    name: str
    colour: str = "red"
    place: Annotated[str, Immutable()] = "here"


class Things(Kind[ThingSpec, World]):
    """What the kinds below have in common."""

    collection, model, key = "things", ThingSpec, ("name",)

    async def observe(self, api: World, id: str, spec: ThingSpec, *, fresh: bool = False) -> Observed | None:
        return Observed(id, dict(api[id])) if id in api else None

    async def find(self, api: World, spec: ThingSpec) -> list[Observed]:
        return [Observed(id, dict(row)) for id, row in api.items() if row["name"] == spec.name]


def kind_with(*more: type[Any], **named: Any) -> Kind[Any, Any]:
    """A kind with those capabilities; named: members of its class."""
    type("Thing", (Things, *more), {"name": "test.thing", **named})
    return kinds_module.kinds["test.thing"]


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known = dict(kinds_module.kinds)
    yield
    kinds_module.kinds.clear()
    kinds_module.kinds.update(known)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def planned(kind: Kind[Any, Any], state: State, live: World, spec: Spec | None, **life: Any) -> Step:
    """The one step of a stack with the one resource, or without it."""
    resource = Resource("a", "a", kind, spec, Lifecycle(**life), {"": Source("s", 1)}) if spec else None
    stack = Stack("test", "s", {"a": resource} if resource else {}, options=Options())

    async def apis(platform: str) -> World:
        return live

    (step,) = asyncio.run(make_plan(stack, state, apis)).steps
    return step


RED = {"name": "one", "colour": "red", "place": "here"}
BLUE = RED | {"colour": "blue"}


def test_shares_key_lets_another_one_be_made_unless_it_is_just_like_it(state: State) -> None:
    spec = ThingSpec(name="one")
    assert planned(kind_with(), state, {"t-1": BLUE}, spec).refused
    assert planned(kind_with(SharesKey), state, {"t-1": BLUE}, spec).refused is None
    assert planned(kind_with(SharesKey), state, {"t-1": RED}, spec).refused


def test_takes_over_adopts_what_it_says_without_asking(state: State) -> None:
    kind = kind_with(TakesOver, takes_over=lambda self, spec: spec.colour == "red")
    assert planned(kind, state, {"t-1": BLUE}, ThingSpec(name="one")).action is Action.ADOPT
    assert planned(kind, state, {"t-1": RED}, ThingSpec(name="one", colour="blue")).refused
    assert takes_over(kind_with(can=Can.OBSERVE), ThingSpec(name="one")), "it can't make one"


def test_leaves_behind_forgets_what_it_says_and_deletes_the_rest(state: State) -> None:
    kind = kind_with(LeavesBehind, leaves_behind=lambda self, last: last.colour == "blue")
    for live, action in ((RED, Action.DELETE), (BLUE, Action.FORGET)):
        state.put(Record("a", "test.thing", "t-1", live))
        assert planned(kind, state, {"t-1": live}, None).action is action
    assert planned(kind_with(), state, {"t-1": BLUE}, None).action is Action.DELETE


def test_a_container_is_replaced_only_by_name_and_takes_all_with_it(state: State) -> None:
    state.put(Record("a", "test.thing", "t-1", RED))
    moved = ThingSpec(name="one", place="there")
    for more, refused, impact in (((), False, Impact.RESTART), ((Container,), True, Impact.DESTROYS)):
        kind = kind_with(*more, impact_of_delete=Impact.RESTART)
        step = planned(kind, state, {"t-1": RED}, moved)
        assert (step.action, bool(step.refused), step.impact) == (Action.REPLACE, refused, impact)
        assert planned(kind, state, {"t-1": RED}, moved, protect=False).refused is None
        assert planned(kind, state, {"t-1": RED}, None).impact is impact is impact_of_delete(kind)


def test_what_is_on_air_stands_in_the_plan(state: State) -> None:
    async def always(self: Any, api: World, id: str, spec: Spec, *, fresh: bool = False) -> Sequence[Airtime]:
        return [Airtime("test.show", id, None, None)]

    state.put(Record("a", "test.thing", "t-1", RED))
    for more, cuts in (({}, []), ({"on_air": always}, ["t-1"])):
        kind = kind_with(*([OnAir] if more else []), impact_of_delete=Impact.DESTROYS, **more)
        assert [cut.id for cut in planned(kind, state, {"t-1": RED}, None).on_air] == cuts


def test_unadoptable_is_said_of_the_stack_file(tmp_path: Path) -> None:
    file = tmp_path / "day.yaml"
    mark = {"channel": "email", "email": "guest@example.com", "refid": "a", "lifecycle": {"adopt": "match"}}
    file.write_text(str({"headend": 1, "just": {"utm_metrics": {"g": mark}}}))
    with pytest.raises(InputError, match=r"can't be looked for.*creating it overwrites what is there"):
        load(file)
    assert isinstance(REAL["just.utm_metric"], Unadoptable)


def test_a_kind_without_the_capability_has_an_answer_too() -> None:
    spec, changes = ThingSpec(name="one"), [Change(("colour",), "red", "blue")]
    plain = kind_with(identity=lambda self, spec: f"id-{spec.name}")
    assert owned_by(plain, spec) == (("test.thing", "id-one"),)
    assert owned_by(kind_with(), spec) == ()
    assert select_changes(plain, Observed("t-1"), spec, changes) == Selection(tuple(changes))
    assert (handed_out_by_create(plain, spec), why_unreadable(plain), takes_over(plain, spec)) == ((), None, False)

    def owns(self: Any, spec: ThingSpec) -> Sequence[Owned]:
        return [("shelf", spec.name)]

    able = kind_with(
        *(OwnsParts, SelectsChanges, HandsOutSecrets, Unreadable),
        owns=owns,
        select_changes=lambda self, live, spec, changes: Selection(refused="no"),
        handed_out_by_create=lambda self, spec: ("key",),
        unreadable="it is dark",
    )
    assert owned_by(able, spec) == (("shelf", "one"),)
    assert select_changes(able, Observed("t-1"), spec, changes).refused == "no"
    assert (handed_out_by_create(able, spec), why_unreadable(able)) == (("key",), "it is dark")


def test_the_natural_key_is_that_of_the_fields_and_none_where_one_is_not_set() -> None:
    assert kind_with().natural_key(ThingSpec(name="one")) == ("one",)
    both = kind_with(key=("name", "colour"))
    assert both.natural_key(ThingSpec(name="one")) == ("one", "red")
    assert both.natural_key(ThingSpec.model_construct(name="one", colour=None)) is None
    assert kind_with(key=()).natural_key(ThingSpec(name="one")) is None
