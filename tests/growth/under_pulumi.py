"""The phases of Pulumi's engine through the SDK's provider server, each counted in a process of its own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.harness import NO_WAIT
from growth.counted import Cost, counting
from growth.many import stacks, world
from headend.core.stackfile import load
from headend.simulator import Simulator
from matrix.pulumi_phase import HereStack, files, over, restore, run_apart
from pulumi_records import Record

PHASES = ("up", "no-op up", "refresh", "change", "destroy")


def costs(kind: str, number: int, *, lines: bool) -> dict[str, Cost]:
    """What each phase costs with that many objects."""
    found: dict[str, Cost] = {}
    bench = Bench(world(kind, number).dump())
    for phase, wanted in stacks(PHASES, kind, number):
        found[phase] = bench.cost(wanted, phase, lines=lines)
    return found


@dataclass
class Bench:
    """The world, what Pulumi's state has of it, and the files beside the project."""

    worlds: dict[str, Any]
    records: dict[str, Record] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def cost(self, wanted: Mapping[str, Any], phase: str = "up", *, lines: bool) -> Cost:
        """What it costs to bring that stack up, or to do something else with it."""
        after, cost = run_apart(_phase, self, wanted, phase, lines)
        self.worlds, self.records, self.files = after.worlds, after.records, after.files
        return cost


def _phase(before: Bench, wanted: Mapping[str, Any], phase: str, lines: bool) -> tuple[Bench, Cost]:
    simulator = Simulator()
    simulator.load(before.worlds)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        home, file = Path(folder), Path(folder, "growth.yaml")
        restore(home, before.files)
        file.write_text(json.dumps(wanted))
        consent = {"HEADEND_ALLOW_DELETIONS": "1", "HEADEND_ALLOW_INTERRUPTION": ",".join(before.records)}
        env = {"PATH": "/bin"} | consent | simulator.settings() | NO_WAIT
        stack = HereStack("growth", home, env, records=before.records)
        with counting(simulator.journal, lines=lines) as cost, over(simulator, env):
            _run(stack, phase, file)
        return Bench(simulator.dump(), stack.records, files(home)), cost


def _run(stack: HereStack, phase: str, file: Path) -> None:
    if phase == "refresh":
        ran = stack.refresh()
    elif phase == "destroy":
        ran = stack.destroy()
    else:
        ran = stack.up(load(file), preview=False)
    assert ran.ok, ran.said
    assert ran.steps != []
    assert ran.did() == {} or phase not in {"no-op up", "refresh"}, ran.did()
