"""A transcoder from creation to deletion: what is waited for, what is sent and in which order, what comes with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from convergence.ateme import HEVC, TRANSCODER
from headend.core.model.proposal import Action
from headend.core.reconcile.state import open_state

INPUTS = {"stadium": LISTENER, "spare": {**LISTENER, "port": 5009}}
HD = f"{E1}.transcoders.hd"
OUT = {"cdn": {"variant": "srt_pull", "port": 5002, "latency": 200}}
LATER = {"output": "cdn", "start_time": "2026-12-06T15:00:00Z", "end_time": "2026-12-06T17:00:00Z"}
PIDS = {"audio_track_pid_list": [102, 101]}
ALIVE = ("inputs", "outputs", "transcoders", "schedules")


def wanted(environment: Mapping[str, Any] = {}, inputs: Mapping[str, Any] = INPUTS, **fields: Any) -> dict[str, Any]:
    """A stack with the transcoder hd of stadium."""
    return stack(environment, inputs=inputs, transcoders={"hd": {**TRANSCODER, **fields}})


def sent(engine: Engine, wanted: dict[str, Any]) -> list[str]:
    """Applies, and gives the writes to transcoders by the last part of their keys."""
    engine.sim.reset_journal()
    engine.done(wanted)
    assert engine.plan(wanted).writes() == ()
    return [key.removeprefix("transcoder.") for key in engine.written() if key.startswith("transcoder.")]


def live(engine: Engine) -> dict[str, Any]:
    (row,) = [r for r in engine.world["transcoders"].values() if not r["is_deleted"]]
    return dict(row)


def alive(engine: Engine) -> list[str]:
    return [id for table in ALIVE for id, row in engine.world[table].items() if not row["is_deleted"]]


@pytest.mark.contract("A-205", "A-206", "A-534", "A-535", "A-721", "A-723")
@pytest.mark.parametrize("initial", ["running", "stopped"])
def test_creation_ends_when_it_runs(tmp_path: Path, initial: str) -> None:
    engine = Engine(tmp_path, {"initial_transcoder": initial, "polls": 4})
    engine.done(wanted())
    assert live(engine)["status"] == "running"
    assert any("creating" in said for said in engine.said)
    assert engine.plan(wanted()).writes() == ()
    with open_state(tmp_path / "state.db") as state:
        entry = state.record(HD)
        assert entry is not None
        assert {"transcoder_id": "tr-1", "status": "running"}.items() <= entry.computed.items()


@pytest.mark.contract("A-722", "A-723", "A-724", "A-54")
def test_a_creation_that_takes_too_long_is_gone_on_with_and_never_begun_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"polls": 5000}, transcoder_timeout=0.05)
    engine.sim.sims["ateme"].set_switch("polls", 1)
    engine.done(stack(inputs=INPUTS))
    engine.sim.sims["ateme"].set_switch("polls", 5000)
    failed = engine.apply(wanted()).failed[HD]
    assert "its status is creating" in failed
    live_row = next(iter(engine.world["transcoders"].values()))
    live_row["polls"] = 1
    step = engine.step(wanted(), HD)
    assert (step.action, step.reason) == (Action.UPDATE, "incomplete")
    engine.sim.reset_journal()
    engine.done(wanted())
    assert "transcoder.create" not in engine.written()
    assert len(engine.world["transcoders"]) == 1


@pytest.mark.contract("A-722", "A-723")
def test_the_timeout_is_half_an_hour_and_a_failure_ends_the_wait_at_once(tmp_path: Path) -> None:
    from headend.ateme.settings import AtemeSettings

    assert AtemeSettings.model_fields["transcoder_timeout"].default == 1800
    engine = Engine(tmp_path, {"transcoder_outcome": "failed"})
    assert "its status is failed" in engine.apply(wanted()).failed[HD]
    engine.done(stack(inputs=INPUTS))
    assert engine.world["transcoders"]["tr-1"]["is_deleted"], "what failed can be deleted"


@pytest.mark.contract("A-54", "A-536")
def test_a_lost_answer_to_the_creation_is_looked_for_and_not_asked_for_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(inputs=INPUTS))
    engine.sim.fail("transcoder.create", drop="after")
    assert HD in engine.apply(wanted()).failed
    engine.done(wanted())
    assert len(engine.world["transcoders"]) == 1


@pytest.mark.contract("A-204", "A-537", "A-739", "A-769", "A-777", "A-825")
def test_what_it_makes_comes_and_goes_with_it_and_is_nobodys_to_manage(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    made = engine.world["inputs"][live(engine)["resulting_input_id"]]
    assert (made["latency"], made["is_transcoded_input"]) == (150, True)
    assert engine.world["outputs"][live(engine)["output_id"]]["latency"] == 150
    assert [step.address for step in engine.plan(wanted()).steps] == [
        E1,
        f"{E1}.inputs.stadium",
        f"{E1}.inputs.spare",
        HD,
    ]
    named = {"variant": "zixi_push", "port": 2088, "latency": 150, "lifecycle": {"adopt": {"id": made["input_id"]}}}
    engine.done(wanted(inputs={**INPUTS, "made": {**named, "stream_name": made["id"]}}))
    engine.done(wanted())
    assert not made["is_deleted"], "not deleted on its own, even where somebody named it"
    engine.done({"headend": 1, "stack": "one"}, destroy=True)
    assert alive(engine) == []
    deletes = [key for key in engine.written() if key.endswith(".delete")]
    assert deletes.index("transcoder.delete") < len(deletes) - 1 - deletes[::-1].index("input.delete")
    assert deletes.count("input.delete") == 2


@pytest.mark.contract("A-533", "A-734", "A-213")
def test_only_a_changed_trigger_restarts_and_what_rests_is_not_restarted(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    assert sent(engine, wanted(restart_trigger="1")) == ["restart"]
    assert sent(engine, wanted(restart_trigger="1")) == []
    assert sent(engine, wanted(restart_trigger="2", state="stopped")) == ["stop"]
    assert sent(engine, wanted(restart_trigger="3", state="stopped")) == []


@pytest.mark.contract("A-207", "A-208", "A-209", "A-753", "A-823", "A-516", "A-517")
def test_settings_and_pids_have_calls_of_their_own_in_this_order(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    assert sent(engine, wanted(**PIDS, audio_pid_overrides=[201])) == ["create", "update_audio"]
    assert sent(engine, wanted(**PIDS, audio_pid_overrides=[201], video_gop=25)) == ["update"]
    assert sent(engine, wanted(audio_track_pid_list=[101], audio_pid_overrides=[201], video_gop=25)) == ["update_audio"]
    assert engine.sim.writes()[-1].body == {"audio_track_pid_list": [101], "audio_pid_overrides": [201]}
    assert sent(engine, wanted(**PIDS, audio_pid_overrides=[202], video_gop=50)) == ["update", "update_audio"]
    assert "audio_track_pid_list" not in next(e.body for e in engine.sim.writes() if e.key == "transcoder.update")


@pytest.mark.contract("A-51", "A-504", "A-754", "A-744")
@pytest.mark.parametrize("updates", ["partial", "full"])
def test_the_source_is_switched_in_place_and_always_named_with_all_settings(tmp_path: Path, updates: str) -> None:
    engine = Engine(tmp_path, {"updates": updates})
    engine.done(wanted(video_track_pid=300, mpeg4_avc_encoder_profile="High"))
    made = live(engine)["resulting_input_id"]
    assert sent(engine, wanted(input="spare", mpeg4_avc_encoder_profile="High")) == ["update"]
    spare = next(id for id, row in engine.world["inputs"].items() if row["id"] == "spare")
    assert (live(engine)["input_id"], live(engine)["resulting_input_id"]) == (spare, made)
    assert live(engine)["video_track_pid"] == 300, "what the stack doesn't manage is sent as it was read"
    sent(engine, wanted(input="spare", mpeg4_avc_encoder_profile="High", video_gop=25))
    assert engine.sim.writes()[-1].body["input_id"] == spare
    sent(engine, wanted(input="spare", video_codec="HEVC"))
    assert "mpeg4_avc_encoder_profile" not in engine.sim.writes()[-1].body


def test_what_no_call_can_take_away_is_said(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted(video_frame_type="Interlaced", **PIDS))
    warnings = engine.step(wanted(), HD).warnings
    assert [w.partition(":")[0] for w in warnings] == ["video_frame_type", "audio_track_pid_list"]
    assert sent(engine, wanted()) == []
    assert sent(engine, wanted(**PIDS)) == []


@pytest.mark.contract("A-529", "A-530", "A-531", "A-760", "A-771", "A-826", "A-528")
def test_a_preset_is_stored_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    stores = {"store_preset": True, "preset_name": "hd", "create_from_image": False}
    engine.done(wanted(**stores))
    presets = engine.world["transcoder_presets"]
    assert [row["preset_name"] for row in presets.values()] == ["hd"]
    for gop in (25, 30):
        assert sent(engine, wanted(**stores, video_gop=gop)) == ["update"]
    assert len(presets) == 1
    assert sent(engine, wanted(**{**stores, "preset_name": "hd 2"}, video_gop=30)) == ["update"]
    assert [row["preset_name"] for row in presets.values()] == ["hd", "hd 2"]
    unknown = engine.step(wanted(**{**stores, "preset_name": "hd 2"}, video_gop=30), HD).unverifiable
    assert set(unknown) == {*stores}


@pytest.mark.contract("A-760")
def test_a_transcoder_that_is_made_again_stores_no_second_preset(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    stores = {"store_preset": True, "preset_name": "hd"}
    engine.done(wanted(**stores))
    for row in engine.world["transcoders"].values():
        row["is_deleted"] = True
    engine.done(wanted(**stores))
    engine.done(wanted(**stores, number_of_audio_tracks=4))
    assert [row["is_deleted"] for row in engine.world["transcoders"].values()] == [True, True, False]
    assert len(engine.world["transcoder_presets"]) == 1
    engine.done(wanted(store_preset=True, preset_name="hd 2"))
    assert len(engine.world["transcoder_presets"]) == 2


@pytest.mark.contract("A-760", "A-54")
def test_storing_a_preset_is_not_repeated_blindly(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    engine.sim.fail("transcoder.update", status=503, times=1)
    assert HD in engine.apply(wanted(store_preset=True, preset_name="hd")).failed
    engine.sim.fail("transcoder.update", status=503, times=1)
    engine.done(wanted(video_gop=25))


@pytest.mark.contract("A-211", "A-212", "A-728", "A-729", "A-733")
@pytest.mark.parametrize("mark", ["marked", "wavering", "real"])
def test_a_stop_counts_when_it_is_seen_twice(tmp_path: Path, mark: str) -> None:
    engine = Engine(tmp_path, {"stop_mark": mark})
    engine.done(wanted())
    assert sent(engine, wanted(state="stopped")) == ["stop"]
    assert sent(engine, wanted()) == ["start"]
    if mark == "real":
        return
    # somebody else stops it just before: the mark is there, the machine still works
    row = engine.world["transcoders"]["tr-1"]
    for last in (False, True):
        row |= {"status": "stopped", "machine": 2, "wavers": 2 * (mark == "wavering")}  # also as the plan looks
        if not last:
            assert sent(engine, wanted()) == ["start"]
    engine.done(stack(inputs=INPUTS))
    assert row["is_deleted"]


@pytest.mark.contract("A-515", "A-762", "A-763", "A-824")
def test_another_number_of_audio_tracks_makes_a_new_one_first_and_takes_its_schedules_along(tmp_path: Path) -> None:
    engine = Engine(tmp_path)

    def with_schedule(tracks: int) -> dict[str, Any]:
        hd = {**TRANSCODER, "number_of_audio_tracks": tracks}
        return stack(inputs=INPUTS, outputs=OUT, transcoders={"hd": hd}, schedules={"s": {"input": "hd", **LATER}})

    engine.done(with_schedule(2))
    plan = {step.address: step.action for step in engine.plan(with_schedule(4)).writes()}
    assert plan == {HD: Action.REPLACE, f"{E1}.schedules.s": Action.REPLACE}
    engine.sim.reset_journal()
    engine.done(with_schedule(4))
    written = engine.written()
    assert written.index("transcoder.create") < written.index("schedule.create") < written.index("transcoder.delete")
    assert engine.plan(with_schedule(4)).writes() == ()
    assert live(engine)["number_of_audio_tracks"] == 4


@pytest.mark.contract("A-536", "A-579", "A-739")
@pytest.mark.parametrize("switches", [{}, {"ids": "plain", "wrapped": True}, {"transcoder_list": "brief"}], ids=str)
def test_a_schedule_carries_what_a_transcoder_makes(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    chain = {"hd": TRANSCODER, "sd": {**TRANSCODER, "input": "hd", "video_bitrate": 900}}
    schedules = {"s": {"input": "sd", **LATER}}
    both = stack(inputs=INPUTS, outputs=OUT, transcoders=chain, schedules=schedules)
    engine.done(both)
    assert engine.plan(both).writes() == ()
    (schedule,) = engine.world["schedules"].values()
    hd, sd = engine.world["transcoders"]["tr-1"], engine.world["transcoders"]["tr-2"]
    assert (sd["input_id"], schedule["input_id"]) == (hd["resulting_input_id"], sd["resulting_input_id"])
    engine.done({"headend": 1, "stack": "one"}, destroy=True)
    assert alive(engine) == []


@pytest.mark.contract("A-770", "A-918")
def test_it_is_found_by_its_source_and_several_of_one_source_are_fine(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    with open_state(tmp_path / "state.db") as state:
        state.drop(HD)
    assert "exists already" in str(engine.step(wanted(), HD).refused)
    other = engine.step(wanted(video_bitrate=900), HD)
    assert (other.action, other.refused) == (Action.CREATE, None), "another rendition of the same source"
    taken = engine.step(wanted(video_bitrate=900, lifecycle={"adopt": "match"}), HD)
    assert (taken.action, taken.id) == (Action.ADOPT, "tr-1")
    engine.done(wanted(video_bitrate=900))
    with open_state(tmp_path / "state.db") as state:
        state.drop(HD)
    (problem,) = engine.problems(wanted(video_bitrate=700, lifecycle={"adopt": "match"}))
    assert "tr-1, tr-2" in problem


def test_a_schedule_that_is_found_again_goes_by_the_transcoder_that_is_found_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    life = {"lifecycle": {"adopt": "match"}}
    hd = {"hd": {**TRANSCODER, **life}}
    schedules = {"s": {"input": "hd", **LATER, **life}}
    both = stack(inputs=INPUTS, outputs=OUT, transcoders=hd, schedules=schedules)
    engine.done(both)
    with open_state(tmp_path / "state.db") as state:
        state.drop(HD)
        state.drop(f"{E1}.schedules.s")
    assert {s.address: s.action for s in engine.plan(both).writes()} == dict.fromkeys(
        (HD, f"{E1}.schedules.s"), Action.ADOPT
    )
    engine.done(both)
    assert len(engine.world["schedules"]) == 1


@pytest.mark.contract("A-722")
def test_a_failed_update_does_not_lose_what_others_go_by(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    schedules = {"s": {"input": "hd", **LATER}}

    def both(gop: int) -> dict[str, Any]:
        hd = {**TRANSCODER, "video_gop": gop}
        return stack(inputs=INPUTS, outputs=OUT, transcoders={"hd": hd}, schedules=schedules)

    engine.done(both(50))
    engine.sim.fail("transcoder.update", status=400, times=9)
    assert HD in engine.apply(both(25)).failed
    engine.sim.faults.clear()
    with open_state(tmp_path / "state.db") as state:
        entry = state.record(HD)
        assert entry is not None
        assert entry.computed["resulting_input_id"] == live(engine)["resulting_input_id"]
    assert f"{E1}.schedules.s" not in [step.address for step in engine.plan(both(25)).writes()]


def test_what_depends_on_an_unknown_result_is_not_written(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    schedules = {"s": {"input": "hd", **LATER}}
    both = stack(inputs=INPUTS, outputs=OUT, transcoders={"hd": TRANSCODER}, schedules=schedules)
    engine.sim.observers.append(
        lambda entry: [r.update(associated_transcoder_id=None) for r in engine.world["inputs"].values()]
    )
    failed = engine.apply(both).failed
    assert failed == {f"{E1}.schedules.s": f"{E1}.schedules.s: {HD}#resulting_input_id is not known"}
    assert engine.world["schedules"] == {}


@pytest.mark.contract("A-730", "A-731", "A-766")
def test_in_a_resting_environment_nothing_is_known_or_sent(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    resting = {"state": "stopped"}
    engine.done(wanted(resting))
    step = engine.step(wanted(resting), HD)
    assert (step.action, step.unverifiable["state"]) == (Action.NONE, "its environment is not running")
    assert sent(engine, wanted(resting, state="stopped")) == []
    (problem,) = engine.problems(wanted(resting, video_gop=25))
    assert "takes no writes" in problem
    engine.sim.sims["ateme"].set_switch("stopped_writes", "refused")
    outcome = engine.apply(stack(resting, inputs=INPUTS))
    assert "is not running" in outcome.failed[HD]


@pytest.mark.contract("A-210", "A-726", "A-727")
@pytest.mark.parametrize("deleted", ["gone", "visible"])
def test_deletion_ends_when_it_is_gone_and_what_is_gone_is_deleted(tmp_path: Path, deleted: str) -> None:
    engine = Engine(tmp_path, {"deleted": deleted})
    engine.done(wanted())
    engine.done(stack(inputs=INPUTS))
    assert engine.world["transcoders"]["tr-1"]["is_deleted"]
    assert any("deleting" in said for said in engine.said)
    engine.done(wanted())
    engine.world["transcoders"]["tr-2"]["is_deleted"] = True
    engine.sim.reset_journal()
    assert engine.step(stack(inputs=INPUTS), HD).action is Action.FORGET
    engine.done({"headend": 1, "stack": "one"}, destroy=True)
    assert "transcoder.delete" not in engine.written()


@pytest.mark.contract("A-522", "A-523")
def test_what_the_platform_adds_to_a_track_is_no_drift_and_what_others_change_is(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"track_numbers": "filled"})
    tracks = wanted(**{name: value for name, value in HEVC.items() if name != "input"})
    engine.done(tracks)
    assert engine.plan(tracks).writes() == ()
    engine.world["transcoders"]["tr-1"]["extra_video_tracks"][0]["video_bitrate"] = 2000
    (change,) = engine.step(tracks, HD).changes
    assert (change.field, change.cause) == ("extra_video_tracks", "drift")
    engine.done(tracks)
    assert sent(engine, wanted(video_codec="HEVC")) == ["update"]
    assert live(engine)["extra_video_tracks"] == []


@pytest.mark.contract("A-972")
@pytest.mark.parametrize("status", [400, 409])
def test_a_clash_of_pids_found_late_is_the_platforms_sentence(tmp_path: Path, status: int) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    engine.sim.fail("transcoder.update_audio", status=status, body={"message": "PID 201 is taken"})
    failed = engine.apply(wanted(audio_pid_overrides=[201])).failed[HD]
    assert "PID 201 is taken" in failed
    assert engine.problems(wanted(audio_pid_overrides=[201])) == []
    engine.done(wanted(audio_pid_overrides=[201]))


@pytest.mark.contract("A-777")
def test_what_a_killed_run_made_is_taken_by_one_of_two_that_are_alike(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    both = stack(inputs=INPUTS, transcoders={"hd": TRANSCODER, "too": TRANSCODER})
    with open_state(tmp_path / "state.db") as state:  # one was made, and either may be it
        state.drop(HD)
        for address in (HD, f"{E1}.transcoders.too"):
            state.begin(address, "ateme.transcoder", "create")
    engine.done(both)
    assert sorted(row["transcoder_id"] for row in engine.world["transcoders"].values()) == ["tr-1", "tr-2"]
    assert engine.plan(both).writes() == ()
