"""A merge request's life on GitLab: the shipped component, job by job, against simulated platforms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.harness import NO_WAIT, serve
from headend.simulator import Simulator
from pipelines.fake_host import FakeGitLab
from pipelines.github_runner import git
from pipelines.gitlab_runner import GitLabRunner, JobRun, component
from pipelines.test_github_pipeline import EMPTY, GOAL, REVIEW

INPUTS = {"project": "team/headend", "revision": "v1", "options": "--patience=1m\n\n--max-rps=500"}


@dataclass
class Project:
    simulator: Simulator
    host: FakeGitLab
    runner: GitLabRunner
    clone: Path
    inputs: dict[str, str]

    def run(self, only: str = "", **given: str) -> dict[str, JobRun]:
        return self.runner.run(component("headend", INPUTS | self.inputs), given, only)

    def commit(self, branch: str, **files: str) -> str:
        git(self.clone, "checkout", "-q", "-B", branch)
        (self.clone / "stacks").mkdir(exist_ok=True)
        for name, text in files.items():
            (self.clone / "stacks" / f"{name}.yaml").write_text(text)
        git(self.clone, "add", "-A")
        git(self.clone, "commit", "-qm", f"change {', '.join(files)}")
        git(self.clone, "push", "-qf", "origin", branch, "HEAD:refs/merge-requests/3/head")
        return git(self.clone, "rev-parse", "HEAD")

    def request(self, head: str) -> dict[str, str]:
        """A pipeline of the merge request, for the branch as it is."""
        return {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_IID": "3",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(self.clone, "merge-base", head, "origin/main"),
            "CI_COMMIT_SHA": head,
        }

    def merge(self, head: str) -> dict[str, str]:
        """A merge commit, and the pipeline of the branch."""
        git(self.clone, "checkout", "-q", "-B", "main", "origin/main")
        git(self.clone, "merge", "-q", "--no-ff", "-m", "merged", head)
        git(self.clone, "push", "-q", "origin", "main")
        sha = git(self.clone, "rev-parse", "HEAD")
        made = {"iid": 3, "state": "merged", "sha": head, "merge_commit_sha": sha, "squash_commit_sha": None}
        self.host.requests_of[sha] = [{**made, "target_branch": "main"}]
        branch = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
        return {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_SHA": sha, **branch}

    def configurations(self) -> Any:
        return self.simulator.dump()["mycujoo"]["configurations"]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    for name in ("store", "runs", "clone"):
        (tmp_path / name).mkdir()
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    git(tmp_path, "init", "-q", "--bare", str(remote))
    git(clone, "init", "-q")
    git(clone, "remote", "add", "origin", str(remote))
    simulator, host = Simulator(), FakeGitLab()
    with serve(simulator) as platforms, serve(host) as api:  # type: ignore[arg-type]
        variables = simulator.settings(platforms) | {"HEADEND_STATE_KEY": "5e" * 32}
        variables["HEADEND_STATE"] = f"{tmp_path / 'store'}/"
        runner = GitLabRunner(host, api, remote, tmp_path / "runs", variables, dict(NO_WAIT))
        project = Project(simulator, host, runner, clone, {})
        project.commit("main", goal=GOAL % "Goal", empty=EMPTY)
        yield project


def test_a_merge_request_is_planned_merged_applied_and_watched(project: Project) -> None:
    head = project.commit("work", goal=GOAL % "But")
    planned = project.run(**project.request(head))
    assert planned.keys() == {"headend-plan"}
    assert planned["headend-plan"].code == 0, planned["headend-plan"].out
    (note,) = project.host.of("3")
    assert "But" in note["body"]
    assert f"https://gitlab.example/team/stacks/-/blob/{head}/stacks/goal.yaml#L4" in note["body"]
    assert project.configurations() == {}

    merged = project.merge(head)
    applied = project.run(**merged)
    assert applied.keys() == {"headend-apply"}
    assert applied["headend-apply"].code == 0, applied["headend-apply"].out
    (row,) = project.simulator.sims["mycujoo"].world["configurations"].values()
    assert row["title"] == "But"

    nightly = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_SHA": merged["CI_COMMIT_SHA"]}
    row["title"] = "by hand"
    assert project.run(**nightly)["headend-drift"].code == 0
    (issue,) = project.host.issues
    assert (issue["title"], "by hand" in issue["description"]) == ("headend: drift", True)
    row["title"] = "But"
    assert project.run(**nightly)["headend-drift"].code == 0
    assert issue["state"] == "closed"


def test_a_manual_apply_waits_for_somebody(project: Project) -> None:
    project.inputs["apply"] = "manual"
    assert project.run(**project.merge(project.commit("work", goal=GOAL % "But"))) == {}


def test_an_environment_lives_as_long_as_its_merge_request(project: Project) -> None:
    project.inputs["review"] = "stacks/review.yaml"
    project.runner.variables["LINK"] = "https://example.com/?key=of-the-branch"
    head = project.commit("work", review=REVIEW)
    request = project.request(head)
    deployed = project.run("headend-review", **request)["headend-review"]
    assert deployed.code == 0, deployed.out
    titles = {row["group_id"]: row["title"] for row in project.configurations().values()}
    assert titles == {"pr-3": f"at {head}", "pr-3-b": project.runner.variables.pop("LINK")}
    git(project.clone, "push", "-q", "origin", ":work")
    stopped = project.run("headend-stop", **request)["headend-stop"]
    assert stopped.code == 0, stopped.out
    assert project.configurations() == {}
    (note,) = project.host.of("3")
    assert note["body"].endswith("All of pr-3 is gone.\n")
