"""Tenants with one of each kind, made behind headend's back, and what import makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.harness import Ran, World, serve
from convergence.test_convergence import needed, said, side_by_side
from headend.simulator import Simulator
from headend.simulator.app import discover

GIVEN = {
    "mycujoo": ["--for", "derby"],
    "rights_locker": [part for id in ("viewer-17", "viewer-18", "viewer-19") for part in ("--for", id)],
    "straas": ["--for", "viewer-17"],
}
"""What no list shows."""


@contextmanager
def tenant(module: Any, home: Path, switches: Mapping[str, Any] = {}) -> Iterator[World]:
    """One of each kind of the platform, made by somebody else."""
    platform = module.__name__.rpartition(".")[2]
    simulator = Simulator({platform: dict(switches)})
    module.WORLD(simulator)
    with serve(simulator) as url:
        world = World(simulator, home, url)
        world.env |= {
            f"HEADEND_{platform.upper()}_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in needed(module, dict(switches)).items()
        }
        there = home / "somebody"
        there.mkdir()
        (there / "each.yaml").write_text(json.dumps(side_by_side(module, 0)))
        made = World(simulator, there, url)
        made.env = world.env
        for _ in range(2):
            ran = made("apply", "each.yaml", "--yes", "--secrets-out", "secrets.json")
            if ran.code == 0:
                break
        assert ran.code == 0, ran.err
        simulator.reset_journal()
        yield world


def take(world: World, module: Any, *words: str) -> Ran:
    platform = module.__name__.rpartition(".")[2]
    return world("import", platform, *GIVEN.get(platform, ()), "--secrets-file", "secrets.json", *words)


def every_switch(module: Any) -> list[dict[str, Any]]:
    """Each value of each switch that all kinds can be made with."""
    platform = module.__name__.rpartition(".")[2]
    switches = {cls.name: cls for cls in discover()}[platform].switches
    return [
        {switch: said(module, "AT_ONCE").get(switch, value)}
        for switch, values in switches.items()
        for value in (values[1:] or said(module, "FREE")[switch])
        if (switch, value) not in said(module, "UNREACHABLE")
    ]


def made(world: World, stack: dict[str, Any]) -> None:
    """Made by somebody else."""
    there = world.home / "somebody"
    there.mkdir(exist_ok=True)
    (there / "made.yaml").write_text(json.dumps({"headend": 1, **stack}))
    ran = World(world.simulator, there, world.url)("apply", "made.yaml", "--yes", "--secrets-out", "secrets.json")
    assert ran.code == 0, ran.err
    world.simulator.reset_journal()


PLACE = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}


def environment(**inner: Any) -> dict[str, Any]:
    return {**PLACE, **inner}


def channels(count: int) -> dict[str, Any]:
    numbers = range(1, count + 1)
    return environment(
        inputs={f"sky-{n}": {"variant": "srt_push", "port": 5000 + n, "latency": 400} for n in numbers},
        outputs={f"out-{n}": {"variant": "pull", "port": 3000 + n, "stream_id": f"out-{n}"} for n in numbers},
        schedules={
            f"s-{n}": {
                "input": f"sky-{n}",
                "output": f"out-{n}",
                "start_time": "2999-12-05T15:00:00Z",
                "end_time": "2999-12-05T17:00:00Z",
            }
            for n in numbers
        },
    )
