"""Under Pulumi, too, a policy refuses: the preview fails, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.harness import NO_WAIT, serve
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_records import Ran
from pulumi_stack import PulumiStack

GATE = "ateme.environments.eu.inputs.gate"
STACK = """\
headend: 1
stack: day
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        gate: {variant: srt_pull, host: gate.example.com, port: 9999, latency: %(latency)s%(more)s}
"""
POLICY = "policies: [{name: slow, kind: ateme.input, message: too fast for that line, %s}]\n"
OF_FILE = POLICY % "condition: spec.latency >= 2000"
OF_PLAN = POLICY % "condition: \"action != 'update' || live.latency - spec.latency < 1000\""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[PulumiStack]:
    with serve(Simulator()) as url:
        yield PulumiStack("day", tmp_path, Simulator().settings(url) | NO_WAIT)


def up(project: PulumiStack, policies: str, latency: int, more: str = "") -> Ran:
    (project.home / "policies.yaml").write_text(policies)
    (project.home / "day.yaml").write_text(STACK % {"latency": latency, "more": more})
    return project.up(load(project.home / "day.yaml"))


def test_what_the_file_shows_fails_the_preview(project: PulumiStack) -> None:
    ran = up(project, OF_FILE, 500)
    assert (ran.ok, project.records) == (False, {})
    assert f"{GATE}: policy slow: too fast for that line" in ran.said
    ran = up(project, OF_FILE, 500, ", lifecycle: {allow: [{policy: slow, reason: till May, until: 2999-01-01}]}")
    assert ran.ok
    assert "allowed until 2999-01-01: till May" in ran.said


def test_what_only_the_plan_shows_fails_the_preview_of_what_pulumi_knows(project: PulumiStack) -> None:
    assert up(project, OF_PLAN, 4000).ok
    ran = up(project, OF_PLAN, 2000)
    assert (ran.ok, ran.did()) == (False, {})
    assert f"{GATE}: policy slow: too fast for that line" in ran.said
    assert up(project, OF_PLAN, 3500).did() == {GATE: "update"}


def test_a_condition_that_fails_fails_the_preview(project: PulumiStack) -> None:
    ran = up(project, POLICY % "condition: spec.nothing == 1", 500)
    assert (ran.ok, project.records) == (False, {})
    assert "policy slow can't be evaluated" in ran.said


def test_what_would_go_is_judged_by_what_was_applied(project: PulumiStack) -> None:
    policy = POLICY % "condition: \"action != 'delete' || spec.latency < 500\""
    for latency, fine in ((400, True), (500, False)):
        assert up(project, "policies: []\n", latency).ok
        (project.home / "policies.yaml").write_text(policy)
        (project.home / "day.yaml").write_text("\n".join((STACK % {"latency": 0, "more": ""}).splitlines()[:-2]) + "\n")
        ran = project.preview(load(project.home / "day.yaml"))
        assert (ran.ok, f"{GATE}: policy slow" in ran.said) == (fine, not fine)
