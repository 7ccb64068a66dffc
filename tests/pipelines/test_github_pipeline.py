"""A pull request's life on GitHub: the shipped workflows and the action, step by step, against simulated platforms."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.harness import NO_WAIT, serve
from headend.pipelines.render import Wanted, render
from headend.simulator import Simulator
from pipelines.fake_host import FakeGitHub
from pipelines.github_runner import ACTION, Event, GitHubRunner, JobRun, git
from stores.servers import s3

GOAL = """\
headend: 1
mycujoo:
  action_configurations:
    goal: {action_id: act-1, group_id: derby, title: %s, fields: {delay: 5}}
"""
EMPTY = "headend: 1\n"
REVIEW = """\
headend: 1
stack: review
vars: {commit: null}
mycujoo:
  action_configurations:
    replay: {action_id: act-1, group_id: "${stack.name}", title: "at ${vars.commit}"}
    hidden: {action_id: act-1, group_id: "${stack.name}-b", title: {secret: LINK}}
"""
THOROUGH = pytest.mark.skipif(not os.environ.get("HEADEND_THOROUGH"), reason="slow: HEADEND_THOROUGH=1 runs it")
SECRETS = ("PASSWORD", "EMAIL", "API_KEY", "API_SECRET", "TOKEN", "PCODE", "UID", "SECRET")


@dataclass
class Team:
    """A repository with its runner, and a clone to work in."""

    simulator: Simulator
    host: FakeGitHub
    runner: GitHubRunner
    clone: Path

    def run(self, name: str, event: Event) -> dict[str, JobRun]:
        secrets = sorted(self.runner.secrets.keys() - {"HEADEND_STATE_KEY"})
        variables = sorted(self.runner.variables.keys() - {"HEADEND_STATE"})
        wanted = Wanted(ACTION, review="stacks/review.yaml", variables=variables, secrets=secrets)
        return self.runner.run(render(name, wanted), event)

    def commit(self, branch: str, **files: str) -> str:
        git(self.clone, "checkout", "-q", "-B", branch)
        for name, text in files.items():
            (self.clone / "stacks" / f"{name}.yaml").write_text(text)
        git(self.clone, "add", "-A")
        git(self.clone, "commit", "-qm", f"change {', '.join(files)}")
        git(self.clone, "push", "-q", "origin", branch)
        return git(self.clone, "rev-parse", "HEAD")

    def pull(self, head: str, number: int = 17, action: str = "synchronize") -> Event:
        """What GitHub tells of it: the run is for the branch merged into main."""
        git(self.clone, "checkout", "-q", "--detach", "origin/main")
        git(self.clone, "merge", "-q", "--no-ff", "-m", "try", head)
        sha = git(self.clone, "rev-parse", "HEAD")
        git(self.clone, "push", "-qf", "origin", f"{sha}:refs/pull/{number}/merge", f"{head}:refs/pull/{number}/head")
        pull = {"number": number, "head": {"sha": head}, "base": {"ref": "main"}}
        payload = {"action": action, "number": number, "pull_request": pull}
        return Event("pull_request", sha, f"{number}/merge", payload)

    def merge(self, head: str, number: int = 17) -> Event:
        """Squashed, as most teams do."""
        git(self.clone, "fetch", "-q")
        git(self.clone, "checkout", "-qB", "main", "origin/main")
        git(self.clone, "merge", "-q", "--squash", head)
        git(self.clone, "commit", "-qm", f"merged {number}")
        git(self.clone, "push", "-q", "origin", "main")
        sha = git(self.clone, "rev-parse", "HEAD")
        pull = {"number": number, "merged_at": "2035-12-01T12:00:00Z", "merge_commit_sha": sha}
        self.host.pulls[sha] = [{**pull, "head": {"sha": head}, "base": {"ref": "main"}}]
        return Event("push", sha)

    def configurations(self) -> Any:
        return self.simulator.dump()["mycujoo"]["configurations"]

    @property
    def title(self) -> Any:
        (row,) = self.configurations().values()
        return row["title"]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    for name in ("store", "runs", "clone/stacks"):
        (tmp_path / name).mkdir(parents=True)
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    git(tmp_path, "init", "-q", "--bare", str(remote))
    git(clone, "init", "-q")
    git(clone, "remote", "add", "origin", str(remote))
    simulator, host = Simulator(), FakeGitHub()
    with serve(simulator) as platforms, serve(host) as api:
        settings = simulator.settings(platforms)
        secrets = {name: value for name, value in settings.items() if name.endswith(SECRETS)}
        variables = {name: value for name, value in settings.items() if name not in secrets}
        variables["HEADEND_STATE"] = f"{tmp_path / 'store'}/"
        secrets["HEADEND_STATE_KEY"] = "5e" * 32
        runner = GitHubRunner(host, api, remote, tmp_path / "runs", variables, secrets, dict(NO_WAIT))
        team = Team(simulator, host, runner, clone)
        git(clone, "remote", "update")
        team.commit("main", goal=GOAL % "Goal", limits=EMPTY)
        yield team


@pytest.fixture(params=["folder", pytest.param("bucket", marks=THOROUGH)])
def store(request: pytest.FixtureRequest, team: Team) -> Iterator[None]:
    """Where runners that share nothing else have their state."""
    if request.param == "folder":
        yield
        return
    with s3() as (address, env):
        team.runner.variables["HEADEND_STATE"] = address
        team.runner.env |= env
        yield


@pytest.mark.usefixtures("store")
def test_a_pull_request_is_planned_merged_applied_and_watched(team: Team) -> None:
    for text in ("a colleague's words", "more of them", "> <!-- kept by headend: headend -->\nquoted"):
        team.host.of("17").append({"id": next(team.host.ids), "body": text})
    first = team.commit("work", goal=GOAL % "Tor")
    planned = team.run("github.yml", team.pull(first))
    assert planned.keys() == {"plan"}
    assert planned["plan"].code == 0, planned["plan"].out
    (comment,) = team.host.of("17")[3:]
    assert "<!-- kept by headend: headend -->" in comment["body"]
    assert "Tor" in comment["body"]
    assert "limits" not in comment["body"], "that stack wasn't changed"
    assert comment["body"].endswith(planned["plan"].summary)
    assert f"https://github.example/team/stacks/blob/{first}/stacks/goal.yaml#L4" in comment["body"]
    assert "::notice file=stacks/goal.yaml,line=4" in planned["plan"].out
    assert planned["plan"].sarif is not None
    assert planned["plan"].sarif["runs"][0]["results"]
    assert team.configurations() == {}, "a plan writes nothing"

    second = team.commit("work", goal=GOAL % "But")
    assert team.run("github.yml", team.pull(second))["plan"].code == 0
    assert len(team.host.of("17")) == 4, "it is one comment, and a quoted mark is none"
    assert "But" in comment["body"]
    assert "Tor" not in comment["body"]

    applied = team.run("github.yml", team.merge(second))
    assert applied.keys() == {"apply"}
    assert applied["apply"].code == 0, applied["apply"].out
    assert "1 done, 0 failed" in applied["apply"].out
    assert team.title == "But"

    nightly = Event("schedule", git(team.clone, "rev-parse", "main"))
    (row,) = team.simulator.sims["mycujoo"].world["configurations"].values()
    row["title"] = "by hand"
    assert team.run("github.yml", nightly)["drift"].code == 0
    (issue,) = team.host.open_ones()
    assert issue["title"] == "headend: drift"
    assert "by hand" in issue["body"]

    row["title"] = "But"
    assert team.run("github.yml", nightly)["drift"].code == 0
    assert team.host.open_ones() == []


def test_a_stack_that_is_wrong_is_told_in_the_comment_and_the_issue(team: Team) -> None:
    work = team.commit("work", goal="headend: 1\nmycujoo: {tables: {}}\n")
    red = team.run("github.yml", team.pull(work))["plan"]
    assert red.code == 3
    assert "unknown key `tables`" in team.host.of("17")[0]["body"]
    assert red.sarif is not None
    assert team.host.runs[0]["conclusion"] == "failure", "so that its merge has no plan"
    drift = team.run("github.yml", Event("schedule", work))["drift"]
    assert drift.code == 3, "the run fails where nobody could look"
    assert "unknown key `tables`" in team.host.open_ones()[0]["body"]


def test_a_command_that_is_wrong_fails_with_its_own_words(team: Team) -> None:
    work = team.pull(team.commit("work", goal=GOAL % "Tor"))
    text = render("github.yml", Wanted(ACTION)).replace("command: plan", "command: plan\n          options: --nonsense")
    ran = team.runner.run(text, work)["plan"]
    assert ran.code == 3
    assert "--nonsense" in ran.out
    assert team.host.of("17") == []


def test_a_pull_request_that_changes_no_stack_applies_none(team: Team) -> None:
    (team.clone / "stacks" / "README.md").write_text("ours\n")
    work = team.commit("work")
    planned = team.run("github.yml", team.pull(work))["plan"]
    assert planned.code == 0, planned.out
    assert "no stack" in team.host.of("17")[0]["body"]
    applied = team.run("github.yml", team.merge(work))["apply"]
    assert applied.code == 0, applied.out
    assert "it changed no stack" in applied.out


def test_an_environment_lives_as_long_as_its_pull_request(team: Team) -> None:
    """Closing it asks neither for the commit nor for the secret, and works where the branch is gone."""
    work = team.commit("work", review=REVIEW)
    team.runner.secrets["LINK"] = "https://example.com/?key=of-the-branch"
    deployed = team.run("github-review.yml", team.pull(work, action="opened"))
    assert deployed.keys() == {"deploy"}
    assert deployed["deploy"].code == 0, deployed["deploy"].out
    titles = {row["group_id"]: row["title"] for row in team.configurations().values()}
    assert titles == {"pr-17": f"at {work}", "pr-17-b": team.runner.secrets["LINK"]}
    (comment,) = team.host.of("17")
    assert "pr-17" in comment["body"]
    assert team.runner.secrets["LINK"] not in comment["body"] + deployed["deploy"].out

    del team.runner.secrets["LINK"]
    closed = team.pull(work, action="closed")
    git(team.clone, "push", "-q", "origin", ":work")
    destroyed = team.run("github-review.yml", closed)
    assert destroyed.keys() == {"destroy"}
    assert destroyed["destroy"].code == 0, destroyed["destroy"].out
    assert team.configurations() == {}
    assert comment["body"] == "<!-- kept by headend: review -->\nAll of pr-17 is gone.\n"
