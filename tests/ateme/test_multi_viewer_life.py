"""A multi-viewer from creation to deletion: what is waited for, what is sent and in which order, what comes with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from convergence.ateme import NOISY, TRANSCODER, VIEWER
from headend.ateme.settings import AtemeSettings
from headend.core.model.proposal import Action
from headend.core.model.record import UNKNOWN
from headend.core.reconcile.state import open_state
from headend.simulator.base import Reply

INPUTS = {"stadium": LISTENER, "spare": {**LISTENER, "port": 5009}}
WALL = f"{E1}.multi_viewers.wall"
OUT = {"cdn": {"variant": "srt_pull", "port": 5002, "latency": 200}}
LATER = {"output": "cdn", "start_time": "2026-12-06T15:00:00Z", "end_time": "2026-12-06T17:00:00Z"}
BOTH = {"tile_inputs": {"1": "stadium", "2": "spare"}, "tile_titles": {"1": "Stadium"}}
NOTHING = {"headend": 1, "stack": "one"}
ALIVE = ("inputs", "outputs", "transcoders", "multi_viewers", "schedules")


def wanted(environment: Mapping[str, Any] = {}, inputs: Mapping[str, Any] = INPUTS, **fields: Any) -> dict[str, Any]:
    """A stack with the multi-viewer wall."""
    return stack(environment, inputs=inputs, multi_viewers={"wall": {**VIEWER, **fields}})


def sent(engine: Engine, wanted: dict[str, Any]) -> list[str]:
    """Applies, and gives the writes to multi-viewers by the last part of their keys."""
    engine.sim.reset_journal()
    engine.done(wanted)
    assert engine.plan(wanted).writes() == ()
    return [key.removeprefix("multi_viewer.") for key in engine.written() if key.startswith("multi_viewer.")]


def live(engine: Engine) -> dict[str, Any]:
    (row,) = [row for row in engine.world["multi_viewers"].values() if not row["is_deleted"]]
    return dict(row)


def tiles(engine: Engine) -> dict[str, tuple[str, str]]:
    """Tile -> the stream id of what it shows and its title; dark and untitled ones left out."""
    inputs = engine.world["inputs"]
    shown = {
        number: (inputs[tile["input_id"]]["id"] if tile["input_id"] else "", tile["title"])
        for number, tile in live(engine)["tiles"].items()
    }
    return {number: tile for number, tile in shown.items() if tile != ("", "")}


def alive(engine: Engine) -> list[str]:
    return [id for table in ALIVE for id, row in engine.world[table].items() if not row["is_deleted"]]


def forgotten(engine: Engine, address: str = WALL) -> None:
    with open_state(engine.directory / "state.db") as state:
        state.drop(address)


# --- creation -----------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-220", "A-221", "A-541", "A-555", "A-556", "A-557", "A-721", "A-723")
@pytest.mark.parametrize("details", ["full", "settings", "unlinked"])
def test_creation_ends_when_it_runs_and_then_come_the_titles(tmp_path: Path, details: str) -> None:
    engine = Engine(tmp_path, {"viewer_details": details, "polls": 4})
    engine.done(wanted(**BOTH))
    assert tiles(engine) == {"1": ("stadium", "Stadium"), "2": ("spare", "")}
    written = [key for key in engine.written() if key.startswith("multi_viewer")]
    assert list(dict.fromkeys(written)) == ["multi_viewer.create", "multi_viewer.tiles"]
    assert written.count("multi_viewer.tiles") == 1 or details == "settings", "its refusal tells what nothing else does"
    if details != "settings":
        assert live(engine)["status"] == "running"
        assert any("creating" in said for said in engine.said)
    assert engine.plan(wanted(**BOTH)).writes() == ()
    with open_state(tmp_path / "state.db") as state:
        entry = state.record(WALL)
        assert entry is not None
        made = {"multi_viewer_id": "mv-1", "resulting_input_id": live(engine)["resulting_input_id"]}
        assert entry.computed == made | ({} if details == "settings" else {"status": "running"})


@pytest.mark.contract("A-54", "A-722", "A-723", "A-724")
def test_a_creation_that_takes_too_long_is_gone_on_with_and_never_begun_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"polls": 1}, multi_viewer_timeout=0.05)
    engine.done(stack(inputs=INPUTS))
    engine.sim.sims["ateme"].set_switch("polls", 5000)
    failed = engine.apply(wanted(**BOTH)).failed[WALL]
    assert "its status is creating" in failed
    engine.world["multi_viewers"]["mv-1"]["polls"] = 1
    step = engine.step(wanted(**BOTH), WALL)
    assert (step.action, step.reason) == (Action.UPDATE, "incomplete")
    assert sent(engine, wanted(**BOTH)) == ["tiles"], "the titles were still to come"
    assert len(engine.world["multi_viewers"]) == 1


@pytest.mark.contract("A-722", "A-723")
def test_the_timeout_is_half_an_hour_and_a_failure_ends_the_wait_at_once(tmp_path: Path) -> None:
    assert AtemeSettings.model_fields["multi_viewer_timeout"].default == 1800
    engine = Engine(tmp_path, {"viewer_outcome": "failed"})
    assert "its status is failed" in engine.apply(wanted()).failed[WALL]
    engine.done(stack(inputs=INPUTS))
    assert engine.world["multi_viewers"]["mv-1"]["is_deleted"], "what failed can be deleted"


@pytest.mark.contract("A-54", "A-724", "A-838")
def test_a_lost_answer_to_the_creation_is_looked_for_and_all_tiles_are_sent_to_be_sure(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(inputs=INPUTS))
    engine.sim.fail("multi_viewer.create", drop="after")
    assert WALL in engine.apply(wanted(**BOTH)).failed
    step = engine.step(wanted(**BOTH), WALL)
    assert (step.action, step.reason, step.id) == (Action.ADOPT, "recovered", "mv-1")
    assert sent(engine, wanted(**BOTH)) == ["tiles"]
    assert tiles(engine) == {"1": ("stadium", "Stadium"), "2": ("spare", "")}
    assert len(engine.world["multi_viewers"]) == 1


@pytest.mark.contract("A-48", "A-47")
@pytest.mark.parametrize("body", [{"message": "accepted"}, []], ids=str)
def test_a_creation_whose_answer_names_no_id_is_found_among_its_likes_by_what_it_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: Any
) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    forgotten(engine)
    sim = engine.sim.sims["ateme"]
    answer = sim.one
    monkeypatch.setattr(sim, "one", lambda n, row, s=200: Reply(s, body) if s == 202 else answer(n, row, s))
    engine.done(wanted())
    with open_state(tmp_path / "state.db") as state:
        entry = state.record(WALL)
        assert entry is not None
        assert entry.id == "mv-2"


@pytest.mark.contract("A-770", "A-838", "A-771")
def test_nothing_tells_two_apart_so_that_one_is_adopted_by_its_id_with_the_tiles_that_it_has(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted(tile_inputs={"1": "spare"}))
    forgotten(engine)
    assert engine.step(wanted(), WALL).action is Action.CREATE
    (problem,) = engine.problems(wanted(lifecycle={"adopt": "match"}))
    assert "nothing tells objects of this kind apart" in problem
    named = wanted(**BOTH, lifecycle={"adopt": {"id": "mv-1"}})
    step = engine.step(named, WALL)
    assert (step.action, step.changes) == (Action.ADOPT, ())
    assert "no call shows" in step.unverifiable["tile_inputs"]
    assert sent(engine, named) == []  # to write what nobody can compare would cut the picture for nothing
    assert tiles(engine) == {"1": ("spare", "")}
    assert set(engine.step(named, WALL).unverifiable) == {"tile_inputs", "tile_titles"}
    assert sent(engine, wanted(**{**BOTH, "tile_inputs": {"1": "spare", "2": "stadium"}})) == ["tiles"]


# --- changes -------------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-51", "A-222", "A-223", "A-744", "A-755")
@pytest.mark.parametrize("updates", ["partial", "full"])
@pytest.mark.parametrize("update", ["keeps", "restarts"])
def test_settings_and_tiles_have_calls_of_their_own(tmp_path: Path, updates: str, update: str) -> None:
    engine = Engine(tmp_path, {"updates": updates, "viewer_update": update})
    engine.done(wanted(**BOTH, encoder_gop_size_id=2))
    assert sent(engine, wanted(**BOTH, encoder_gop_size_id=2, pmt_pid=300)) == ["update"]
    both = {"tile_inputs": {"2": "stadium", "3": "spare"}, "tile_titles": {"2": "Stadium"}}
    assert sent(engine, wanted(**both, encoder_gop_size_id=2, pmt_pid=300)) == ["tiles"]
    stadium, spare = (
        next(id for id, row in engine.world["inputs"].items() if row["id"] == name) for name in ("stadium", "spare")
    )
    assert engine.sim.writes()[-1].body == {
        "tile_inputs": {
            "1": {"input_id": "", "title": ""},
            "2": {"input_id": stadium, "title": "Stadium"},
            "3": {"input_id": spare},
        }
    }
    assert tiles(engine) == {"2": ("stadium", "Stadium"), "3": ("spare", "")}
    assert sent(engine, wanted(encoder_gop_size_id=3, pmt_pid=300)) == ["update", "tiles"]
    assert (tiles(engine), live(engine)["encoder_gop_size_id"]) == ({}, 3)


def test_what_no_call_can_take_away_is_said_and_sent_as_it_was(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"updates": "full"})
    engine.done(wanted(encoder_frame_rate_id=11, is_interlaced=True))
    warnings = engine.step(wanted(), WALL).warnings
    assert [w.partition(":")[0] for w in warnings] == ["is_interlaced", "encoder_frame_rate_id"]
    assert sent(engine, wanted()) == []
    assert sent(engine, wanted(pmt_pid=300)) == ["update"]
    assert (live(engine)["encoder_frame_rate_id"], live(engine)["is_interlaced"]) == (11, True)


def test_drift_of_settings_is_seen_and_put_right_and_that_of_tiles_is_not_claimed(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted(**BOTH))
    row = engine.world["multi_viewers"]["mv-1"]
    row["tiles"]["1"] = {"input_id": "", "title": "Bars"}
    step = engine.step(wanted(**BOTH), WALL)
    assert (step.action, set(step.unverifiable)) == (Action.NONE, {"tile_inputs", "tile_titles"})
    row["pmt_pid"] = 300
    assert [(c.field, c.cause) for c in engine.step(wanted(**BOTH), WALL).changes] == [("pmt_pid", "drift")]
    assert sent(engine, wanted(**BOTH)) == ["update"]
    assert live(engine)["pmt_pid"] == 200


@pytest.mark.contract("A-554", "A-760", "A-771", "A-826", "A-227")
def test_a_preset_is_stored_once_and_not_repeated_blindly(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    stores = {"store_preset": True, "preset_name": "wall"}
    engine.done(wanted(**stores))
    presets = engine.world["multi_viewer_presets"]
    assert sent(engine, wanted(**stores, pmt_pid=300)) == ["update"]
    assert [row["preset_name"] for row in presets.values()] == ["wall"]
    again = {"store_preset": True, "preset_name": "wall 2"}
    engine.sim.fail("multi_viewer.update", status=503)
    assert WALL in engine.apply(wanted(**again, pmt_pid=300)).failed
    assert sent(engine, wanted(**again, pmt_pid=300)) == ["update"]
    assert [row["preset_name"] for row in presets.values()] == ["wall", "wall 2"]
    assert set(engine.step(wanted(**again, pmt_pid=300), WALL).unverifiable) == set(again)


@pytest.mark.contract("A-222", "A-755")
def test_one_that_rests_is_not_changed_and_its_state_is_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    engine.world["multi_viewers"]["mv-1"]["status"] = "stopped"
    for change in ({"pmt_pid": 300}, {"tile_inputs": {"1": "spare"}}):
        assert "is stopped; it must run" in engine.apply(wanted(**change)).failed[WALL]
    assert not [key for key in engine.written() if key in {"multi_viewer.update", "multi_viewer.tiles"}]


@pytest.mark.contract("A-53", "A-553", "A-972")
@pytest.mark.parametrize("status", [400, 409])
def test_a_clash_of_pids_found_late_is_the_platforms_sentence(tmp_path: Path, status: int) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    engine.sim.fail("multi_viewer.update", status=status, body={"message": "PID 300 is taken"})
    assert "PID 300 is taken" in engine.apply(wanted(pmt_pid=300)).failed[WALL]
    engine.done(wanted(pmt_pid=300))


@pytest.mark.contract("A-730", "A-731")
def test_in_an_environment_at_rest_nothing_is_written(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    resting = {"state": "stopped"}
    engine.done(wanted(resting))
    assert engine.plan(wanted(resting)).writes() == ()
    (problem,) = engine.problems(wanted(resting, pmt_pid=300))
    assert "takes no writes" in problem
    outcome = engine.apply(stack(resting, inputs=INPUTS))
    assert "is not running" in outcome.failed[WALL]


# --- its way through the stack ----------------------------------------------------------------------------------------
CHAINED = {
    "inputs": {**INPUTS, "made": {"variant": "local_ts", "multi_viewer": "wall", "user_description": "the wall"}},
    "outputs": OUT,
    "transcoders": {"hd": {**TRANSCODER, "input": "wall"}},
    "multi_viewers": {
        "wall": {**VIEWER, **BOTH},
        "walls": {**VIEWER, "tile_inputs": {"1": "wall", "2": "hd", "3": "made", "4": "stadium"}},
    },
    "schedules": {"s": {**LATER, "input": "walls"}, "t": {**LATER, "input": "made"}},
    "alerts": {"a": {**NOISY, "input": "walls"}},
}


@pytest.mark.contract("A-454", "A-455", "A-536", "A-557", "A-579", "A-737", "A-739", "A-778", "A-825")
@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"viewer_details": "settings"},
        {"viewer_details": "unlinked"},
        {"ids": "plain", "wrapped": True, "envelope": "object"},
        {"variant_echo": False},
        {"input_get": "list"},
        {"deleted": "visible"},
    ],
    ids=str,
)
def test_its_name_stands_for_what_it_makes_wherever_an_input_is_taken(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    row = {"alert_method_id": "told-1", "name": "t", "alert_type": "email", "notification_parameters": ["a@b.example"]}
    engine.world["alert_methods"]["told-1"] = row | {"organisation_id": "org-1", "is_deleted": False}
    both = stack(**CHAINED)
    engine.done(both)
    assert engine.plan(both).writes() == ()
    first, second = engine.world["multi_viewers"].values()
    (hd,) = engine.world["transcoders"].values()
    made = first["resulting_input_id"]
    assert hd["input_id"] == made
    assert engine.world["inputs"][made]["user_description"] == "the wall"
    shown = [tile["input_id"] for tile in second["tiles"].values()]
    assert shown[:3] == [made, hd["resulting_input_id"], made]
    schedules = [row["input_id"] for row in engine.world["schedules"].values()]
    assert set(schedules) == {second["resulting_input_id"], made}
    (alert,) = engine.world["alerts"].values()
    assert second["resulting_input_id"] in str(alert)
    engine.done(NOTHING, destroy=True)
    assert alive(engine) == []
    deleted = [entry.path.rpartition("/")[2] for entry in engine.sim.writes() if entry.key == "input.delete"]
    assert set(deleted) & {made, second["resulting_input_id"]} == set(), "they go with their makers"


@pytest.mark.contract("A-454", "A-456", "A-457", "A-542", "A-840")
def test_the_bitrate_of_what_it_makes_has_one_owner(tmp_path: Path) -> None:
    def both(viewer: Any, **more: Any) -> dict[str, Any]:
        made = {"variant": "local_ts", "multi_viewer": viewer, **more}
        return stack(inputs={**INPUTS, "made": made}, multi_viewers={"wall": VIEWER})

    engine = Engine(tmp_path)
    (problem,) = engine.problems(both("wall", max_allowed_bitrate_kbps=9000))
    assert problem == f"{E1}.inputs.made: max_allowed_bitrate_kbps: its multi-viewer sets it, too"
    engine.done(both("wall"))
    made = engine.world["inputs"][live(engine)["resulting_input_id"]]
    engine.done(both("wall", user_description="the wall"))
    assert (made["max_allowed_bitrate_kbps"], engine.plan(both("wall", user_description="the wall")).writes()) == (
        8000,
        (),
    )
    assert engine.problems(both({"id": "mv-1"}, max_allowed_bitrate_kbps=9000)) == [], "one that the stack doesn't hold"


@pytest.mark.contract("A-454", "A-457")
def test_what_it_makes_is_taken_into_the_stack_and_out_again_without_asking(tmp_path: Path) -> None:
    def named(**fields: Any) -> dict[str, Any]:
        made = {"variant": "local_ts", "multi_viewer": "wall", **fields}
        return stack(inputs={**INPUTS, "made": made}, multi_viewers={"wall": VIEWER})

    engine = Engine(tmp_path)
    engine.done(wanted())
    step = engine.step(named(user_description="the wall"), f"{E1}.inputs.made")
    assert (step.action, step.refused, step.id) == (Action.ADOPT, None, live(engine)["resulting_input_id"])
    engine.sim.reset_journal()
    engine.done(named(user_description="the wall"))
    assert engine.written() == ["input.update.local_ts"]
    engine.done(wanted())
    assert engine.written() == ["input.update.local_ts"], "it is only forgotten"


@pytest.mark.contract("A-418", "A-841")
def test_what_it_makes_may_be_in_a_group_for_multi_viewers(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    for id, kind in (("group-1", "mv"), ("group-2", "source")):
        row = {"dashboard_group_id": id, "name": id, "group_type": kind, "organisation_id": "org-1"}
        engine.world["groups"][id] = row

    def grouped(id: str) -> dict[str, Any]:
        made = {"variant": "local_ts", "multi_viewer": "wall", "dashboard_group": {"id": id}}
        return stack(inputs={**INPUTS, "made": made}, multi_viewers={"wall": VIEWER})

    (problem,) = engine.problems(grouped("group-2"))
    assert "names a group for: source" in problem
    engine.done(grouped("group-1"))
    assert engine.world["inputs"][live(engine)["resulting_input_id"]]["dashboard_group_id"] == "group-1"
    assert engine.plan(grouped("group-1")).writes() == ()


@pytest.mark.contract("A-769", "A-457", "A-537")
def test_what_it_makes_is_nobodys_to_adopt_as_something_else_or_to_delete(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    made = engine.world["inputs"][live(engine)["resulting_input_id"]]
    named = {**LISTENER, "port": 5011, "stream_name": made["id"]}
    step = engine.step(wanted(inputs={**INPUTS, "x": {**named, "lifecycle": {"adopt": "match"}}}), f"{E1}.inputs.x")
    assert step.action is Action.CREATE
    assert not made["is_deleted"]


@pytest.mark.contract("A-539", "A-755", "A-762", "A-763")
def test_another_layout_makes_a_new_one_first_and_takes_along_what_goes_by_it(tmp_path: Path) -> None:
    def with_schedule(layout: int) -> dict[str, Any]:
        made = {"variant": "local_ts", "multi_viewer": "wall"}
        wall = {**VIEWER, **BOTH, "layout_id": layout}
        schedules = {"s": {"input": "wall", **LATER}}
        return stack(inputs={**INPUTS, "made": made}, outputs=OUT, multi_viewers={"wall": wall}, schedules=schedules)

    engine = Engine(tmp_path)
    engine.done(with_schedule(1))
    plan = {step.address: step.action for step in engine.plan(with_schedule(2)).writes()}
    assert plan == dict.fromkeys((WALL, f"{E1}.schedules.s", f"{E1}.inputs.made"), Action.REPLACE)
    engine.sim.reset_journal()
    engine.done(with_schedule(2))
    written = engine.written()
    assert written.index("multi_viewer.create") < written.index("schedule.create")
    assert written.index("schedule.create") < written.index("multi_viewer.delete")
    assert engine.plan(with_schedule(2)).writes() == ()
    assert (live(engine)["layout_id"], tiles(engine)) == (2, {"1": ("stadium", "Stadium"), "2": ("spare", "")})


@pytest.mark.contract("A-739", "A-223", "A-755")
@pytest.mark.parametrize("references", ["refused", "ignored"])
def test_a_tile_is_cleared_before_the_input_that_it_shows_is_deleted(tmp_path: Path, references: str) -> None:
    engine = Engine(tmp_path, {"references": references})
    engine.done(wanted(**BOTH))
    engine.sim.reset_journal()
    engine.done(wanted(inputs={"spare": INPUTS["spare"]}, tile_inputs={"2": "spare"}))
    assert engine.written() == ["multi_viewer.tiles", "input.delete"]
    assert tiles(engine) == {"2": ("spare", "")}


@pytest.mark.contract("A-739")
@pytest.mark.parametrize("references", ["refused", "ignored"])
def test_it_is_so_where_the_input_is_made_anew(tmp_path: Path, references: str) -> None:
    engine = Engine(tmp_path, {"references": references})
    engine.done(wanted(**BOTH))
    anew = {**INPUTS, "stadium": {"variant": "udp_rist", "port": 6000}}
    (change,) = engine.step(wanted(inputs=anew, **BOTH), WALL).changes
    assert change.after["1"] is UNKNOWN
    assert sent(engine, wanted(inputs=anew, **BOTH)) == ["tiles", "tiles"]
    assert engine.written() == ["multi_viewer.tiles", "input.delete", "input.create.udp_rist", "multi_viewer.tiles"]
    dark, lit = (entry.body["tile_inputs"] for entry in engine.sim.writes() if entry.key == "multi_viewer.tiles")
    assert (dark, list(lit)) == ({"1": {"input_id": ""}}, ["1"])
    assert tiles(engine) == {"1": ("stadium", "Stadium"), "2": ("spare", "")}


@pytest.mark.contract("A-739", "A-763")
def test_a_transcoder_that_is_made_anew_stays_until_the_tiles_show_the_new_one(tmp_path: Path) -> None:
    def shown(tracks: int) -> dict[str, Any]:
        hd = {**TRANSCODER, "number_of_audio_tracks": tracks}
        wall = {**VIEWER, "tile_inputs": {"1": "hd"}}
        return stack(inputs=INPUTS, transcoders={"hd": hd}, multi_viewers={"wall": wall})

    engine = Engine(tmp_path)
    engine.done(shown(2))
    engine.sim.reset_journal()
    engine.done(shown(4))
    assert engine.written() == ["transcoder.create", "multi_viewer.tiles", "transcoder.delete"]
    assert engine.plan(shown(4)).writes() == ()


def test_all_goes_in_the_right_order_when_everything_goes(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted(**BOTH))
    engine.sim.reset_journal()
    engine.done(stack())
    assert engine.written() == ["multi_viewer.delete", "input.delete", "input.delete"]
    assert alive(engine) == []


# --- the end --------------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-224", "A-721", "A-726", "A-727", "A-740")
@pytest.mark.parametrize("deleted", ["gone", "visible"])
@pytest.mark.parametrize("details", ["full", "settings"])
def test_deletion_ends_when_it_is_gone_and_what_is_gone_is_deleted(tmp_path: Path, deleted: str, details: str) -> None:
    engine = Engine(tmp_path, {"deleted": deleted, "viewer_details": details})
    engine.done(wanted())
    engine.done(stack(inputs=INPUTS))
    assert engine.world["multi_viewers"]["mv-1"]["is_deleted"]
    assert any("waiting for multi-viewer mv-1" in said for said in engine.said)
    engine.done(wanted())
    row = engine.world["multi_viewers"]["mv-2"]
    row["is_deleted"] = engine.world["inputs"][row["resulting_input_id"]]["is_deleted"] = True
    engine.sim.reset_journal()
    assert engine.step(wanted(), WALL).reason == "vanished"
    assert engine.step(stack(inputs=INPUTS), WALL).action is Action.FORGET
    engine.done(NOTHING, destroy=True)
    assert "multi_viewer.delete" not in engine.written()


@pytest.mark.contract("A-740", "A-726")
def test_one_that_went_with_its_environment_is_absent(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    engine.world["environments"]["env-1"]["is_deleted"] = True
    step = engine.step(wanted(), WALL)
    assert (step.action, step.reason) == (Action.CREATE, "vanished")


@pytest.mark.contract("A-766", "A-41")
def test_a_404_of_the_assumed_path_is_no_proof_while_its_input_is_there(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    engine.sim.fail("multi_viewer.get", status=404, times=9)
    with pytest.raises(Exception, match="its Local-TS input is there: is the path right"):
        engine.plan(wanted())


@pytest.mark.contract("A-18", "A-221")
def test_who_may_not_look_is_told_the_role_and_nothing_counts_as_gone(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    engine.world["organisations"]["org-1"]["roles"]["user-1"] = "operator"
    with pytest.raises(Exception, match=r"multi_viewer\.get needs the role admin"):
        engine.plan(wanted())
