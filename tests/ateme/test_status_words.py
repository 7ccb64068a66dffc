"""What doesn't run as the stack wants is never fine: `status` and `drift` tell it of every word and every kind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ateme.alert_stacks import watched
from ateme.ateme_engine import E1, LISTENER, NOON, Engine
from convergence.ateme import TRANSCODER, VIEWER
from headend.core.model.errors import HeadendError
from headend.core.model.proposal import Action

WORDS = ("creating", "starting", "running", "started", "active", "paused", "stopping", "stopped", "upgrading")
BROKEN = ("deleting", "deleted", "failed", "error", "puzzled")
SILENT = (None, 7, "")
RUNS = {"running", "started", "active"}
FINE = {  # (table, whether it is to run) -> words of what is as the stack wants
    ("environments", True): RUNS,
    ("environments", False): {"stopped"},
    ("inputs", True): RUNS,
    ("inputs", False): {"stopped"},
    ("outputs", True): RUNS,
    ("outputs", False): {"stopped"},
    ("transcoders", True): RUNS,
    ("transcoders", False): {"stopped"},
    ("multi_viewers", True): RUNS,
    ("alerts", True): {"active"},
    ("alerts", False): {"paused"},
}
KEYS = {"inputs": "i", "outputs": "o", "transcoders": "t", "multi_viewers": "v", "alerts": "a"}


def wanted(runs: bool, table: str, **more: Any) -> dict[str, Any]:
    """One of each; that of the table is to run, or not."""
    made = watched(a={})
    environment = made["ateme"]["environments"]["e1"]
    environment |= {"transcoders": {"t": TRANSCODER | {"input": "i"}}, "multi_viewers": {"v": VIEWER}, **more}
    environment["inputs"]["i"] = dict(LISTENER)
    row = environment if table == "environments" else environment[table][KEYS[table]]
    if not runs:
        row |= {"muted": True} if table == "alerts" else {"state": "stopped"}
    return made


def drifts(engine: Engine, stack: dict[str, Any], address: str) -> bool:
    """Whether `drift` doesn't end with 0 for the object's sake: a read that fails tells, too."""
    try:
        step = next(step for step in engine.plan(stack, refresh=True).steps if step.address == address)
    except HeadendError:
        return True
    return step.action is not Action.NONE or step.status is not None


@pytest.mark.contract("A-405", "A-408", "A-422", "A-468", "A-535", "A-556", "A-572")
@pytest.mark.parametrize(("table", "runs"), FINE, ids=[f"{t}-{'runs' if runs else 'rests'}" for t, runs in FINE])
def test_each_word_of_each_kind(tmp_path: Path, table: str, runs: bool) -> None:
    engine = Engine(tmp_path)
    stack = wanted(runs, table)
    engine.done(wanted(True, table))
    engine.done(stack)
    address = E1 if table == "environments" else f"{E1}.{table}.{KEYS[table]}"
    id = engine.step(stack, address).id
    for word in (*WORDS, *BROKEN, *SILENT):
        engine.world[table][id] |= {"status": word, "polls": 99}
        fine = word in FINE[table, runs]
        assert engine.look(stack)[address].wrong is not fine, word
        assert drifts(engine, stack, address) is not fine, word


def without_status(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "status"}


def test_where_the_platform_never_shows_what_an_object_does_nothing_is_wrong(tmp_path: Path) -> None:
    engine, stack, address = Engine(tmp_path), wanted(True, "inputs"), f"{E1}.inputs.i"
    engine.done(stack)
    engine.sim.fail("input.list", times=None, change=lambda rows: [without_status(row) for row in rows])
    assert engine.look(stack)[address].word == "unknown"
    assert not engine.look(stack)[address].wrong
    assert not drifts(engine, stack, address)


@pytest.mark.contract("A-730")
@pytest.mark.parametrize("state", ["started", "stopped"])
def test_a_multi_viewer_whose_environment_rests_does_not_run(tmp_path: Path, state: str) -> None:
    engine, address = Engine(tmp_path), f"{E1}.multi_viewers.v"
    engine.done(wanted(True, "inputs"))
    engine.world["environments"]["env-1"]["status"] = "stopped"
    stack = wanted(True, "inputs", state=state)
    found = engine.look(stack)[address]
    assert (found.word, found.wrong) == ("not running", state == "started")
    assert drifts(engine, stack, address) is (state == "started")


def test_what_the_stack_leaves_to_others_is_as_they_want_it_unless_it_is_broken(tmp_path: Path) -> None:
    engine, address = Engine(tmp_path), f"{E1}.inputs.i"
    stack = wanted(True, "inputs")
    stack["ateme"]["environments"]["e1"]["inputs"]["i"]["lifecycle"] = {"ignore_changes": ["state"]}
    engine.done(stack)
    row = engine.world["inputs"][engine.step(stack, address).id]
    for word, wrong in {"stopped": False, "starting": False, "failed": True, "deleting": True}.items():
        row["status"] = word
        assert (engine.look(stack)[address].wrong, drifts(engine, stack, address)) == (wrong, wrong)


@pytest.mark.contract("A-201", "A-468")
def test_the_state_of_an_output_may_stand_in_the_list_of_states_alone(tmp_path: Path) -> None:
    engine, stack, address = Engine(tmp_path), wanted(True, "outputs"), f"{E1}.outputs.o"
    engine.done(stack)
    id = engine.step(stack, address).id
    engine.sim.fail("output.list", times=None, change=lambda rows: [without_status(row) for row in rows])
    assert not engine.look(stack)[address].wrong
    engine.world["outputs"][id]["status"] = "failed"
    assert engine.look(stack)[address].wrong
    assert drifts(engine, stack, address)


@pytest.mark.contract("A-585", "A-748")
@pytest.mark.parametrize("word", ["failed", "error", "stopped", "deleting", "scheduled", "running", "finished"])
def test_a_programme_that_broke_is_wrong_until_it_is_over(tmp_path: Path, word: str) -> None:
    engine, address = Engine(tmp_path), f"{E1}.schedules.s"
    times = {"start_time": (NOON + timedelta(hours=1)).isoformat(), "end_time": (NOON + timedelta(hours=2)).isoformat()}
    stack = wanted(True, "inputs", schedules={"s": {"input": "i", "output": "o", **times}})
    engine.done(stack)
    engine.sim.fail("schedule.list", times=None, change=lambda rows: [row | {"status": word} for row in rows])
    broken = word in {"failed", "error", "stopped", "deleting"}
    for hours, wrong in ((0, broken), (1.5, broken), (3, False)):
        engine.now = NOON + timedelta(hours=hours)
        assert engine.look(stack)[address].wrong is wrong
        assert drifts(engine, stack, address) is wrong
