"""What was set aside by a replacement that didn't end: when it goes, and that it does."""

from __future__ import annotations

from typing import Any

import pytest

from table.bench import Bench, Kill
from table.rows import FREE
from table.samples import SAMPLES

EMBEDDED = pytest.mark.parametrize("engine", ["embedded"])
SCHEDULE = {"input": "it", "output": "cdn", "start_time": "2035-12-01T15:00:00Z", "end_time": "2035-12-01T17:00:00Z"}


@EMBEDDED
@pytest.mark.parametrize("kind", ["account", "transcoder", "action_configuration", "multi_viewer"])
def test_it_stays_until_the_new_one_is_made(bench: Bench, kind: str) -> None:
    sample, side = SAMPLES[kind], bench.side()
    side.done(sample.one(FREE))
    old, wanted = bench.only(sample.table), sample.one(FREE, **sample.fixed)
    bench.simulator.fail(sample.created, times=99, status=503)
    for _ in range(2):
        assert not side.up(wanted).ok
        assert bench.only(sample.table) == old
    bench.simulator.faults.clear()
    side.done(wanted)
    assert bench.only(sample.table) != old


@EMBEDDED
def test_it_stays_until_what_depends_on_it_has_changed_over(bench: Bench) -> None:
    sample, side = SAMPLES["transcoder"], bench.side()

    def wanted(**changes: Any) -> dict[str, Any]:
        stack = sample.one(FREE, **changes)
        inner = stack["ateme"]["environments"]["e1"]
        inner["outputs"] = {"cdn": {"variant": "rtmp", "url": "rtmp://localhost/live"}}
        inner["schedules"] = {"derby": SCHEDULE}
        return stack

    side.done(wanted())
    side.killed(wanted(**sample.fixed), Kill(sample.created))
    with bench.written() as written:
        side.done(wanted(**sample.fixed))
    assert written == ["schedule.delete", "schedule.create", "transcoder.delete"]


@EMBEDDED
def test_retain_does_not_keep_it(bench: Bench) -> None:
    sample, side, life = SAMPLES["transcoder"], bench.side(), {"retain": True}
    side.done(sample.one(life))
    old, wanted = bench.only(sample.table), sample.one(life, **sample.fixed)
    side.killed(wanted, Kill(sample.created))
    side.done(wanted)
    assert bench.only(sample.table) != old


@EMBEDDED
def test_the_protection_that_the_stack_gave_up_does_not_keep_it(bench: Bench) -> None:
    sample, side = SAMPLES["transcoder"], bench.side()
    side.done(sample.one({"protect": True}))
    old, wanted = bench.only(sample.table), sample.one(FREE, **sample.fixed)
    side.killed(wanted, Kill(sample.created))
    side.done(wanted)
    assert bench.only(sample.table) != old
