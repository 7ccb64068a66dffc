"""A stack with one of each kind of a platform: applied, planned again to nothing, destroyed to what was before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.harness import NO_WAIT, World, living, serve
from convergence.test_convergence import LISTS, side_by_side
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

each_platform = pytest.mark.parametrize("module", LISTS, ids=lambda module: module.__name__.rpartition(".")[2])


@each_platform
def test_by_the_commands(module: Any, tmp_path: Path) -> None:
    simulator = Simulator()
    module.WORLD(simulator)
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        file = world.write("each.yaml", json.dumps(side_by_side(module, 0)))
        assert {resource.kind.name for resource in load(file).resources.values()} == set(module.CASES)
        before = living(simulator.dump())
        secrets = ["--secrets-out", "secrets.json"]
        applied = world("apply", "each.yaml", "--yes", *secrets)
        assert applied.code == 0, applied.err
        assert simulator.writes() != []
        simulator.reset_journal()
        again = world("apply", "each.yaml", "--yes", *secrets)
        assert (again.code, simulator.writes()) == (0, []), again.err
        assert world("plan", "each.yaml").code == 0
        destroyed = world("destroy", "each.yaml", "--yes")
        assert destroyed.code == 0, destroyed.err
        assert living(simulator.dump()) == before
        assert world("state", "list", "convergence").out == ""


@each_platform
def test_over_pulumis_wire(module: Any, tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "each.yaml"
    module.WORLD(simulator)
    file.write_text(json.dumps(side_by_side(module, 0)))
    stack = load(file)
    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as engine:
        before = living(simulator.dump())
        engine.up(stack)
        simulator.reset_journal()
        assert engine.up(stack) == {"same": len(stack.resources)}
        assert simulator.writes() == []
        engine.destroy()
        assert living(simulator.dump()) == before
