"""Pulumi's preview and refresh say what doesn't do what the stack wants, where no change mends it."""

from __future__ import annotations

import pytest

from table.bench import Bench
from table.samples import SAMPLES

TOLD = "warning: it does not do what the stack wants"
PULUMI = pytest.mark.parametrize("engine", ["pulumi"])


@PULUMI
@pytest.mark.parametrize(
    ("kind", "word"),
    [("multi_viewer", "stopped"), ("multi_viewer", "failed"), ("transcoder", "failed"), ("input", "deleting")],
)
def test_preview_and_refresh_warn_of_it(bench: Bench, kind: str, word: str) -> None:
    sample, side = SAMPLES[kind], bench.side()
    side.up(sample.one(), preview=False)
    assert TOLD not in side.preview(sample.one()).said + side.refresh().said
    bench.table(sample.table)[side.ids()[sample.address("it")]] |= {"status": word, "polls": 99}
    said = f"{sample.address('it')}: {TOLD}: {word} (the stack wants it started)"
    assert said in side.preview(sample.one()).said
    assert said in side.refresh().said


@PULUMI
def test_a_state_that_differs_is_a_change_and_what_rests_with_its_environment_is_no_matter(bench: Bench) -> None:
    sample, side = SAMPLES["transcoder"], bench.side()
    wanted = sample.one()
    side.up(wanted, preview=False)
    bench.table(sample.table)[side.ids()[sample.address("it")]]["status"] = "stopped"
    found = side.preview(wanted)
    assert (found.did(), TOLD in found.said) == ({sample.address("it"): "update"}, False)
    wanted["ateme"]["environments"]["e1"]["state"] = "stopped"
    side.up(wanted, preview=False)
    assert TOLD not in side.preview(wanted).said + side.refresh().said
