"""Deployments of TitanFile: made and deleted in minutes, upgraded, and never downgraded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from convergence.ateme import DEPLOYMENT
from headend.ateme.tf_deployment import TfDeployment, TfDeploymentKind
from headend.core.model.proposal import Action

AT = "ateme.tf_deployments.cluster"
NEWER = {"version_id": "2.13.4"}


def stack(**fields: Any) -> dict[str, Any]:
    wanted = {**DEPLOYMENT, **fields}
    return {"headend": 1, "stack": "one", "ateme": {"tf_deployments": {"cluster": wanted}}}


def row(engine: Engine) -> dict[str, Any]:
    (found,) = engine.world["tf_deployments"].values()
    return dict(found)


@pytest.mark.contract("A-656", "A-657", "A-660")
def test_its_fields() -> None:
    assert TfDeployment(name="a. _-Z" + "9" * 94, **DEPLOYMENT).state == "started"
    for bad in ({"name": ""}, {"name": "n" * 101}, {"name": "über"}, {"version_id": ""}, {"state": "paused"}):
        with pytest.raises(ValidationError, match=next(iter(bad))):
            TfDeployment(**{"name": "n", **DEPLOYMENT, **bad})
    with pytest.raises(ValidationError, match="extra: region"):
        TfDeployment(name="n", **DEPLOYMENT, extra={"region": "x"})


@pytest.mark.contract("A-657", "A-853")
@pytest.mark.parametrize(("version", "known"), [("2.13.3", True), ("2.13.4", True), ("3.0.0", False)])
def test_an_unknown_version_is_a_warning(version: str, known: bool) -> None:
    spec = TfDeployment(name="n", **{**DEPLOYMENT, "version_id": version})
    assert [problem.level.name for problem in TfDeploymentKind().check(spec, {})] == ([] if known else ["WARNING"])


@pytest.mark.contract("A-314", "A-315", "A-316", "A-317", "A-318", "A-661", "A-662", "A-721", "A-728", "A-729")
@pytest.mark.parametrize("initial", ["running", "stopped"])
def test_it_is_waited_for_stopped_started_and_deleted(tmp_path: Path, initial: str) -> None:
    engine = Engine(tmp_path, {"initial_deployment": initial, "polls": 3})
    engine.done(stack())
    started = ["tf_deployment.start"] if initial == "stopped" else []
    assert engine.written() == ["tf_deployment.create", *started]
    assert any("waiting for deployment cluster: creating" in said for said in engine.said)
    assert engine.look(stack())[AT].word == "running"
    for state, word in (("stopped", "stopped"), ("started", "running")):
        engine.done(stack(state=state))
        assert row(engine)["status"] == word
        assert engine.plan(stack(state=state)).writes() == ()
    engine.done(stack(), destroy=True)
    assert row(engine)["is_deleted"]


@pytest.mark.contract("A-319", "A-657", "A-736")
def test_a_higher_version_upgrades_it_and_the_run_waits_for_that(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"polls": 4})
    engine.done(stack())
    engine.sim.reset_journal()
    engine.done(stack(**NEWER))
    assert engine.written() == ["tf_deployment.upgrade"]
    assert engine.sim.writes()[0].body == NEWER
    assert (row(engine)["version_id"], row(engine)["status"]) == ("2.13.4", "running")
    assert any("upgrading" in said for said in engine.said)


@pytest.mark.contract("A-736")
def test_an_upgrade_that_is_not_shown_yet_is_waited_for(tmp_path: Path) -> None:
    """The list may say `running` with the old version for a while."""
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.settings["deployment_timeout"] = 0.001
    live = engine.world["tf_deployments"]["deployment-1"]
    shown = {name: live[name] for name in ("deployment_id", "name", "version_id", "cloud_provider", "region", "status")}
    engine.sim.fail("tf_deployment.list", status=200, body=[shown], times=99)
    (said,) = engine.apply(stack(**NEWER)).failed.values()
    assert "its status is upgrading" in said


@pytest.mark.contract("A-736")
@pytest.mark.parametrize(("has", "wanted"), [("2.13.4", "2.13.3"), ("2.13.10", "2.13.9"), ("3.0", "2.14.1")])
def test_a_lower_version_is_refused_whoever_brought_about_the_higher_one(tmp_path: Path, has: str, wanted: str) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(version_id=wanted))
    engine.world["tf_deployments"]["deployment-1"]["version_id"] = has
    engine.sim.reset_journal()
    step = engine.step(stack(version_id=wanted), AT)
    assert f"version_id: it has {has}, and no call brings it back to {wanted} (A-736)" in str(step.refused)
    engine.done(stack(version_id=has))
    assert engine.written() == []


@pytest.mark.contract("A-762", "A-656", "A-658", "A-659")
@pytest.mark.parametrize("change", [{"name": "other"}, {"cloud_provider": "gcp", "region": "europe-west1"}])
def test_name_and_place_replace_it_if_that_is_allowed(tmp_path: Path, change: dict[str, Any]) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    step = engine.step(stack(**change), AT)
    assert step.action is Action.REPLACE
    assert "destroys all that lives in the object" in str(step.refused)
    engine.sim.reset_journal()
    older = {"version_id": "2.13.2"}  # what is made anew may have any version
    engine.done(stack(**change, **older, lifecycle={"protect": False}))
    assert engine.written() == ["tf_deployment.delete", "tf_deployment.create"]


@pytest.mark.contract("A-312", "A-313", "A-658", "A-659", "A-906")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cloud_provider": "abacus"}, "cloud_provider: abacus is not offered"),
        ({"region": "moon-1"}, "region: moon-1 is not offered"),
    ],
)
def test_the_catalogue_names_provider_and_region(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    engine = Engine(tmp_path)
    assert engine.problems(stack(**change)) == [f"{AT}: {said}"]
    assert engine.written() == []


@pytest.mark.contract("A-722", "A-723", "A-724")
def test_a_creation_that_fails_is_told_and_gone_on_with(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"deployment_outcome": "failed"})
    (said,) = engine.apply(stack()).failed.values()
    assert "its status is failed" in said
    live = engine.world["tf_deployments"]["deployment-1"]
    live["status"] = "running"
    engine.done(stack())
    assert engine.written() == ["tf_deployment.create"], "it is never made twice"


@pytest.mark.contract("A-316", "A-726", "A-727")
def test_one_that_is_being_deleted_already_is_waited_for(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.world["tf_deployments"]["deployment-1"] |= {"status": "deleting", "polls": 3}
    engine.sim.reset_journal()
    engine.done(stack(), destroy=True)
    assert engine.written() == []
    assert row(engine)["is_deleted"]


@pytest.mark.contract("A-770")
def test_one_is_taken_over_by_its_name(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    (engine.directory / "state.db").unlink()
    step = engine.step(stack(lifecycle={"adopt": "match"}), AT)
    assert (step.action, step.id, step.changes) == (Action.ADOPT, "deployment-1", ())
