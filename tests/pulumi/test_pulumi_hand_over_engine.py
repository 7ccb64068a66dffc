"""The real engine, where its command is on PATH: a stack goes to it and back by pipes, and no object is touched."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convergence.test_convergence import LISTS, side_by_side
from pulumi_deployment import SECRETS, with_a_past
from pulumi_project import CLI, STACKS, Project

pytestmark = CLI
OVER = "pulumi stack export -s day | headend pulumi import day.yaml | pulumi stack import -s day"
BACK = "pulumi stack export -s day --show-secrets | headend pulumi export-state day.yaml"


def shell(project: Project, line: str, code: int = 0) -> str:
    """What the line prints, which ends with the code."""
    line = line.replace("headend ", shlex.join([sys.executable, "-m", "headend.cli.main"]) + " ", 1)
    words = ["bash", "-o", "pipefail", "-c", line]
    done = subprocess.run(words, cwd=project.home, env=project.env, capture_output=True, text=True, timeout=300)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    return said


def compared(project: Project) -> dict[str, Any]:
    """URN -> its entry, without what is another one in each stack, or of a run."""
    shown = json.loads(project("stack", "export", "--show-secrets"))["deployment"]["resources"]
    found = {}
    for entry in (entry for entry in shown if "dynamic/headend:" in entry["type"]):
        for name in ("created", "modified"):
            entry.pop(name, None)
        entry["provider"] = entry["provider"].rpartition("::")[0]
        for part in ("inputs", "outputs"):
            meta = json.loads(entry[part]["headend"])
            entry[part]["headend"] = {k: v for k, v in meta.items() if k not in {"adopt_id", "remarks"}}
        for name in ("made", "handed_out"):
            entry["outputs"].pop(name, None)
        entry["dependencies"] = sorted(entry.get("dependencies", ()))  # the SDK gives them in any order
        entry["propertyDependencies"] = {name: sorted(urns) for name, urns in entry["propertyDependencies"].items()}
        found[entry["urn"]] = entry
    return found


def in_clear(project: Project) -> list[Path]:
    """Files that hold a secret."""
    files = (Path(folder, name) for folder, _, names in os.walk(project.home) for name in names)
    return [f for f in files if any(s.encode() in f.read_bytes() for s in SECRETS.values())]


def test_over_and_over_again_and_back(project: Project) -> None:
    project.env |= SECRETS
    with_a_past(project.home, lambda: shell(project, "headend apply day.yaml --yes"))
    project.simulator.reset_journal()
    value = project.env.pop("STADIUM")
    assert "secret `STADIUM` is not set" in shell(project, OVER, 1)
    assert "resources" not in json.loads(project("stack", "export"))["deployment"]
    project.env["STADIUM"] = value
    shell(project, OVER)
    project("preview", "--expect-no-changes")
    once = compared(project)
    shell(project, OVER)
    assert compared(project) == once
    project.up()
    assert "the stack is Pulumi's since" in shell(project, "headend apply day.yaml --yes", 5)
    shell(project, BACK)
    shell(project, "headend plan day.yaml")
    assert project.simulator.writes() == []
    assert in_clear(project) == []


def test_the_demo_goes_there_and_back(project: Project) -> None:
    project.write((STACKS / "demo.yaml").read_text())
    shell(project, "headend apply day.yaml --yes")
    project.simulator.reset_journal()
    shell(project, OVER)
    project("preview", "--expect-no-changes")
    project.up()
    shell(project, BACK)
    shell(project, "headend plan day.yaml")
    assert project.simulator.writes() == []
    shell(project, "headend destroy day.yaml --yes")
    assert project.alive() == []


@pytest.mark.parametrize("module", LISTS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_one_of_each_kind_goes_there_and_back(project: Project, module: Any) -> None:
    module.WORLD(project.simulator)
    project.write(json.dumps(side_by_side(module, 0)))
    project.up()
    project.simulator.reset_journal()
    made = compared(project)
    shell(project, BACK)
    shell(project, "headend plan day.yaml")
    project("stack", "rm", "--yes", "--force", "--preserve-config")
    project("stack", "init")
    shell(project, OVER)
    project("preview", "--expect-no-changes")
    assert compared(project) == made
    project.up()
    assert project.simulator.writes() == []
