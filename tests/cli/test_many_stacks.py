"""Several stacks in one command: one document, one report, the worst exit code; and only those that changed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cli.harness import World
from headend.cli.many import Interrupted, each

STACK = """\
headend: 1
extends: base.yml
rights_locker: {stream_limits: {viewers: {from_file: rows-%(name)s.csv, key: account_id}}}
mycujoo: {accounts: {anna: {email: %(name)s@example.com, invite: true}}}
"""
ANNA = "mycujoo.accounts.anna"


def write(world: World, name: str) -> None:
    world.write(f"{name}.yaml", STACK % {"name": name})
    world.write(f"rows-{name}.csv", f"account_id,limit\na-{name},3\n")


@pytest.fixture
def two(world: World) -> World:
    """eu.yaml and us.yaml, over the same base."""
    world.write("base.yml", "headend: 1\n")
    for name in ("eu", "us"):
        write(world, name)
    return world


def git(world: World, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "-C", str(world.home), *who, *words], check=True, capture_output=True)


def commit(world: World) -> None:
    git(world, "init", "-q")
    world.write(".gitignore", ".headend\n")
    git(world, "add", "-A")
    git(world, "commit", "-qm", "one")


def test_each_is_planned_and_applied_and_the_worst_exit_code_counts(two: World) -> None:
    assert two("apply", "eu.yaml", "us.yaml", "--yes").code == 0
    ran = two("plan", "eu.yaml", "us.yaml")
    assert ran.code == 0
    assert [line for line in ran.out.splitlines() if line.startswith("#")] == ["# eu.yaml", "# us.yaml"]
    two.write("rows-us.csv", "account_id,limit\na-us,4\n")
    assert two("plan", "eu.yaml", "us.yaml").code == two("drift", "eu.yaml", "us.yaml").code == 2
    two.write("eu.yaml", "a: [")
    for command in ("validate", "plan", "drift"):
        ran = two(command, "eu.yaml", "us.yaml")
        assert ran.code == 3
        assert ran.err.startswith("eu.yaml:2:")
        assert "us: " in ran.out
    ran = two("apply", "eu.yaml", "us.yaml", "--yes")
    assert (ran.code, two("plan", "us.yaml").code) == (3, 0)


def test_the_document_holds_all_and_shows_again(two: World) -> None:
    ran = two("plan", "eu.yaml", "us.yaml", "--format", "json")
    document = json.loads(ran.out)
    assert (ran.code, document["format"], document["summary"]["create"]) == (2, "headend.plans/1", 4)
    assert [stack["stack"] for stack in document["stacks"]] == ["eu", "us"]
    alone = json.loads(two("plan", "us.yaml", "--format", "json").out)
    assert alone["format"] == "headend.plan/2"
    assert [step["address"] for step in document["stacks"][1]["steps"]] == [step["address"] for step in alone["steps"]]
    two.write("plans.json", ran.out)
    shown = two("show", "plans.json", "--report", "md=p.md")
    assert shown.out == two("plan", "eu.yaml", "us.yaml").out
    assert f"`us/{ANNA}`" in (two.home / "p.md").read_text()
    assert two("apply", "plans.json", "--yes").code == 3


def test_one_report_tells_of_all_also_where_one_has_no_plan(two: World) -> None:
    two.write("ex.yaml", "a: [")
    forms = {"md": "p.md", "html": "p.html", "junit": "j.xml", "sarif": "s.json"}
    ran = two("plan", "ex.yaml", "eu.yaml", "us.yaml", *(w for f, p in forms.items() for w in ("--report", f"{f}={p}")))
    assert ran.code == 3
    for file in forms.values():
        text = (two.home / file).read_text()
        assert f"eu/{ANNA}" in text
        assert f"us/{ANNA}" in text
        assert "not valid YAML" in text
    assert "4 create" in (two.home / "p.md").read_text()


def test_annotations_are_of_the_stack_s_own_file(two: World) -> None:
    assert two("apply", "eu.yaml", "us.yaml", "--yes").code == 0
    two.write("us.yaml", "headend: 1\n")
    ran = two("plan", "eu.yaml", "us.yaml", "--report", "github")
    (line,) = [line for line in ran.out.splitlines() if line.startswith("::warning") and ANNA in line]
    assert line.startswith("::warning file=us.yaml,line=1,")


def test_what_stands_beside_stacks_is_left_out(two: World) -> None:
    two.write("Pulumi.yaml", "name: x\n")
    two.write("Pulumi.eu.yaml", "config: {}\n")
    two.write("policies.yaml", "policies: []\n")
    names = sorted(path.name for path in two.home.glob("*.yaml"))
    ran = two("validate", *names)
    assert (ran.code, ran.out.splitlines()) == (0, ["eu: 2 resources, no problems", "us: 2 resources, no problems"])


def test_two_files_of_one_stack_are_refused(two: World) -> None:
    two.write("us.yaml", "stack: eu\n" + STACK % {"name": "us"})
    ran = two("apply", "eu.yaml", "us.yaml", "--yes")
    assert (ran.code, two.simulator.writes()) == (3, [])
    assert ran.err == "eu.yaml and us.yaml are both the stack eu: give one of them another name\n"


@pytest.mark.parametrize("flag", ["--target", "--stack", "--allow-interruption", "--out"])
def test_flags_that_mean_one_stack_are_refused(two: World, flag: str) -> None:
    ran = two("plan", "eu.yaml", "us.yaml", flag, "x.json")
    assert (ran.code, ran.err) == (3, f"{flag}: of one stack only; give its file alone\n")


@pytest.mark.parametrize(
    ("changed", "text", "taken"),
    [
        ("rows-us.csv", "account_id,limit\nb,3\n", ["us"]),
        ("base.yml", "headend: 1\nvars: {}\n", ["eu", "us"]),
        ("eu.yaml", (STACK % {"name": "eu"}) + "# a word\n", ["eu"]),
        ("policies.yaml", "policies: []\n", ["eu", "us"]),
        ("README.md", "", []),
    ],
)
def test_only_what_changed_is_taken(two: World, changed: str, text: str, taken: list[str]) -> None:
    commit(two)
    two.write(changed, text)
    ran = two("validate", "eu.yaml", "us.yaml", "--changed-since", "HEAD")
    assert ran.code == 0
    assert [line.partition(":")[0] for line in ran.out.splitlines()] == (taken or ["no stack changed"])


def test_a_stack_that_lost_a_file_is_taken_and_one_alone_may_be_left(two: World) -> None:
    commit(two)
    (two.home / "rows-us.csv").unlink()
    ran = two("plan", "eu.yaml", "us.yaml", "--changed-since", "HEAD")
    assert (ran.code, "rows-us.csv" in ran.err) == (3, True)
    ran = two("plan", "eu.yaml", "--changed-since", "HEAD")
    assert (ran.code, ran.out) == (0, "no stack changed\n")


@pytest.mark.parametrize("revision", ["nowhere", "--output=x"])
def test_a_revision_that_isnt_there_is_told(two: World, revision: str) -> None:
    commit(two)
    ran = two("plan", "eu.yaml", "us.yaml", f"--changed-since={revision}")
    assert ran.code == 3
    assert ran.err.startswith(f"--changed-since{' ' if revision[0] == '-' else ': '}")
    assert two.simulator.journal == []


def test_after_an_interrupted_stack_no_other_is_begun() -> None:
    begun = []

    def work(file: Path) -> int:
        begun.append(file)
        return Interrupted(7)

    assert each([Path("eu.yaml"), Path("us.yaml")], work) == 7
    assert begun == [Path("eu.yaml")]


def test_a_plan_of_each_is_written_for_apply_and_never_beside_an_earlier_runs(two: World) -> None:
    planned = two("plan", "eu.yaml", "us.yaml", "--out-dir", "out/plans")
    assert planned.code == 2, planned.err
    plans = sorted(str(path.relative_to(two.home)) for path in (two.home / "out" / "plans").iterdir())
    assert plans == ["out/plans/eu.json", "out/plans/us.json"]
    again = two("plan", "us.yaml", "--out-dir", "out/plans")
    assert again.code == 3
    assert "eu.json is there from an earlier run; remove it" in again.err
    assert two("apply", *plans, "--yes").code == 0
    assert two("plan", "eu.yaml", "us.yaml").code == 0
