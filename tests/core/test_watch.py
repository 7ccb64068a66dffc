"""What a step would cut: asked of the object, and of all that depends on it by the stack or by state."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from headend.core.model.capabilities import OnAir
from headend.core.model.fields import Impact, Spec
from headend.core.model.kind import Kind
from headend.core.model.observed import Airtime
from headend.core.model.options import Maintenance, Options
from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.on_air import Watch
from headend.core.reconcile.plan import Step
from headend.core.wire import registry

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class ThingSpec(Spec):
    size: int = 1


class Quiet(Kind[ThingSpec, Any]):
    model: ClassVar[type[Spec]] = ThingSpec


class Airing(Quiet, OnAir[ThingSpec, Any]):
    """Each object is carried by the schedule of its own id; `asked` is the api."""

    async def on_air(self, api: Any, id: str, spec: ThingSpec, *, fresh: bool = False) -> list[Airtime]:
        api.append((id, spec.size, fresh))
        return [Airtime("fake.schedule", f"s{id}", NOW - HOUR, NOW + HOUR)] if spec.size == 1 else []


for kind, name in ((Quiet, "fake.quiet"), (Airing, "fake.airing")):
    kind.name = name


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "kinds", lambda: {"fake.quiet": Quiet(), "fake.airing": Airing()})


def record(address: str, kind: str = "fake.airing", depends: tuple[str, ...] = (), size: int = 1) -> Record:
    return Record(address, kind, address.upper(), {"size": size}, depends=depends)


class Bench:
    """Records by address; `wants`: what resources of the stack refer to."""

    def __init__(self, *records: Record, wants: dict[str, tuple[str, ...]] | None = None, **options: Any) -> None:
        self.asked: list[Any] = []
        self.platforms: list[str] = []

        def refers(to: tuple[str, ...]) -> Any:
            return SimpleNamespace(references=lambda: frozenset(to))

        resources = {a: cast(Any, refers(to)) for a, to in (wants or {}).items()}
        stack = Stack("day", "", resources, options=Options(**options))

        async def api(platform: str) -> Any:
            self.platforms.append(platform)
            return self.asked

        self.watch = Watch(stack, {r.address: r for r in records}, api, lambda: NOW)

    def cuts(
        self, address: str = "a", impact: Impact = Impact.INTERRUPTS, id: str | None = "A", **how: Any
    ) -> list[Any]:
        step = Step(address, "fake.airing", Action.UPDATE, Reason.CHANGED, impact=impact, id=id)
        found = asyncio.run(self.watch.cuts(step, **how))
        return [(cut.kind, cut.id, cut.start, cut.end, cut.address) for cut in found]


def schedule(id: str, address: str | None = None) -> tuple[Any, ...]:
    return ("fake.schedule", id, NOW - HOUR, NOW + HOUR, address)


def test_the_object_itself_is_asked() -> None:
    bench = Bench(record("a", size=1))
    assert bench.cuts() == [schedule("sA")]
    assert (bench.asked, bench.platforms) == ([("A", 1, False)], ["fake"])
    bench.cuts(fresh=True)
    assert bench.asked[-1] == ("A", 1, True)


def test_who_manages_the_schedule_is_named() -> None:
    held = Record("night", "fake.schedule", "sA", {})
    same_id = Record("other", "fake.other", "sA", {})
    assert Bench(record("a"), held, same_id).cuts() == [schedule("sA", "night")]


@pytest.mark.parametrize("impact", [Impact.RESTART, Impact.INTERRUPTS, Impact.DESTROYS])
def test_what_disturbs_a_stream_is_asked_about(impact: Impact) -> None:
    assert Bench(record("a")).cuts(impact=impact) != []


def test_what_disturbs_nothing_asks_nobody() -> None:
    window = Maintenance(start=NOW - HOUR, end=NOW + HOUR)
    for bench, how in (
        (Bench(record("a")), {"impact": Impact.NONE}),
        (Bench(record("a")), {"id": None}),
        (Bench(record("a"), maintenance=(window,)), {}),
    ):
        assert bench.cuts(**how) == []
        assert bench.asked == []


def test_what_is_not_known_or_never_on_air_cuts_nothing() -> None:
    assert Bench().cuts() == []
    assert Bench(record("a", "fake.quiet")).cuts() == []
    assert Bench(record("a", size=2)).cuts() == []


def test_all_that_depends_on_it_is_asked() -> None:
    """By state, by the stack, and by both."""
    records = [record("a", "fake.quiet"), record("b", depends=("a",)), record("c", size=1), record("d"), record("e")]
    bench = Bench(*records, wants={"c": ("b",), "b": ("e",), "d": (), "a": ()})
    assert [cut[1] for cut in bench.cuts()] == ["sB", "sC"]
    assert [cut[1] for cut in bench.cuts("e", id="E")] == ["sB", "sC", "sE"]


def test_what_was_deleted_is_asked_no_more() -> None:
    bench = Bench(record("a"), record("b", depends=("a",)))
    assert [cut[1] for cut in bench.cuts()] == ["sA", "sB"]
    bench.watch.forget("b")
    bench.watch.forget("never-there")
    assert [cut[1] for cut in bench.cuts()] == ["sA"]
    # a link by what is gone is gone with it
    bench = Bench(record("a"), record("b", depends=("a",)), record("c", depends=("b",)))
    bench.cuts()
    bench.watch.forget("b")
    assert [cut[1] for cut in bench.cuts()] == ["sA"]
    # but not one that the stack wants: it is made anew
    bench = Bench(record("a"), record("b", depends=("a",)), record("c", depends=("b",)), wants={"b": ("a",)})
    bench.cuts()
    bench.watch.forget("b")
    assert [cut[1] for cut in bench.cuts()] == ["sA", "sC"]


@pytest.mark.parametrize("others", [[], [record("c", depends=("a",))]])
def test_what_was_deleted_before_anything_was_asked_is_never_asked(others: list[Record]) -> None:
    bench = Bench(record("a", "fake.quiet"), record("b", depends=("a",)), *others)
    bench.watch.forget("b")
    assert [cut[1] for cut in bench.cuts()] == ["sC" for _ in others]


def test_a_schedule_that_was_deleted_is_named_no_more() -> None:
    bench = Bench(record("a"), Record("night", "fake.schedule", "sA", {}))
    assert bench.cuts() == [schedule("sA", "night")]
    bench.watch.forget("night")
    assert bench.cuts() == [schedule("sA")]
