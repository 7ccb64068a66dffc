"""Runs of a Pulumi stack whose provider process can be killed before and after each of its requests."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.harness import NO_WAIT
from forked import Forked
from headend.core.stackfile import load
from headend.simulator import Simulator
from headend.simulator.app import Dropped
from pulumi_records import Ran, Record
from pulumi_stack import PulumiStack


class DeadlySimulator(Simulator):
    """The platforms, which kill the client at a point. at: its number; 0 for no point. victim: the process, once its
    requests count. passed: the points of this run."""

    at = 0
    victim: Forked | None = None
    passed: list[str]

    async def answer(self, method: str, raw_path: str, query: str, headers: Mapping[str, str], raw: bytes) -> Any:
        self._point(f"before {method} {raw_path}")
        reply = await super().answer(method, raw_path, query, headers, raw)
        self._point(f"after {method} {raw_path}")
        return reply

    def _point(self, what: str) -> None:
        if self.victim is None:
            return
        self.passed.append(what)
        if len(self.passed) == self.at:
            self.victim.kill()
        if self.at and len(self.passed) >= self.at:
            raise Dropped


@dataclass
class Place:
    """A world, and a Pulumi stack in it."""

    simulator: DeadlySimulator
    home: Path
    stack: PulumiStack = field(init=False)

    def connect(self, url: str) -> None:
        env = {"PATH": "/bin", "HEADEND_ALLOW_DELETIONS": "1"} | self.simulator.settings(url) | NO_WAIT
        self.stack = PulumiStack("day", self.home, env)

    def run(self, wanted: Mapping[str, Any], at: int = 0, *, destroy: bool = False) -> Ran:
        """`up`, or `destroy`. at: the point at which the provider, and the engine with it, is killed."""
        simulator, stack = self.simulator, self.stack
        processes: list[Forked] = []
        simulator.at, simulator.passed, simulator.victim = at, [], None
        stack.started = processes.append

        def begins() -> None:
            simulator.victim = processes[-1]

        stack.begins = begins
        try:
            return stack.destroy() if destroy else stack.up(self.load(wanted), preview=False)
        finally:
            simulator.victim = None

    def load(self, wanted: Mapping[str, Any]) -> Any:
        file = self.home / "day.yaml"
        file.write_text(json.dumps(wanted))
        return load(file)

    def keep(self) -> Kept:
        kept = self.home.with_name(f"kept-{len(self.simulator.journal)}")
        shutil.copytree(self.home, kept)
        return Kept(self, self.simulator.dump(), copy.deepcopy(self.stack.records), kept)


@dataclass
class Kept:
    """World, state and folder as they were."""

    place: Place
    worlds: dict[str, Any]
    records: dict[str, Record]
    folder: Path

    def restore(self) -> None:
        place = self.place
        for name in self.worlds:
            place.simulator.sims[name].world.clear()
        place.simulator.load(self.worlds)
        place.simulator.reset_journal()
        place.stack.records, place.stack.doomed = copy.deepcopy(self.records), []
        shutil.rmtree(place.home)
        shutil.copytree(self.folder, place.home)
