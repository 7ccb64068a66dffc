"""Templates of TitanFile: documents that headend keeps, compares by content, and doesn't read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from convergence.ateme import CLUSTER, DOCUMENT
from headend.ateme.fields import without_nulls
from headend.ateme.tf_job_template import TfJobTemplate, TfJobTemplateKind
from headend.ateme.tf_template import TfTemplate
from headend.core.model.proposal import Action

SHAPES: list[dict[str, Any]] = [{}, {"envelope": "object", "wrapped": True, "template_lists": "names"}]


def stack(noun: str, **fields: Any) -> dict[str, Any]:
    wanted = {"configuration": DOCUMENT, **fields}
    return {"headend": 1, "stack": "one", "ateme": {f"{noun}s": {"proxy": wanted}}}


@pytest.mark.contract("A-675", "A-676")
def test_a_job_template_has_a_name_and_any_document() -> None:
    assert TfJobTemplate(name="n", configuration={}).configuration == {}
    for bad in ({"name": ""}, {"configuration": "text"}, {"configuration": None}, {"extra": {"name": "x"}}):
        with pytest.raises(ValidationError, match=r"name|configuration"):
            TfJobTemplate(**{"name": "n", "configuration": {}, **bad})


@pytest.mark.contract("A-670", "A-671", "A-672", "A-673")
def test_a_template_may_be_one_deployments_own() -> None:
    assert TfTemplate(name="n", configuration={}).local_only is False
    assert TfTemplate(name="n", configuration={}, deployment="d", local_only=True).deployment == "d"
    with pytest.raises(ValidationError, match="local_only: needs the deployment"):
        TfTemplate(name="n", configuration={}, local_only=True)
    with pytest.raises(ValidationError, match="extra: local_only"):
        TfTemplate(name="n", configuration={}, extra={"local_only": True})


def local(**more: Any) -> dict[str, Any]:
    """A template of each of two deployments, and one of all, with one name."""
    wanted = {"configuration": DOCUMENT, "name": "Proxy", **more}
    templates = {name: {**wanted, "deployment": name, "local_only": True} for name in ("north", "south")}
    deployments = dict.fromkeys(templates, CLUSTER)
    return {
        "headend": 1,
        "stack": "one",
        "ateme": {"tf_deployments": deployments, "tf_templates": templates | {"all": wanted}},
    }


@pytest.mark.contract("A-21", "A-325", "A-326", "A-672", "A-673", "A-848")
def test_local_ones_are_their_deployments_and_may_share_a_name(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(local())
    rows = [(row["name"], row["deployment_id"]) for row in engine.world["tf_templates"].values()]
    assert set(rows) == {("Proxy", None), ("Proxy", "deployment-1"), ("Proxy", "deployment-2")}
    assert engine.plan(local()).writes() == ()
    (engine.directory / "state.db").unlink()
    taken = local(lifecycle={"adopt": "match"})
    for deployment in taken["ateme"]["tf_deployments"].values():
        deployment["lifecycle"] = {"adopt": "match"}
    assert {step.action for step in engine.plan(taken).steps} == {Action.ADOPT}
    engine.done(taken)
    engine.done(taken, destroy=True)
    assert engine.world["tf_templates"] == {}


@pytest.mark.contract("A-851", "A-328", "A-329")
def test_plans_say_that_a_change_or_deletion_reaches_every_deployment(tmp_path: Path) -> None:
    engine, said = Engine(tmp_path), "it isn't local_only: this reaches every deployment (A-851)"
    engine.done(local())
    for plan in (engine.plan(local(configuration={})), engine.plan(local(), destroy=True)):
        told = {step.address.rpartition(".")[2]: said in str(step.warnings) for step in plan.steps}
        assert {name: told[name] for name in ("all", "north", "south")} == {"all": True, "north": False, "south": False}


@pytest.mark.contract("A-762", "A-672", "A-673")
def test_to_make_it_local_replaces_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    wanted = local()
    engine.done(wanted)
    wanted["ateme"]["tf_templates"]["south"]["deployment"] = "north"
    del wanted["ateme"]["tf_templates"]["north"]
    assert engine.step(wanted, "ateme.tf_templates.south").action is Action.REPLACE


@pytest.mark.contract("A-849")
def test_job_templates_are_said_to_be_experimental() -> None:
    assert "Experimental" in str(TfJobTemplateKind.__doc__)


@pytest.mark.contract("A-330", "A-331", "A-332", "A-333", "A-334", "A-676", "A-677")
@pytest.mark.contract("A-325", "A-326", "A-327", "A-328", "A-329", "A-671", "A-674")
@pytest.mark.parametrize("switches", SHAPES, ids=["whole", "names"])
@pytest.mark.parametrize("noun", ["tf_template", "tf_job_template"])
def test_one_is_made_changed_in_place_by_content_and_removed(
    tmp_path: Path, noun: str, switches: dict[str, Any]
) -> None:
    engine, at = Engine(tmp_path, switches), f"ateme.{noun}s.proxy"
    engine.done(stack(noun))
    assert engine.plan(stack(noun)).writes() == ()
    other = {**DOCUMENT, "rate": 25}
    engine.done(stack(noun, configuration=other))
    (row,) = engine.world[f"{noun}s"].values()
    assert engine.written() == [f"{noun}.create", f"{noun}.update"]
    assert (row["name"], row["configuration"]) == ("proxy", without_nulls(other))
    row["configuration"] = {**other, "tracks": []}
    step = engine.step(stack(noun, configuration=other), at)
    assert {change.path[0] for change in step.changes} == {"configuration"}
    assert {change.cause for change in step.changes} == {"drift"}
    row["configuration"] = dict(reversed({**other, "more": None}.items()))
    assert engine.plan(stack(noun, configuration=other)).writes() == (), "neither the order of keys nor null is content"
    engine.done(stack(noun, configuration=other), destroy=True)
    assert engine.world[f"{noun}s"] == {}


@pytest.mark.contract("A-46")
@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("noun", ["tf_template", "tf_job_template"])
def test_a_list_of_names_without_an_item_path_leaves_the_document_unverifiable(
    tmp_path: Path, noun: str, status: int
) -> None:
    engine, at = Engine(tmp_path, {"template_lists": "names"}), f"ateme.{noun}s.proxy"
    engine.done(stack(noun))
    engine.sim.fail(f"{noun}.get", status=status, times=99)
    step = engine.step(stack(noun), at)
    assert (step.action, dict(step.unverifiable)) == (
        Action.NONE,
        {"configuration": "the answer does not show it"},
    )


@pytest.mark.contract("A-770")
@pytest.mark.parametrize("noun", ["tf_template", "tf_job_template"])
def test_one_is_taken_over_by_its_name(tmp_path: Path, noun: str) -> None:
    engine = Engine(tmp_path)
    id = noun.removeprefix("tf_") + "_id"
    row = {id: "t-1", "name": "proxy", "configuration": DOCUMENT, "organisation_id": "org-1"}
    engine.world[f"{noun}s"]["t-1"] = row
    step = engine.step(stack(noun, lifecycle={"adopt": "match"}), f"ateme.{noun}s.proxy")
    assert (step.action, step.id) == (Action.ADOPT, "t-1")
