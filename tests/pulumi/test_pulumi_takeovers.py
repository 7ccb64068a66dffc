"""The real engine: what is taken over, and what changes where nobody looks, is said by preview and `up`."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from typing import Any

from pulumi_project import CLI, Project

pytestmark = CLI

GOAL = {"action_id": "act-1", "group_id": "derby", "title": "Goal", "fields": {"delay": 5, "clip": True}}


def stack(**platforms: Any) -> str:
    return json.dumps({"headend": 1, **platforms})


def test_what_is_removed_of_a_viewer_who_is_taken_over_is_said(project: Project) -> None:
    held = project.simulator.sims["rights_locker"].world["categories"]
    held["simulated-pcode/viewer-17"] = ["sport", "vip"]
    viewer = {"account_id": "viewer-17", "categories": ["sport"]}
    project.write(stack(rights_locker={"account_categories": {"viewer": viewer}}))
    for said in (project("preview"), project.up()):
        told = r"rights_locker\.account_categories\.viewer: .*takes over.*viewer-17"
        assert re.search(told, said), said
        assert "vip" in said
    assert held["simulated-pcode/viewer-17"] == ["sport"]
    assert project.preview() == {"same": 2}


def test_an_adoption_says_what_it_takes_over_and_what_it_changes(project: Project) -> None:
    project.write(stack(mycujoo={"action_configurations": {"goal": GOAL}}))
    project.up()
    (id,) = project.simulator.sims["mycujoo"].world["configurations"]
    project.begin("another")
    changed = {**GOAL, "order": 3, "lifecycle": {"adopt": "match"}}
    project.write(stack(mycujoo={"action_configurations": {"goal": changed}}))
    for said in (project("preview"), project.up()):
        lines = [line for line in said.splitlines() if "mycujoo.action_configurations.goal: " in line]
        assert any("takes over" in line and id in line for line in lines), said
        assert any("order" in line and "-> 3" in line for line in lines), said
    assert project.row("mycujoo", "configurations")["order"] == 3


def test_a_killed_creation_that_nobody_can_look_for_is_not_repeated(project: Project) -> None:
    project.write(stack(just={"profiles": {"desk": {"name": "Duty desk"}}}))
    project.killed_at("profile.create")
    (journal,) = (project.home / ".headend").glob("*.db")
    with contextlib.closing(sqlite3.connect(journal)) as file, file:  # as if the answer had not come
        file.execute("DELETE FROM entries")
        intent = ("just.profiles.desk", "just.profile", "create", "2026-11-07T18:00:00+00:00")
        file.execute("INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?)", intent)
    said = project.up(fails=True)
    assert "just.profiles.desk" in said
    assert "a second profile of the person would stay for good" in said
    assert len(project.simulator.sims["just"].world["profiles"]) == 1


def test_a_changed_secret_and_a_changed_entry_are_told_in_the_preview(project: Project) -> None:
    def described(password: str, delay: int) -> str:
        stadium = {"variant": "srt_push", "port": 5001, "password": {"secret": password}}
        region = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "medium"}
        goal = {**GOAL, "fields": {"delay": delay, "clip": True}}
        return stack(
            ateme={"environments": {"eu": {**region, "inputs": {"stadium": stadium}}}},
            mycujoo={"action_configurations": {"goal": goal}},
        )

    project.env |= {"OLD": "canary-old-0123456789", "NEW": "canary-new-0123456789"}
    project.write(described("OLD", 5))
    project.up()
    project.write(described("NEW", 9))
    said = project("preview")
    assert re.search(r"ateme\.environments\.eu\.inputs\.stadium: password\b.*\bchanged", said)
    assert re.search(r"mycujoo\.action_configurations\.goal: fields\.delay\b", said)
    assert "fields.clip" not in said
    assert "canary-" not in said
