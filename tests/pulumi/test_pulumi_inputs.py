"""The real engine: what a stack file takes from elsewhere, and what is said where that is missing."""

from __future__ import annotations

import json
from typing import Any

from pulumi_project import CLI, Project

pytestmark = CLI

GOAL = {"action_id": "act-1", "group_id": "derby", "title": "${vars.title}"}


def stack(goal: dict[str, Any] = GOAL, **more: Any) -> str:
    """A stack of one action configuration. more: `vars`, `lookups`."""
    return json.dumps({"headend": 1, "mycujoo": {"action_configurations": {"goal": goal}}, **more})


def test_lookups_are_found_and_exported(project: Project) -> None:
    project.write(
        stack(
            vars={"title": "Highlights"},
            lookups={"best": {"straas.playlist": {"title": "${vars.title}"}}},
        )
    )
    project("preview")
    project.up()
    assert project("stack", "output", "lookups.best").strip() == "plHghl01"
    assert project.preview() == {"same": 2}


def test_a_lookup_that_finds_nothing_is_told_without_a_traceback(project: Project) -> None:
    project.write(stack(vars={"title": "x"}, lookups={"best": {"straas.playlist": {"title": "Nothing"}}}))
    said = project("preview", fails=True)
    assert "lookups.best: there is no straas.playlist with title" in said
    assert "Traceback" not in said


def test_a_variable_without_a_value_comes_from_config_or_environment(project: Project) -> None:
    project.write(stack(vars={"title": None}))
    said = project("preview", fails=True)
    assert "variable `title` has no value" in said
    assert "headend:var.title" in said
    assert "HEADEND_VAR_TITLE" in said
    assert "--var" not in said
    project("config", "set", "headend:var.title", "Goal")
    project.up()
    assert project.row("mycujoo", "configurations")["title"] == "Goal"
    assert project.preview() == {"same": 2}
    project("config", "rm", "headend:var.title")
    project.up(env={"HEADEND_VAR_TITLE": "Red card"})
    assert project.row("mycujoo", "configurations")["title"] == "Red card"


def test_what_is_missing_of_secrets_is_named_with_the_line_to_type(project: Project) -> None:
    project.write(stack({**GOAL, "title": "Goal", "fields": {"text": {"secret": "CAPTION"}}}))
    assert "pulumi config set --secret CAPTION" in project("preview", fails=True)
    project.env["CAPTION"] = "canary-caption"
    project.env.pop("HEADEND_MYCUJOO_API_KEY")
    assert "pulumi config set --secret headend:mycujoo_api_key" in project("preview", fails=True)
