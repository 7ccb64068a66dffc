"""A stack with one of each kind of a platform: applied, planned again to nothing, destroyed to what was before."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from cli.harness import NO_WAIT, World, living, serve
from convergence.test_convergence import LISTS, merge, needed, said, side_by_side, stack_of
from headend.core.model.capabilities import Nameless, Unadoptable
from headend.core.model.kind import Can
from headend.core.stackfile import load
from headend.core.wire.registry import kinds
from headend.simulator import Simulator
from headend.simulator.app import discover
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


def switched() -> list[Any]:
    """(module, switches): none, and a sample of what a platform may do otherwise; with HEADEND_THOROUGH=1 all of it."""
    switches = {one.name: one.switches for one in discover()}
    found = []
    for module in (one for one in LISTS if any(map(findable, one.CASES))):
        name = module.__name__.rpartition(".")[2]
        single = [
            {switch: said(module, "AT_ONCE").get(switch, value)}
            for switch, values in switches[name].items()
            for value in (values[1:] or said(module, "FREE")[switch])
            if (switch, value) not in said(module, "UNREACHABLE")
        ]
        sampled = (
            single if os.environ.get("HEADEND_THOROUGH") else random.Random(14).sample(single, min(1, len(single)))
        )
        together = [{}, *sampled, *list(said(module, "TOGETHER"))[:1]]
        found += [pytest.param(module, one, id=f"{name}-{'-'.join(one) or 'as it is'}") for one in together]
    return found


def findable(name: str) -> bool:
    kind = kinds()[name]
    keyless = isinstance(kind, Nameless | Unadoptable) or name == "mycujoo.payment_method"  # known by what made it
    return Can.OBSERVE in kind.can and not keyless


@pytest.mark.parametrize(("module", "switches"), switched())
def test_without_its_state_all_is_found_again(module: Any, switches: dict[str, Any], tmp_path: Path) -> None:
    platform = module.__name__.rpartition(".")[2]
    simulator, stack = Simulator({platform: switches}), dict[str, Any]()
    module.WORLD(simulator)
    for name, cases in module.CASES.items():
        if findable(name):
            merge(stack, stack_of(module, name, cases[0] | {"lifecycle": {"protect": False}}))
    settings = {f"HEADEND_{platform}_{name}".upper(): str(value) for name, value in needed(module, switches).items()}
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.env |= settings
        world.write("each.yaml", json.dumps(stack))
        applied = world("apply", "each.yaml", "--yes", "--secrets-out", "secrets.json")
        assert applied.code == 0, applied.err
        (tmp_path / ".headend" / "convergence.db").unlink()
        before = living(simulator.dump())
        planned = world("plan", "each.yaml", "--adopt", "match", "--format", "json")
        assert planned.code == 2, planned.err
        counts = {name: count for name, count in json.loads(planned.out)["summary"].items() if count}
        assert counts.keys() == {"adopt"}, counts
        found = world("apply", "each.yaml", "--yes", "--adopt", "match")
        assert found.code == 0, found.err
        assert living(simulator.dump()) == before
        again = world("plan", "each.yaml")
        assert again.code == 0, again.out
