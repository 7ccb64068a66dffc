"""Where a stack's objects are, and what they do, without a platform that says more of itself than it must."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest

from headend.core.model import kind as kinds_module
from headend.core.model import lookup as lookups_module
from headend.core.model.capabilities import Unreadable
from headend.core.model.errors import Forbidden, Unreachable
from headend.core.model.fields import Found, Spec
from headend.core.model.findings import Source
from headend.core.model.kind import Can, Kind
from headend.core.model.lookup import Candidate, Lookup
from headend.core.model.observed import Observed
from headend.core.model.record import Record
from headend.core.model.references import Id, query
from headend.core.model.stack import Lifecycle, Resource, Stack
from headend.core.reconcile.status import Look, look
from headend.core.wire import registry

World = dict[str, dict[str, Any]]
NOON = datetime(2026, 12, 5, 12, tzinfo=UTC)
COLOUR = query("test.colour", {"name": "red"})


class ThingSpec(Spec):
    name: str | None = None
    colour: Annotated[Id | None, Found("test.colour")] = None
    state: str | None = None


class Things(Kind[ThingSpec, World]):
    """Objects with a state, that their name and colour tell apart."""

    collection, model = "things", ThingSpec

    def natural_key(self, spec: ThingSpec) -> tuple[Any, ...] | None:
        return None if spec.name is None else (spec.name, spec.colour)

    async def observe(self, api: World, id: str, spec: ThingSpec, *, fresh: bool = False) -> Observed | None:
        row = api.get(id)
        if row is None:
            return None
        if isinstance(row.get("error"), Exception):
            raise row["error"]
        return Observed(id, row.get("values", {}), row.get("computed", {}), row.get("doubts", {}), warnings=row["said"])

    async def find(self, api: World, spec: ThingSpec) -> list[Observed]:
        return [Observed(id) for id, row in api.items() if row["key"] == (spec.name, spec.colour)]


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "platforms", dict)
    kinds, lookups = dict(kinds_module.kinds), dict(lookups_module.lookups)

    class Thing(Things):
        name = "test.thing"

    class Dark(Things, Unreadable):
        name = "dark.thing"
        can = Can.CREATE | Can.DELETE
        unreadable = "nobody shows it"

    class Colour(Lookup[World]):
        """A colour."""

        name = "test.colour"
        fields: Mapping[str, str] = {"name": "what it is called"}  # type: ignore[misc]

        async def candidates(self, api: World, wanted: Mapping[str, Any]) -> Sequence[Candidate]:
            return [Candidate("c-1", {"name": "red"})] if "colours" not in api else []

    yield
    for registered, known in ((kinds_module.kinds, kinds), (lookups_module.lookups, lookups)):
        registered.clear()
        registered.update(known)  # type: ignore[arg-type]


def thing(computed: Mapping[str, Any] = {}, key: Any = None, said: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """A live object."""
    return {"computed": computed, "key": key, "said": said, **more}


def seen(
    live: World, specs: Mapping[str, ThingSpec], entries: Mapping[str, str] = {}, kind: str = "test.thing"
) -> Look:
    """What a look shows. specs: key -> what the stack wants. entries: key -> id in the state."""
    source = Source("s.yaml", 1)
    resources = {
        f"t.{key}": Resource(f"t.{key}", key, registry.kinds()[kind], spec, Lifecycle(), {"": source})
        for key, spec in specs.items()
    }

    async def apis(platform: str) -> World:
        return live

    known = {f"t.{key}": Record(f"t.{key}", kind, id, {}) for key, id in entries.items()}
    return asyncio.run(look(Stack("s", "s.yaml", resources), known, apis, now=lambda: NOON))


def told(shown: Look) -> dict[str, tuple[str, str, bool]]:
    """Key -> word, reason, whether it is wrong."""
    return {s.address.removeprefix("t."): (s.status.word, s.status.reason, s.status.wrong) for s in shown.sights}


@pytest.mark.parametrize(
    ("wanted", "live", "said"),
    [
        pytest.param(None, thing(), ("present", "", False), id="there is nothing to say of it"),
        pytest.param(None, thing({"status": "hot"}), ("hot", "", False), id="the platform's word"),
        pytest.param("started", thing({"status": "up"}, values={"state": "started"}), ("up", "", False), id="runs"),
        pytest.param(
            "started",
            thing({"status": "down"}, values={"state": "stopped"}, said=("too loud",)),
            ("down", "too loud; the stack wants it started", True),
            id="doesn't run, and why",
        ),
        pytest.param(
            "stopped",
            thing({"status": "up"}, values={"state": "started"}),
            ("up", "the stack wants it stopped", True),
            id="runs for nothing",
        ),
        pytest.param(
            "started",
            thing({"status": "up"}, doubts={"state": "the wind blows"}),
            ("unknown", "the wind blows", False),
            id="in doubt",
        ),
        pytest.param("started", None, ("missing", "the platform has none", True), id="gone"),
        pytest.param(
            None,
            thing(error=Forbidden("not for you", status=403)),
            ("unreadable", "not for you", True),
            id="may not be read",
        ),
    ],
)
def test_a_kind_that_says_nothing_of_itself_is_told_by_what_was_seen(
    wanted: str | None, live: dict[str, Any] | None, said: tuple[str, str, bool]
) -> None:
    shown = seen({"1": live} if live else {}, {"a": ThingSpec(state=wanted)}, {"a": "1"})
    assert told(shown) == {"a": said}
    assert shown.wrong == said[2]


def test_what_no_call_reads_is_unverifiable_and_not_asked_for() -> None:
    shown = seen({}, {"a": ThingSpec(name="a")}, {"a": "1"}, kind="dark.thing")
    assert told(shown) == {"a": ("unverifiable", "nobody shows it", False)}


def test_without_state_an_object_is_the_one_with_its_natural_key_lookups_included() -> None:
    live = {"1": thing({"status": "hot"}, key=("a", "c-1")), "2": thing(key=("a", "c-2"))}
    assert told(seen(live, {"a": ThingSpec(name="a", colour=COLOUR)})) == {"a": ("hot", "", False)}
    (sight,) = seen(live, {"a": ThingSpec(name="a", colour=COLOUR)}).sights
    assert sight.id == "1"


def test_what_cannot_be_told_apart_is_unknown_and_what_is_not_there_missing() -> None:
    live: World = {"1": thing(key=("a", None)), "2": thing(key=("a", None)), "colours": thing()}
    specs = {
        "a": ThingSpec(name="a"),
        "b": ThingSpec(name="b"),
        "c": ThingSpec(name="c", colour=COLOUR),
        "d": ThingSpec(),
    }
    assert told(seen(live, specs)) == {
        "a": ("unknown", "several may be meant: 1, 2", False),
        "b": ("missing", "the platform has none", True),
        "c": ("unknown", 'there is not exactly one test.colour with name "red"', False),
        "d": ("unknown", "it can only be told by the state, which is not there", False),
    }
    assert told(seen(live, specs, {"a": "1"}))["d"] == ("missing", "the platform has none", True)


def test_a_host_that_does_not_answer_is_asked_once_and_told_where_nothing_else_can_be() -> None:
    live = {"1": thing(error=Unreachable("no connection"))}
    with pytest.raises(Unreachable, match="no connection"):
        seen(live, {"a": ThingSpec(), "b": ThingSpec()}, {"a": "1", "b": "1"})
