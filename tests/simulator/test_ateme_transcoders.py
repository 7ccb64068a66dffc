"""The simulated transcoders: asynchronous, strict, with an input and an output of their own."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.ateme import TRANSCODER
from simulator.ateme_world import World, run

SETTINGS = {name: value for name, value in TRANSCODER.items() if name not in {"input", "number_of_audio_tracks"}}


async def made(world: World, **more: Any) -> dict[str, Any]:
    """A transcoder of a new input, as the answer to its creation shows it."""
    source = await world.make("input", "srt_push")
    body = {**SETTINGS, "number_of_audio_tracks": 2, "input_id": source, **more}
    return dict(await world.call("POST", "transcoders", body, 202))


async def settled(world: World, id: str, *words: str) -> dict[str, Any]:
    """Reads it until its status is the last of the words, which are all that it may show."""
    while True:
        row = await world.call("GET", f"transcoders/{id}", None, 200)
        assert row["status"] in words
        if row["status"] == words[-1]:
            return dict(row)


@pytest.mark.contract("A-205", "A-206", "A-210", "A-535", "A-537", "A-721", "A-774", "A-777", "A-825")
@pytest.mark.parametrize("deleted", ["gone", "visible"])
def test_a_transcoder_makes_an_input_and_an_output_and_takes_them_away(deleted: str) -> None:
    async def body(world: World) -> None:
        row = await made(world)
        id = row["transcoder_id"]
        assert row["status"] == "creating"
        assert await settled(world, id, "creating", "running")
        inputs = {r["input_id"]: r for r in await world.call("GET", "inputs", None, 200)}
        (derived,) = [r for r in inputs.values() if r["is_transcoded_input"]]
        assert (derived["associated_transcoder_id"], derived["latency"], derived["variant"]) == (id, 150, "zixi_push")
        assert inputs[row["input_id"]]["is_being_transcoded"]
        (output,) = await world.call("GET", "outputs", None, 200)
        assert (output["variant"], output["latency"], output["stream_id"]) == ("pull", 150, derived["id"])
        await world.call("DELETE", f"inputs/{row['input_id']}", None, 409)
        await world.call("DELETE", f"transcoders/{id}", None, 202)
        await world.call("GET", f"transcoders/{id}", None, 200)
        if deleted == "visible":
            assert (await settled(world, id, "deleting", "deleted"))["is_deleted"]
        else:
            await world.call("GET", f"transcoders/{id}", None, 404)
        left = [r for r in await world.call("GET", "inputs", None, 200) if not r.get("is_deleted")]
        assert [r["input_id"] for r in left] == [row["input_id"]]
        assert not left[0]["is_being_transcoded"]
        assert [r for r in await world.call("GET", "outputs", None, 200) if not r.get("is_deleted")] == []
        await world.call("DELETE", f"inputs/{row['input_id']}", None, 204)

    run(body, deleted=deleted)


@pytest.mark.contract("A-777", "A-205", "A-731")
def test_no_source_and_no_running_environment_are_conflicts() -> None:
    async def body(world: World) -> None:
        body = {**SETTINGS, "number_of_audio_tracks": 2, "input_id": "in-77"}
        await world.call("POST", "transcoders", body, 409)
        row = await made(world)
        world.sim.world["environments"]["env-1"]["status"] = "stopped"
        await world.call("POST", "transcoders", {**body, "input_id": row["input_id"]}, 409)
        await world.call("PUT", f"transcoders/{row['transcoder_id']}/without_pids", SETTINGS, 409)

    run(body)


@pytest.mark.contract("A-205", "A-208", "A-211", "A-212", "A-214", "A-215")
@pytest.mark.parametrize(("role", "allowed"), [("monitor", {"GET"}), ("operator", {"GET", "PUT"})])
def test_roles(role: str, allowed: set[str]) -> None:
    async def body(world: World) -> None:
        id = (await made(world))["transcoder_id"]
        await settled(world, id, "creating", "running")
        world.sim.world["organisations"]["org-1"]["roles"]["user-1"] = role
        await world.call("GET", f"transcoders/{id}", None, 200)
        await world.call("POST", f"transcoders/{id}/probe", None, 200)
        for method, path in (("PUT", "/without_pids"), ("POST", "/stop"), ("POST", "/start"), ("DELETE", "")):
            status = 403 if method not in allowed else 200
            await world.call(method, f"transcoders/{id}{path}", SETTINGS if method == "PUT" else None, status)
        await world.call("GET", "transcoders/presets", None, 200 if role == "operator" else 403)

    run(body)


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("A-505", {"video_codec": "AVC"}),
    ("A-508", {"video_bitrate": 30001}),
    ("A-511", {"video_codec": "HEVC", "mpeg4_avc_encoder_profile": "High"}),
    ("A-513", {"audio_sample_rate": "48kHz"}),
    ("A-514", {"audio_bitrate": "96Kbps"}),
    ("A-515", {"number_of_audio_tracks": 21}),
    ("A-517", {"audio_pid_overrides": [7, 7]}),
    ("A-519", {"first_video_pcr_pid": 31}),
    ("A-522", {"extra_video_tracks": [{"video_track_number": 1, "video_bitrate": 1}] * 2}),
    ("A-525", {"extra_video_tracks": [{"video_track_number": 1, "video_bitrate": 1, "pcr_pid": 1}]}),
    ("A-527", {"extra_video_tracks": [{"video_track_number": 1, "video_bitrate": 5001}]}),
    ("A-529", {"store_preset": True}),
    ("A-818", {"video_frame_type": "Interlaced", "video_frame_rate": "60"}),
    ("A-516", {"audio_track_pid_list": [101]}),
]


@pytest.mark.parametrize(
    ("rule", "fields"), [pytest.param(*row, marks=pytest.mark.contract(row[0]), id=row[0]) for row in REFUSED]
)
def test_what_is_documented_is_enforced(rule: str, fields: dict[str, Any]) -> None:
    async def body(world: World) -> None:
        source = await world.make("input", "srt_push")
        body = {**SETTINGS, "number_of_audio_tracks": 2, "input_id": source}
        errors = (await world.call("POST", "transcoders", body | fields, 400))["errors"]
        assert set(errors) <= {*fields, "preset_name"}
        assert errors
        assert world.sim.world["transcoders"] == {}

    run(body)


@pytest.mark.contract("A-774", "A-818", "A-976", "A-980")
@pytest.mark.parametrize(("cap", "status"), [("interlaced", 202), ("any", 400)])
def test_the_cap_of_frame_rates_may_be_for_any_type(cap: str, status: int) -> None:
    async def body(world: World) -> None:
        source = await world.make("input", "srt_push")
        body = {**SETTINGS, "number_of_audio_tracks": 2, "input_id": source, "video_frame_rate": "60"}
        await world.call("POST", "transcoders", {**body, "video_frame_type": "Progressive"}, status)
        await world.call("POST", "transcoders", body, 202)

    run(body, frame_cap=cap)


@pytest.mark.contract("A-207", "A-208", "A-209", "A-823")
@pytest.mark.parametrize("updates", ["partial", "full"])
def test_three_updates_with_different_fields(updates: str) -> None:
    async def body(world: World) -> None:
        row = await made(world, first_video_pcr_pid=256, audio_pid_overrides=[7])
        path = f"transcoders/{row['transcoder_id']}"
        await world.call("PUT", f"{path}/without_pids", {**SETTINGS, "audio_track_pid_list": [101]}, 400)
        await world.call("PUT", path, {**SETTINGS, "input_id": row["input_id"]}, 400)
        await world.call("PUT", path, {**SETTINGS, "audio_track_pid_list": [101]}, 200)
        kept = await world.call("PUT", f"{path}/without_pids", {**SETTINGS, "video_gop": 25}, 200)
        assert (kept["audio_track_pid_list"], kept["video_gop"]) == ([101], 25)
        assert ("first_video_pcr_pid" in kept) is (updates == "partial")
        lists = await world.call("PUT", f"{path}/audio_tracks", {"audio_track_pid_list": [102]}, 200)
        overrides = [7] if updates == "partial" else []
        assert (lists["audio_track_pid_list"], lists["audio_pid_overrides"]) == ([102], overrides)
        await world.call("PUT", f"{path}/audio_tracks", {"audio_pid_overrides": [8191]}, 400)
        await world.call("PUT", f"{path}/without_pids", {**SETTINGS, "input_id": "in-77"}, 409)

    run(body, updates=updates)


@pytest.mark.contract("A-211", "A-212", "A-213", "A-733", "A-774")
@pytest.mark.parametrize(
    ("mark", "shown"),
    [("marked", ["stopped", "stopped"]), ("wavering", ["stopped", "stopping"]), ("real", ["stopping", "stopped"])],
)
def test_a_stop_is_marked_before_the_machine_stops(mark: str, shown: list[str]) -> None:
    async def body(world: World) -> None:
        id = (await made(world))["transcoder_id"]
        path = f"transcoders/{id}"
        await settled(world, id, "creating", "running")
        await world.call("POST", f"{path}/start", None, 409)
        await world.call("POST", f"{path}/stop", None, 202)
        await world.call("POST", f"{path}/start", None, 409)
        await world.call("DELETE", path, None, 409)
        assert [(await world.call("GET", path, None, 200))["status"] for _ in shown] == shown
        await settled(world, id, "stopping", "stopped")
        await world.call("POST", f"{path}/probe", None, 409)
        await world.call("POST", f"{path}/restart", None, 409)
        await world.call("POST", f"{path}/start", None, 202)
        await settled(world, id, "starting", "running")
        await world.call("POST", f"{path}/restart", None, 202)

    run(body, stop_mark=mark)


@pytest.mark.contract("A-214", "A-915", "A-780")
def test_a_probe_tells_pids_and_writes_nothing() -> None:
    async def body(world: World) -> None:
        id = (await made(world))["transcoder_id"]
        await world.call("POST", f"transcoders/{id}/probe", None, 409)
        await settled(world, id, "creating", "running")
        world.simulator.reset_journal()
        tracks = await world.call("POST", f"transcoders/{id}/probe", None, 200)
        assert [track["pid"] for track in tracks] == [101, 102]
        assert world.simulator.writes() == []

    run(body)


@pytest.mark.contract("A-215", "A-216", "A-529", "A-530", "A-531", "A-774", "A-826")
@pytest.mark.parametrize(("growth", "count"), [("grow", 2), ("by_name", 1)])
def test_presets_are_born_by_storing_and_listed_and_deleted(growth: str, count: int) -> None:
    async def body(world: World) -> None:
        for _ in range(2):
            row = await made(world, store_preset=True, preset_name="hd")
            assert "store_preset" not in row
            world.sim.world["inputs"][row["input_id"]]["id"] += "x"
        presets = await world.call("GET", "transcoders/presets", None, 200)
        assert [preset["preset_name"] for preset in presets] == ["hd"] * count
        path = f"transcoders/{row['transcoder_id']}/without_pids"
        body = {**SETTINGS, "video_gop": 7, "store_preset": True, "preset_id": presets[0]["preset_id"]}
        await world.call("PUT", path, body, 200)
        await world.call("PUT", path, body | {"preset_id": 77}, 404)
        again = await world.call("GET", "transcoders/presets", None, 200)
        assert [preset["video_gop"] for preset in again] == [7, 50][:count]
        await world.call("DELETE", f"transcoders/presets/{presets[0]['preset_id']}", None, 204)
        await world.call("DELETE", f"transcoders/presets/{presets[0]['preset_id']}", None, 404)
        assert len(await world.call("GET", "transcoders/presets", None, 200)) == count - 1

    run(body, presets=growth)


@pytest.mark.contract("A-204", "A-774", "A-775")
def test_the_list_may_be_brief_and_another_environment_sees_no_details() -> None:
    async def body(world: World) -> None:
        id = (await made(world))["transcoder_id"]
        (row,) = await world.call("GET", "transcoders", None, 200)
        assert set(row) == {"transcoder_id", "environment_id", "input_id", "status"}
        await world.environment("other")
        await world.call("GET", f"transcoders/{id}", None, 404)

    run(body, transcoder_list="brief")


@pytest.mark.contract("A-774")
def test_creation_may_fail_and_an_environment_takes_its_transcoders_along() -> None:
    async def body(world: World) -> None:
        id = (await made(world))["transcoder_id"]
        await settled(world, id, "creating", "failed")
        await world.call("DELETE", "customer_environment/env-1", None, 202)
        for _ in range(2):
            await world.call("GET", "customer_environment/env-1")
        assert world.sim.world["transcoders"][id]["is_deleted"]

    run(body, transcoder_outcome="failed")
