"""The decision table of both engines, row by row: what is done with an object, by what state, world and stack say."""

from __future__ import annotations

import pytest

import table.rows_known
import table.rows_replaced
import table.rows_sisters
import table.rows_unknown  # noqa: F401  each adds its rows
from table.bench import ENGINES, Bench
from table.rows import ROWS, Row
from table.samples import SAMPLES, Sample

CASES = [
    pytest.param(engine, row, SAMPLES[kind], id=f"{row.name}-{kind}-{engine}")
    for row in ROWS
    for kind in row.kinds
    for engine in row.engines
]


@pytest.mark.parametrize(("engine", "row", "sample"), CASES)
def test_row(engine: str, row: Row, sample: Sample, bench: Bench) -> None:
    row.play(bench, bench.side(), sample)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_that_looks_like_a_kept_digest_is_a_value(engine: str, bench: Bench) -> None:
    def event(**triggers: str) -> dict[str, object]:
        action = {"juid": "ann", "tags": [1], "label": "login", "triggers": triggers}
        return {"headend": 1, "just": {"profiles": {"ann": {"name": "Ann"}}, "actions": {"it": action}}}

    side = bench.side()
    changes = ({"$digest": "2"}, {"$digest": "3"}, {"$digest": "3", "$sealed": "x"}, {"$digest": "3", "$sealed": "y"})
    for count, triggers in enumerate(changes, 1):
        side.done(event(**triggers))
        assert len(bench.live("just.events")) == count, "each change counts the event again"


def test_each_row_has_its_reason_and_three_kinds_or_says_why_not() -> None:
    few = {"killed_once_is_looked_at"}  # the only kind that can't be made again
    assert {row.name for row in ROWS if len(row.kinds) < 3} == few
    assert all(row.why.endswith(".") for row in ROWS)
