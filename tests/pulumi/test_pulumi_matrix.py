"""However a platform behaves, Pulumi's wire sees every kind settle: each value of each switch of the simulators.

The lists of a platform's kinds go through their states side by side, in one stack: an engine's round trips are the
cost, and most of them would be for what stands around the one object of interest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.harness import NO_WAIT, serve
from convergence.test_convergence import NEEDS, matrix, side_by_side
from headend.core.stack import load
from headend.simulator import Simulator
from pulumi_wire import provider


def behaviours() -> list[Any]:
    """(module, platform, switches), each once for all kinds of the platform."""
    found = {}
    for case in matrix():
        module, name, switches = case.values
        platform = name.partition(".")[0]
        label = "-".join(map(str, [platform, *(part for item in switches.items() for part in item)]))
        found[label] = pytest.param(module, platform, switches, id=label)
    return list(found.values())


@pytest.mark.contract("A-774", "R-60")
@pytest.mark.parametrize(("module", "platform", "switches"), behaviours())
def test_every_kind_settles(module: Any, platform: str, switches: dict[str, Any], tmp_path: Path) -> None:
    simulator, file = Simulator({platform: switches}), tmp_path / "stack.yaml"
    module.WORLD(simulator)
    needs = {k: v for item in switches.items() for k, v in NEEDS.get(item, {}).items()}
    config = {f"headend:{platform}_{key}": value for key, value in needs.items()}
    with serve(simulator) as url:
        env = simulator.settings(url) | NO_WAIT
        with provider(env, config) as engine:
            for number in range(max(map(len, module.CASES.values()))):
                file.write_text(json.dumps(side_by_side(module, number)))
                stack = load(file)
                engine.up(stack)
                simulator.reset_journal()
                assert engine.up(stack) == {"same": len(stack.resources)}, number
                assert simulator.writes() == []
            engine.destroy()
