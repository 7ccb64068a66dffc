"""`--adopt match`: what is live is taken over for one run, without a line in the stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.harness import World, living

STACK = """\
headend: 1
stack: day
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      lifecycle: {{adopt: {parent}}}
      inputs:
        stadium: {{variant: srt_push, port: 5001, latency: {latency}}}
        spare: {{variant: srt_push, port: 5002}}
      outputs:
        cdn: {{variant: rtmp, url: "rtmp://cdn.example.com/live"}}
      schedules:
        derby: {{input: stadium, output: cdn, start_time: NOW, end_time: 2999-01-01T00:00:00Z}}
"""
EU = "ateme.environments.eu"
SAYS_NOTHING = STACK.replace("      lifecycle: {{adopt: {parent}}}\n", "")


@pytest.fixture
def lost(world: World) -> World:
    """All of the stack is live, and its state is gone."""
    world.write("day.yaml", SAYS_NOTHING.format(latency=6000))
    assert world("apply", "day.yaml", "--yes").code == 0
    (world.home / ".headend" / "day.db").unlink()
    world.simulator.reset_journal()
    return world


def steps(world: World, *flags: str) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
    """The plan's steps by address, and what its summary counts."""
    document = json.loads(world("plan", "day.yaml", "--format", "json", *flags).out)
    counts = {name: count for name, count in document["summary"].items() if count}
    return {step["address"].removeprefix(f"{EU}."): step for step in document["steps"]}, counts


def test_what_is_refused_is_compared_with_what_is_live_and_not_counted_as_made(lost: World) -> None:
    lost.write("day.yaml", SAYS_NOTHING.format(latency=2000))
    found, counts = steps(lost)
    assert counts == {"refused": 5}
    assert all(step["action"] == "adopt" and "one like it exists already" in step["refused"] for step in found.values())
    assert [change["path"] for change in found["inputs.stadium"]["changes"]] == ["latency"]
    assert "changes" not in found["inputs.spare"]
    told = "`headend apply --adopt match` takes over what is live and like the stack, for one run"
    assert told in lost("plan", "day.yaml").out
    assert told not in lost("plan", "day.yaml", "--adopt", "match").out


def test_children_of_what_is_taken_over_in_the_same_run_are_compared(lost: World) -> None:
    lost.write("day.yaml", STACK.format(parent="match", latency=2000))
    found, counts = steps(lost)
    assert counts == {"adopt": 1, "refused": 4}
    assert [change["path"] for change in found["inputs.stadium"]["changes"]] == ["latency"]
    lost.write("day.yaml", STACK.format(parent="match", latency=2000).replace("spare", "second"))
    assert steps(lost)[1] == {"adopt": 1, "create": 1, "refused": 3}  # what isn't there is made


def test_a_run_takes_over_all_without_a_line_and_makes_nothing(lost: World) -> None:
    before = living(lost.simulator.dump())
    assert steps(lost, "--adopt", "match")[1] == {"adopt": 5}
    lost.simulator.reset_journal()
    assert lost("apply", "day.yaml", "--yes", "--adopt", "match").code == 0
    assert (lost.simulator.writes(), living(lost.simulator.dump())) == ([], before)
    assert lost("plan", "day.yaml").code == 0


def test_what_the_stack_says_of_adoption_stands(lost: World) -> None:
    lost.write("day.yaml", STACK.format(parent="never", latency=6000))
    found, counts = steps(lost, "--adopt", "match")
    assert counts == {"adopt": 4, "refused": 1}
    assert "refused" in found[EU]


def test_guards_judge_what_is_taken_over(lost: World) -> None:
    lost.write("day.yaml", SAYS_NOTHING.format(latency=2000))
    refused = lost("apply", "day.yaml", "--yes", "--adopt", "match")
    assert (refused.code, lost.simulator.writes()) == (5, [])
    assert f"{EU}.inputs.stadium: would interrupt what is on air: {EU}.schedules.derby" in refused.err


def test_a_plan_file_keeps_what_its_run_takes_over(lost: World) -> None:
    assert lost("plan", "day.yaml", "--adopt", "match", "--out", "plan.json").code == 2
    again = lost("apply", "plan.json", "--yes", "--adopt", "match")
    assert (again.code, "leave out --stack, --target and --adopt" in again.err) == (3, True)
    assert lost("apply", "plan.json", "--yes").code == 0
    assert lost("plan", "day.yaml").code == 0


def test_what_cannot_be_found_is_said_and_refused_where_a_second_one_does_harm(world: World) -> None:
    world.write("day.yaml", "{headend: 1, stack: day, just: {profiles: {desk: {name: Desk}}}}")
    assert world("apply", "day.yaml", "--yes").code == 0
    (world.home / ".headend" / "day.db").unlink()
    world.simulator.reset_journal()
    refused = world("apply", "day.yaml", "--yes", "--adopt", "match")
    assert (refused.code, world.simulator.writes()) == (5, [])
    assert "nobody knows whether it is there: a second profile of the person would stay" in refused.err
    new = "{headend: 1, stack: day, just: {profiles: {desk: {name: Desk, lifecycle: {adopt: never}}}}}"
    world.write("day.yaml", new)
    assert world("apply", "day.yaml", "--yes", "--adopt", "match").code == 0
