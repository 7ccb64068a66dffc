"""What is bound to fail is refused by the plan, before anything is written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from headend.core.model.proposal import Action

SRT_OUT = {"variant": "srt_pull", "port": 5002, "latency": 200}
PAIR = {"inputs": {"a": LISTENER}, "outputs": {"o": SRT_OUT}}


def entry(start: str, end: str) -> dict[str, Any]:
    return {**PAIR, "schedules": {"s": {"input": "a", "output": "o", "start_time": start, "end_time": end}}}


@pytest.mark.contract("A-582", "A-748")
@pytest.mark.parametrize("exists", [True, False], ids=["in an environment that is there", "in a new one"])
@pytest.mark.parametrize(
    ("end", "refused"),
    [
        ("2026-12-05T12:00:01Z", False),
        ("2026-12-05T12:00:00Z", True),
        ("2026-12-05T13:59:59+02:00", True),
        ("2026-12-05T11:00:01-01:00", False),
    ],
)
def test_an_entry_that_would_end_in_the_past_is_refused(tmp_path: Path, exists: bool, end: str, refused: bool) -> None:
    engine = Engine(tmp_path)
    if exists:
        engine.done(stack(**PAIR))
    problems = engine.problems(stack(**entry("2026-12-05T09:00:00+00:00", end)))
    assert [p.partition(": ")[0] for p in problems] == ([f"{E1}.schedules.s"] if refused else [])
    assert all("past" in p for p in problems)
    assert "schedule.create" not in engine.written()


@pytest.mark.contract("A-748")
@pytest.mark.parametrize("rows", ["kept", "gone"])
def test_an_entry_that_has_ended_stays_as_it_is(tmp_path: Path, rows: str) -> None:
    engine = Engine(tmp_path, {"ended_schedules": rows})
    wanted = stack(**entry("NOW", "2026-12-05T13:00:00Z"))
    engine.done(wanted)
    engine.now = datetime(2026, 12, 6, tzinfo=UTC)
    assert engine.plan(wanted).writes() == ()


@pytest.mark.contract("A-731")
def test_new_children_of_an_environment_that_is_to_rest_are_refused(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    wanted = stack({"state": "stopped"}, **entry("NOW", "2026-12-05T13:00:00Z"))
    problems = engine.problems(wanted)
    assert [p.partition(": ")[0] for p in problems] == [f"{E1}.{n}" for n in ("inputs.a", "outputs.o", "schedules.s")]
    assert all("stopped" in p for p in problems)
    engine.done(stack(**PAIR))
    moved = {"inputs": {"a": {**LISTENER, "port": 5009}}, "outputs": {"o": SRT_OUT}}
    assert [p.partition(": ")[0] for p in engine.problems(stack({"state": "stopped"}, **moved))] == [f"{E1}.inputs.a"]
    assert engine.problems(stack({"state": "stopped"}, **PAIR)) == []


@pytest.mark.contract("A-731")
def test_a_stopped_environment_of_somebody_else_is_not_written_in(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    (id,) = engine.world["environments"]
    engine.world["environments"][id]["status"] = "stopped"
    inputs = {"a": {**LISTENER, "environment": {"id": id}}}
    wanted = {"headend": 1, "stack": "two", "ateme": {"inputs": inputs}}
    (problem,) = Engine.problems(engine, {**wanted})
    assert problem.startswith("ateme.inputs.a: environment env-1 is stopped")


@pytest.mark.contract("A-418", "A-464", "A-977")
@pytest.mark.parametrize("left", [{}, {"dashboard_group": None}], ids=["left out", "null"])
@pytest.mark.parametrize(
    ("children", "fields", "fits"), [("inputs", LISTENER, "source"), ("outputs", SRT_OUT, "destination")]
)
def test_no_object_leaves_its_dashboard_group(
    tmp_path: Path, children: str, fields: dict[str, Any], fits: str, left: dict[str, Any]
) -> None:
    engine = Engine(tmp_path)
    engine.world["groups"]["g"] = {"dashboard_group_id": "g", "group_type": fits, "organisation_id": "org-1"}
    engine.done(stack(**{children: {"a": {**fields, "dashboard_group": {"id": "g"}}}}))
    without = stack(**{children: {"a": {**fields, **left}}})
    (problem,) = engine.problems(without)
    assert "dashboard_group" in problem
    fresh = Engine(tmp_path / "elsewhere") if (tmp_path / "elsewhere").mkdir() is None else engine
    assert fresh.problems(without) == [], "there is nothing to leave at creation"


@pytest.mark.contract("A-51")
@pytest.mark.parametrize(("children", "fields"), [("inputs", LISTENER), ("outputs", SRT_OUT)])
def test_a_field_that_was_never_set_before_is_written(tmp_path: Path, children: str, fields: dict[str, Any]) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(**{children: {"a": fields}}))
    more = {"user_description": "gate 1", "latitude": 1.5, "longitude": 2.5}
    engine.done(stack(**{children: {"a": {**fields, **more}}}))
    (row,) = engine.world[children].values()
    assert {name: row.get(name) for name in more} == more
    assert engine.plan(stack(**{children: {"a": {**fields, **more}}})).writes() == ()


@pytest.mark.contract("A-730")
def test_a_state_is_only_noted_down_while_the_environment_rests(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(inputs={"a": LISTENER}))
    engine.done(stack({"state": "stopped"}, inputs={"a": LISTENER}))
    engine.sim.reset_journal()
    engine.done(stack({"state": "stopped"}, inputs={"a": {**LISTENER, "state": "stopped"}}))
    assert engine.written() == []
    engine.done(stack(inputs={"a": {**LISTENER, "state": "stopped"}}))
    engine.done(stack(inputs={"a": {**LISTENER, "state": "stopped"}}))
    assert engine.written() == ["environment.start", "input.stop"]


@pytest.mark.contract("A-51", "A-744")
def test_a_field_that_is_dropped_is_cleared_or_said_to_stay(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    full = {**LISTENER, "user_description": "gate 1", "max_allowed_bitrate_kbps": 9000, "encryption_type": 2}
    engine.done(stack(inputs={"a": {**full, "password": "long-enough-1"}}))
    step = engine.step(stack(inputs={"a": LISTENER}), f"{E1}.inputs.a")
    assert sorted(w.partition(":")[0] for w in step.warnings) == [
        "encryption_type",
        "max_allowed_bitrate_kbps",
        "password",
    ]
    engine.sim.reset_journal()
    engine.done(stack(inputs={"a": LISTENER}))
    (write,) = engine.sim.writes()
    assert write.body["user_description"] == ""
    assert engine.plan(stack(inputs={"a": LISTENER})).writes() == ()


@pytest.mark.contract("A-51")
def test_dropping_what_no_call_can_take_away_sends_nothing(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(inputs={"a": {"variant": "zixi_push", "port": 1, "password": "long-enough-1"}}))
    engine.sim.reset_journal()
    engine.done(stack(inputs={"a": {"variant": "zixi_push", "port": 1}}))
    assert engine.sim.writes() == []


@pytest.mark.contract("A-537", "A-769", "A-825", "A-974")
def test_what_a_transcoder_made_is_not_taken_over_unless_it_is_named(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    row = engine.world["environments"]["env-1"]
    engine.sim.sims["ateme"].add_input(row, "zixi_push", {"id": "main-hd", "port": 1, "latency": 150})[
        "is_transcoded_input"
    ] = True
    for id, stream in (("out-90", "main-hd"), ("out-91", "other")):
        where = {"environment_id": "env-1", "organisation_id": "org-1", "taker_organisation_id": "org-1"}
        made = {
            "output_id": id,
            "variant": "pull",
            "port": 2078,
            "latency": 150,
            "stream_id": stream,
            "status": "started",
        }
        engine.world["outputs"][id] = {**where, **made, "is_deleted": False}

    def wanted(stream: str, **life: Any) -> dict[str, Any]:
        fields = {"variant": "pull", "port": 2078, "latency": 150, "stream_id": stream}
        return stack(outputs={"o": {**fields, "lifecycle": life}})

    assert engine.step(wanted("other", adopt="match"), f"{E1}.outputs.o").id == "out-91"
    assert engine.step(wanted("main-hd", adopt="match"), f"{E1}.outputs.o").action is Action.CREATE
    named = engine.step(wanted("main-hd", adopt={"id": "out-90"}), f"{E1}.outputs.o")
    assert (named.action, named.id) == (Action.ADOPT, "out-90")
    assert any("may be derived" in warning for warning in named.warnings)
    assert engine.plan(stack()).writes() == (), "and nothing offers to delete it"
    derived = stack(inputs={"main-hd": {"variant": "zixi_push", "port": 1, "lifecycle": {"adopt": "match"}}})
    assert engine.step(derived, f"{E1}.inputs.main-hd").action is Action.CREATE
