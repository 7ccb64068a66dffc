"""--stateless: no state is kept, all that can be told without it is found again, and the rest is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World, living, serve
from cli.test_kill import killed
from convergence.test_convergence import LISTS, merge, stack_of
from convergence.test_one_of_each import findable
from headend.core.model.errors import PartialError
from headend.core.stackfile import load
from headend.simulator import Simulator

STACK = """\
headend: 1
stack: day
ateme:
  environments:
    matchday:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        stadium: {{variant: srt_push, port: 5001, latency: {latency}}}
      outputs:
        cdn: {{variant: srt_pull, port: 5002, latency: 200}}
      schedules:
        derby: {{input: stadium, output: cdn, start_time: "2999-12-05T15:00:00Z", end_time: "2999-12-05T17:00:00Z"}}
"""
INPUT = "ateme.environments.matchday.inputs.stadium"
SECRETS = ("--secrets-out", "secrets.json")


@pytest.fixture
def day(world: World) -> World:
    world.write("day.yaml", STACK.format(latency=200))
    return world


def files(world: World) -> set[str]:
    return {path.name for path in world.home.rglob("*")}


def document(world: World, *words: str) -> dict[str, Any]:
    planned = world("plan", "day.yaml", "--stateless", "--format", "json", *words)
    assert planned.out, planned.err
    found: dict[str, Any] = json.loads(planned.out)
    return found


@pytest.mark.parametrize("module", [one for one in LISTS if any(map(findable, one.CASES))])
def test_one_of_each_kind_that_can_be_told_is_made_found_and_destroyed(module: Any, tmp_path: Path) -> None:
    simulator, stack = Simulator(), dict[str, Any]()
    module.WORLD(simulator)
    for name, cases in module.CASES.items():
        if findable(name):
            merge(stack, stack_of(module, name, cases[0] | {"lifecycle": {"protect": False}}))
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.env["HEADEND_STATELESS"] = "1"
        world.write("each.yaml", json.dumps(stack))
        before = living(simulator.dump())
        applied = world("apply", "each.yaml", "--yes", *SECRETS)
        assert applied.code == 0, applied.err + applied.out
        simulator.reset_journal()
        again = world("apply", "each.yaml", "--yes")
        assert (again.code, simulator.writes()) == (0, []), again.err + again.out
        assert world("drift", "each.yaml").code == 0
        destroyed = world("destroy", "each.yaml", "--yes")
        assert destroyed.code == 0, destroyed.err + destroyed.out
        assert living(simulator.dump()) == before
        assert files(world) <= {"each.yaml", "secrets.json"}


def test_no_file_is_made(day: World) -> None:
    for command in ("plan", "drift"):
        assert day(command, "day.yaml", "--stateless").code == 2
    for command in ("apply", "destroy"):
        assert day(command, "day.yaml", "--stateless", "--yes").code == 0
    assert files(day) == {"day.yaml"}


def test_nobody_is_said_to_have_changed_what_differs(day: World) -> None:
    day("apply", "day.yaml", "--stateless", "--yes")
    for row in day.simulator.sims["ateme"].world["inputs"].values():
        row["latency"] = 900
    found = document(day)
    (step,) = [step for step in found["steps"] if step["action"] != "none"]
    assert (step["address"], step["action"], step["reason"]) == (INPUT, "update", "changed")
    assert [(one["path"], one["before"], one["after"], one["cause"]) for one in step["changes"]] == [
        ("latency", 900, 200, "unknown")
    ]
    assert found["stateless"] is True
    shown = day("drift", "day.yaml", "--stateless", "--report", "md=plan.md", "--report", "html=plan.html")
    assert shown.code == 2
    for text in (shown.out, (day.home / "plan.md").read_text(), (day.home / "plan.html").read_text()):
        assert "outside headend" not in text
        assert text.count("nobody knows what has left the stack, which stays, nor who changed what") == 1
    assert day("apply", "day.yaml", "--stateless", "--yes").code == 0
    assert day("plan", "day.yaml", "--stateless").code == 0


def test_what_left_the_stack_stays(day: World) -> None:
    day("apply", "day.yaml", "--stateless", "--yes")
    day.write("day.yaml", STACK.format(latency=200).partition("      schedules:")[0])
    assert day("apply", "day.yaml", "--stateless", "--yes").code == 0
    assert len(day.alive()["schedules"]) == 1


@pytest.mark.parametrize(("key", "moment"), [("input.create.srt_push", "after"), ("schedule.create", "before")])
def test_after_a_kill_nothing_is_made_twice(day: World, key: str, moment: str) -> None:
    killed(day, key, moment, "apply", "day.yaml", "--stateless", "--yes")
    assert day("apply", "day.yaml", "--stateless", "--yes").code == 0
    assert [len(day.alive()[table]) for table in ("environments", "inputs", "outputs", "schedules")] == [1, 1, 1, 1]
    assert day("plan", "day.yaml", "--stateless").code == 0


UNTOLD = """\
headend: 1
stack: day
ateme:
  environments:
    matchday:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        stadium: {variant: srt_push, port: 5001}
      outputs:
        one: {variant: srt_pull, port: 5002, latency: 200}
      transcoders:
        high: {input: stadium, video_codec: MPEG-4, video_frame_size: 1280x720, video_frame_rate: "50",
          video_bitrate: 5000, video_gop: 50, audio_codec: MPEG AAC, audio_sample_rate: 48 kHz, audio_bitrate: 128Kbps,
          number_of_audio_tracks: 2}
        low: {input: stadium, video_codec: MPEG-4, video_frame_size: 1280x720, video_frame_rate: "50",
          video_bitrate: 1000, video_gop: 50, audio_codec: MPEG AAC, audio_sample_rate: 48 kHz, audio_bitrate: 128Kbps,
          number_of_audio_tracks: 2}
mycujoo:
  payment_methods:
    card: {setup_intent_id: {secret: card}}
rights_locker:
  stream_limits:
    viewer: {account_id: viewer-17, limit: 3}
"""
TRANSCODERS = "ateme.environments.matchday.transcoders"
REASONS = {
    f"{TRANSCODERS}.high": f"{TRANSCODERS}.low is found by the same",
    f"{TRANSCODERS}.low": f"{TRANSCODERS}.high is found by the same",
    "mycujoo.payment_methods.card": "nothing tells objects of its kind apart",
    "rights_locker.stream_limits.viewer": "nothing of it can be read back",
}


def test_what_cannot_be_told_is_refused_and_nothing_is_made(world: World) -> None:
    world.write("day.yaml", UNTOLD)
    world.env["card"] = "seti_1"
    found = document(world)
    refused = {step["address"]: step["refusals"] for step in found["steps"] if "refusals" in step}
    assert {
        address: (one["guard"], one["why"].rpartition("object it is: ")[2]) for address, (one,) in refused.items()
    } == {address: ("uncertain", why) for address, why in REASONS.items()}
    applied = world("apply", "day.yaml", "--stateless", "--yes")
    assert (applied.code, world.simulator.writes()) == (5, []), applied.err


def test_of_several_that_fit_none_is_taken_unless_it_is_named(day: World) -> None:
    configuration = "headend: 1\nstack: day\nmycujoo:\n  action_configurations:\n{}"
    one = "    {key}: {{action_id: act-1, group_id: derby, title: {title}{more}}}\n"
    first, second = one.format(key="a", title="Goal", more=""), one.format(key="b", title="Other", more="")
    day.write("day.yaml", configuration.format(first + second))
    assert day("apply", "day.yaml", "--stateless", "--yes").code == 0
    rows: Any = day.simulator.sims["mycujoo"].world["configurations"]
    for row in rows.values():
        row["title"] = "Goal"
    ids = day.alive()["configurations"]
    day.write("day.yaml", configuration.format(first))
    refused = day("apply", "day.yaml", "--stateless", "--yes")
    assert (refused.code, f"several may be meant: {', '.join(ids)}" in refused.err) == (5, True), refused.err
    named = one.format(key="a", title="Goal", more=f", order: 4, lifecycle: {{adopt: {{id: {ids[0]}}}}}")
    day.write("day.yaml", configuration.format(named))
    assert day("apply", "day.yaml", "--stateless", "--yes").code == 0
    assert day("plan", "day.yaml", "--stateless").code == 0
    assert len(day.alive()["configurations"]) == 2


def test_destroy_leaves_what_cannot_be_told_and_says_so(world: World) -> None:
    world.write("day.yaml", UNTOLD)
    world.env["card"] = "seti_1"
    world.write("told.yaml", UNTOLD.partition("      transcoders:")[0])
    assert world("apply", "told.yaml", "--stateless", "--yes").code == 0
    destroyed = world("destroy", "day.yaml", "--stateless", "--yes")
    assert destroyed.code == PartialError.exit_code, destroyed.err
    assert "rights_locker.stream_limits.viewer: stays, if it is there: nothing of it can be read back" in destroyed.err
    assert world.alive()["environments"] == []


def test_a_state_and_none_exclude_each_other(day: World) -> None:
    both = day("apply", "day.yaml", "--stateless", "--yes", HEADEND_STATE="day.db")
    assert (both.code, "HEADEND_STATE names one" in both.err) == (3, True)
    assert day("apply", "day.yaml", "--yes").code == 0
    left = day("apply", "day.yaml", "--stateless", "--yes")
    assert (left.code, "would leave the state .headend/day.db behind" in left.err) == (3, True)
    assert day("plan", "day.yaml", "--stateless").code == 0


def test_former_addresses_mean_nothing_which_is_said(day: World) -> None:
    day.write("day.yaml", STACK.format(latency=200) + "removed:\n  - {from: mycujoo.accounts.ada, then: forget}\n")
    planned = day("plan", "day.yaml", "--stateless")
    assert "moved:, removed: and renamed_from mean nothing" in planned.err, planned.err


def test_a_plan_file_made_without_state_is_applied_without_one(day: World) -> None:
    assert day("plan", "day.yaml", "--stateless", "--out", "plan.json").code == 2
    clash = day("apply", "plan.json", "--yes", HEADEND_STATE="day.db")
    assert (clash.code, day.simulator.writes()) == (3, [])
    assert day("apply", "plan.json", "--yes").code == 0
    assert files(day) == {"day.yaml", "plan.json"}
    day.simulator.reset_journal()
    assert day("apply", "plan.json", "--yes").code != 0
    assert day.simulator.writes() == []
    day.write("day.yaml", STACK.format(latency=300))
    assert day("plan", "day.yaml", "--out", "kept.json").code == 5
    mixed = day("apply", "kept.json", "--stateless", "--yes")
    assert (mixed.code, "made with state" in mixed.err) == (3, True), mixed.err


@pytest.mark.parametrize("module", [one for one in LISTS if not all(map(findable, one.CASES))])
def test_each_kind_that_cannot_be_told_is_refused(module: Any, tmp_path: Path) -> None:
    simulator, stack = Simulator(), dict[str, Any]()
    module.WORLD(simulator)
    untold = {name for name in module.CASES if not findable(name)}
    for name in untold:
        merge(stack, stack_of(module, name, module.CASES[name][0]))
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        file = world.write("each.yaml", json.dumps(stack))
        named = {address for address, one in load(file).resources.items() if one.lifecycle.adopt_id}
        planned = world("plan", "each.yaml", "--stateless", "--format", "json", *SECRETS)
        assert planned.code == 5, planned.err
        steps = [step for step in json.loads(planned.out)["steps"] if step["kind"] in untold]
        refused = {step["address"] for step in steps if step.get("refusals", [{}])[0].get("guard") == "uncertain"}
        assert refused == {step["address"] for step in steps} - named
        assert refused
        assert world("apply", "each.yaml", "--stateless", "--yes", *SECRETS).code == 5
        assert simulator.writes() == []
