"""Ctrl-C: what is in flight is finished and recorded, nothing new begins, and the next apply goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cli.harness import World
from headend.simulator.app import Entry

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
        stadium: {variant: srt_push, port: 5001}
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_twice_asked_to_stop(world: World, tmp_path: Path, number: signal.Signals) -> None:
    world.write("day.yaml", STACK)
    world.simulator.sims["ateme"].set_switch("polls", 6)
    process = world.start("apply", "day.yaml", "--yes", HEADEND_ATEME_POLL_INTERVAL="0.1")
    seen: list[str] = []

    def interrupt(entry: Entry) -> None:
        seen.append(entry.key)
        if entry.key == "environment.create" or seen.count("environment.get") == 3:
            os.kill(process.pid, number)

    world.simulator.observers.append(interrupt)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 7, err
    assert err.count("stopping: nothing new begins") == 1
    assert err.count("already stopping") == 1
    assert "Traceback" not in err
    assert "1 done, 0 failed, 1 skipped; interrupted" in out
    assert {name: len(ids) for name, ids in world.alive().items() if ids} == {"environments": 1}
    (recorded,) = world("state", "list", "day").out.splitlines()
    assert "incomplete" not in recorded
    assert world("apply", "day.yaml", "--yes").code == 0
    assert world("plan", "day.yaml").code == 0
    assert {name: len(ids) for name, ids in world.alive().items() if ids} == {"environments": 1, "inputs": 1}


def test_a_host_that_gets_too_many_requests_is_not_waited_for_once_asked_to_stop(world: World) -> None:
    world.write("day.yaml", STACK)
    world.simulator.fail("environment.get", status=429, headers={"Retry-After": "600"}, times=None)
    process = world.start("apply", "day.yaml", "--yes")
    assert process.stderr is not None
    assert any("gets too many requests (429): waiting 600 s" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 7, err
    assert "Traceback" not in err
    assert "0 done, 1 failed, 1 skipped; interrupted" in out
    world.simulator.faults.clear()
    assert world("apply", "day.yaml", "--yes").code == 0
    assert {name: len(ids) for name, ids in world.alive().items() if ids} == {"environments": 1, "inputs": 1}


def test_stopped_before_anything_was_written(world: World) -> None:
    world.write("day.yaml", STACK)
    process = world.start("apply", "day.yaml", "--yes")
    world.simulator.latency = 0.3

    def interrupt(entry: Entry) -> None:
        if len(world.simulator.journal) == 1:
            os.kill(process.pid, signal.SIGINT)

    world.simulator.observers.append(interrupt)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "stopped; nothing was changed\n")
    assert world.simulator.writes() == []
