"""However a platform behaves, Pulumi's wire sees every kind settle: each value of each switch of the simulators.

The lists of a platform's kinds go through their states side by side, in one stack: an engine's round trips are the
cost, and most of them would be for what stands around the one object of interest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from cli.harness import NO_WAIT, serve
from convergence.test_convergence import matrix, needed, said, side_by_side
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))


def behaviours() -> list[Any]:
    """(module, platform, switches), for all kinds of the platform at once: two switches at a time, as each one alone is
    what the embedded engine goes through. Every fourth pair; all with HEADEND_THOROUGH=1."""
    found: dict[str, dict[str, tuple[Any, dict[str, Any]]]] = {}
    for case in matrix():
        module, name, one = case.values
        switches = {switch: said(module, "AT_ONCE").get(switch, value) for switch, value in one.items()}
        found.setdefault(name.partition(".")[0], {})[str(switches)] = (module, switches)
    return [
        pytest.param(module, platform, switches, id="-".join(map(str, [platform, *sum(switches.items(), ())])))
        for platform, known in found.items()
        for module, switches in [*paired([*known.values()])][:: 1 if THOROUGH else 4]
    ]


def paired(known: list[tuple[Any, dict[str, Any]]]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each with the one half a list away, which is about other switches; alone where it isn't."""
    half = (len(known) + 1) // 2
    for (module, one), other in zip_longest(known[:half], known[half:]):
        more = other[1] if other else {}
        if one.keys() & more.keys():
            yield module, one
            yield module, more
        else:
            yield module, one | more


@pytest.mark.contract("A-774", "R-60")
@pytest.mark.parametrize(("module", "platform", "switches"), behaviours())
def test_every_kind_settles(module: Any, platform: str, switches: dict[str, Any], tmp_path: Path) -> None:
    simulator, file = Simulator({platform: switches}), tmp_path / "stack.yaml"
    module.WORLD(simulator)
    config = {f"headend:{platform}_{key}": value for key, value in needed(module, switches).items()}
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
