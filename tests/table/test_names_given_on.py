"""A name that one object gives up may be another's in the same run: each stays the object that it was."""

from __future__ import annotations

from typing import Any

import pytest

from table.bench import ENGINES, Bench
from table.samples import SAMPLES


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["label", "action_configuration", "input"])
def test_a_name_is_given_on(kind: str, engine: str, bench: Bench) -> None:
    sample, side = SAMPLES[kind], bench.side()

    def named(**names: str) -> dict[str, Any]:
        return sample.stack(**{key: sample.fields(**{sample.named: name}) for key, name in names.items()})

    def same(*keys: str) -> bool:
        """Whether they are the objects that they were, where they are changed in place."""
        return kind == "input" or all(side.ids()[sample.address(key)] == ids[sample.address(key)] for key in keys)

    def up(**names: str) -> None:
        ran = side.up(named(**names))
        assert ran.ok, ran.said

    up(a="North", b="South")
    ids = side.ids()
    up(a="East", b="North")
    assert same("a", "b")
    if (kind, engine) == ("input", "pulumi"):  # it deletes what left the stack at the end of a run
        side.refused(named(b="East"), "deletes only at the end")
        up(b="North")
    up(b="East")
    assert same("b")
    with bench.written() as written:
        side.done(named(a="East", b="West"))
    assert same("b")
    assert len(bench.live(sample.table)) == 2
    assert written[-1].startswith(f"{kind}.create"), "after the name was given up"


@pytest.mark.parametrize("engine", ENGINES)
def test_names_that_change_places_are_refused_before_anything_is_done(bench: Bench) -> None:
    sample, side = SAMPLES["label"], bench.side()
    one, other = (sample.fields(text=text) for text in ("North", "South"))
    assert side.up(sample.stack(a=one, b=other)).ok
    side.refused(sample.stack(a=other, b=one), "it takes the name of", "give one of them another name first")
