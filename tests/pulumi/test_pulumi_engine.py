"""The real engine, where its command is on PATH: up, preview, refresh and destroy of a stack of every kind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.harness import living
from convergence.test_convergence import LISTS, side_by_side
from headend.core.model.fields import Secret, mark
from headend.core.wire.registry import Env, platforms
from headend.pulumi.props import META, NOT_OURS
from pulumi_project import CLI, STACKS, Project

pytestmark = CLI
STACK = """
headend: 1
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: medium
      inputs:
        stadium: {variant: srt_push, port: 5001, latency: 6000, password: {secret: STADIUM}}
      outputs:
        cdn: {variant: rtmp, url: {secret: CDN_URL}}
      schedules:
        derby: {input: stadium, output: cdn, start_time: 2035-12-01T15:00:00Z, end_time: 2035-12-01T17:00:00Z}
mycujoo:
  action_configurations:
    goal: {action_id: act-1, group_id: derby, title: Goal, fields: {delay: 5, clip: true}}
rights_locker:
  stream_limits:
    viewer: {account_id: viewer-17, limit: 3}
  account_categories:
    viewer: {account_id: viewer-17, categories: [sport]}
"""
RESOURCES = 7
MOST_KEPT = 1500
"""Bytes of headend's own in the state of a resource: the engine writes all of it after each step."""
CANARIES = {"STADIUM": "canary-stadium-0123456789", "CDN_URL": "rtmp://ingest.cdn.example.com/live/canary-cdn"}
SECRET_SETTINGS = {
    m.variable
    for platform in platforms().values()
    for field in platform.settings.model_fields
    if mark(platform.settings, field, Secret) and (m := mark(platform.settings, field, Env))
}


@pytest.fixture
def project(project: Project) -> Project:
    """With this file's stack and its secrets."""
    project.env |= CANARIES
    project.write(STACK)
    return project


def test_up_again_changes_nothing_and_destroy_leaves_nothing(project: Project) -> None:
    assert f"+ {RESOURCES + 1} created" in project("up", "--yes", "--skip-preview")
    assert len(project.alive()) == 5
    for kept in (resource for resource in project.resources() if "dynamic/headend:" in resource["type"]):
        ours = [kept["outputs"][name] for name in kept["outputs"] if name in NOT_OURS] + [kept["inputs"][META]]
        assert "stackTrace" not in kept
        assert len(json.dumps(ours)) < MOST_KEPT, kept["urn"]
    project.simulator.reset_journal()
    assert f"{RESOURCES + 1} unchanged" in project("up", "--yes", "--skip-preview")
    assert project.preview() == {"same": RESOURCES + 1}
    assert project.simulator.writes() == []
    project("destroy", "--yes", "--skip-preview")
    assert project.alive() == []


def test_a_change_behind_its_back_is_seen_by_preview_and_repaired_by_up(project: Project) -> None:
    project("up", "--yes", "--skip-preview")
    project.row("ateme", "inputs")["latency"] = 1234
    assert project.preview() == {"same": RESOURCES, "update": 1}
    assert "inputs.stadium: latency was changed outside headend: 1234 -> 6000" in project("preview")
    project("up", "--yes", "--skip-preview")
    assert project.row("ateme", "inputs")["latency"] == 6000
    assert project.preview() == {"same": RESOURCES + 1}


def test_refresh_takes_the_change_into_state_and_up_repairs_it(project: Project) -> None:
    project("up", "--yes", "--skip-preview")
    project.row("ateme", "inputs")["latency"] = 1234
    assert "~ 1 updated" in project("refresh", "--yes", "--skip-preview")
    assert project.preview() == {"same": RESOURCES, "update": 1}
    project("up", "--yes", "--skip-preview")
    assert project.row("ateme", "inputs")["latency"] == 6000


def test_what_was_deleted_behind_its_back_is_made_again(project: Project) -> None:
    project("up", "--yes", "--skip-preview")
    project.simulator.sims["mycujoo"].world["configurations"].clear()
    assert project.preview() == {"same": RESOURCES, "replace": 1}
    project("up", "--yes", "--skip-preview")
    assert project.row("mycujoo", "configurations")["title"] == "Goal"
    project.simulator.sims["mycujoo"].world["configurations"].clear()
    assert "- 1 deleted" in project("refresh", "--yes", "--skip-preview")
    project("up", "--yes", "--skip-preview")
    assert project.row("mycujoo", "configurations")["title"] == "Goal"


def test_secrets_are_nowhere_in_clear(project: Project) -> None:
    said = project("up", "--yes", "--skip-preview", "--show-config", "--diff")
    project.write(STACK.replace("secret: STADIUM", "secret: OTHER"))
    project.env["OTHER"] = "canary-other-0123456789"
    said += project("preview", "--diff", "--verbose=3", "--logtostderr")
    said += project("up", "--yes", "--skip-preview") + project("stack", "export")
    files = [file.read_bytes() for file in (project.home / "state").rglob("*") if file.is_file()]
    assert files
    canaries = [value for name, value in project.env.items() if name in {*SECRET_SETTINGS, *CANARIES, "OTHER"}]
    assert len(canaries) > len(platforms()) + len(CANARIES)
    for canary in canaries:
        assert canary not in said
        assert not any(canary.encode() in content for content in files)


def test_every_credential_may_be_a_secret_of_the_stack(project: Project) -> None:
    for platform in platforms().values():
        for field in platform.settings.model_fields:
            variable = mark(platform.settings, field, Env)
            value = project.env.pop(variable.variable, None) if variable else None
            if value is not None:
                project("config", "set", "--secret", f"headend:{platform.name}_{field}", value)
    for name in CANARIES:
        project("config", "set", "--secret", name, project.env.pop(name))
    project("up", "--yes", "--skip-preview")
    assert project.row("ateme", "inputs")["password"] == CANARIES["STADIUM"]
    assert project.preview() == {"same": RESOURCES + 1}
    project("refresh", "--yes", "--skip-preview")
    project("destroy", "--yes", "--skip-preview")
    assert project.alive() == []


def test_what_is_missing_is_named_without_a_traceback(project: Project) -> None:
    missing = ["HEADEND_ATEME_PASSWORD", "HEADEND_RIGHTS_LOCKER_PCODE"]
    values = [project.env.pop(name) for name in missing]
    said = project("preview", fails=True)
    assert all(name in said for name in missing)
    assert "Traceback" not in said
    project.env |= dict(zip(missing, values, strict=True))
    project.write(STACK.replace("latency: 6000", "latnecy: 6000"))
    said = project("preview", fails=True)
    assert "did you mean `latency`" in said
    assert "Traceback" not in said


def test_replacing_an_environment_takes_saying_so_and_then_takes_all_in_it(project: Project) -> None:
    project("up", "--yes", "--skip-preview")
    bigger = STACK.replace("instance_type_id: medium", "instance_type_id: large")
    project.write(bigger)
    said = project("preview", fails=True)
    assert "error: headend.core.model.errors.GuardError: ateme.environments.eu (env-1): replace refused" in said
    project.write(bigger.replace("      inputs:", "      lifecycle: {protect: false}\n      inputs:"))
    project("up", "--yes", "--skip-preview")
    assert project.preview() == {"same": RESOURCES + 1}
    assert len(project.alive()) == 5
    assert len(project.simulator.sims["ateme"].world["environments"]) == 2
    project("destroy", "--yes", "--skip-preview")
    assert project.alive() == []


def test_protect_refuses_destroy_and_a_new_key_is_a_move(project: Project) -> None:
    project("up", "--yes", "--skip-preview")
    before = project.alive()
    moved = STACK.replace(
        "    eu:", "    europe:\n      lifecycle: {renamed_from: ateme.environments.eu, protect: true}"
    )
    project.write(moved)
    project.simulator.reset_journal()
    project("up", "--yes", "--skip-preview")
    assert (project.alive(), project.simulator.writes()) == (before, [])
    assert "protect" in project("destroy", "--yes", "--skip-preview", fails=True)
    assert project.row("ateme", "environments")["name"] == "eu"


def test_an_object_like_it_is_not_taken_over_unasked(project: Project) -> None:
    project("up", "--yes", "--skip-preview")
    project.begin("another")
    project.write(STACK.replace("delay: 5", "delay: 9"))
    said = project("up", "--yes", "--skip-preview", fails=True)
    assert "mycujoo.action_configurations.goal: one like it exists already" in said
    project.write(STACK.replace("delay: 5, clip: true}", "delay: 9, clip: true}, lifecycle: {adopt: match}"))
    parts = ("", ".inputs.stadium", ".outputs.cdn", ".schedules.derby")
    rest = {"HEADEND_ADOPT": ", ".join(f"ateme.environments.eu{part}" for part in parts)}
    project("up", "--yes", "--skip-preview", env=rest)
    assert "9" in str(project.row("mycujoo", "configurations"))


@pytest.mark.parametrize("key", ["environment.create", "input.create.srt_push", "action_configuration.create"])
def test_an_engine_killed_while_it_creates_makes_no_second_object(project: Project, key: str) -> None:
    project.write(STACK.replace("title: Goal,", "title: Goal, order: 3,"))
    project.killed_at(key)
    project("up", "--yes", "--skip-preview")
    assert len(project.alive()) == 5
    assert project.row("mycujoo", "configurations")["order"] == 3
    assert project.preview() == {"same": RESOURCES + 1}
    project("destroy", "--yes", "--skip-preview")
    assert project.alive() == []


def test_what_is_on_air_is_cut_only_where_that_was_agreed_to(project: Project) -> None:
    on_air = STACK.replace("2035-12-01T15:00:00Z", "NOW")
    project.write(on_air)
    project("up", "--yes", "--skip-preview")
    project.write(on_air.replace("latency: 6000", "latency: 2000"))
    seen = project("preview")
    assert "inputs.stadium: would interrupt what is on air: ateme.schedule sched-1 from" in seen
    assert "until 2035-12-01 17:00:00 UTC" in seen
    said = project("up", "--yes", "--skip-preview", fails=True)
    assert "error: headend.core.model.errors.GuardError: ateme.environments.eu.inputs.stadium: would interrupt" in said
    assert "of this stack it carries ateme.environments.eu.schedules.derby" in said
    assert project.row("ateme", "inputs")["latency"] == 6000
    project("config", "set", "headend:allowInterruption", "ateme.environments.eu.inputs.stadium")
    project("up", "--yes", "--skip-preview")
    assert project.row("ateme", "inputs")["latency"] == 2000
    project("config", "set", "headend:allowInterruption", '["ateme.environments.eu"]')
    project("destroy", "--yes", "--skip-preview", fails=True)  # no program hands the config over
    project.env["HEADEND_ALLOW_INTERRUPTION"] = "ateme.environments.eu"
    project("destroy", "--yes", "--skip-preview")
    assert project.alive() == []


def test_the_demo_comes_up_and_goes(project: Project) -> None:
    project.write((STACKS / "demo.yaml").read_text())
    assert "created" in project("up", "--yes", "--skip-preview")
    (kept,) = project.preview()
    assert kept == "same"
    project("destroy", "--yes", "--skip-preview")
    assert project.alive() == []


@pytest.mark.parametrize("module", LISTS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_one_of_each_kind_comes_up_settles_and_goes(project: Project, module: Any) -> None:
    module.WORLD(project.simulator)
    before = living(project.simulator.dump())
    project.write(json.dumps(side_by_side(module, 0)))
    project("up", "--yes", "--skip-preview")
    project.simulator.reset_journal()
    (kept,) = project.preview()
    assert kept == "same"
    assert project.simulator.writes() == []
    project("destroy", "--yes", "--skip-preview")
    assert living(project.simulator.dump()) == before
