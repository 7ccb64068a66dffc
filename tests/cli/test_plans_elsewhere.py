"""What was reviewed on one machine is applied on another, which has the stack and the credentials, and no state."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.harness import Ran, World, serve
from headend.simulator import Simulator

KEY = "ab" * 32
STACK = """\
headend: 1
stack: day
ateme:
  labels:
    guests: {}
  environments:
    matchday:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        arena: {variant: srt_push, port: 5001, encryption_type: 1, password: {secret: ARENA}}
        studio: {variant: srt_push, port: 5002, latency: 2000}
mycujoo:
  action_configurations:
    one: {action_id: act-1, group_id: g, title: One}
    two: {action_id: act-1, group_id: g, title: Two}
"""
CHANGED = STACK.replace("latency: 2000", "latency: 3000").replace("title: One", "title: Won")
CHANGED = CHANGED.replace("    two: {action_id: act-1, group_id: g, title: Two}\n", "")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[tuple[World, World]]:
    """The one that planned, and a fresh one."""
    simulator = Simulator()
    with serve(simulator) as url:
        for name in ("planner", "runner"):
            (tmp_path / name).mkdir()
        planner, runner = (World(simulator, tmp_path / name, url) for name in ("planner", "runner"))
        planner.env["ARENA"] = runner.env["ARENA"] = "first word"
        planner.write("day.yaml", STACK)
        assert planner("apply", "day.yaml", "--yes").code == 0
        yield planner, runner


def handed_over(planner: World, runner: World, stack: str, **env: str) -> dict[str, object]:
    """The plan of the changed stack, copied to a folder with nothing else in it but the stack."""
    for world in (planner, runner):
        world.write("day.yaml", stack)
    assert planner("plan", "day.yaml", "--out", "plan.json", **env).code == 2
    shutil.copy(planner.home / "plan.json", runner.home)
    found: dict[str, object] = json.loads((runner.home / "plan.json").read_text())
    return found


def applied(runner: World, *more: str, **env: str) -> Ran:
    return runner("apply", "plan.json", "--yes", "--allow-deletions", *more, **env)


def test_a_fresh_machine_applies_what_was_reviewed(machines: tuple[World, World]) -> None:
    planner, runner = machines
    document = handed_over(planner, runner, CHANGED)
    done = applied(runner)
    assert (done.code, "3 done, 0 failed, 0 skipped" in done.out) == (0, True), done.err + done.out
    assert runner("plan", "day.yaml").code == 0, "it has the state of all that the plan knew of"
    assert "first word" not in json.dumps(document)
    again = applied(runner)
    assert (again.code, again.err.count("isn't needed any more")) == (6, 3), again.err
    shutil.rmtree(runner.home / ".headend")
    assert "two: moved since the plan: it is gone already" in applied(runner).err


def test_just_the_step_whose_object_moved_is_refused_by_name(machines: tuple[World, World]) -> None:
    planner, runner = machines
    handed_over(planner, runner, CHANGED)
    (row,) = [row for row in runner.simulator.sims["ateme"].world["inputs"].values() if row.get("port") == 5002]
    row["latency"] = 2500
    whole = applied(runner, "--all-or-nothing")
    assert (whole.code, whole.out) == (6, ""), whole.err
    done = applied(runner)
    (told,) = [line for line in done.err.splitlines() if "moved since the plan" in line]
    assert told.startswith("ateme.environments.matchday.inputs.studio: ")
    assert "latency: 2500 -> 3000 now, was 2000 -> 3000" in told
    assert (done.code, "2 done, 0 failed, 0 skipped" in done.out) == (7, True), done.out


def test_what_moved_can_be_planned_again_where_it_was_refused(machines: tuple[World, World]) -> None:
    planner, runner = machines
    handed_over(planner, runner, CHANGED)
    (row,) = [row for row in runner.simulator.sims["ateme"].world["inputs"].values() if row.get("port") == 5002]
    row["latency"] = 2500
    assert applied(runner).code == 7
    again = runner("plan", "day.yaml")
    assert (again.code, "latency: 2500 ms -> 3000 ms" in again.out, "create" in again.out) == (2, True, False)
    assert runner("apply", "day.yaml", "--yes").code == 0
    assert runner("plan", "day.yaml").code == 0


UNSEEN = """\
headend: 1
stack: day
rights_locker:
  account_categories:
    ann: {account_id: ann, categories: [sport]}
  stream_limits:
    ann: {account_id: ann, limit: 3}
"""


@pytest.mark.parametrize("machine", ["planner", "runner"])
def test_what_cannot_be_read_is_deleted_once(machines: tuple[World, World], machine: str) -> None:
    planner, runner = machines
    shutil.rmtree(planner.home / ".headend")
    planner.write("day.yaml", UNSEEN)
    assert planner("apply", "day.yaml", "--yes").code == 0
    handed_over(planner, runner, UNSEEN.partition("  stream_limits")[0])
    world = {"planner": planner, "runner": runner}[machine]
    assert applied(world).code == 0
    writes = planner.simulator.writes()
    again = applied(world)
    assert (again.code, "delete isn't needed any more" in again.err) == (6, True), again.err + again.out
    assert planner.simulator.writes() == writes


def test_what_cannot_be_read_is_not_deleted_by_a_plan_that_an_apply_overtook(machines: tuple[World, World]) -> None:
    planner, runner = machines
    shutil.rmtree(planner.home / ".headend")
    planner.write("day.yaml", UNSEEN)
    assert planner("apply", "day.yaml", "--yes").code == 0
    handed_over(planner, runner, UNSEEN.partition("  stream_limits")[0])
    assert planner("apply", "day.yaml", "--yes", "--allow-deletions").code == 0
    assert applied(planner).code == 6


def test_what_nobody_manages_is_named_too(machines: tuple[World, World]) -> None:
    planner, runner = machines
    handed_over(planner, runner, CHANGED)
    (row,) = [row for row in runner.simulator.sims["ateme"].world["inputs"].values() if row.get("port") == 5002]
    row["user_description"] = "moved"
    done = applied(runner)
    assert (done.code, "studio: moved since the plan: the live object moved: user_description" in done.err) == (7, True)


def test_another_state_says_otherwise(machines: tuple[World, World]) -> None:
    planner, runner = machines
    runner.write("day.yaml", STACK.replace("title: Two", "title: Second").replace("title: One", "title: First"))
    only = ("--target", "mycujoo.action_configurations.one", "--target", "mycujoo.action_configurations.two")
    assert runner("apply", "day.yaml", "--yes", *only).code == 0
    handed_over(planner, runner, CHANGED)
    done = applied(runner)
    assert done.code == 7
    assert done.err.count("the plan was made for") == 2, done.err


RENAMED = STACK.replace("arena: {", "stadium: {lifecycle: {renamed_from: arena}, ")


def test_a_renamed_object_with_a_secret_moves_once(machines: tuple[World, World]) -> None:
    planner, runner = machines
    handed_over(planner, runner, RENAMED)
    done = applied(runner)
    assert (done.code, "1 done, 0 failed, 0 skipped" in done.out) == (0, True), done.err
    assert runner("plan", "day.yaml").code == 0
    again = applied(runner)
    assert (again.code, "arena: moved since the plan: state has object" in again.err) == (6, True), again.err
    assert "delete" not in again.err
    assert len(runner.alive()["inputs"]) == 2


SECRET = CHANGED.replace("latency: 3000", "latency: 3000, encryption_type: 1, password: {secret: STUDIO}")


@pytest.mark.parametrize("word", ["first word", "second word"])
def test_a_secret_that_is_another_one_is_seen_with_the_key_alone(machines: tuple[World, World], word: str) -> None:
    planner, runner = machines
    planner.env["STUDIO"], runner.env["STUDIO"] = "first word", word
    handed_over(planner, runner, SECRET)
    assert applied(runner, "--all-or-nothing").code == 0, "without a key nobody can tell"


@pytest.mark.parametrize(("word", "code"), [("first word", 0), ("second word", 7)])
def test_a_key_binds_the_secrets(machines: tuple[World, World], word: str, code: int) -> None:
    planner, runner = machines
    (planner.home / ".headend" / "day.db.key").write_text(KEY + "\n")
    state = planner("state", "rekey", "day", HEADEND_STATE_KEY=KEY)
    planner.env["STUDIO"], runner.env["STUDIO"] = "first word", word
    document = handed_over(planner, runner, SECRET, HEADEND_STATE_KEY=KEY)
    assert "key" in document, state.err
    without = applied(runner)
    assert (without.code, "HEADEND_STATE_KEY isn't set here" in without.err) == (6, True), without.err
    shutil.rmtree(runner.home / ".headend")
    other = applied(runner, HEADEND_STATE_KEY="cd" * 32)
    assert (other.code, "HEADEND_STATE_KEY is another one here" in other.err) == (6, True)
    shutil.rmtree(runner.home / ".headend")
    done = applied(runner, HEADEND_STATE_KEY=KEY)
    assert (done.code, "a secret of the stack is another one" in done.err) == (code, code == 7), done.err


def test_a_plan_writes_no_file_but_what_it_is_told_to(machines: tuple[World, World]) -> None:
    _, runner = machines
    runner.write("day.yaml", CHANGED)
    assert runner("plan", "day.yaml", "--stack", "pr-17", "--out", "plan.json").code == 5
    assert runner("drift", "day.yaml").code == 2
    assert sorted(path.name for path in runner.home.iterdir()) == ["day.yaml", "plan.json"]


def test_the_end_of_a_stack_is_reviewed_and_carried_out_elsewhere(machines: tuple[World, World]) -> None:
    planner, runner = machines
    del planner.env["ARENA"], runner.env["ARENA"]  # what deletes needs no secret
    ran = planner("plan", "day.yaml", "--destroy", "--out", "plan.json", "--report", "md=plan.md")
    assert (ran.code, "- delete ateme.environments.matchday" in ran.out) == (2, True)
    assert "`day`, to destroy\n\n**6 delete**" in (planner.home / "plan.md").read_text()
    shutil.copy(planner.home / "plan.json", runner.home)
    runner.write("day.yaml", STACK)
    ran = runner("apply", "plan.json", "--yes")
    assert (ran.code, "6 done" in ran.out) == (0, True)
    assert planner("apply", "plan.json", "--yes").code == 6  # all of it is gone already


def test_a_plan_to_destroy_takes_nothing_over(machines: tuple[World, World]) -> None:
    ran = machines[0]("plan", "day.yaml", "--destroy", "--adopt", "match")
    assert (ran.code, "leave out --adopt" in ran.err) == (3, True)
