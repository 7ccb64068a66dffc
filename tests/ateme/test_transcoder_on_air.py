"""What goes out through a transcoder goes out through its source, too, and through all between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import E1, Engine, stack
from ateme.test_transcoder_life import INPUTS, OUT
from convergence.ateme import TRANSCODER
from headend.core.reconcile.state import open_state

NOW = {"output": "cdn", "start_time": "NOW", "end_time": "2026-12-05T17:00:00Z"}
DERBY = f"{E1}.schedules.derby"
CHAIN = {"hd": TRANSCODER, "sd": {**TRANSCODER, "input": "hd", "video_bitrate": 900}}


def on_air(latency: int = 6000, **more: Any) -> dict[str, Any]:
    """The derby goes out through stadium -> hd -> sd; spare and its transcoder carry nothing."""
    inputs = {name: {**fields, "latency": latency} for name, fields in INPUTS.items()}
    transcoders = {**CHAIN, "idle": {**TRANSCODER, "input": "spare"}, **more}
    return stack(inputs=inputs, outputs=OUT, transcoders=transcoders, schedules={"derby": {"input": "sd", **NOW}})


def cut(engine: Engine, wanted: dict[str, Any]) -> dict[str, list[str | None]]:
    """Address of each step that cuts something -> what."""
    return {
        s.address: [c.address or c.id for c in s.on_air]
        for s in engine.plan(wanted, now=lambda: engine.now).writes()
        if s.on_air
    }


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = Engine(tmp_path)
    made.done(on_air())
    return made


@pytest.mark.contract("A-427", "A-428", "A-536", "A-504")
@pytest.mark.parametrize(
    "switches", [{}, {"ids": "plain"}, {"transcoder_list": "brief"}, {"envelope": "object"}], ids=str
)
def test_the_source_of_a_chain_on_air_is_guarded_with_the_schedules_address(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(on_air())
    assert cut(engine, on_air(2000)) == {f"{E1}.inputs.stadium": [DERBY]}
    refused = engine.apply(on_air(2000), allowed=[])
    assert list(refused.failed) == [f"{E1}.inputs.stadium"]
    assert f"would interrupt what is on air: {DERBY}" in refused.failed[f"{E1}.inputs.stadium"]
    engine.done(on_air(2000), allowed=[DERBY])


def test_it_is_so_for_what_others_made_and_no_state_knows(engine: Engine) -> None:
    with open_state(engine.directory / "state.db") as state:
        for name in ("schedules.derby", "transcoders.sd", "transcoders.hd", "transcoders.idle"):
            state.drop(f"{E1}.{name}")
    wanted = on_air(2000)
    del wanted["ateme"]["environments"]["e1"]["transcoders"], wanted["ateme"]["environments"]["e1"]["schedules"]
    assert cut(engine, wanted) == {f"{E1}.inputs.stadium": ["sched-1"]}


@pytest.mark.parametrize(
    ("changes", "cuts"),
    [
        pytest.param({"hd": {**TRANSCODER, "video_gop": 25}}, ["hd"], id="a setting of the first"),
        pytest.param({"hd": {**TRANSCODER, "input": "spare"}}, ["hd"], id="another source"),
        pytest.param({"sd": {**CHAIN["sd"], "state": "stopped"}}, ["sd"], id="the last is stopped"),
        pytest.param({"hd": {**TRANSCODER, "restart_trigger": "1"}}, ["hd"], id="a restart"),
        pytest.param({"hd": {**TRANSCODER, "audio_track_pid_list": [101]}}, ["hd"], id="the audio"),
        pytest.param({"idle": {**TRANSCODER, "input": "spare", "video_gop": 25}}, [], id="what carries nothing"),
    ],
)
def test_what_changes_a_transcoder_on_air_is_guarded(engine: Engine, changes: dict[str, Any], cuts: list[str]) -> None:
    assert cut(engine, on_air(**changes)) == {f"{E1}.transcoders.{name}": [DERBY] for name in cuts}


def test_deleting_the_chain_is_guarded_and_a_programme_that_is_over_guards_nothing(engine: Engine) -> None:
    assert set(cut(engine, stack(inputs=INPUTS, outputs=OUT))) == {
        f"{E1}.transcoders.hd",
        f"{E1}.transcoders.sd",
        DERBY,
    }
    engine.now = engine.now.replace(day=6)
    assert cut(engine, on_air(2000)) == {}
