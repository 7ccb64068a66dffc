"""What state knows and the world has lost, where something else is in its place."""

from __future__ import annotations

import pytest

from table.bench import Bench
from table.samples import SAMPLES

EMBEDDED = pytest.mark.parametrize("engine", ["embedded"])


@EMBEDDED
@pytest.mark.parametrize("kind", ["input", "label", "action_configuration", "transcoder", "multi_viewer"])
def test_adopt_by_id_takes_what_is_in_the_place_of_what_is_gone(bench: Bench, kind: str) -> None:
    sample, side = SAMPLES[kind], bench.side()
    side.done(sample.one())
    old = bench.only(sample.table)
    bench.double(sample.table, old, "stranger-1")
    bench.lose(sample.table, old)
    side.done(sample.one({"adopt": {"id": "stranger-1"}}))
    assert side.ids()[sample.address("it")] == "stranger-1"
    assert list(bench.live(sample.table)) == ["stranger-1"]


@EMBEDDED
@pytest.mark.parametrize("kind", ["label", "input"])
def test_adopt_by_an_id_that_is_gone_too_is_no_obstacle(bench: Bench, kind: str) -> None:
    sample, side = SAMPLES[kind], bench.side()
    side.done(sample.one())
    bench.lose(sample.table, bench.only(sample.table))
    side.done(sample.one({"adopt": {"id": "nobody-1"}}))


@EMBEDDED
@pytest.mark.parametrize("kind", ["label", "input"])
def test_what_is_made_again_waits_for_the_name_that_another_gives_up(bench: Bench, kind: str) -> None:
    sample, side = SAMPLES[kind], bench.side()
    name = sample.named
    side.done(sample.stack(a=sample.fields(**{name: "A"}), b=sample.fields(**{name: "B"})))
    bench.lose(sample.table, side.ids()[sample.address("a")])
    side.done(sample.stack(a=sample.fields(**{name: "B"}), b=sample.fields(**{name: "C"})))
