"""What is run: the life of a stack, Pulumi's server, start-up, a busy host; each by headend and by a floor."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runs import BURST, HERE, TREE, Cost, Platforms, environment, run
from stacks import SORTS, write

APPLY, PLAN, CHANGE, DESTROY = PHASES = "first apply", "plan, unchanged", "1 % changed", "destroy"
UPS = {"first up": "up", "up, unchanged": "up", "refresh": "refresh", "destroy": "destroy"}
RATE = 100  # requests a second that a busy host takes
MUCH = 10.0  # times the floor, after which a run is given up
LEAST = 60.0  # s, before it is

Costs = dict[str, dict[str, Cost]]
"""Phase -> who -> cost."""
Command = Callable[[str, Path, Path], list[str]]
"""For a verb, a stack and a folder to keep things in."""


@dataclass(frozen=True)
class Subject:
    """Who is measured: a name, and the tree whose headend it is."""

    name: str = "headend"
    tree: Path = TREE


def _headend(verb: str, file: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "headend.cli.main", verb, str(file), *(["--yes"] if verb != "plan" else [])]


def lives(kind: str, size: int, subjects: Sequence[Subject], platforms: Platforms, times: int) -> Costs:
    """So many lives of a stack of that many objects, by turns; of each phase the fastest."""

    def floor(verb: str, file: Path, folder: Path) -> list[str]:
        platform = kind.partition(".")[0]
        return [sys.executable, str(HERE / "floor.py"), platform, verb, str(file), str(folder / "memory.json")]

    phases = {APPLY: "apply", PLAN: "plan", CHANGE: "apply", DESTROY: "destroy"}
    if not SORTS[kind].changes:
        del phases[CHANGE]
    found: Costs = {phase: {} for phase in phases}
    for _ in range(times):
        for who, tree, command in [("floor", TREE, floor), *((one.name, one.tree, _headend) for one in subjects)]:
            platforms.renew(kind, size)
            _live(found, who, tree, command, phases, (kind, size), platforms)
    return found


def busy(subjects: Sequence[Subject], platforms: Platforms) -> Costs:
    """First apply and plan where the platform refuses what comes faster than its rate; the floor is the least time."""
    kind, size = "mycujoo.action_configuration", 500
    phases = {APPLY: "apply", PLAN: "plan"}
    found: Costs = {phase: {} for phase in phases}
    for one in subjects:
        platforms.renew(kind, size, RATE)
        _live(found, one.name, one.tree, _headend, phases, (kind, size), platforms)
    for costs in found.values():
        requests = min(cost.requests for cost in costs.values())
        costs["floor"] = Cost(max(0.001, (requests - BURST) / RATE), requests=requests)
    return found


def ups(kind: str, size: int, subjects: Sequence[Subject], platforms: Platforms) -> Costs:
    """What Pulumi's engine asks of the provider's server; the floor is a provider that does nothing."""
    found: Costs = {phase: {} for phase in UPS}
    for who, tree in [("floor", TREE), *((one.name, one.tree) for one in subjects)]:

        def command(verb: str, file: Path, folder: Path, who: str = who) -> list[str]:
            asked = [verb, "nothing" if who == "floor" else kind, str(file), str(folder / "state.json")]
            return [sys.executable, str(HERE / "provider.py"), *asked, platforms.base]

        platforms.renew(kind, size)
        _live(found, who, tree, command, UPS, (kind, size), platforms, told=True)
    return found


def starts(subjects: Sequence[Subject]) -> Costs:
    """Start-up: the fastest of seven; the floor is Python with the library that it can't do without."""
    asked = {"--version": "typer", "--help": "typer", "validate, 10 resources": "pydantic"}
    found: Costs = {phase: {} for phase in asked}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "stack.yaml"
        file.write_text(write("ateme.input", 9, changed=False))
        for phase, library in asked.items():
            words = ["validate", str(file)] if phase.startswith("validate") else [phase]
            commands = {"floor": (TREE, ["-c", f"import {library}"])}
            commands |= {one.name: (one.tree, ["-m", "headend.cli.main", *words]) for one in subjects}
            for who, (tree, rest) in commands.items():
                costs = [run([sys.executable, *rest], environment(tree), folder) for _ in range(7)]
                found[phase][who] = min(costs, key=lambda cost: cost.seconds)
                found[phase][who].cpu = min(cost.cpu for cost in costs)
    return found


def _live(
    found: Costs,
    who: str,
    tree: Path,
    command: Command,
    phases: Mapping[str, str],
    sort: tuple[str, int],
    platforms: Platforms,
    *,
    told: bool = False,
) -> None:
    """Runs the phases one after the other, and notes their costs unless they cost less before. told: the command prints
    what something else cost. What comes after a run that was given up is left out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, other = folder / "stack.yaml", folder / "changed.yaml"
        first.write_text(write(*sort, changed=False))
        other.write_text(write(*sort, changed=True))
        env = environment(tree, HEADEND_STATE=str(folder / "state.db"), **platforms.settings)
        for phase, verb in phases.items():
            file = other if phase in {CHANGE, DESTROY} else first
            floor = found[phase].get("floor")
            patience = max(LEAST, MUCH * floor.seconds) if floor and not told else 600.0
            cost = run(command(verb, file, folder), env, folder, patience)
            if told:
                said = (folder / "said.txt").read_text().splitlines()
                cost = Cost(**json.loads(next(line for line in reversed(said) if line.startswith("{"))))
            counted = platforms.counts()
            cost.requests, cost.refused = counted["requests"], counted["refused"]
            found[phase][who] = min(found[phase].get(who, cost), cost, key=lambda cost: cost.seconds)
            if cost.late:
                return
