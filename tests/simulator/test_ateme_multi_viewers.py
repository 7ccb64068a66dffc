"""The simulated multi-viewers: asynchronous, strict but for tiles, with an input of their own."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.ateme import VIEWER
from simulator.ateme_world import World, run
from simulator.test_ateme_transcoders import SETTINGS as TRANSCODER

LIMIT = {"max_allowed_bitrate_kbps": 8000}


async def made(world: World, **more: Any) -> str:
    """The id of a new multi-viewer that runs."""
    id = str((await world.call("POST", "multi_viewers", {**VIEWER, **more}, 202))["multi_viewer_id"])
    while (await world.call("GET", f"multi_viewers/{id}", None, 200))["status"] == "creating":
        pass
    return id


def tiles(world: World, id: str) -> dict[str, tuple[str, str]]:
    row = world.sim.world["multi_viewers"][id]
    return {number: (tile["input_id"], tile["title"]) for number, tile in row["tiles"].items()}


@pytest.mark.contract("A-220", "A-221", "A-224", "A-555", "A-556", "A-557", "A-721", "A-774", "A-778", "A-825")
@pytest.mark.parametrize("deleted", ["gone", "visible"])
def test_a_multi_viewer_makes_a_local_ts_input_and_takes_it_away(deleted: str) -> None:
    async def body(world: World) -> None:
        source = await world.make("input", "srt_push")
        answer = await world.call("POST", "multi_viewers", {**VIEWER, "tile_inputs": {"1": source}}, 202)
        id = answer["multi_viewer_id"]
        assert answer["status"] == "creating"
        path = f"multi_viewers/{id}"
        seen = [await world.call("GET", path, None, 200) for _ in range(2)]
        assert [row["status"] for row in seen] == ["creating", "running"]
        assert not {"tiles", "tile_inputs", "tile_titles"} & set(seen[1]), "details omit tiles"
        inputs = {row["input_id"]: row for row in await world.call("GET", "inputs", None, 200)}
        (result,) = [row for row in inputs.values() if row["variant"] == "local_ts"]
        assert (result["multi_viewer_id"], result["max_allowed_bitrate_kbps"]) == (id, 8000)
        assert seen[1]["resulting_input_id"] == result["input_id"]
        await world.call("DELETE", f"inputs/{source}", None, 409)
        await world.call("DELETE", path, None, 202)
        await world.call("GET", path, None, 200)
        if deleted == "visible":
            assert (await world.call("GET", path, None, 200))["is_deleted"]
        else:
            await world.call("GET", path, None, 404)
        left = [row for row in await world.call("GET", "inputs", None, 200) if not row.get("is_deleted")]
        assert [row["input_id"] for row in left] == [source]
        await world.call("DELETE", f"inputs/{source}", None, 204)

    run(body, deleted=deleted)


@pytest.mark.contract("A-220", "A-221", "A-222", "A-223", "A-224", "A-225", "A-226", "A-227", "A-219", "A-228")
@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("monitor", {"layouts", "audio_tracks"}),
        ("operator", {"layouts", "audio_tracks", "presets", "audio", "no_preset"}),
    ],
)
def test_roles(role: str, allowed: set[str]) -> None:
    async def body(world: World) -> None:
        id = await made(world)
        world.sim.world["organisations"]["org-1"]["roles"]["user-1"] = role
        path = f"multi_viewers/{id}"
        calls = {
            "layouts": ("GET", "multi_viewers/layouts", None, 200),
            "create": ("POST", "multi_viewers", VIEWER, 202),
            "get": ("GET", path, None, 200),
            "update": ("PUT", path, LIMIT, 200),
            "tiles": ("PUT", f"{path}/tiles", {"tile_inputs": {}}, 200),
            "delete": ("DELETE", path, None, 202),
            "audio_tracks": ("GET", f"{path}/audio_tracks", None, 200),
            "audio": ("PUT", f"{path}/active_audio_track", {"turn_active_input_off": True}, 204),
            "presets": ("GET", "multi_viewers/presets", None, 200),
            "no_preset": ("DELETE", "multi_viewers/presets/7", None, 404),
        }
        for name, (method, place, given, status) in calls.items():
            await world.call(method, place, given, status if name in allowed else 403)

    run(body)


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("A-542", {"max_allowed_bitrate_kbps": 499}),
    ("A-542", {"max_allowed_bitrate_kbps": 30001}),
    ("A-543", {"encoder_uhd_tech_type_id": 3}),
    ("A-544", {"is_interlaced": "yes"}),
    ("A-545", {"encoder_gop_size_id": 24}),
    ("A-546", {"encoder_frame_rate_id": 14}),
    ("A-547", {"encoder_gop_size_mode_id": 0}),
    ("A-548", {"program_number": 0}),
    ("A-549", {"pmt_pid": 32}),
    ("A-550", {"video_pid": 8191}),
    ("A-551", {"transcoded_audio_pid": 32}),
    ("A-552", {"passthrough_audio_pid": 1}),
    ("A-553", {"pmt_pid": 201, "video_pid": 201}),
    ("A-554", {"store_preset": True}),
    ("A-541", {"tile_titles": {"1": "Stadium"}}),
]


@pytest.mark.parametrize(
    ("rule", "fields"), [pytest.param(*row, marks=pytest.mark.contract(row[0]), id=str(row)) for row in REFUSED]
)
def test_what_is_documented_is_enforced(rule: str, fields: dict[str, Any]) -> None:
    async def body(world: World) -> None:
        errors = (await world.call("POST", "multi_viewers", {**VIEWER, **fields}, 400))["errors"]
        assert errors
        assert set(errors) <= {*fields, "preset_name"}
        assert world.sim.world["multi_viewers"] == {}
        id = await made(world)
        if rule != "A-541":
            await world.call("PUT", f"multi_viewers/{id}", {**LIMIT, **fields}, 400)

    run(body)


@pytest.mark.contract("A-553")
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"pmt_pid": 555}, 400),
        ({"pmt_pid": 201, "video_pid": 200}, 202),
        ({"transcoded_audio_pid": 0, "passthrough_audio_pid": 0}, 202),
    ],
)
def test_pids_clash_with_defaults_too_and_none_never_does(fields: dict[str, Any], status: int) -> None:
    async def body(world: World) -> None:
        await world.call("POST", "multi_viewers", {**VIEWER, **fields}, status)

    run(body)


@pytest.mark.contract("A-538", "A-539", "A-731", "A-219", "A-542")
def test_a_layout_that_is_not_there_no_limit_and_an_environment_at_rest_are_refused() -> None:
    async def body(world: World) -> None:
        layouts = await world.call("GET", "multi_viewers/layouts", None, 200)
        assert [row.get("tile_count") for row in layouts] == [4, 9, None]
        await world.call("POST", "multi_viewers", {**VIEWER, "layout_id": 77}, 404)
        await world.call("POST", "multi_viewers", {**VIEWER, "layout_id": "2"}, 202)
        await world.call("POST", "multi_viewers", LIMIT, 400)
        await world.call("POST", "multi_viewers", {"layout_id": 1}, 400)
        world.sim.world["environments"]["env-1"]["status"] = "stopped"
        await world.call("POST", "multi_viewers", VIEWER, 409)

    run(body)


@pytest.mark.contract("A-540", "A-778", "A-838", "A-223", "A-541")
def test_tiles_that_cannot_be_used_are_dropped_without_a_word() -> None:
    async def body(world: World) -> None:
        source = await world.make("input", "srt_push")
        given = {"1": source, "2": "", "3": "in-77", "0": source, "5": source, "x": source}
        id = await made(world, tile_inputs=given)
        assert {n: shown for n, (shown, _) in tiles(world, id).items() if shown} == {"1": source}
        path = f"multi_viewers/{id}/tiles"
        more = {
            "2": {"input_id": source, "title": "Gate"},
            "3": {"input_id": "in-77"},
            "9": {"input_id": source},
            "4": 7,
        }
        await world.call("PUT", path, {"tile_inputs": {**more, "1": {"title": "Stadium"}}}, 200)
        lit = {n: tile for n, tile in tiles(world, id).items() if any(tile)}
        assert lit == {"1": (source, "Stadium"), "2": (source, "Gate")}, "only the tiles that are named change"
        await world.call("PUT", path, {"tile_inputs": {"1": {"input_id": "", "title": ""}}}, 200)
        assert tiles(world, id)["1"] == ("", "")
        await world.call("PUT", path, {"tiles": {}}, 400)
        await world.call("PUT", path, {}, 400)

    run(body)


@pytest.mark.contract("A-222", "A-223", "A-226", "A-755", "A-774")
@pytest.mark.parametrize(("update", "status"), [("keeps", "running"), ("restarts", "starting")])
def test_only_a_running_one_is_changed_and_an_update_may_restart_it(update: str, status: str) -> None:
    async def body(world: World) -> None:
        id = (await world.call("POST", "multi_viewers", VIEWER, 202))["multi_viewer_id"]
        path = f"multi_viewers/{id}"
        for place, given in (("", LIMIT), ("/tiles", {"tile_inputs": {}}), ("/active_audio_track", {})):
            await world.call("PUT", f"{path}{place}", given, 409)
        while (await world.call("GET", path, None, 200))["status"] == "creating":
            pass
        await world.call("PUT", path, {**LIMIT, "layout_id": 2}, 400)
        await world.call("PUT", path, {**LIMIT, "tile_inputs": {}}, 400)
        answer = await world.call("PUT", path, {"max_allowed_bitrate_kbps": 9000, "pmt_pid": 300}, 200)
        assert (answer["status"], answer["max_allowed_bitrate_kbps"], answer["pmt_pid"]) == (status, 9000, 300)

    run(body, viewer_update=update)


@pytest.mark.contract("A-157", "A-456", "A-840", "A-989")
def test_the_limit_is_the_same_wherever_it_is_set() -> None:
    async def body(world: World) -> None:
        id = await made(world)
        details = await world.call("GET", f"multi_viewers/{id}", None, 200)
        result = f"inputs/{details['resulting_input_id']}"
        await world.call("PUT", f"multi_viewers/{id}", {"max_allowed_bitrate_kbps": 9000}, 200)
        assert (await world.call("GET", result, None, 200))["max_allowed_bitrate_kbps"] == 9000
        local = f"inputs/local_ts/{details['resulting_input_id']}"
        await world.call("PUT", local, {"max_allowed_bitrate_kbps": 700}, 200)
        assert (await world.call("GET", f"multi_viewers/{id}", None, 200))["max_allowed_bitrate_kbps"] == 700
        await world.call("PUT", local, {"max_allowed_bitrate_kbps": 499}, 200)

    run(body)


@pytest.mark.contract("A-225", "A-226")
def test_one_audio_track_of_a_tile_is_heard_or_none() -> None:
    async def body(world: World) -> None:
        source = await world.make("input", "srt_push")
        id = await made(world, tile_inputs={"2": source})
        path = f"multi_viewers/{id}/active_audio_track"

        async def heard() -> list[str]:
            tracks = await world.call("GET", f"multi_viewers/{id}/audio_tracks", None, 200)
            assert {(track["tile_number"], track["input_id"]) for track in tracks} == {(2, source)}
            return [track["audio_track_id"] for track in tracks if track["is_active"]]

        assert await heard() == []
        await world.call("PUT", path, {"audio_track_id": "2-2"}, 204)
        assert await heard() == ["2-2"]
        await world.call("PUT", path, {"audio_track_id": "1-1"}, 404)
        for wrong in ({}, {"turn_active_input_off": False}, {"turn_active_input_off": True, "audio_track_id": "2-1"}):
            await world.call("PUT", path, wrong, 400)
        await world.call("PUT", path, {"turn_active_input_off": True}, 204)
        assert await heard() == []

    run(body)


@pytest.mark.contract("A-227", "A-228", "A-554", "A-774", "A-826")
@pytest.mark.parametrize(("growth", "count"), [("grow", 2), ("by_name", 1)])
def test_presets_are_born_by_storing_and_listed_and_deleted_apart_from_a_transcoders(growth: str, count: int) -> None:
    async def body(world: World) -> None:
        for _ in range(2):
            id = await made(world, store_preset=True, preset_name="wall")
        presets = await world.call("GET", "multi_viewers/presets", None, 200)
        assert [preset["preset_name"] for preset in presets] == ["wall"] * count
        first = presets[0]["preset_id"]
        await world.call(
            "PUT", f"multi_viewers/{id}", {**LIMIT, "pmt_pid": 300, "store_preset": True, "preset_id": first}, 200
        )
        again = await world.call("GET", "multi_viewers/presets", None, 200)
        assert again[0]["pmt_pid"] == 300
        assert "store_preset" not in await world.call("GET", f"multi_viewers/{id}", None, 200)
        assert await world.call("GET", "transcoders/presets", None, 200) == []
        await world.call("DELETE", f"transcoders/presets/{first}", None, 404)
        await world.call("DELETE", f"multi_viewers/presets/{first}", None, 204)
        await world.call("DELETE", f"multi_viewers/presets/{first}", None, 404)

    run(body, presets=growth)


@pytest.mark.contract("A-739", "A-775")
def test_what_goes_out_or_is_taken_stays_and_another_environment_sees_nothing() -> None:
    async def body(world: World) -> None:
        id = await made(world)
        result = (await world.call("GET", f"multi_viewers/{id}", None, 200))["resulting_input_id"]
        await world.call("POST", "transcoders", {**TRANSCODER, "number_of_audio_tracks": 1, "input_id": result}, 202)
        await world.call("DELETE", f"multi_viewers/{id}", None, 409)
        await world.environment("other")
        await world.call("GET", f"multi_viewers/{id}", None, 404)
        await world.call("DELETE", f"multi_viewers/{id}", None, 404)

    run(body)


@pytest.mark.contract("A-774")
@pytest.mark.parametrize(
    ("details", "shows", "named"), [("full", True, True), ("settings", False, True), ("unlinked", True, False)]
)
def test_what_details_and_inputs_tell_of_each_other_is_a_switch(details: str, shows: bool, named: bool) -> None:
    async def body(world: World) -> None:
        id = (await world.call("POST", "multi_viewers", VIEWER, 202))["multi_viewer_id"]
        seen = await world.call("GET", f"multi_viewers/{id}", None, 200)
        assert ({"layout_id", "status", "resulting_input_id"} <= set(seen)) is shows
        assert {"max_allowed_bitrate_kbps", "pmt_pid"} <= set(seen)
        (result,) = await world.call("GET", "inputs", None, 200)
        assert ("multi_viewer_id" in result) is named

    run(body, viewer_details=details)


@pytest.mark.contract("A-774")
def test_creation_may_fail_and_an_environment_takes_its_multi_viewers_along() -> None:
    async def body(world: World) -> None:
        id = await made(world)
        assert world.sim.world["multi_viewers"][id]["status"] == "failed"
        await world.call("DELETE", "customer_environment/env-1", None, 202)
        for _ in range(2):
            await world.call("GET", "customer_environment/env-1")
        assert world.sim.world["multi_viewers"][id]["is_deleted"]

    run(body, viewer_outcome="failed")
