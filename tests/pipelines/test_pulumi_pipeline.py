"""The pipelines for stacks under Pulumi, with the real engine: preview comment, up by the merge, drift issue."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.github_runner import Event, git
from pipelines.gitlab_runner import component
from pipelines.test_github_pipeline import GOAL, Team, team
from pipelines.test_gitlab_pipeline import Project, project
from pulumi_project import CLI, STACKS

pytestmark = CLI
__all__ = ["project", "team"]


def settings(folder: Path) -> dict[str, str]:
    """A backend that all runners reach, with a stack in it."""
    (folder / "backend").mkdir()
    found = {"PULUMI_BACKEND_URL": (folder / "backend").as_uri(), "PULUMI_CONFIG_PASSPHRASE": "for tests"}
    return found | {"PULUMI_SKIP_UPDATE_CHECK": "true"}


def begin(clone: Path, env: dict[str, str]) -> None:
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(STACKS / name, clone / "stacks" / name)
    path = {"PATH": f"{Path(shutil.which('pulumi') or '').parent}:/usr/bin:/bin", "HOME": str(clone.parent)}
    words = ["pulumi", "stack", "init", "production", "--cwd", str(clone / "stacks"), "--non-interactive"]
    subprocess.run(words, env=path | env, check=True, capture_output=True)
    (clone / "stacks" / "goal.yaml").unlink()


@pytest.fixture
def pulumi_team(team: Team, tmp_path: Path) -> Team:
    given = settings(tmp_path)
    team.runner.secrets["PULUMI_CONFIG_PASSPHRASE"] = given["PULUMI_CONFIG_PASSPHRASE"]
    team.runner.variables["PULUMI_BACKEND_URL"] = given["PULUMI_BACKEND_URL"]
    team.runner.env.update(given)
    begin(team.clone, given)
    team.commit("main", production=GOAL % "Goal")
    return team


def test_on_github_a_preview_is_a_comment_a_merge_brings_it_up_and_drift_is_an_issue(pulumi_team: Team) -> None:
    team = pulumi_team
    work = team.commit("work", production=GOAL % "Tor")
    previewed = team.run("github-pulumi.yml", team.pull(work))["pulumi"]
    assert previewed.code == 0, previewed.out
    (comment,) = team.host.of("17")
    assert comment["body"].startswith("<!-- kept by headend: pulumi-production -->\n```\n")
    assert "Tor" in comment["body"]
    assert team.configurations() == {}
    up = team.run("github-pulumi.yml", team.merge(work))["pulumi"]
    assert up.code == 0, up.out
    assert team.title == "Tor"

    nightly = Event("schedule", git(team.clone, "rev-parse", "main"))
    (row,) = team.simulator.sims["mycujoo"].world["configurations"].values()
    row["title"] = "by hand"
    drift = team.run("github-pulumi.yml", nightly)["pulumi"]
    assert drift.code == 0, drift.out
    (issue,) = team.host.open_ones()
    assert "by hand" in issue["body"]
    row["title"] = "Tor"
    assert team.run("github-pulumi.yml", nightly)["pulumi"].code == 0
    assert team.host.open_ones() == []


def test_on_gitlab_a_preview_is_a_note_and_a_merge_brings_it_up(project: Project, tmp_path: Path) -> None:
    given = settings(tmp_path)
    project.runner.variables.update(given)
    begin(project.clone, given)
    project.commit("main", production=GOAL % "Goal")
    jobs = component("pulumi", {"project": "team/headend", "revision": "v1", "stack": "production"})
    head = project.commit("work", production=GOAL % "Tor")
    previewed = project.runner.run(jobs, project.request(head))["pulumi-production-preview"]
    assert previewed.code == 0, previewed.out
    (note,) = project.host.of("3")
    assert "Tor" in note["body"]
    up = project.runner.run(jobs, project.merge(head))["pulumi-production-up"]
    assert up.code == 0, up.out
    (row,) = project.simulator.sims["mycujoo"].world["configurations"].values()
    assert row["title"] == "Tor"
