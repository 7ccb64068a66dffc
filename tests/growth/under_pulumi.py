"""The phases of Pulumi's engine through the SDK's provider server, each counted in a process of its own."""

from __future__ import annotations

import json
import tempfile
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.harness import NO_WAIT
from growth.counted import Cost, counting
from growth.many import MANY, tree, world
from headend.core.stackfile import load
from headend.simulator import Simulator
from matrix.pulumi_phase import HereStack, files, over, restore, run_apart
from pulumi_records import Record

PHASES = ("up", "no-op up", "refresh", "change", "destroy")


@dataclass(frozen=True)
class Before:
    """What a phase begins with."""

    worlds: dict[str, Any]
    records: dict[str, Record]
    files: dict[str, bytes]


def costs(kind: str, number: int, *, lines: bool) -> dict[str, Cost]:
    """What each phase costs with that many objects."""
    before, found = Before(world(kind, number).dump(), {}, {}), dict[str, Cost]()
    for phase in PHASES:
        if phase != "change" or MANY[kind].change:
            before, found[phase] = run_apart(_phase, kind, number, phase, before, lines)
    return found


def _phase(kind: str, number: int, phase: str, before: Before, lines: bool) -> tuple[Before, Cost]:
    simulator = Simulator()
    simulator.load(before.worlds)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        home, file = Path(folder), Path(folder, "growth.yaml")
        restore(home, before.files)
        file.write_text(json.dumps(tree(kind, number, changed=phase in {"change", "destroy"})))
        consent = {"HEADEND_ALLOW_DELETIONS": "1", "HEADEND_ALLOW_INTERRUPTION": ",".join(before.records)}
        env = {"PATH": "/bin"} | consent | simulator.settings() | NO_WAIT
        stack = HereStack("growth", home, env, records=before.records)
        with counting(simulator.journal, lines=lines) as cost, over(simulator, env):
            _run(stack, phase, file)
        return Before(simulator.dump(), stack.records, files(home)), cost


def _run(stack: HereStack, phase: str, file: Path) -> None:
    if phase == "refresh":
        ran = stack.refresh()
    elif phase == "destroy":
        ran = stack.destroy()
    else:
        ran = stack.up(load(file), preview=False)
    assert ran.ok, ran.said
    assert bool(ran.did()) is (phase in {"up", "change", "destroy"}), ran.did()
