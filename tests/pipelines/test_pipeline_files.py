"""The shipped pipelines as their hosts read them: by schema, by actionlint, by bash. What is missing is named."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands import ROOT
from headend.pipelines.render import Wanted, render
from pipelines.gitlab_runner import component

WANTED = Wanted("team/headend@v1", variables=["HEADEND_ATEME_URL"], secrets=["HEADEND_ATEME_PASSWORD"])
WORKFLOWS = ("github.yml", "github-review.yml", "github-pulumi.yml")
SCHEMAS = {
    "action.yml": "vendor.github-actions",
    "gitlab.yml": "vendor.gitlab-ci",
    "gitlab-pulumi.yml": "vendor.gitlab-ci",
}
SCHEMAS |= dict.fromkeys(WORKFLOWS, "vendor.github-workflows")
ACTIONS = {"actions/checkout", "actions/setup-python", "actions/upload-artifact", "github/codeql-action/upload-sarif"}


def text(name: str) -> str:
    return (ROOT / name).read_text() if name == "action.yml" else render(name, WANTED)


def steps(name: str) -> Iterator[dict[str, Any]]:
    document = yaml.load(text(name), Loader=yaml.BaseLoader)
    jobs = [document["runs"]] if "runs" in document else document["jobs"].values()
    for job in jobs:
        yield from job["steps"]


COMPONENTS = {
    "headend": {"project": "team/headend", "revision": "v1", "review": "review.yaml"},
    "pulumi": {"project": "team/headend", "revision": "v1", "stack": "production"},
}


def tool(name: str, why: str) -> str:
    found = shutil.which(name)
    if not found:
        pytest.skip(f"no {name} on the PATH: {why}")
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_files_are_as_their_schema_wants_them(name: str, tmp_path: Path) -> None:
    check = tool("check-jsonschema", "it has the schemas (`pipx install check-jsonschema`)")
    (tmp_path / name).write_text(text(name))
    command = [check, "--builtin-schema", SCHEMAS[name], "--no-cache", str(tmp_path / name)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", COMPONENTS)
def test_components_are_as_gitlabs_schema_wants_them(name: str, tmp_path: Path) -> None:
    check = tool("check-jsonschema", "it has the schemas (`pipx install check-jsonschema`)")
    head, _ = (ROOT / "templates" / name / "template.yml").read_text().split("\n---\n")
    (tmp_path / "head.yml").write_text(head)
    (tmp_path / "jobs.yml").write_text(yaml.safe_dump(component(name, COMPONENTS[name])))
    files = [str(tmp_path / "head.yml"), str(tmp_path / "jobs.yml")]
    command = [check, "--builtin-schema", "vendor.gitlab-ci", "--no-cache", "--data-transform", "gitlab-ci", *files]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_components_scripts_are_shell_and_what_writes_waits_its_turn(name: str) -> None:
    for job in component(name, COMPONENTS[name]).values():
        script = "\n".join([*job["before_script"], *job["script"]])
        ran = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        writes = any(f"{command} " in script for command in ("headend apply", "headend destroy", "pulumi up"))
        assert writes == ("resource_group" in job)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actionlint_finds_nothing(name: str, tmp_path: Path) -> None:
    """`queue` is younger than actionlint 1.7.12; the schema has it."""
    lint = tool("actionlint", "`go install github.com/rhysd/actionlint/cmd/actionlint@latest`")
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    local = text(name).replace(WANTED.action, "./headend")  # so that it looks at our action, too
    (folder / name).write_text(local)
    (tmp_path / ".git").mkdir()
    (tmp_path / "headend").mkdir()
    (tmp_path / "headend" / "action.yml").write_text(text("action.yml"))
    command = [lint, "-ignore", 'unexpected key "queue" for "concurrency" section', str(folder / name)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", ["action.yml", *WORKFLOWS])
def test_shell_steps_are_shell_and_take_nothing_from_an_event_into_their_text(name: str) -> None:
    for step in steps(name):
        if script := step.get("run"):
            assert "${{" not in script, "what a branch is called would be run"
            ran = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", ["action.yml", *WORKFLOWS])
def test_no_action_but_the_hosts_own_is_needed_and_each_has_a_version(name: str) -> None:
    for step in steps(name):
        if uses := step.get("uses"):
            action, _, version = uses.partition("@")
            assert action in {*ACTIONS, "team/headend"}
            assert re.fullmatch(r"v\d+", version)


def test_what_a_host_fetches_of_a_revision_knows_which_it_is() -> None:
    """It has no Git history, and plans are bound to the version that made them."""
    git = ["git", "-C", str(ROOT)]
    packed = subprocess.run([*git, "archive", "HEAD", ".git_archival.txt"], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as opened:
        file = opened.extractfile(".git_archival.txt")
        assert file is not None
        told = file.read().decode()
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    assert f"node: {head}\n" in told


@pytest.mark.skipif(not os.environ.get("HEADEND_THOROUGH"), reason="installs headend: HEADEND_THOROUGH=1 does")
def test_a_runner_without_headend_installs_it(tmp_path: Path) -> None:
    (script,) = [step["run"] for step in steps("action.yml") if step.get("name") == "Install headend"]
    (tmp_path / "python").symlink_to(sys.executable)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(tmp_path / "path")}
    env |= {"GITHUB_ACTION_PATH": str(ROOT), "PULUMI": "false", "HOME": str(tmp_path)}
    subprocess.run(["bash", "-eo", "pipefail", "-c", script], env=env, check=True, cwd=tmp_path)
    command = [f"{(tmp_path / 'path').read_text().strip()}/headend", "pipeline", "--help"]
    assert "comment" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_two_runs_that_write_go_side_by_side_and_none_is_cut_off(name: str) -> None:
    document = yaml.load(text(name), Loader=yaml.BaseLoader)
    for job in document["jobs"].values():
        concurrency = job.get("concurrency") or document["concurrency"]
        commands = {step.get("with", {}).get("command") for step in job["steps"]}
        if commands & {"apply", "deploy", "destroy"} or name == "github-pulumi.yml":
            assert concurrency["queue"] == "max"
            assert "cancel-in-progress" not in concurrency


@pytest.mark.parametrize("name", WORKFLOWS)
def test_jobs_may_do_no_more_than_they_need(name: str) -> None:
    document = yaml.load(text(name), Loader=yaml.BaseLoader)
    assert document["permissions"]["contents"] == "read"
    for job in document["jobs"].values():
        assert "contents" not in {scope for scope, may in job.get("permissions", {}).items() if may != "read"}
        assert "timeout-minutes" in job
