"""Over Pulumi's wire: a wall named as an input, its tiles, and two walls that nothing tells apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import pytest

from cli.harness import serve
from convergence.ateme import ENVIRONMENT, VIEWER
from headend.core.model.errors import InputError
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import UNKNOWN, provider

TILES = {"tile_inputs": {"1": "stadium", "2": "stadium"}, "tile_titles": {"1": "Stadium"}}
TABLES = ("environments", "inputs", "outputs", "multi_viewers", "schedules")


def stack(file: Path, latency: int = 6000, **walls: Any) -> Any:
    """The derby goes out through stadium -> wall -> its Local-TS input, now."""
    children = {
        "inputs": {
            "stadium": {"variant": "srt_push", "port": 5001, "latency": latency},
            "made": {"variant": "local_ts", "multi_viewer": "wall", "user_description": "the wall"},
        },
        "outputs": {"cdn": {"variant": "srt_pull", "port": 5002, "latency": 200}},
        "multi_viewers": {"wall": {**VIEWER, **TILES}, **walls},
        "schedules": {
            "derby": {"input": "wall", "output": "cdn", "start_time": "NOW", "end_time": "2999-12-05T17:00:00Z"}
        },
    }
    file.write_text(json.dumps({"headend": 1, "ateme": {"environments": {"eu": {**ENVIRONMENT, **children}}}}))
    return load(file)


@pytest.mark.contract("A-557", "A-540", "A-541", "A-755", "A-770", "A-539")
@pytest.mark.parametrize("agreed", ["", "ateme.environments.eu"])
def test_a_wall_comes_up_stays_is_guarded_and_goes(agreed: str, tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    world = simulator.sims["ateme"].world
    with (
        serve(simulator) as url,
        provider(
            simulator.settings(url) | {"HEADEND_ATEME_POLL_INTERVAL": "0"}, {"headend:allowInterruption": agreed}
        ) as engine,
    ):
        assert engine.up(stack(file)) == {"create": 6}
        simulator.reset_journal()
        assert engine.up(stack(file)) == {"same": 6}
        assert simulator.writes() == []
        (schedule,), (wall,) = world["schedules"].values(), world["multi_viewers"].values()
        assert schedule["input_id"] == wall["resulting_input_id"]
        assert {n: tile["title"] for n, tile in wall["tiles"].items()} == {"1": "Stadium", "2": ""}
        fewer = {"wall": {**VIEWER, "tile_inputs": {"2": "stadium"}}}
        if not agreed:
            for change in ({"latency": 2000}, fewer):
                with pytest.raises(grpc.RpcError) as caught:
                    engine.up(stack(file, **change))
                assert "would interrupt what is on air" in str(caught.value.details())
            return
        engine.up(stack(file, latency=2000, **fewer))
        assert {n: tile["input_id"] for n, tile in wall["tiles"].items()} == {"1": "", "2": "in-1"}
        assert engine.up(stack(file, latency=2000, **fewer)) == {"same": 6}
        more = {"wall": {**VIEWER, "layout_id": 2}}
        assert engine.up(stack(file, latency=2000, **more))["replace"] >= 1
        assert engine.up(stack(file, latency=2000, **more)) == {"same": 6}
        engine.destroy()
        assert [id for table in TABLES for id, row in world[table].items() if not row["is_deleted"]] == []


@pytest.mark.contract("A-838")
def test_two_walls_that_are_just_alike_are_two_and_one_left_by_a_crash_is_gone_on_with(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    world, address = simulator.sims["ateme"].world, "ateme.environments.eu.multi_viewers.twin"
    agreed = {"headend:allowInterruption": "ateme.environments.eu"}  # its tiles are set again, to be sure
    env = {"HEADEND_ATEME_POLL_INTERVAL": "0"}
    with serve(simulator) as url, provider(simulator.settings(url) | env, agreed) as engine:
        engine.up(stack(file, twin={**VIEWER, **TILES}))
        assert len(world["multi_viewers"]) == 2
        twin = engine.state.pop(address)  # the engine was killed before it recorded it
        assert engine.up(stack(file, twin={**VIEWER, **TILES})) == {"same": 6, "create": 1}
        assert (engine.state[address].id, len(world["multi_viewers"])) == (twin.id, 2)
        assert engine.up(stack(file, twin={**VIEWER, **TILES})) == {"same": 7}
        with pytest.raises(InputError, match="nothing tells objects of this kind apart"):
            engine.up(stack(file, twin={**VIEWER, **TILES}, third={**VIEWER, **TILES, "lifecycle": {"adopt": "match"}}))


@pytest.mark.contract("A-739")
def test_destroy_of_a_target_may_ask_about_a_wall_without_a_program(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    env = {"HEADEND_ATEME_POLL_INTERVAL": "0", "HEADEND_ALLOW_INTERRUPTION": "ateme.environments.eu"}
    with serve(simulator) as url:
        with provider(simulator.settings(url) | env) as engine:
            engine.up(stack(file))
            wall = engine.state["ateme.environments.eu.multi_viewers.wall"]
        simulator.reset_journal()
        with provider(simulator.settings(url) | env) as engine:
            found = engine.diff(wall.kind, wall.id, wall.outputs, wall.inputs | {"tile_inputs": UNKNOWN})
            assert list(found.replaces) == ["tile_inputs"]
            assert simulator.journal == []
