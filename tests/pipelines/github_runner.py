"""GitHub's runner, as far as the workflows use it: jobs by event, fresh clones, and each shell step in order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from commands import ROOT
from pipelines.expressions import evaluate, fill
from pipelines.fake_host import TOKEN, FakeGitHub, archive

ACTION = "team/headend@v1"
KNOWN = ("actions/setup-python@", "github/codeql-action/upload-sarif@")


@dataclass
class Event:
    """name: what happened. sha, ref: of the run. payload: github.event."""

    name: str
    sha: str
    ref: str = "main"
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass
class JobRun:
    """What became of a job. sarif: what went to code scanning."""

    code: int = 0
    out: str = ""
    summary: str = ""
    sarif: dict[str, Any] | None = None
    artifacts: dict[str, bytes] = field(default_factory=dict)


@dataclass
class GitHubRunner:
    """remote: the bare repository. variables, secrets: the team's. env: what the runner's own environment holds.
    folder: for its workspaces."""

    host: FakeGitHub
    url: str
    remote: Path
    folder: Path
    variables: dict[str, str]
    secrets: dict[str, str]
    env: dict[str, str]
    jobs: int = 0

    def run(self, workflow: str, event: Event) -> dict[str, JobRun]:
        """The jobs that ran, by name. What they left is the host's, as that of one run of the workflow."""
        document = yaml.load(workflow, Loader=yaml.BaseLoader)
        contexts: dict[str, Any] = {
            "github": {"event_name": event.name, "event": event.payload, "token": TOKEN},
            "vars": self.variables,
            "secrets": self.secrets,
        }
        ran = {
            name: self._job(document.get("env", {}) | job.get("env", {}), job["steps"], event, contexts)
            for name, job in document["jobs"].items()
            if evaluate(job.get("if", "always()"), contexts)
        }
        self._note(event, ran)
        return ran

    def _note(self, event: Event, ran: Mapping[str, JobRun]) -> None:
        artifacts = []
        for job in ran.values():
            for name, content in job.artifacts.items():
                id = str(next(self.host.ids))
                self.host.artifacts[id] = content
                artifacts.append({"id": id, "name": name, "expired": False})
        run = {
            "id": next(self.host.ids),
            "event": event.name,
            "head_sha": event.payload.get("pull_request", {}).get("head", {}).get("sha", event.sha),
            "head_repository": {"full_name": "team/stacks"},
            "conclusion": "failure" if any(job.code for job in ran.values()) else "success",
            "artifacts": artifacts,
        }
        self.host.runs.insert(0, run)

    def _job(
        self, env: Mapping[str, str], steps: list[dict[str, Any]], event: Event, contexts: dict[str, Any]
    ) -> JobRun:
        self.jobs += 1
        home = self.folder / f"job-{self.jobs}"
        workspace, temp = home / "workspace", home / "temp"
        temp.mkdir(parents=True)
        for name in ("path", "summary"):
            (home / name).touch()
        (home / "event.json").write_text(json.dumps(event.payload))
        job = JobRun()
        contexts = contexts | {"runner": {"temp": str(temp)}}
        given = self.env | {name: fill(text, contexts) for name, text in env.items()}
        given |= {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "RUNNER_TEMP": str(temp),
            "GITHUB_API_URL": self.url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": "team/stacks",
            "GITHUB_SHA": event.sha,
            "GITHUB_REF_NAME": event.ref,
            "GITHUB_BASE_REF": "main" if event.name == "pull_request" else "",
            "GITHUB_EVENT_PATH": str(home / "event.json"),
            "GITHUB_PATH": str(home / "path"),
            "GITHUB_STEP_SUMMARY": str(home / "summary"),
        }
        self._steps(steps, given, contexts, event, workspace, job)
        job.summary = (home / "summary").read_text()
        return job

    def _steps(
        self,
        steps: list[dict[str, Any]],
        env: Mapping[str, str],
        contexts: dict[str, Any],
        event: Event,
        workspace: Path,
        job: JobRun,
    ) -> None:
        for step in steps:
            wanted = step.get("if", "")
            if (job.code and "always()" not in wanted) or (wanted and not evaluate(wanted, contexts)):
                continue
            own = env | {name: fill(text, contexts) for name, text in step.get("env", {}).items()}
            given = {name: fill(text, contexts) for name, text in step.get("with", {}).items()}
            uses = step.get("uses", "")
            if "run" in step:
                self._shell(step["run"], own, workspace, job)
            elif uses.startswith("actions/checkout@"):
                self._check_out(given.get("ref", event.sha), workspace)
            elif uses == ACTION:
                self._composite(given, own, contexts, event, workspace, job)
            elif uses.startswith("actions/upload-artifact@"):
                job.artifacts[given["name"]] = archive(Path(given["path"]))
            else:
                assert uses.startswith(KNOWN), uses
                if "sarif_file" in given and (sarif := Path(given["sarif_file"])).exists():
                    job.sarif = json.loads(sarif.read_text())
                elif "sarif_file" in given:
                    assert step["continue-on-error"] == "true"

    def _composite(
        self,
        given: Mapping[str, str],
        env: Mapping[str, str],
        contexts: dict[str, Any],
        event: Event,
        workspace: Path,
        job: JobRun,
    ) -> None:
        action = yaml.load((ROOT / "action.yml").read_text(), Loader=yaml.BaseLoader)
        assert given.keys() <= action["inputs"].keys()
        inputs = {name: fill(row.get("default", ""), contexts) for name, row in action["inputs"].items()} | given
        env = {**env, "GITHUB_ACTION_PATH": str(ROOT)}
        self._steps(action["runs"]["steps"], env, contexts | {"inputs": inputs}, event, workspace, job)

    def _shell(self, script: str, env: Mapping[str, str], workspace: Path, job: JobRun) -> None:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        ran = subprocess.run(
            command, cwd=workspace, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        job.code, job.out = ran.returncode, job.out + ran.stdout

    def _check_out(self, ref: str, workspace: Path) -> None:
        """A fresh clone."""
        git(self.folder, "clone", "-q", str(self.remote), str(workspace))
        git(workspace, "fetch", "-q", "origin", ref)
        git(workspace, "checkout", "-q", "FETCH_HEAD")


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    command = [shutil.which("git") or "git", *who, *words]
    ran = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout.strip()
