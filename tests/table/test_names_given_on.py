"""A name that one object gives up may be another's in the same run: each stays the object that it was."""

from __future__ import annotations

from typing import Any

import pytest

from table.bench import ENGINES, Bench
from table.samples import SAMPLES


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["label", "action_configuration"])
def test_a_name_is_given_on(kind: str, engine: str, bench: Bench) -> None:
    sample, side = SAMPLES[kind], bench.side()

    def named(**names: str) -> dict[str, Any]:
        return sample.stack(**{key: sample.fields(**{sample.named: name}) for key, name in names.items()})

    def up(**names: str) -> None:
        ran = side.up(named(**names))
        assert ran.ok, ran.said

    up(a="North", b="South")
    ids = side.ids()
    up(a="East", b="North")
    assert side.ids() == ids
    up(b="East")
    assert list(bench.live(sample.table)) == [ids[sample.address("b")]]
    side.done(named(b="West", a="East"))
    assert side.ids()[sample.address("b")] == ids[sample.address("b")]
    assert len(bench.live(sample.table)) == 2
