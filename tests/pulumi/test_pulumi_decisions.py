"""The real engine: which live object a resource is, and what becomes of it. Nothing is destroyed that nobody named."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from convergence.ateme import TRANSCODER
from pulumi_project import CLI, Project

pytestmark = CLI

REGION = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "medium"}
STADIUM = {"variant": "srt_push", "port": 5001, "stream_name": "Stadium"}
EUROPE = {**REGION, "name": "Europe", "inputs": {"stadium": STADIUM}}
GOAL = {"action_id": "act-1", "group_id": "derby", "title": "Goal"}
ANNA = {"email": "anna@example.com", "invite": True}


def stack(environments: Any = None, goals: Any = None, accounts: Any = None) -> str:
    """A stack file of these."""
    people = {"action_configurations": goals or {}, "accounts": accounts or {}}
    return json.dumps({"headend": 1, "ateme": {"environments": environments or {}}, "mycujoo": people})


BEFORE = stack({"eu": EUROPE}, {"goal": GOAL}, {"anna": ANNA})
RENAMED = {
    "environment": stack({"europe": EUROPE}, {"goal": GOAL}, {"anna": ANNA}),
    "input": stack({"eu": {**EUROPE, "inputs": {"arena": STADIUM}}}, {"goal": GOAL}, {"anna": ANNA}),
    "action configuration": stack({"eu": EUROPE}, {"scored": GOAL}, {"anna": ANNA}),
    "account": stack({"eu": EUROPE}, {"goal": GOAL}, {"operator": ANNA}),
}


@pytest.mark.parametrize("kind", RENAMED)
def test_a_new_key_for_an_object_that_keeps_its_name_is_a_move(project: Project, kind: str) -> None:
    project.write(BEFORE)
    project.up()
    before = project.living()
    project.write(RENAMED[kind])
    project.simulator.reset_journal()
    assert project.preview() == {"same": 5}
    project.up()
    assert project.simulator.writes() == []
    assert project.living() == before


def test_a_new_key_that_would_give_another_name_is_a_move_too(project: Project) -> None:
    """The name was left to default: the object keeps the one it was made with."""
    listener = {"variant": "srt_push", "port": 5001}
    project.write(stack({"eu": {**REGION, "inputs": {"stadium": listener}}}))
    project.up()
    before = project.living()
    project.write(stack({"eu": {**REGION, "inputs": {"arena": listener}}}))
    project.simulator.reset_journal()
    assert project.preview() == {"same": 3}
    project.up()
    assert project.simulator.writes() == []
    assert project.living() == before


@pytest.mark.parametrize(
    ("text", "id"),
    [
        (stack({"eu": EUROPE}), "env-1"),
        (stack(goals={"goal": GOAL}), "c000000000000000000000001"),
        (stack(accounts={"anna": ANNA}), "anna@example.com"),
    ],
    ids=["environment", "action configuration", "account"],
)
def test_a_second_stack_with_the_same_file_is_refused(project: Project, text: str, id: str) -> None:
    project.write(text)
    project.up()
    before = project.living()
    project.select("night")
    project.write(text)
    project.simulator.reset_journal()
    said = project.up(fails=True)
    assert "exists already" in said
    assert id in said
    project.destroy()
    assert project.simulator.writes() == []
    assert project.living() == before


@pytest.mark.parametrize(("by", "lifecycle"), [("--replace", {}), ("taint", {"adopt": "match"})])
def test_an_object_that_is_replaced_is_never_taken_for_its_successor(
    project: Project, by: str, lifecycle: dict[str, str]
) -> None:
    project.write(stack(goals={"goal": {**GOAL, "lifecycle": lifecycle}}))
    project.up()
    (old,) = project.simulator.sims["mycujoo"].world["configurations"]
    urn = project.urn("mycujoo.action_configurations.goal")
    if by == "taint":
        project("state", "taint", urn, "--yes")
        project.up()
    else:
        project.up("--replace", urn)
    (new,) = project.simulator.sims["mycujoo"].world["configurations"]
    assert new != old
    assert project.preview() == {"same": 2}


def test_an_immutable_change_makes_another_object_also_where_a_match_is_adopted(project: Project) -> None:
    def transcoded(tracks: int) -> str:
        made = {**TRANSCODER, "number_of_audio_tracks": tracks, "lifecycle": {"adopt": "match"}}
        return stack({"eu": {**EUROPE, "transcoders": {"hd": made}}})

    transcoded_by = project.simulator.sims["ateme"].world["transcoders"]
    project.write(transcoded(2))
    project.up()
    (old,) = transcoded_by
    project.write(transcoded(4))
    project.up()
    live = [id for id, row in transcoded_by.items() if not row["is_deleted"]]
    assert len(live) == 1
    assert live != [old]
    assert project.preview() == {"same": 4}


def test_an_object_that_differs_in_what_cannot_change_is_not_adopted(project: Project) -> None:
    project.write(stack({"eu": EUROPE}))
    project.up()
    before = project.living()
    project.begin("another")
    elsewhere = {**EUROPE, "region": "us-east-1", "lifecycle": {"adopt": "match"}}
    project.write(stack({"eu": elsewhere}))
    project.simulator.reset_journal()
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        said = project(*command, fails=True)
        assert "region" in said
        assert "env-1" in said
    project.destroy()
    assert project.simulator.writes() == []
    assert project.living() == before


def test_an_account_that_vanished_is_made_once_and_stays(project: Project) -> None:
    project.write(stack(accounts={"anna": ANNA}))
    project.up()
    accounts = project.simulator.sims["mycujoo"].world["accounts"]

    def emails() -> list[str]:
        return [row["email"] for row in accounts.values() if row["email"] != "noc@example.com"]

    (id,) = (id for id, row in accounts.items() if row["email"] == ANNA["email"])
    del accounts[id]
    project.up()
    assert emails() == [ANNA["email"]]
    assert project.preview() == {"same": 2}
    assert "2 unchanged" in project.up()
    assert emails() == [ANNA["email"]]


@pytest.mark.parametrize("parent", ["eu", "europe"])
def test_a_renamed_child_moves_along_with_its_renamed_parent(project: Project, parent: str) -> None:
    """The child's old address is given as it was, or as the renamed parent makes it."""
    project.write(stack({"eu": {**REGION, "inputs": {"stadium": {"variant": "srt_push", "port": 5001}}}}))
    project.up()
    before = project.living()
    former = f"ateme.environments.{parent}.inputs.stadium"
    arena = {"variant": "srt_push", "port": 5001, "lifecycle": {"renamed_from": former}}
    europe = {**REGION, "inputs": {"arena": arena}, "lifecycle": {"renamed_from": "ateme.environments.eu"}}
    project.write(stack({"europe": europe}))
    project.simulator.reset_journal()
    project.up()
    assert project.simulator.writes() == []
    assert project.living() == before
    assert project.preview() == {"same": 3}


def test_a_moved_line_moves_what_is_nested_too(project: Project) -> None:
    europe = {**REGION, "name": "eu", "inputs": {"stadium": {"variant": "srt_push", "port": 5001}}}
    project.write(stack({"eu": europe}))
    project.up()
    before = project.living()
    line = {"from": "ateme.environments.eu", "to": "ateme.environments.west"}
    project.write(json.dumps(json.loads(stack({"west": europe})) | {"moved": [line]}))
    project.simulator.reset_journal()
    said = project.up()
    assert "ateme.environments.west.inputs.stadium: moved from ateme.environments.eu.inputs.stadium" in said
    assert (project.simulator.writes(), project.living()) == ([], before)
    assert project.preview() == {"same": 3}


def test_a_killed_creation_whose_journal_is_lost_is_named_with_the_line_to_type(project: Project) -> None:
    project.write(stack({"eu": EUROPE}))
    project.killed_at("input.create.srt_push")
    shutil.rmtree(project.home / ".headend", ignore_errors=True)
    before = project.living()
    (id,) = project.simulator.sims["ateme"].world["inputs"]
    said = project.up(fails=True)
    assert id in said
    assert "HEADEND_ADOPT=ateme.environments.eu.inputs.stadium" in said
    assert project.living() == before
    project.up(env={"HEADEND_ADOPT": "ateme.environments.eu.inputs.stadium"})
    assert project.living() == before
    assert project.preview() == {"same": 3}
