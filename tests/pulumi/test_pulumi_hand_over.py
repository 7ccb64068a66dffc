"""A stack goes from the embedded engine to Pulumi and back: no object is touched, and nothing is left to change."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from cli.harness import NO_WAIT, Ran, World, living, serve
from convergence.test_convergence import LISTS, side_by_side
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_deployment import EMPTY, PROJECT, SECRETS, exported, holding, piped, with_a_past
from pulumi_wire import Live, provider

TIME = re.compile(r'"\d{4}-\d\d-\d\dT[\d:.]+\+00:00"')
RUNS = {"journal", "file", "adopt_id", "remarks"}
"""What is the run's own, and none of the object's, in the property `headend`."""


@pytest.fixture(params=LISTS, ids=lambda module: module.__name__.rpartition(".")[2])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """With one of each kind of a platform in `each.yaml`."""
    simulator = Simulator()
    request.param.WORLD(simulator)
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.write("Pulumi.yaml", PROJECT)
        world.write("each.yaml", json.dumps(side_by_side(request.param, 0)))
        yield world


def test_there_and_back_nothing_is_written(world: World) -> None:
    before = living(world.simulator.dump())
    succeed(world("apply", "each.yaml", "--yes", "--secrets-out", "secrets.json"))
    world.simulator.reset_journal()
    given = succeed(piped(world, EMPTY, "import", "each.yaml"))
    assert piped(world, given.out, "import", "each.yaml").out == given.out
    stack = load(world.home / "each.yaml")
    with provider(world.simulator.settings(world.url) | NO_WAIT) as engine:
        engine.state = holding(json.loads(given.out))
        assert engine.up(stack) == {"same": len(stack.resources)}
        succeed(piped(world, exported(engine.state, "each"), "export-state", "each.yaml"))
    succeed(world("plan", "each.yaml"))
    assert world.simulator.writes() == []
    succeed(world("destroy", "each.yaml", "--yes"))
    assert living(world.simulator.dump()) == before


def test_what_pulumi_made_comes_over_and_goes_back_as_it_was(world: World) -> None:
    with provider(world.simulator.settings(world.url) | NO_WAIT) as engine:
        engine.up(load(world.home / "each.yaml"))
    world.simulator.reset_journal()
    succeed(piped(world, exported(engine.state, "each"), "export-state", "each.yaml"))
    succeed(world("plan", "each.yaml"))
    went = succeed(piped(world, EMPTY, "import", "each.yaml"))
    assert of_objects(holding(json.loads(went.out))) == of_objects(engine.state)
    assert world.simulator.writes() == []


def test_a_stack_with_a_past_goes_over(tmp_path: Path) -> None:
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.env |= SECRETS
        world.write("Pulumi.yaml", PROJECT)
        with_a_past(tmp_path, lambda: succeed(world("apply", "day.yaml", "--yes")))
        world.simulator.reset_journal()
        given = succeed(piped(world, EMPTY, "import", "day.yaml"))
        document = json.loads(given.out)
        with mock.patch.dict(os.environ, SECRETS):
            stack = load(tmp_path / "day.yaml")
        with provider(simulator.settings(url) | NO_WAIT) as engine:
            engine.state = holding(document)
            assert engine.up(stack) == {"same": len(stack.resources)}
        assert simulator.writes() == []
    entries = {entry["urn"].split("::", 3)[3]: entry for entry in document["deployment"]["resources"]}
    assert entries["headend-day"]["outputs"]["lookups.best"] == "plHghl01"
    assert entries["ateme.environments.europe"]["inputs"]["name"] == "eu"
    assert entries["ateme.environments.europe"]["protect"]
    stadium = entries["ateme.environments.europe.inputs.stadium"]
    assert (stadium["retainOnDelete"], stadium["ignoreChanges"]) == (True, ["latency"])
    assert "rights_locker.stream_limits.viewers[jane.doe@x.org]" in entries


def test_a_secret_goes_over_as_the_platform_knows_it(tmp_path: Path) -> None:
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.write("Pulumi.yaml", PROJECT)
        text = "headend: 1\njust: {utm_metrics: {it: {channel: email, email: Guest@example.com, refidm: m}}}\n"
        world.write("day.yaml", text)
        succeed(world("apply", "day.yaml", "--yes"))
        world.write("day.yaml", text.replace("Guest", "guest"))
        given = succeed(piped(world, EMPTY, "import", "day.yaml"))
    (live,) = holding(json.loads(given.out)).values()
    assert live.inputs["email"] == live.outputs["email"] == "Guest@example.com"


def succeed(ran: Ran) -> Ran:
    assert ran.code == 0, ran.err
    return ran


def of_objects(state: Mapping[str, Live]) -> dict[str, Any]:
    """What state has of each object, without what differs from creation to creation, or is lost on the way."""
    found = {}
    for address, live in state.items():
        outputs = {name: value for name, value in live.outputs.items() if name not in {"made", "handed_out"}}
        parts = {"inputs": live.inputs, "outputs": outputs}
        for name, part in parts.items():
            meta = {key: value for key, value in json.loads(part["headend"]).items() if key not in RUNS}
            parts[name] = {**part, "headend": meta}
        found[address] = json.loads(TIME.sub('"a time"', json.dumps(parts))) | {"id": live.id}
    return found
