"""A stack that was applied, to be handed over to Pulumi."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World, serve
from headend.core.reconcile.state import open_state
from headend.simulator import Simulator
from pulumi_deployment import EMPTY, PROJECT, piped

STACK = """\
headend: 1
mycujoo:
  action_configurations:
    goal: {action_id: act-1, group_id: derby, title: Goal}
    kick: {action_id: act-1, group_id: cup, title: {secret: TITLE}}
"""
GOAL, KICK = "mycujoo.action_configurations.goal", "mycujoo.action_configurations.kick"
KIND = "mycujoo.action_configuration"
STATE = ".headend/day.db"
CANARY = "canary-title-0123456789"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """With an applied stack of two objects, a secret, and nothing at Pulumi's."""
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.env["TITLE"] = CANARY
        world.write("Pulumi.yaml", PROJECT)
        world.write("day.yaml", STACK)
        assert world("apply", "day.yaml", "--yes").code == 0
        yield world


def state(world: World) -> Any:
    return open_state(world.home / STATE)


def handed_over(world: World) -> dict[str, Any]:
    """The deployment, as it stands once the stack went over."""
    went = piped(world, EMPTY, "import", "day.yaml")
    assert went.code == 0, went.err
    document: dict[str, Any] = json.loads(went.out)
    return document


def entry(document: dict[str, Any], address: str) -> dict[str, Any]:
    (found,) = (e for e in document["deployment"]["resources"] if e["urn"].endswith(f"::{address}"))
    assert isinstance(found, dict)
    return found
