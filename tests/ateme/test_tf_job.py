"""Jobs of TitanFile: run once. What has ended is complete, and never run again by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from convergence.ateme import CLUSTER, DOCUMENT
from headend.ateme.fields import without_nulls
from headend.ateme.tf_job import TfJob
from headend.core.model.proposal import Action

AT = "ateme.tf_deployments.cluster.tf_jobs.derby"
ENDED = ("finished", "failed", "aborted", "crashed")


def stack(cluster: dict[str, Any] = CLUSTER, **fields: Any) -> dict[str, Any]:
    wanted = {"configuration": DOCUMENT, **fields}
    made = {"cluster": {**cluster, "tf_jobs": {"derby": wanted}}}
    return {"headend": 1, "stack": "one", "ateme": {"tf_deployments": made}}


def job(engine: Engine) -> dict[str, Any]:
    (found,) = engine.world["tf_jobs"].values()
    return found


@pytest.mark.contract("A-678", "A-679", "A-680", "A-681")
def test_its_fields() -> None:
    given = {"deployment": "d", "name": "n", "configuration": {}}
    assert TfJob(**given, priority=1).priority == 1
    for bad in ({"priority": 0}, {"name": ""}, {"configuration": "text"}, {"extra": {"new_priority": 1}}):
        with pytest.raises(ValidationError, match=r"priority|name|configuration"):
            TfJob(**given | bad)


@pytest.mark.contract("A-335", "A-336", "A-337", "A-338", "A-340", "A-681", "A-682", "A-683", "A-684")
@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True}], ids=["bare", "wrapped"])
def test_it_is_queued_prioritised_while_pending_and_removed(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack(priority=5))
    assert engine.written() == ["tf_deployment.create", "tf_job.create", "tf_job.priority"]
    assert engine.sim.writes()[1].body == {"name": "derby", "configuration": without_nulls(DOCUMENT)}
    assert engine.sim.writes()[2].body == {"new_priority": 5}
    engine.done(stack(priority=7))
    assert job(engine)["priority"] == 7
    assert engine.look(stack(priority=7))[AT].word == "pending"
    engine.done(stack(), destroy=True)
    assert engine.world["tf_jobs"] == {}


@pytest.mark.contract("A-681", "A-852")
def test_the_priority_of_one_that_waits_no_longer_stays(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(priority=5))
    job(engine)["status"] = "active"
    step = engine.step(stack(priority=7), AT)
    assert step.action is Action.NONE
    assert "priority: it is not pending any more (A-681)" in str(step.warnings)


@pytest.mark.contract("A-681")
def test_one_that_ends_at_once_takes_no_priority(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"jobs": "end"})
    engine.done(stack(priority=5))
    assert engine.written()[-1] == "tf_job.create"
    assert engine.plan(stack(priority=5)).writes() == ()


@pytest.mark.contract("A-852", "A-773", "A-684", "A-685")
@pytest.mark.parametrize("word", ENDED)
def test_one_that_has_ended_is_complete_whatever_became_of_it(tmp_path: Path, word: str) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(priority=5))
    job(engine).update(status=word, state="whatever", tf_job_id=77, priority=1, configuration={"normalised": True})
    engine.sim.reset_journal()
    assert engine.step(stack(priority=5), AT).action is Action.NONE
    engine.done(stack(priority=5))
    status = engine.look(stack(priority=5))[AT]
    assert (status.word, status.wrong) == (word, word != "finished")
    engine.world["tf_jobs"].clear()
    engine.done(stack(priority=5))
    assert engine.written() == [], "one that the platform forgot is not run again either"
    assert engine.look(stack())[AT].wrong is False


@pytest.mark.contract("A-852", "A-740")
def test_a_new_deployment_is_no_reason_to_run_what_has_ended_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.world["tf_deployments"].clear()
    engine.world["tf_jobs"].clear()
    engine.sim.reset_journal()
    engine.done(stack())
    assert engine.written() == ["tf_deployment.create"]
    assert engine.plan(stack()).writes() == ()
    engine.done(stack(), destroy=True)


@pytest.mark.contract("A-762", "A-679", "A-680")
@pytest.mark.parametrize("change", [{"name": "Derby"}, {"configuration": {"rate": 50}}])
def test_another_name_or_configuration_in_the_stack_is_another_job(tmp_path: Path, change: dict[str, Any]) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    assert engine.step(stack(**change), AT).action is Action.REPLACE
    engine.done(stack(**change))
    assert {name: job(engine)[name] for name in change} == change


@pytest.mark.contract("A-54", "A-852")
def test_a_creation_of_unknown_outcome_is_not_repeated(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.sim.fail("tf_job.create", drop="after")
    engine.apply(stack())
    assert "the job would run twice" in str(engine.step(stack(), AT).refused)


@pytest.mark.contract("A-678", "A-737")
def test_a_deployment_that_does_not_run_takes_no_job(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    (problem,) = engine.problems(stack({**CLUSTER, "state": "stopped"}))
    assert problem == f"{AT}: its deployment does not run, and takes no jobs (A-678)"
    engine.done({"headend": 1, "stack": "one", "ateme": {"tf_deployments": {"cluster": CLUSTER}}})
    live = engine.world["tf_deployments"]["deployment-1"]
    live["status"] = "stopped"
    assert engine.problems(stack()) == [], "the same plan starts it"
    other = {"deployment": {"id": "deployment-1"}, "configuration": DOCUMENT}
    elsewhere = {"headend": 1, "stack": "two", "ateme": {"tf_jobs": {"derby": other}}}
    assert "ateme.tf_jobs.derby: its deployment does not run, and takes no jobs (A-678)" in engine.problems(elsewhere)
    engine.done(stack())
    assert [key.partition(".")[2] for key in engine.written()] == ["create", "start", "create"]


@pytest.mark.contract("A-682", "A-852", "A-770")
@pytest.mark.parametrize(("id", "there"), [("tf_job-1", True), ("77", False), ("tf_job-9", False)])
def test_it_is_taken_over_by_its_own_id_alone(tmp_path: Path, id: str, there: bool) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    job(engine)["tf_job_id"] = 77
    (engine.directory / "state.db").unlink()
    wanted = stack({**CLUSTER, "lifecycle": {"adopt": "match"}}, lifecycle={"adopt": {"id": id}})
    assert engine.problems(wanted) == ([] if there else [f"{AT}: lifecycle.adopt: there is no ateme.tf_job {id}"])
    if there:
        assert engine.step(wanted, AT).action is Action.ADOPT


@pytest.mark.contract("A-339", "A-341", "A-342", "A-343", "A-987")
def test_headend_itself_starts_stops_and_restarts_none(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    for word in ("crashed", "aborted", "pending"):
        job(engine)["status"] = word
        engine.done(stack())
    assert engine.written() == ["tf_deployment.create", "tf_job.create"]
