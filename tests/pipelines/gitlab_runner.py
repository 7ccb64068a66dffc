"""GitLab's runner, as far as the component uses it: inputs, rules, fresh clones, and each script in order."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from commands import ROOT
from pipelines.fake_host import TOKEN, FakeGitLab, archive
from pipelines.github_runner import git

_TERM = re.compile(r"\$(\w+)|'([^']*)'|(==|!=|&&)")


def component(name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The jobs of a template, with its inputs filled in as GitLab does: in values and keys, not in the text."""
    head, jobs = yaml.safe_load_all((ROOT / "templates" / name / "template.yml").read_text())
    inputs = head["spec"]["inputs"]
    assert given.keys() <= inputs.keys()
    filled = {input: given[input] if input in given else row["default"] for input, row in inputs.items()}
    for input, row in inputs.items():
        assert filled[input] in row.get("options", [filled[input]])

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {fill(key): fill(one) for key, one in value.items()}
        if isinstance(value, list):
            return [fill(one) for one in value]
        if not isinstance(value, str):
            return value
        return re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: filled[found[1]], value)

    found = fill(jobs)
    assert "$[[" not in str(found)
    return {name: _extended(job, found) for name, job in found.items() if not name.startswith(".")}


def _extended(job: Mapping[str, Any], jobs: Mapping[str, Any]) -> dict[str, Any]:
    base = copy.deepcopy(jobs[job["extends"]])
    own = {
        name: base[name] | value if isinstance(value, dict) and name in base else value for name, value in job.items()
    }
    return {**base, **own}


def holds(rule: str, variables: Mapping[str, str]) -> bool:
    words = [
        repr(variables.get(name, "")) if name else {"&&": "and"}.get(sign, sign) if sign else repr(text)
        for name, text, sign in _TERM.findall(rule)
    ]
    return bool(eval(" ".join(words), {"__builtins__": {}}))


@dataclass
class JobRun:
    code: int = 0
    out: str = ""


@dataclass
class GitLabRunner:
    """As GitHubRunner."""

    host: FakeGitLab
    url: str
    remote: Path
    folder: Path
    variables: dict[str, str]
    env: dict[str, str]
    jobs: int = 0
    ran: dict[str, JobRun] = field(default_factory=dict)

    def run(self, jobs: Mapping[str, Any], given: Mapping[str, str], only: str = "") -> dict[str, JobRun]:
        """A pipeline: the jobs whose rules hold, and that wait for nobody. only: that one, which somebody started."""
        ran: dict[str, JobRun] = {}
        left = []
        for name, job in jobs.items():
            variables = {**self.variables, **given, **job["variables"]}
            rule = next((one for one in job["rules"] if holds(one["if"], variables)), None)
            if rule is None or (only and name != only) or (not only and rule.get("when") == "manual"):
                continue
            ran[name], artifact = self._job(job, variables)
            id = str(next(self.host.ids))
            self.host.artifacts[id] = artifact
            status = "failed" if ran[name].code else "success"
            left.append({"id": id, "name": name, "status": status, "artifacts_file": {"filename": "artifacts.zip"}})
        if number := given.get("CI_MERGE_REQUEST_IID"):
            pipeline = {"id": next(self.host.ids), "project_id": 7, "jobs": left}
            self.host.pipelines.setdefault(int(number), []).insert(0, pipeline)
        return ran

    def _job(self, job: Mapping[str, Any], variables: Mapping[str, str]) -> tuple[JobRun, bytes]:
        self.jobs += 1
        home = self.folder / f"job-{self.jobs}"
        workspace = home / "workspace"
        workspace.mkdir(parents=True)
        given = {
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "CI_PROJECT_ID": "7",
            "CI_PROJECT_URL": "https://gitlab.example/team/stacks",
            "CI_REPOSITORY_URL": str(self.remote),
            "CI_JOB_TOKEN": "of-the-job",
            "GITLAB_CI": "true",
            "HEADEND_GITLAB_TOKEN": TOKEN,
            **variables,
        }
        env = self.env | {name: _expanded(text, given) for name, text in given.items()}
        env |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(home)}
        if env.get("GIT_STRATEGY") != "none":
            git(self.folder, "clone", "-q", str(self.remote), str(workspace))
            git(workspace, "fetch", "-q", "origin", env["CI_COMMIT_SHA"])
            git(workspace, "checkout", "-q", "FETCH_HEAD")
        script = "\n".join([*job["before_script"], *job["script"]])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        ran = subprocess.run(
            command, cwd=workspace, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        paths = [workspace / path for path in job.get("artifacts", {}).get("paths", ())]
        if not ran.returncode:
            assert all(path.exists() for path in paths)
        left = archive(paths[0], workspace) if paths and paths[0].exists() else archive(home / "none")
        return JobRun(ran.returncode, ran.stdout), left


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda found: variables.get(found[1], found[0]), text)
