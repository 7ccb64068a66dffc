"""Copies of a stack, targets, plan files, and what commands load."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import pytest

from cli.harness import World
from headend.core.wire.registry import kinds

COPY = """\
headend: 1
stack: main
ateme:
  environments:
    matchday:
      name: "{name}"
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        stadium: {{variant: srt_push, port: 5001}}
"""
CONFIGURATIONS = """\
headend: 1
stack: overlay
mycujoo:
  action_configurations:
    one: {{action_id: act-1, group_id: g, title: One, fields: {{delay: {delay}}}}}
    two: {{action_id: act-1, group_id: g, title: Two, fields: {{delay: {delay}}}}}
"""


def test_copies_of_a_stack_live_side_by_side(world: World) -> None:
    world.write("main.yaml", COPY.format(name="matchday-${stack.name}"))
    for name in ("main", "pr-7"):
        assert world("apply", "main.yaml", "--stack", name, "--yes").code == 0
    names = [row["name"] for row in world.simulator.sims["ateme"].world["environments"].values()]
    assert names == ["matchday-main", "matchday-pr-7"]
    assert world("destroy", "main.yaml", "--stack", "pr-7", "--yes").code == 0
    assert world("plan", "main.yaml").code == 0
    assert len(world.alive()["environments"]) == 1


def test_a_copy_with_the_same_names_takes_nothing_over(world: World) -> None:
    world.write("main.yaml", COPY.format(name="matchday"))
    assert world("apply", "main.yaml", "--yes").code == 0
    world.simulator.reset_journal()
    copy = world("apply", "main.yaml", "--stack", "pr-7", "--yes")
    assert (copy.code, "one like it exists already" in copy.err) == (5, True)
    assert world.simulator.writes() == []


def test_a_state_file_is_one_stacks(world: World, tmp_path: Path) -> None:
    world.write("main.yaml", COPY.format(name="matchday-${stack.name}"))
    world.env["HEADEND_STATE"] = str(tmp_path / "shared.db")
    assert world("apply", "main.yaml", "--yes").code == 0
    copy = world("destroy", "main.yaml", "--stack", "pr-7", "--yes")
    assert (copy.code, "is the state of the stack main, not of pr-7" in copy.err) == (1, True)
    assert len(world.alive()["environments"]) == 1


def test_a_target_takes_along_what_it_needs_and_no_more(world: World) -> None:
    more = "mycujoo: {action_configurations: {r: {action_id: act-1, group_id: g, title: t}}}\n"
    world.write("main.yaml", COPY.format(name="matchday") + more)
    target = "ateme.environments.matchday.inputs.stadium"
    planned = json.loads(world("plan", "main.yaml", "--target", target, "--format", "json").out)
    assert [step["address"] for step in planned["steps"]] == ["ateme.environments.matchday", target]
    assert world("apply", "main.yaml", "--target", target, "--yes").code == 0
    assert world("plan", "main.yaml", "--target", target).code == 0
    assert world("plan", "main.yaml").out == (
        "+ create mycujoo.action_configurations.r (new)\n"
        '    action_id: "act-1"\n    group_id: "g"\n    title: "t"\n    + 1 default\n'
        "main: 1 create, 2 unchanged\n"
    )


def test_a_plan_for_a_target_is_applied_for_that_target(world: World) -> None:
    world.write("overlay.yaml", CONFIGURATIONS.format(delay=1))
    one = "mycujoo.action_configurations.one"
    assert world("plan", "overlay.yaml", "--target", one, "--out", "plan.json").code == 2
    for flag in ("--target", "--stack"):
        refused = world("apply", "plan.json", "--yes", flag, one)
        assert (refused.code, "leave out" in refused.err) == (3, True)
    applied = world("apply", "plan.json", "--yes")
    assert (applied.code, "1 done, 0 failed, 0 skipped" in applied.out) == (0, True), applied.err


def test_drift_as_json_names_what_changed_and_by_whom(world: World) -> None:
    world.write("overlay.yaml", CONFIGURATIONS.format(delay=1))
    assert world("apply", "overlay.yaml", "--yes").code == 0
    assert world("drift", "overlay.yaml").code == 0
    for row in world.simulator.sims["mycujoo"].world["configurations"].values():
        row["title"] = row["title"].replace("Two", "Zwei")
    drifted = world("drift", "overlay.yaml", "--format", "json")
    document = json.loads(drifted.out)
    (step,) = [s for s in document["steps"] if s["action"] != "none"]
    assert drifted.code == 2
    assert step["reason"] == "drifted"
    assert step["changes"] == [{"path": "title", "before": "Zwei", "after": "Two", "cause": "drift"}]


def test_destroy_takes_what_the_file_no_longer_names(world: World) -> None:
    world.write("overlay.yaml", CONFIGURATIONS.format(delay=1))
    assert world("apply", "overlay.yaml", "--yes").code == 0
    world.write("overlay.yaml", "headend: 1\nstack: overlay\n")
    assert world("destroy", "overlay.yaml", "--yes").code == 0
    assert world.alive()["configurations"] == []


def test_state_of_what_is_not_there(world: World) -> None:
    assert "there is no state" in world("state", "list", "overlay").err
    world.write("overlay.yaml", CONFIGURATIONS.format(delay=1))
    world("apply", "overlay.yaml", "--yes")
    shown = world("state", "show", "overlay", "mycujoo.action_configurations.three")
    assert (shown.code, "`headend state list overlay` shows what is" in shown.err) == (3, True)


@pytest.mark.parametrize("words", [[], ["state"], ["--help"], ["apply", "--help"], ["--version"], ["kinds", "mycujoo"]])
def test_help_needs_no_file_and_no_settings(world: World, words: list[str]) -> None:
    ran = world(*words)
    assert ran.code == (0 if len(words) > 1 or (words and words[0].startswith("-")) else 3)
    assert ran.out.strip()
    assert ran.err == ""


def test_simulate_prints_the_settings_that_lead_to_it(world: World) -> None:
    world.write("overlay.yaml", CONFIGURATIONS.format(delay=1))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with world.start("simulate", "--port", str(port)) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in world.simulator.settings()]
        settings = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        assert settings["HEADEND_MYCUJOO_URL"] == f"http://127.0.0.1:{port}/mycujoo"
        assert world("apply", "overlay.yaml", "--yes", **settings).code == 0  # it waits for the server to listen
        assert world("drift", "overlay.yaml", **settings).code == 0
        assert world.simulator.journal == []
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_kinds_of_the_platforms_that_are_named(world: World) -> None:
    names = [line.split()[0] for line in world("kinds", "mycujoo", "rights_locker").out.splitlines()]
    assert names == [name for name in kinds() if name.startswith(("mycujoo.", "rights_locker."))]
    assert "azteme: no such platform; there are: ateme, " in world("kinds", "mycujoo", "azteme").err


def test_forget_drops_what_state_holds_and_leaves_the_object(world: World) -> None:
    world.write("overlay.yaml", CONFIGURATIONS.format(delay=1))
    world("apply", "overlay.yaml", "--yes")
    one, alive = "mycujoo.action_configurations.one", world.alive()
    assert world("state", "rm", "overlay", one).code == 0
    assert one not in world("state", "list", "overlay").out
    again = world("state", "rm", "overlay", one)
    assert (again.code, "`headend state list overlay` shows what is" in again.err) == (3, True)
    assert world.alive() == alive
