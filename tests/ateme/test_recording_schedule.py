"""Recordings: readable until they start, and from then on kept, changed and deleted without being seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import E1, LISTENER, Engine
from ateme.ateme_engine import stack as placed
from headend.ateme.recording_schedule import BEGUN, RecordingSchedule, RecordingScheduleKind
from headend.core.model.proposal import Action

AT = f"{E1}.recording_schedules.derby"
START, STOP = "2026-12-05T15:00:00Z", "2026-12-05T17:00:00Z"
DERBY = {"input": "cam", "recording_bucket": "archive", "start_time": START, "stop_time": STOP}
SECOND = {"cam": LISTENER, "spare": {**LISTENER, "port": 5002}}


def stack(environment: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    made = placed(environment or {}, inputs=SECOND, recording_schedules={"derby": DERBY | fields})
    made["ateme"]["recording_buckets"] = {name: {"bucket_path": f"example/{name}"} for name in ("archive", "cup")}
    return made


def without() -> dict[str, Any]:
    made = stack()
    del made["ateme"]["environments"]["e1"]["recording_schedules"]
    return made


def sent(engine: Engine) -> list[tuple[str, Any]]:
    return [
        (entry.key.partition(".")[2], entry.body)
        for entry in engine.sim.writes()
        if entry.key.startswith("recording_schedule")
    ]


def rows(engine: Engine) -> list[dict[str, Any]]:
    return [row for row in engine.world["recording_schedules"].values() if not row["is_deleted"]]


def started(engine: Engine, hour: int = 16) -> None:
    engine.now = engine.now.replace(hour=hour)


@pytest.mark.contract("A-603", "A-604", "A-605", "A-606", "A-607", "A-608", "A-748", "A-834")
def test_it_has_an_input_a_bucket_and_two_times() -> None:
    good = {"environment": "e", "input": "i", "recording_bucket": "b", "start_time": START, "stop_time": STOP}
    assert RecordingSchedule(**good).transcode is False
    for bad in (
        {"stop_time": START},
        {"stop_time": None},
        {"start_time": "noon"},
        {"start_time": "NOW"},
        {"end_time": STOP},
        {"recording_bucket": None},
        {"extra": {"stop_time": STOP}},
    ):
        with pytest.raises(ValidationError):
            RecordingSchedule(**good | bad)
    past = RecordingSchedule(**good | {"start_time": "2000-01-01T00:00:00Z", "stop_time": "2000-01-01T01:00:00Z"})
    (told,) = RecordingScheduleKind().check(past, {})
    assert (told.field, told.refuses) == ("stop_time", False)


@pytest.mark.contract("A-287", "A-288", "A-289", "A-290", "A-606", "A-607", "A-609", "A-743", "A-833", "A-51", "A-747")
@pytest.mark.parametrize(
    "switches", [{}, {"envelope": "object", "wrapped": True, "updates": "full", "times": "offset"}]
)
def test_it_is_made_changed_as_a_whole_and_deleted(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack())
    assert engine.plan(stack()).writes() == ()
    engine.done(stack(start_time="2026-12-05T16:30:00+01:00", transcode=True))
    times = {"start_time": "2026-12-05T15:00:00+0000", "stop_time": "2026-12-05T17:00:00+0000"}
    first = {"input_id": rows(engine)[0]["input_id"], **times, "transcode": False}
    bucket = {"recording_bucket_id": rows(engine)[0]["recording_bucket_id"]}
    later = {**times, "start_time": "2026-12-05T15:30:00+0000", "transcode": True}
    assert sent(engine) == [("create", first | bucket), ("update", later | bucket)]
    pushes = engine.sim.sims["ateme"].pushes("env-1")  # type: ignore[attr-defined]  # of Ateme's alone
    assert pushes == 2, "one for each write, and none for a look"
    rows(engine)[0]["transcode"] = False
    (change,) = engine.step(stack(start_time="2026-12-05T15:30:00Z", transcode=True), AT).changes
    assert (change.path, change.cause) == (("transcode",), "drift")
    engine.done(without())
    assert rows(engine) == []


@pytest.mark.contract("A-749", "A-835", "A-771", "A-748", "A-610")
@pytest.mark.parametrize("hour", [16, 18])
def test_one_that_has_started_is_not_verifiable_and_not_gone(tmp_path: Path, hour: int) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    assert engine.look(stack())[AT].word == "scheduled"
    started(engine, hour)
    step = engine.step(stack(), AT)
    assert (step.action, step.unverifiable["stop_time"]) == (Action.NONE, BEGUN)
    status = engine.look(stack())[AT]
    assert (status.word, status.wrong) == ("unknown", False)
    assert ("should be over" if hour == 18 else "should run until 2026-12-05T17:00:00+0000") in status.reason
    engine.sim.reset_journal()
    engine.done(stack())
    assert engine.written() == []
    rows(engine)[0]["is_deleted"] = True
    assert engine.plan(stack()).writes() == (), "nobody can tell"


@pytest.mark.contract("A-749", "A-766")
def test_one_that_is_missing_before_its_start_is_gone_and_made_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    rows(engine)[0]["is_deleted"] = True
    assert engine.step(stack(), AT).action is Action.CREATE
    engine.done(stack())
    assert len(rows(engine)) == 1


@pytest.mark.contract("A-749", "A-745", "A-289")
def test_one_that_runs_can_be_made_longer_and_its_start_stays(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    started(engine)
    engine.sim.reset_journal()
    longer = stack(stop_time="2026-12-05T17:30:00Z")
    engine.done(longer)
    ((key, body),) = sent(engine)
    assert (key, body["stop_time"], "start_time" in body) == ("update", "2026-12-05T17:30:00+0000", False)
    assert engine.plan(longer).writes() == ()
    earlier = stack(stop_time="2026-12-05T17:30:00Z", start_time="2026-12-05T14:00:00Z")
    step = engine.step(earlier, AT)
    assert (step.action, step.warnings) == (
        Action.NONE,
        ("start_time: it has started, so that it can't change any more",),
    )


@pytest.mark.contract("A-749", "A-738", "A-740")
@pytest.mark.parametrize("there", [True, False])
def test_one_that_may_have_started_is_deleted_all_the_same(tmp_path: Path, there: bool) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    started(engine)
    if not there:
        engine.world["recording_schedules"].clear()
    engine.sim.reset_journal()
    engine.done(without())
    assert [entry.key for entry in engine.sim.writes()] == ["recording_schedule.delete"], "a 404 is as good"
    assert rows(engine) == []


@pytest.mark.contract("A-748", "A-731")
def test_none_is_made_whose_end_has_passed_or_where_nothing_runs(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    started(engine, 18)
    (problem,) = engine.problems(stack())
    assert problem == f"{AT}: stop_time lies in the past, so there is nothing to create (A-748)"
    engine.now = engine.now.replace(hour=12)
    (problem, *_) = engine.problems(stack({"state": "stopped"}))
    assert "takes no writes then (A-731)" in problem


@pytest.mark.contract("A-762", "A-750", "A-604")
def test_another_input_is_another_recording(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.sim.reset_journal()
    engine.done(stack(input="spare"))
    assert engine.written() == ["recording_schedule.delete", "recording_schedule.create"]
    engine.sim.reset_journal()
    engine.done(stack(input="spare", recording_bucket="cup"))
    assert engine.written() == ["recording_schedule.update"]


@pytest.mark.contract("A-770", "A-604", "A-54")
def test_it_is_found_by_input_start_and_bucket(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.sim.fail("recording_schedule.create", drop="after")
    assert AT in engine.apply(stack()).failed
    engine.done(stack())
    assert [key for key, _ in sent(engine)] == ["create"]
    (row,) = rows(engine)
    engine.world["recording_schedules"]["other"] = {**row, "recording_schedule_id": "other", "input_id": "in-9"}
    (tmp_path / "state.db").unlink()
    adopted = stack(lifecycle={"adopt": "match"})
    for name in ("environments", "recording_buckets"):
        for one in adopted["ateme"][name].values():
            one["lifecycle"] = {"adopt": "match"}
    for one in adopted["ateme"]["environments"]["e1"]["inputs"].values():
        one["lifecycle"] = {"adopt": "match"}
    assert engine.step(adopted, AT).id == row["recording_schedule_id"]


@pytest.mark.contract("A-743", "A-54")
@pytest.mark.parametrize("status", [503, 504])
def test_a_write_is_repeated_only_after_a_look(tmp_path: Path, status: int) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.sim.fail("recording_schedule.update", status=status)
    engine.sim.reset_journal()
    engine.done(stack(transcode=True))
    keys = [entry.key for entry in engine.sim.journal if entry.key.startswith("recording_schedule")]
    first, second = (n for n, key in enumerate(keys) if key == "recording_schedule.update")
    assert "recording_schedule.list_upcoming" in keys[first:second]


@pytest.mark.contract("A-743", "A-290")
def test_what_is_being_recorded_is_on_air(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    started(engine)
    failed = engine.apply(without(), allowed=[]).failed
    assert "would interrupt what is on air" in failed[AT]
    engine.done(without(), allowed=[AT])


@pytest.mark.contract("A-991", "A-604")
def test_an_input_of_another_environment_is_refused(tmp_path: Path) -> None:
    made = stack(input="e2/cam")
    made["ateme"]["environments"]["e2"] = {**placed()["ateme"]["environments"]["e1"], "inputs": {"cam": LISTENER}}
    (problem,) = Engine(tmp_path).problems(made)
    assert problem == f"{AT}: input: it is in another environment"
