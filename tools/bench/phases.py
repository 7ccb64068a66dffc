"""The life of a stack: first apply, plan unchanged, one of a hundred changed, destroy; by headend and by a floor."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runs import HERE, TREE, Cost, Platforms, environment, run
from stacks import write

PHASES = ("first apply", "plan, unchanged", "1 % changed", "destroy")
_VERBS = dict(zip(PHASES, ("apply", "plan", "apply", "destroy"), strict=True))
MUCH = 10.0  # times the floor, after which a run is given up
LEAST = 60.0  # s, before it is


@dataclass(frozen=True)
class Subject:
    """What is measured: a name, its command for a verb, a stack and a folder, and where its headend is."""

    name: str
    command: Callable[[str, str, Path, Path], list[str]]
    tree: Path = TREE


def headend(name: str = "headend", tree: Path = TREE) -> Subject:
    def command(kind: str, verb: str, file: Path, folder: Path) -> list[str]:
        return [sys.executable, "-m", "headend.cli.main", verb, str(file), *(["--yes"] if verb != "plan" else [])]

    return Subject(name, command, tree)


def floor() -> Subject:
    def command(kind: str, verb: str, file: Path, folder: Path) -> list[str]:
        platform = kind.partition(".")[0]
        return [sys.executable, str(HERE / "floor.py"), platform, verb, str(file), str(folder / "memory.json")]

    return Subject("floor", command)


def live(
    subject: Subject, kind: str, size: int, platforms: Platforms, beside: dict[str, Cost], plans: int
) -> dict[str, Cost]:
    """Phase -> cost; of as many plans the fastest. beside: the floor's, by which a run is given up; what comes after it
    is left out."""
    found: dict[str, Cost] = {}
    platforms.renew(kind, size)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, other = folder / "stack.yaml", folder / "changed.yaml"
        first.write_text(write(kind, size, changed=False))
        other.write_text(write(kind, size, changed=True))
        env = environment(subject.tree, HEADEND_STATE=str(folder / "state.db"), **platforms.settings)
        for phase in PHASES:
            file = other if phase in PHASES[2:] else first
            command = subject.command(kind, _VERBS[phase], file, folder)
            patience = max(LEAST, MUCH * beside[phase].seconds) if phase in beside else 600.0
            for _ in range(plans if phase == PHASES[1] else 1):
                cost = run(command, env, folder, patience)
                cost.requests = sum(platforms.counts()["requests"].values())
                if phase not in found or cost.seconds < found[phase].seconds:
                    found[phase] = cost
            if found[phase].late:
                break
    return found
