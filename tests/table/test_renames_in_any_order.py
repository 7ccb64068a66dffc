"""What the stack says by name, or tells by a key, comes before what headend guesses, whatever its place in the file."""

from __future__ import annotations

import pytest

from table.bench import Bench
from table.samples import SAMPLES

EMBEDDED = pytest.mark.parametrize("engine", ["embedded"])
INPUT = SAMPLES["input"]


@EMBEDDED
def test_renamed_from_comes_before_one_that_is_only_like_it(bench: Bench) -> None:
    side, plain = bench.side(), INPUT.fields(stream_name=None)
    side.done(INPUT.stack(old=plain))
    id = bench.only(INPUT.table)
    side.done(INPUT.stack(like=plain, it=plain | {"lifecycle": {"renamed_from": "old"}}))
    assert side.ids()[INPUT.address("it")] == id


@EMBEDDED
def test_the_same_name_comes_before_one_that_is_only_like_it(bench: Bench) -> None:
    side, plain = bench.side(), INPUT.fields(stream_name=None)
    side.done(INPUT.stack(old=plain))
    id = bench.only(INPUT.table)
    side.done(INPUT.stack(like=plain, it=plain | {"stream_name": "old"}))
    assert side.ids()[INPUT.address("it")] == id


@EMBEDDED
@pytest.mark.parametrize("target", ["ateme.environments.e2", "ateme.environments.e2.inputs.it"])
def test_a_target_in_a_renamed_environment_is_the_object_that_it_was(bench: Bench, target: str) -> None:
    side, inputs = bench.side(), {"it": INPUT.fields(), "other": INPUT.fields(stream_name="Other", port=5002)}
    side.done(INPUT.stack("e1", **inputs))
    renamed = INPUT.stack("e2", {"renamed_from": "e1"}, **inputs)
    with bench.nothing_written():
        side.flags = ["--target", target]
        assert side.up(renamed).ok
        side.flags = []
        side.done(renamed)
    assert len(bench.live(INPUT.table)) == 2
