"""Grants: what a guest may take; they go with the guest, and follow what is granted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import LISTENER, Engine
from ateme.ateme_engine import stack as placed
from headend.ateme.input_grant import InputGrant
from headend.ateme.label_grant import LabelGrant
from headend.core.model.proposal import Action

CHANNEL, DERBY = "ateme.input_grants.channel", "ateme.label_grants.derby"


def stack(inputs: dict[str, Any] | None = None, labels: dict[str, Any] | None = None, **grants: Any) -> dict[str, Any]:
    """A guest, an input and a label; grants of both unless they are given."""
    made = placed(inputs={"cam": LISTENER} if inputs is None else inputs)
    given = {
        "source_invitations": {"guest": {}},
        "labels": {"derby": {}} if labels is None else labels,
        "input_grants": {"channel": {"invitation": "guest", "input": "e1/cam"}},
        "label_grants": {"derby": {"invitation": "guest", "label": "derby"}},
    }
    made["ateme"] |= given | grants
    return made


def guest(engine: Engine) -> dict[str, Any]:
    (row,) = engine.world["source_invitations"].values()
    found: dict[str, Any] = row
    return found


def grants(engine: Engine) -> list[str]:
    return [key for key in engine.written() if "grant" in key]


@pytest.mark.contract("A-646", "A-647", "A-648")
def test_a_grant_is_a_guest_and_a_thing() -> None:
    for model, thing in ((InputGrant, "input"), (LabelGrant, "label")):
        model(**{"invitation": "g", thing: "t"})
        for missing in ({"invitation": "g"}, {thing: "t"}):
            with pytest.raises(ValidationError):
                model(**missing)


@pytest.mark.contract("A-268", "A-269", "A-275", "A-276", "A-646", "A-647", "A-648", "A-737", "A-738")
@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True, "invitation_ids": "hidden"}])
def test_they_are_made_last_and_taken_away_first(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack())
    assert (guest(engine)["input_ids"], guest(engine)["label_ids"]) == (["in-1"], ["label-1"])
    assert engine.plan(stack()).writes() == ()
    bodies = [entry.body for entry in engine.sim.writes() if "grant" in entry.key]
    assert sorted(map(str, bodies)) == ["{'input_id': 'in-1'}", "{'label_id': 'label-1'}"]
    guest(engine)["input_ids"].clear()
    assert engine.step(stack(), CHANNEL).action is Action.CREATE, "somebody took it away"
    engine.done(stack())
    engine.sim.reset_journal()
    engine.done(stack(), destroy=True)
    written = engine.written()
    for kind, thing in (("input_grant", "input"), ("label_grant", "label")):
        first = written.index(f"{kind}.delete")
        assert first < written.index(f"{thing}.delete")
        assert first < written.index("source_invitation.delete")


@pytest.mark.contract("A-647", "A-648", "A-646")
def test_names_and_keys_may_change_and_the_grant_stays(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.sim.reset_journal()
    kept = {**LISTENER, "stream_name": "cam"}
    renamed = stack(
        {"camera": kept},
        {"cup": {"text": "Cup"}},
        input_grants={"channel": {"invitation": "guest", "input": "e1/camera"}},
        label_grants={"derby": {"invitation": "guest", "label": "cup"}},
    )
    renamed["ateme"]["labels"]["cup"]["lifecycle"] = {"renamed_from": "ateme.labels.derby"}
    engine.done(renamed)
    assert engine.written() == ["label.update"]
    assert engine.plan(renamed).writes() == ()


@pytest.mark.contract("A-647", "A-276", "A-275")
def test_the_grant_of_an_input_that_is_made_anew_is_made_anew(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.sim.reset_journal()
    anew = stack({"cam": {**LISTENER, "stream_name": "another"}})
    assert engine.step(anew, CHANNEL).action is Action.REPLACE
    engine.done(anew)
    assert grants(engine) == ["input_grant.delete", "input_grant.create"]
    assert guest(engine)["input_ids"] == ["in-2"]
    assert engine.plan(anew).writes() == ()


@pytest.mark.contract("A-740", "A-985", "A-273")
def test_grants_of_a_guest_that_is_gone_are_gone_and_another_guest_gets_its_own(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.world["source_invitations"].clear()
    engine.sim.reset_journal()
    engine.done(stack())
    assert sorted(engine.written()) == ["input_grant.create", "label_grant.create", "source_invitation.create"]
    engine.world["source_invitations"].clear()
    engine.sim.reset_journal()
    engine.done(stack(), destroy=True)
    assert grants(engine) == []


@pytest.mark.contract("A-646", "A-770")
def test_one_that_is_there_is_taken_over_only_where_that_is_agreed_to(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(input_grants={}))
    guest(engine)["input_ids"].append("in-1")
    (refusal,) = engine.step(stack(), CHANNEL).refusals
    assert "one like it exists already" in refusal.why
    adopted = {"channel": {"invitation": "guest", "input": "e1/cam", "lifecycle": {"adopt": "match"}}}
    engine.done(stack(input_grants=adopted))
    assert grants(engine) == ["label_grant.create"]


@pytest.mark.contract("A-646", "A-766")
def test_a_list_that_does_not_show_them_proves_nothing(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    row = guest(engine)
    shown = {name: value for name, value in row.items() if name not in {"input_ids", "organisation_id"}}
    engine.sim.fail("source_invitation.list", status=200, body=[shown])
    step = engine.step(stack(), CHANNEL)
    assert (step.action, sorted(step.unverifiable)) == (Action.NONE, ["input", "invitation"])


@pytest.mark.contract("A-738", "A-267")
def test_a_label_that_a_guest_is_allowed_is_refused_and_the_guest_named(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(label_grants={}))
    guest(engine)["label_ids"].append("label-1")
    wanted = stack(labels={}, label_grants={})
    failed = engine.apply(wanted).failed
    assert "used by invitation guest-" in failed["ateme.labels.derby"]
    assert "(guest)" in failed["ateme.labels.derby"]
