"""An object that others refer to is made anew: what refers to it goes before, or lets go, and nothing else does."""

from __future__ import annotations

import pytest

from table.bench import Bench
from table.referring import INPUT, MADE_ANEW, made_anew, referring

PULUMI = pytest.mark.parametrize("engine", ["pulumi"])
WALL = "ateme.multi_viewers"


@pytest.mark.contract("A-739")
@pytest.mark.parametrize(
    ("what", "engine"), [("input", "embedded"), ("input", "pulumi"), ("input, of which an event lets go", "pulumi")]
)
def test_what_refers_to_it_goes_first_or_lets_go(bench: Bench, what: str) -> None:
    side, (changes, anew) = bench.side(), MADE_ANEW[what]
    side.done(referring())
    before = side.ids()
    side.done(referring(**changes))
    assert made_anew(before, side.ids()) == anew
    shown = bench.live(WALL)[bench.only(WALL)]["tiles"]
    stack = "ateme.environments.eu.inputs"
    assert [shown[n]["input_id"] for n in "12"] == [side.ids()[f"{stack}.{key}"] for key in ("stadium", "spare")]
    assert side.destroy(referring(**changes)).ok
    assert bench.live("ateme.inputs") == {}


@PULUMI
def test_what_refers_to_an_object_that_is_gone_stays(bench: Bench) -> None:
    side = bench.side()
    side.done(referring())
    before = side.ids()
    bench.lose("ateme.inputs", before["ateme.environments.eu.inputs.spare"])
    side.done(referring())
    assert made_anew(before, side.ids()) == {"inputs.spare"}


@PULUMI
def test_what_leaves_the_stack_goes_before(bench: Bench) -> None:
    side = bench.side()
    side.done(referring())
    side.done(referring(**INPUT, **{"events.final": None, "event_subscriptions.cdn": None, "transcoders.hd": None}))
    assert bench.live("ateme.transcoders") == bench.live("ateme.events") == {}


@PULUMI
def test_a_tile_that_shows_another_input_by_then(bench: Bench) -> None:
    side = bench.side()
    side.done(referring())
    before = side.ids()
    side.done(referring(**INPUT, **{"multi_viewers.wall": {"tile_inputs": {"1": "spare", "2": "spare"}}}))
    assert "multi_viewers.wall" not in made_anew(before, side.ids())
    shown = bench.live(WALL)[bench.only(WALL)]["tiles"]
    assert {tile["input_id"] for tile in shown.values()} == {before["ateme.environments.eu.inputs.spare"]}
