"""The real engine, where its command is on PATH: a stack goes to it and back by pipes, and no object is touched."""

from __future__ import annotations

import copy
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convergence.test_convergence import LISTS, side_by_side
from pulumi_project import CLI, Project

pytestmark = CLI
STACK = """
headend: 1
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: medium
      lifecycle: {protect: true}
      inputs:
        stadium:
          variant: srt_push
          port: 5001
          latency: 6000
          password: {secret: STADIUM}
          lifecycle: {ignore_changes: [latency], retain: true}
      outputs:
        cdn: {variant: rtmp, url: {secret: CDN_URL}}
      schedules:
        derby: {input: stadium, output: cdn, start_time: 2035-12-01T15:00:00Z, end_time: 2035-12-01T17:00:00Z}
rights_locker:
  stream_limits:
    viewers: {from_file: viewers.csv, key: account, columns: {account_id: account, limit: streams}}
"""
ROWS = "account,streams\na,1\njane.doe@x.org,2\n"
SECRETS = {"STADIUM": "canary-stadium-0123456789", "CDN_URL": "rtmp://ingest.cdn.example.com/live/canary-cdn"}
OVER = (
    "pulumi stack export --stack {stack} | {headend} pulumi import {stack}.yaml | pulumi stack import --stack {stack}"
)
BACK = "pulumi stack export --stack {stack} --show-secrets | {headend} pulumi export-state {stack}.yaml"


def headend(project: Project, words: str, code: int = 0) -> str:
    done = _ran(project, f"{{headend}} {words}")
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def piped(project: Project, line: str, fails: bool = False) -> str:
    done = _ran(project, line)
    assert bool(done.returncode) is fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def _ran(project: Project, line: str) -> subprocess.CompletedProcess[str]:
    command = line.format(stack=project.stack, headend=shlex.join([sys.executable, "-m", "headend.cli.main"]))
    words = ["bash", "-o", "pipefail", "-c", command]
    return subprocess.run(words, cwd=project.home, env=project.env, capture_output=True, text=True, timeout=300)


def compared(project: Project) -> dict[str, Any]:
    """URN -> its entry, without what is another one in each stack, or of a run."""
    shown = json.loads(project("stack", "export", "--show-secrets"))["deployment"]["resources"]
    found = {}
    for entry in (copy.deepcopy(entry) for entry in shown if "dynamic/headend:" in entry["type"]):
        for name in ("created", "modified"):
            entry.pop(name, None)
        entry["provider"] = entry["provider"].rpartition("::")[0]
        for part in ("inputs", "outputs"):
            meta = json.loads(entry[part]["headend"])
            entry[part]["headend"] = {k: v for k, v in meta.items() if k not in {"managed", "adopt_id", "remarks"}}
        for name in ("made", "handed_out"):
            entry["outputs"].pop(name, None)
        entry["dependencies"] = sorted(entry.get("dependencies", ()))
        found[entry["urn"]] = entry
    return found


def in_clear(project: Project) -> list[Path]:
    """Files that hold a secret."""
    files = (Path(folder, name) for folder, _, names in os.walk(project.home) for name in names)
    return [f for f in files if any(s.encode() in f.read_bytes() for s in SECRETS.values())]


def test_over_and_back_and_over_again(project: Project) -> None:
    project.env |= SECRETS
    project.write(STACK)
    (project.home / "viewers.csv").write_text(ROWS)
    headend(project, "apply {stack}.yaml --yes")
    project.simulator.reset_journal()
    piped(project, OVER)
    project("preview", "--expect-no-changes")
    once = project("stack", "export", "--show-secrets")
    piped(project, OVER)
    twice = project("stack", "export", "--show-secrets")
    assert json.loads(twice)["deployment"]["resources"] == json.loads(once)["deployment"]["resources"]
    project.up()
    assert "the stack is Pulumi's since" in headend(project, "apply {stack}.yaml --yes", code=5)
    piped(project, BACK)
    headend(project, "plan {stack}.yaml")
    assert project.simulator.writes() == []
    assert in_clear(project) == []


@pytest.mark.parametrize("module", LISTS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_one_of_each_kind_goes_there_and_back(project: Project, module: Any) -> None:
    module.WORLD(project.simulator)
    project.write(json.dumps(side_by_side(module, 0)))
    project.up()
    project.simulator.reset_journal()
    made = compared(project)
    piped(project, BACK)
    headend(project, "plan {stack}.yaml")
    project("stack", "rm", "--yes", "--force", "--preserve-config")
    project("stack", "init")
    piped(project, OVER)
    project("preview", "--expect-no-changes")
    assert compared(project) == made
    project.up()
    assert project.simulator.writes() == []
