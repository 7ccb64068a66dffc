"""Permanent schedules: on outputs with an agreement, always on air, replaced when their input changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from headend.ateme.permanent_schedule import PermanentSchedule
from headend.core.model.fields import Impact
from headend.core.model.proposal import Action
from headend.core.reconcile.state import open_state

AT = f"{E1}.permanent_schedules.always"
INPUTS = {"a": LISTENER, "b": {**LISTENER, "port": 5009}}
RTMP = {"variant": "rtmp", "url": "rtmp://cdn.example.com/live"}
OUTPUTS = {"o": {**RTMP, "permanent_schedule_agreement_id": "agr-1"}}
GONE = {"permanent_schedule_agreement_id": None}
ENDS = {"input": "a", "output": "o"}


def wanted(always: dict[str, Any] = ENDS, **children: Any) -> dict[str, Any]:
    return stack(**{"inputs": INPUTS, "outputs": OUTPUTS, "permanent_schedules": {"always": always}, **children})


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return agreed(Engine(tmp_path))


def agreed(engine: Engine, bitrate: int = 20) -> Engine:
    """With one free agreement."""
    free = {"organisation_id": "org-1", "is_assigned": False, "is_finished": False, "bitrate": bitrate}
    engine.world["agreements"]["agr-1"] = {"agreement_id": "agr-1", **free}
    return engine


@pytest.mark.contract("A-586", "A-587", "A-588")
@pytest.mark.parametrize("missing", ["environment", "input", "output"])
def test_it_has_two_ends_in_an_environment(missing: str) -> None:
    fields = {"environment": "e", "input": "i", "output": "o"}
    assert PermanentSchedule(**fields).input == "i"
    with pytest.raises(ValidationError, match=missing):
        PermanentSchedule(**{name: value for name, value in fields.items() if name != missing})
    with pytest.raises(ValidationError, match="input_id"):
        PermanentSchedule(**fields, extra={"input_id": "x"})


@pytest.mark.contract("A-196", "A-586", "A-587", "A-588", "A-589", "A-743", "A-744", "A-858")
@pytest.mark.parametrize(
    "switches", [{}, {"envelope": "object", "wrapped": True}, {"permanent_start": "shown", "ids": "plain"}], ids=str
)
def test_it_is_made_with_one_push_and_removed_with_another_and_nothing_is_bought(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    engine = agreed(Engine(tmp_path, switches))
    engine.done(wanted())
    (entry,) = [e for e in engine.sim.writes() if e.key == "permanent_schedule.create"]
    (source,) = [id for id, row in engine.world["inputs"].items() if row["id"] == "a"]
    assert (entry.path, entry.body) == ("/api/outputs/out-1/permanent_schedule", {"input_id": source})
    assert entry.scope["environment"] == "env-1"
    assert engine.plan(wanted()).writes() == ()
    engine.done(wanted())
    assert engine.sim.sims["ateme"].pushes("env-1") == 1
    engine.done(stack(inputs=INPUTS, outputs=OUTPUTS), allowed=[AT])
    assert engine.written()[-1] == "schedule.delete"
    assert engine.sim.sims["ateme"].pushes("env-1") == 2
    assert "agreement.create" not in engine.written()


@pytest.mark.contract("A-750", "A-588", "A-743")
def test_another_input_replaces_it_the_old_one_first(engine: Engine) -> None:
    engine.done(wanted())
    other = wanted({"input": "b", "output": "o"})
    step = engine.step(other, AT)
    assert (step.action, step.impact) == (Action.REPLACE, Impact.INTERRUPTS)
    engine.sim.reset_journal()
    engine.done(other, allowed=[AT])
    assert engine.written() == ["schedule.delete", "permanent_schedule.create"]
    assert engine.plan(other).writes() == ()


@pytest.mark.contract("A-751", "A-587", "A-461")
def test_an_output_without_agreement_is_refused_by_the_stack_by_the_plan_and_before_the_call(engine: Engine) -> None:
    (problem,) = engine.problems(wanted(outputs={"o": RTMP}))
    assert problem.startswith(f"{AT}: output: it has no agreement")
    assert engine.sim.journal == []
    engine.done(stack(inputs=INPUTS, outputs={"o": RTMP}))
    others = wanted({"input": "a", "output": {"id": "out-1"}}, outputs={"o": RTMP})
    (problem,) = engine.problems(others)
    assert problem.startswith(f"{AT}: output: out-1 has no agreement")
    (row,) = engine.world["outputs"].values()
    row["permanent_schedule_agreement_id"] = "agr-1"
    engine.sim.observers.append(lambda e: row.update(dict(GONE) if e.key == "output.list" else {}))
    engine.sim.reset_journal()
    assert "out-1 has no agreement" in engine.apply(others).failed[AT]
    assert engine.written() == []


@pytest.mark.contract("A-751")
def test_where_outputs_dont_show_their_agreement_the_server_decides(engine: Engine) -> None:
    engine.done(stack(inputs=INPUTS, outputs={"o": RTMP}))
    engine.sim.fail("output.list", times=9, status=200, body=[{"output_id": "out-1", "status": "started"}])
    others = stack(inputs=INPUTS, permanent_schedules={"always": {"input": "a", "output": {"id": "out-1"}}})
    others["ateme"]["environments"]["e1"]["outputs"] = {"o": RTMP}
    assert "has no agreement" in engine.apply(others).failed[AT]
    assert engine.written()[-1] == "permanent_schedule.create"


@pytest.mark.contract("A-588", "A-709", "A-196")
def test_a_bitrate_above_the_agreements_is_told_in_the_platforms_words(tmp_path: Path) -> None:
    engine = agreed(Engine(tmp_path), bitrate=5)
    caller = {"variant": "srt_pull", "host": "venue.example.com", "port": 5005, "bitrate": 8000}
    assert "its bitrate exceeds" in engine.apply(wanted(inputs={"a": caller})).failed[AT]


@pytest.mark.contract("A-982")
@pytest.mark.parametrize(("bitrate", "fits"), [(5, False), (7999, False), (8, True), (8000, True)])
def test_a_bitrate_above_the_agreements_never_costs_what_is_on_air(tmp_path: Path, bitrate: int, fits: bool) -> None:
    """Below 1000 the agreement's is taken for Mbit/s: what fits by one reading goes through."""
    engine = agreed(Engine(tmp_path), bitrate=bitrate)
    thin = {"variant": "srt_pull", "host": "venue.example.com", "port": 5005, "bitrate": 100}
    both = {"a": thin, "b": {**thin, "port": 5006, "bitrate": 8000}}
    engine.done(wanted(inputs=both))
    problems = engine.problems(wanted({"input": "b", "output": "o"}, inputs=both))
    assert (problems == []) is fits
    assert all("up to 8000 kbit/s" in problem and "A-982" in problem for problem in problems)
    assert "schedule.delete" not in engine.written()
    fresh = wanted({"input": "b", "output": "o"}, inputs=both)
    engine.done(stack(inputs=both, outputs=OUTPUTS), allowed=[AT])
    assert ("A-982" in "".join(engine.step(fresh, AT).warnings)) is not fits


@pytest.mark.contract("A-982")
@pytest.mark.parametrize("made", [True, False], ids=["made", "raised"])
def test_an_input_that_the_same_run_makes_or_raises_too_far_costs_nothing_either(tmp_path: Path, made: bool) -> None:
    engine = agreed(Engine(tmp_path), bitrate=5)
    thin = {"variant": "srt_pull", "host": "venue.example.com", "port": 5005, "bitrate": 100}
    small, large = {**thin, "port": 5006}, {**thin, "port": 5006, "bitrate": 8000}
    engine.done(wanted(inputs={"a": thin} if made else {"a": thin, "b": small}))
    moved = {"input": "b", "output": "o"}
    (problem,) = engine.problems(wanted(moved, inputs={"a": thin, "b": large}))
    assert problem.startswith(f"{AT}: input: up to 8000 kbit/s, and the agreement of its output covers 5")
    engine.done(wanted(moved, inputs={"a": thin, "b": small}), allowed=[AT])
    assert engine.written()[-2:] == ["schedule.delete", "permanent_schedule.create"]


@pytest.mark.contract("A-589", "A-54", "A-770")
def test_it_is_known_by_its_output_after_a_lost_answer_and_for_adoption(engine: Engine) -> None:
    timed = {"t": {**ENDS, "start_time": "2026-12-05T13:00:00Z", "end_time": "2026-12-05T14:00:00Z"}}
    engine.sim.fail("permanent_schedule.create", drop="after")
    engine.apply(wanted(schedules=timed))
    engine.done(wanted(schedules=timed))
    assert engine.written().count("permanent_schedule.create") == 1
    assert len(engine.world["schedules"]) == 2
    with open_state(engine.directory / "state.db") as state:
        state.drop(AT)
    (known,) = [row["schedule_id"] for row in engine.world["schedules"].values() if row["end_time"] is None]
    step = engine.step(wanted({**ENDS, "lifecycle": {"adopt": "match"}}, schedules=timed), AT)
    assert (step.action, step.id, step.changes) == (Action.ADOPT, known, ())


@pytest.mark.contract("A-738")
def test_one_that_somebody_deleted_is_made_again(engine: Engine) -> None:
    engine.done(wanted())
    (row,) = engine.world["schedules"].values()
    row["is_deleted"] = True
    assert engine.step(wanted(), AT).action is Action.CREATE
    engine.done(wanted())
    engine.done(wanted(), destroy=True, allowed=[E1])
    assert engine.written().count("schedule.delete") == 1


def cut(engine: Engine, stack: dict[str, Any]) -> dict[str, list[str | None]]:
    """Address of each step that cuts something -> what."""
    plan = engine.plan(stack, now=lambda: engine.now)
    return {s.address: [c.address or f"{c.kind} {c.id}" for c in s.on_air] for s in plan.writes() if s.on_air}


@pytest.mark.contract("A-196", "A-750")
@pytest.mark.parametrize("switches", [{}, {"permanent_start": "shown"}], ids=str)
def test_it_is_on_air_for_good_and_so_are_its_ends(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = agreed(Engine(tmp_path, switches))
    engine.done(wanted())
    engine.now = engine.now.replace(year=2031)
    assert cut(engine, wanted(inputs={**INPUTS, "a": {**LISTENER, "latency": 2000}})) == {f"{E1}.inputs.a": [AT]}
    assert cut(engine, wanted(inputs={**INPUTS, "b": {**LISTENER, "latency": 2000}})) == {}
    assert cut(engine, wanted({"input": "b", "output": "o"})) == {AT: [AT]}
    assert cut(engine, stack(inputs=INPUTS, outputs=OUTPUTS)) == {AT: [AT]}
    refused = engine.apply(wanted({"input": "b", "output": "o"}), allowed=[])
    assert f"would interrupt what is on air: {AT}" in refused.failed[AT]
    engine.done(wanted({"input": "b", "output": "o"}), allowed=[AT])
