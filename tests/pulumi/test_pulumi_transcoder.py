"""Over Pulumi's wire: a transcoder named as a schedule's input, and the guard over a chain of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import pytest

from cli.harness import serve
from convergence.ateme import ENVIRONMENT, TRANSCODER
from headend.core.model.errors import GuardError
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

CHAIN = {"hd": TRANSCODER, "sd": {**TRANSCODER, "input": "hd", "video_bitrate": 900}}


def stack(file: Path, latency: int = 6000, **transcoders: Any) -> Any:
    """The derby goes out through stadium -> hd -> sd, now; a third transcoder takes the same source."""
    children = {
        "inputs": {"stadium": {"variant": "srt_push", "port": 5001, "latency": latency}},
        "outputs": {"cdn": {"variant": "srt_pull", "port": 5002, "latency": 200}},
        "transcoders": {**CHAIN, "third": {**TRANSCODER, "video_bitrate": 700}, **transcoders},
        "schedules": {
            "derby": {"input": "sd", "output": "cdn", "start_time": "NOW", "end_time": "2999-12-05T17:00:00Z"}
        },
    }
    file.write_text(json.dumps({"headend": 1, "ateme": {"environments": {"eu": {**ENVIRONMENT, **children}}}}))
    return load(file)


@pytest.mark.contract("A-536", "A-770", "A-515")
@pytest.mark.parametrize("agreed", ["", "ateme.environments.eu"])
def test_a_chain_comes_up_stays_is_guarded_and_goes(agreed: str, tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    world = simulator.sims["ateme"].world
    settings = {"HEADEND_ATEME_POLL_INTERVAL": "0"}
    with (
        serve(simulator) as url,
        provider(simulator.settings(url) | settings, {"headend:allowInterruption": agreed}) as engine,
    ):
        assert engine.up(stack(file)) == {"create": 7}
        simulator.reset_journal()
        assert engine.up(stack(file)) == {"same": 7}
        assert simulator.writes() == []
        (schedule,) = world["schedules"].values()
        sd = next(row for row in world["transcoders"].values() if row["video_bitrate"] == 900)
        assert schedule["input_id"] == sd["resulting_input_id"]
        if not agreed:
            with pytest.raises(grpc.RpcError) as caught:
                engine.up(stack(file, latency=2000))
            said = caught.value.details()
            assert "inputs.stadium: would interrupt what is on air" in said
            assert "ateme.environments.eu.schedules.derby" in said
            return
        engine.up(stack(file, latency=2000))
        more = {"hd": {**TRANSCODER, "number_of_audio_tracks": 4}}
        assert engine.up(stack(file, latency=2000, **more))["replace"] == 1
        assert engine.up(stack(file, latency=2000, **more)) == {"same": 7}
        engine.destroy()
        tables = ("environments", "inputs", "outputs", "transcoders", "schedules")
        assert [id for table in tables for id, row in world[table].items() if not row["is_deleted"]] == []


@pytest.mark.contract("A-770")
def test_two_that_are_alike_are_two_and_a_killed_creation_is_gone_on_with(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    with serve(simulator) as url:
        env = simulator.settings(url) | {"HEADEND_ATEME_POLL_INTERVAL": "0"}
        with provider(env) as engine:
            assert engine.up(stack(file, spare=TRANSCODER))["create"] == 8
            state = engine.state
            assert len({live.id for live in state.values() if live.kind == "ateme.transcoder"}) == 4
            lost = state.pop("ateme.environments.eu.transcoders.spare")
            assert engine.up(stack(file, spare=TRANSCODER)) == {"same": 7, "create": 1}
            assert engine.state["ateme.environments.eu.transcoders.spare"].id == lost.id
        del state["ateme.environments.eu.transcoders.spare"]
        with provider(env) as engine:  # a fresh runner has no journal
            engine.state = state
            with pytest.raises(GuardError, match=rf"exists already \({lost.id}\).*HEADEND_ADOPT="):
                engine.up(stack(file, spare=TRANSCODER))
