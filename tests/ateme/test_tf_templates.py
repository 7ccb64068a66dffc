"""Templates of TitanFile: documents that headend keeps, compares by content, and doesn't read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from convergence.ateme import DOCUMENT
from headend.ateme.tf_job_template import TfJobTemplate, TfJobTemplateKind
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


@pytest.mark.contract("A-849")
def test_job_templates_are_said_to_be_experimental() -> None:
    assert "Experimental" in str(TfJobTemplateKind.__doc__)


@pytest.mark.contract("A-330", "A-331", "A-332", "A-333", "A-334", "A-676", "A-677")
@pytest.mark.parametrize("switches", SHAPES, ids=["whole", "names"])
@pytest.mark.parametrize("noun", ["tf_job_template"])
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
    assert (row["name"], row["configuration"]) == ("proxy", other)
    row["configuration"] = {**other, "tracks": []}
    step = engine.step(stack(noun, configuration=other), at)
    assert {change.path[0] for change in step.changes} == {"configuration"}
    assert {change.cause for change in step.changes} == {"drift"}
    row["configuration"] = dict(reversed(other.items()))
    assert engine.plan(stack(noun, configuration=other)).writes() == (), "the order of keys is no content"
    engine.done(stack(noun, configuration=other), destroy=True)
    assert engine.world[f"{noun}s"] == {}


@pytest.mark.contract("A-46")
@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("noun", ["tf_job_template"])
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
@pytest.mark.parametrize("noun", ["tf_job_template"])
def test_one_is_taken_over_by_its_name(tmp_path: Path, noun: str) -> None:
    engine = Engine(tmp_path)
    id = noun.removeprefix("tf_") + "_id"
    row = {id: "t-1", "name": "proxy", "configuration": DOCUMENT, "organisation_id": "org-1"}
    engine.world[f"{noun}s"]["t-1"] = row
    step = engine.step(stack(noun, lifecycle={"adopt": "match"}), f"ateme.{noun}s.proxy")
    assert (step.action, step.id) == (Action.ADOPT, "t-1")
