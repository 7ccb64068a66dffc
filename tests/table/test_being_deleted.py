"""What a killed run told to go is waited for, and not told again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from table.bench import Kill, open_bench
from table.rows import FREE
from table.samples import SAMPLES


@pytest.mark.contract("A-726", "A-727")
@pytest.mark.parametrize(("kind", "engine"), [("environment", "pulumi"), ("multi_viewer", "pulumi")])
def test_a_killed_destroy_is_gone_on_with(kind: str, engine: str, tmp_path: Path) -> None:
    sample = SAMPLES[kind]
    wanted = sample.one(FREE)
    with open_bench(engine, tmp_path, {"ateme": {"polls": 6}}) as bench:
        side = bench.side()
        side.done(wanted)
        id = bench.only(sample.table)
        bench.simulator.reset_journal()
        assert side.destroy(wanted, Kill(f"{kind}.delete")).killed
        assert bench.table(sample.table)[id]["status"] == "deleting"
        assert side.destroy(wanted).ok
        told = Counter(entry.path for entry in bench.simulator.writes() if entry.key.endswith(".delete"))
        assert set(told.values()) == {1}
        assert bench.live(sample.table) == bench.live("ateme.environments") == {}


@pytest.mark.contract("A-721", "A-726")
@pytest.mark.parametrize(
    ("kind", "engine"), [("environment", "embedded"), ("transcoder", "pulumi"), ("multi_viewer", "embedded")]
)
def test_what_is_wanted_and_being_deleted_is_made_again_once_it_is_gone(kind: str, engine: str, tmp_path: Path) -> None:
    sample = SAMPLES[kind]
    with open_bench(engine, tmp_path, {"ateme": {"polls": 6}}) as bench:
        side = bench.side()
        assert side.up(sample.one()).ok
        old = bench.only(sample.table)
        assert side.destroy(sample.one(), Kill(f"{kind}.delete")).killed
        bench.simulator.reset_journal()
        ran = side.up(sample.one())
        assert ran.ok, ran.said
        assert "is being deleted" in ran.said
        assert [entry.key for entry in bench.simulator.writes() if entry.key.endswith(".delete")] == []
        assert bench.only(sample.table) != old
        side.settled(sample.one())
