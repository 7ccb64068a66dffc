"""Labels: found by their text, and deleted only once nothing refers to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from headend.ateme.label import Label
from headend.core.model.proposal import Action

AT = "ateme.labels.derby"


def stack(**fields: Any) -> dict[str, Any]:
    return {"headend": 1, "stack": "one", "ateme": {"labels": {"derby": fields}}}


@pytest.mark.contract("A-621")
def test_it_says_something() -> None:
    assert Label(text="d").text == "d"
    for bad in ({"text": ""}, {"text": None}, {}, {"text": "a", "extra": {"text": "b"}}):
        with pytest.raises(ValidationError, match="text"):
            Label(**bad)


@pytest.mark.contract("A-264", "A-265", "A-266", "A-267", "A-621", "A-622")
@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True}], ids=["bare", "wrapped"])
def test_it_is_made_reworded_in_place_and_removed(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack())
    assert engine.plan(stack()).writes() == ()
    engine.done(stack(text="Derby, English"))
    assert [(row.key, row.body) for row in engine.sim.writes()] == [
        ("label.create", {"text": "derby"}),
        ("label.update", {"text": "Derby, English"}),
    ]
    assert engine.world["labels"] == {
        "label-1": {"label_id": "label-1", "organisation_id": "org-1", "text": "Derby, English"}
    }
    engine.world["labels"]["label-1"]["text"] = "by hand"
    (change,) = engine.step(stack(text="Derby, English"), AT).changes
    assert (change.before, change.cause) == ("by hand", "drift")
    engine.done(stack(), destroy=True)
    assert engine.world["labels"] == {}
    engine.sim.reset_journal()
    engine.done(stack(), destroy=True)
    assert engine.written() == []


@pytest.mark.contract("A-622", "A-770")
def test_it_is_taken_over_by_its_text(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    rows = engine.world["labels"]
    for id, text, org in (("l-1", "derby", "org-1"), ("l-2", "cup", "org-1"), ("l-3", "derby", "org-2")):
        rows[id] = {"label_id": id, "text": text, "organisation_id": org}
    step = engine.step(stack(lifecycle={"adopt": "match"}), AT)
    assert (step.action, step.id) == (Action.ADOPT, "l-1")
    rows["l-4"] = {"label_id": "l-4", "text": "derby", "organisation_id": "org-1"}
    (problem,) = engine.problems(stack(lifecycle={"adopt": "match"}))
    assert "l-1, l-4" in problem


@pytest.mark.contract("A-48")
def test_an_answer_without_an_id_is_found_by_its_text(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.sim.fail("label.create", drop="after")
    engine.apply(stack())
    engine.done(stack())
    assert list(engine.world["labels"]) == ["label-1"]


@pytest.mark.contract("A-267", "A-727", "A-738")
def test_one_that_an_event_carries_is_refused_and_the_event_named(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    event = {"event_id": "ev-3", "name": "Derby", "label_ids": ["label-1"], "is_deleted": False}
    engine.world["others"] = {"ev-3": event}
    engine.sim.reset_journal()
    failed = engine.apply(stack(), destroy=True).failed
    assert "the label is referenced" in failed[AT]
    assert engine.written() == ["label.delete"], "once: nothing of this run will take the event away"
    assert list(engine.world["labels"]) == ["label-1"]
    event["is_deleted"] = True
    engine.done(stack(), destroy=True)
    assert engine.world["labels"] == {}


@pytest.mark.contract("A-727")
@pytest.mark.parametrize("status", [400, 409])
def test_events_that_carry_it_are_named_if_they_can_be_read(tmp_path: Path, status: int) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    for answer, said in (
        ([{"event_id": 7, "name": "Derby", "label_ids": ["label-1"]}, {"event_id": 8}], "used by event 7 (Derby)"),
        ({"message": "nothing that is a list"}, "in use"),
    ):
        engine.sim.fail("label.delete", status=status, body={"message": "in use"})
        engine.sim.fail("event.list", status=200, body=answer)
        (message,) = engine.apply(stack(), destroy=True).failed.values()
        assert said in message
        engine.sim.faults.clear()
    engine.done(stack(), destroy=True)
