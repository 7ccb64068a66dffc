"""What goes out through a multi-viewer goes out through any input that it may show."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import E1, ENVIRONMENT, Engine, stack
from ateme.test_multi_viewer_life import INPUTS, OUT
from ateme.test_transcoder_on_air import NOW, cut
from convergence.ateme import TRANSCODER, VIEWER
from headend.ateme.multi_viewer import MultiViewerKind
from headend.ateme.multi_viewer_spec import MultiViewer
from headend.core.reconcile.state import open_state

DERBY = f"{E1}.schedules.derby"
WALL, STADIUM, SPARE = f"{E1}.multi_viewers.wall", f"{E1}.inputs.stadium", f"{E1}.inputs.spare"
WHERE = {"environment_id": "env-1", "organisation_id": "org-1", "is_event_subscription": False}
TILES = {"tile_inputs": {"1": "stadium"}, "tile_titles": {"1": "Stadium"}}


def on_air(latency: int = 6000, spare: int = 6000, **wall: Any) -> dict[str, Any]:
    """The derby goes out through stadium -> wall; nobody can see whether spare is in the wall, too."""
    inputs = {
        "stadium": {**INPUTS["stadium"], "latency": latency},
        "spare": {**INPUTS["spare"], "latency": spare},
    }
    walls = {"wall": {**VIEWER, **TILES, **wall}}
    return stack(inputs=inputs, outputs=OUT, multi_viewers=walls, schedules={"derby": {"input": "wall", **NOW}})


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = Engine(tmp_path)
    made.done(on_air())
    return made


@pytest.mark.contract("A-557", "A-771", "A-825")
@pytest.mark.parametrize(
    "switches",
    [{}, {"ids": "plain"}, {"variant_echo": False}, {"viewer_details": "unlinked"}, {"viewer_details": "settings"}],
    ids=str,
)
def test_whatever_a_wall_on_air_may_show_is_guarded(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(on_air())
    assert cut(engine, on_air(2000)) == {STADIUM: [DERBY]}
    assert cut(engine, on_air(spare=2000)) == {SPARE: [DERBY]}, "the tiles may have been switched by others"
    refused = engine.apply(on_air(2000), allowed=[])
    assert f"would interrupt what is on air: {DERBY}" in refused.failed[STADIUM]
    engine.done(on_air(2000), allowed=[DERBY])


def test_it_is_so_for_what_others_made_and_no_state_knows(engine: Engine) -> None:
    with open_state(engine.directory / "state.db") as state:
        state.drop(DERBY)
        state.drop(WALL)
    wanted = on_air(2000)
    del wanted["ateme"]["environments"]["e1"]["multi_viewers"], wanted["ateme"]["environments"]["e1"]["schedules"]
    assert cut(engine, wanted) == {STADIUM: ["sched-1"]}


def test_a_wall_in_another_environment_shows_nothing_of_this_one(engine: Engine) -> None:
    def elsewhere(latency: int) -> dict[str, Any]:
        wanted = on_air()
        inputs = {"far": {**INPUTS["spare"], "latency": latency}}
        wanted["ateme"]["environments"]["e2"] = {**ENVIRONMENT, "inputs": inputs, "multi_viewers": {"w": VIEWER}}
        return wanted

    engine.done(elsewhere(6000))
    assert cut(engine, elsewhere(2000)) == {}


@pytest.mark.parametrize(
    ("change", "guarded"),
    [
        pytest.param({"pmt_pid": 300}, True, id="a setting"),
        pytest.param({"max_allowed_bitrate_kbps": 9000}, True, id="the limit"),
        pytest.param({"tile_inputs": {"1": "spare"}}, True, id="a tile"),
        pytest.param({"tile_titles": {"1": "Home"}}, True, id="a title"),
        pytest.param({"layout_id": 2}, True, id="another layout"),
        pytest.param({"extra": {"note": "x"}}, False, id="what headend knows nothing of"),
    ],
)
def test_what_changes_a_wall_on_air_is_guarded(engine: Engine, change: dict[str, Any], guarded: bool) -> None:
    found = cut(engine, on_air(**change)).get(WALL)
    assert found == ([DERBY] if guarded else None)


def test_deleting_it_is_guarded_and_a_programme_that_is_over_guards_nothing(engine: Engine) -> None:
    gone = stack(inputs=on_air()["ateme"]["environments"]["e1"]["inputs"], outputs=OUT)
    assert set(cut(engine, gone)) == {WALL, DERBY}
    engine.now = engine.now.replace(day=6)
    assert cut(engine, on_air(2000)) == {}


def test_walls_of_transcoders_of_walls_are_one_path(tmp_path: Path) -> None:
    def chain(gop: int, **inner: Any) -> dict[str, Any]:
        walls = {
            "inner": {**VIEWER, "tile_inputs": {"1": "stadium"}, **inner},
            "outer": {**VIEWER, "tile_inputs": {"1": "hd"}},
        }
        hd = {"hd": {**TRANSCODER, "input": "inner", "video_gop": gop}}
        schedules = {"derby": {"input": "outer", **NOW}}
        return stack(inputs=INPUTS, outputs=OUT, transcoders=hd, multi_viewers=walls, schedules=schedules)

    engine = Engine(tmp_path)
    engine.done(chain(50))
    assert cut(engine, chain(25)) == {f"{E1}.transcoders.hd": [DERBY]}
    assert cut(engine, chain(50, pmt_pid=300)) == {f"{E1}.multi_viewers.inner": [DERBY]}


@pytest.mark.contract("A-557")
def test_where_nobody_says_which_input_a_wall_makes_each_that_nobody_claims_counts(
    opened: Any, environment: Any
) -> None:
    async def go() -> None:
        kind = MultiViewerKind()
        async with opened() as (api, simulator):
            world = simulator.sims["ateme"].world
            spec = MultiViewer(environment=await environment(api), **VIEWER)
            made = await kind.create(api, spec)
            row = world["multi_viewers"][made.id]
            times = {"start_time": "2026-12-05T12:00:00+00:00", "end_time": "2999-12-05T12:00:00+00:00"}
            entry = {"schedule_id": "s", "output_id": "o", "input_id": row["resulting_input_id"], **times}
            world["schedules"]["s"] = entry | {"taker_organisation_id": "org-1", "is_deleted": False, **WHERE}
            assert [a.id for a in await kind.on_air(api, made.id, spec, fresh=True)] == ["s"]
            assert await kind.on_air(api, "mv-77", spec, fresh=True) == (), "all that is there is another's"
            world["inputs"][row["resulting_input_id"]]["multi_viewer_id"] = None
            assert [a.id for a in await kind.on_air(api, "mv-77", spec, fresh=True)] == ["s"]

    asyncio.run(go())
