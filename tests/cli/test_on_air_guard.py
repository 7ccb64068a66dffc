"""A running programme is not cut by accident: plan names it, apply refuses, and only a name lifts that."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from cli.harness import World
from headend.simulator.app import Entry

STACK = """\
headend: 1
stack: day
options: {options}
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        stadium: {{variant: srt_push, port: 5001, latency: {latency}}}
        spare: {{variant: srt_push, port: 5002, latency: {latency}}}
      outputs:
        cdn: {{variant: rtmp, url: "rtmp://cdn.example.com/live"}}
      schedules:
        derby: {{input: stadium, output: cdn, start_time: "{start}", end_time: "{end}"}}
"""
EU = "ateme.environments.eu"
AGREED = '{maintenance: [{start: "2020-01-01T00:00:00Z", end: "2999-01-01T00:00:00Z"}]}'


def stack(begins: int, *, latency: int = 6000, options: str = "{}") -> str:
    """The derby begins in so many minutes and takes two hours."""
    start = (datetime.now(UTC) + timedelta(minutes=begins)).replace(microsecond=0)
    times = {"start": start.isoformat(), "end": (start + timedelta(hours=2)).isoformat()}
    return STACK.format(latency=latency, options=options, **times)


def test_a_change_that_would_cut_the_derby_is_named_refused_and_passes_when_named(world: World) -> None:
    text = stack(-10)
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes").code == 0
    world.write("day.yaml", text.replace("latency: 6000", "latency: 2000"))
    planned = world("plan", "day.yaml")
    assert planned.code == 5
    assert f"on air: {EU}.schedules.derby from" in planned.out
    (step,) = [s for s in json.loads(world("plan", "day.yaml", "--format", "json").out)["steps"] if "on_air" in s]
    assert step["address"] == f"{EU}.inputs.stadium"
    assert [cut["address"] for cut in step["on_air"]] == [f"{EU}.schedules.derby"]

    world.simulator.reset_journal()
    refused = world("apply", "day.yaml", "--yes")
    assert refused.code == 5
    assert f"{EU}.schedules.derby" in refused.err
    end = datetime.fromisoformat(step["on_air"][0]["end"])
    assert f"until {end:%Y-%m-%d %H:%M:%S} UTC" in refused.err
    assert f"--allow-interruption {EU}.inputs.stadium" in refused.err
    assert world.simulator.writes() == []

    allowed = world("apply", "day.yaml", "--yes", "--allow-interruption", f"{EU}.schedules.derby")
    assert allowed.code == 0, allowed.err
    assert world("plan", "day.yaml").code == 0


@pytest.mark.parametrize(
    ("begins", "options", "code"),
    [
        pytest.param(25, "{}", 5, id="kick-off within the window"),
        pytest.param(40, "{}", 0, id="kick-off after the window"),
        pytest.param(40, "{on_air_window: 1h}", 5, id="a longer window"),
        pytest.param(
            -10, '{maintenance: [{start: "2020-01-01T00:00:00Z", end: "2999-01-01T00:00:00Z"}]}', 0, id="agreed"
        ),
    ],
)
def test_the_window_and_the_maintenance_of_the_stack_decide(world: World, begins: int, options: str, code: int) -> None:
    text = stack(begins, options=options)
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes").code == 0
    world.write("day.yaml", text.replace("latency: 6000", "latency: 2000"))
    assert world("apply", "day.yaml", "--yes").code == code


def test_a_schedule_that_somebody_else_made_is_guarded_too(world: World) -> None:
    text = stack(300)
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes").code == 0
    schedules = world.simulator.sims["ateme"].world["schedules"]
    (row,) = schedules.values()
    hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    schedules["other"] = row | {"schedule_id": "other", "start_time": "2020-01-01T00:00:00Z", "end_time": hour}
    world.write("day.yaml", text.replace("latency: 6000", "latency: 2000"))
    refused = world("apply", "day.yaml", "--yes")
    assert refused.code == 5
    assert "ateme.schedule other from 2020-01-01" in refused.err


def test_destroying_and_ending_what_is_on_air_takes_naming_it(world: World) -> None:
    text = stack(-10)
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes").code == 0
    refused = world("destroy", "day.yaml", "--yes")
    assert refused.code == 5
    assert f"{EU}: would destroy what is on air: {EU}.schedules.derby" in refused.err
    assert f"{EU}.schedules.derby: would interrupt" in refused.err
    assert f"{EU}.inputs.spare" not in refused.err
    assert world("destroy", "day.yaml", "--yes", "--allow-interruption", EU).code == 0
    assert world.alive()["environments"] == []


def test_what_goes_on_air_while_apply_works_is_looked_for_again(world: World) -> None:
    text = stack(300)
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes").code == 0
    world.write("day.yaml", text.replace("latency: 6000", "latency: 2000"))
    schedules = world.simulator.sims["ateme"].world["schedules"]
    (row,) = schedules.values()
    world.simulator.reset_journal()

    def kick_off(entry: Entry) -> None:
        """Somebody moves the derby forward once the plan has read the schedules."""
        if entry.key == "schedule.list":
            row["start_time"] = "2020-01-01T00:00:00Z"

    world.simulator.observers.append(kick_off)
    refused = world("apply", "day.yaml", "--yes")
    assert (refused.code, "on air" in refused.out) == (7, False)
    assert f"{EU}.inputs.stadium: would interrupt what is on air" in refused.err
    assert "1 done, 1 failed, 0 skipped" in refused.out  # the spare input carries nothing


def test_what_is_taken_over_is_guarded_like_any_other(world: World) -> None:
    text = stack(-10)
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes").code == 0
    (world.home / ".headend" / "day.db").unlink()
    both = "variant: srt_push, lifecycle: {adopt: match}"
    lost = text.replace("eu:\n", "eu:\n      lifecycle: {adopt: match}\n", 1).replace("variant: srt_push", both)
    lost = lost.replace("variant: rtmp", "variant: rtmp, lifecycle: {adopt: {id: out-1}}")
    lost = lost.replace("derby: {", "derby: {lifecycle: {adopt: match}, ")
    world.write("day.yaml", lost.replace("latency: 6000", "latency: 2000"))
    world.simulator.reset_journal()
    planned = world("plan", "day.yaml", "--format", "json")
    assert planned.code == 5, planned.err
    (step,) = [s for s in json.loads(planned.out)["steps"] if "refused" in s]
    assert (step["address"], step["action"]) == (f"{EU}.inputs.stadium", "adopt")
    (refusal,) = step["refusals"]
    assert refusal["guard"] == "on_air"
    assert refusal["lift"] == f"--allow-interruption {EU}.inputs.stadium lets it"
    refused = world("apply", "day.yaml", "--yes")
    assert (refused.code, world.simulator.writes()) == (5, [])
    consent = ("--allow-interruption", f"{EU}.schedules.derby")
    assert world("plan", "day.yaml", *consent).code == 2
    assert world("apply", "day.yaml", "--yes", *consent).code == 0


def test_a_plan_that_apply_will_refuse_exits_5_and_says_what_lifts_it(world: World) -> None:
    names = "".join(f"      l{n}: {{}}\n" for n in range(6))
    text = "headend: 1\nstack: many\nateme:\n  labels:\n{}"
    world.write("many.yaml", text.format(names.replace("      ", "    ")))
    assert world("apply", "many.yaml", "--yes").code == 0
    world.write("many.yaml", text.format("    l0: {}\n"))
    planned = world("plan", "many.yaml")
    assert planned.code == 5
    assert "refused: 5 of 6 objects would be deleted or replaced; if that is meant, say" in planned.out
    assert "1 refused" in planned.out
    document = json.loads(world("plan", "many.yaml", "--format", "json").out)
    assert [one["guard"] for one in document["refusals"]] == ["mass_deletion"]
    assert world("plan", "many.yaml", "--allow-deletions").code == 2
    assert world("apply", "many.yaml", "--yes").code == 5
    assert world("apply", "many.yaml", "--yes", "--allow-deletions").code == 0
    world.write("many.yaml", text.format("    l0: {lifecycle: {protect: true}}\n"))
    assert world("apply", "many.yaml", "--yes").code == 0
    world.write("many.yaml", "headend: 1\nstack: many\nateme: {}\n")
    document = json.loads(world("plan", "many.yaml", "--format", "json").out)
    assert [r["guard"] for s in document["steps"] for r in s["refusals"]] == ["protect"]
