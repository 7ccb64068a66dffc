"""A client on a simulated Just, and whole stacks there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from just_engine import JUID, Town

from headend.core.wire.client import Client
from headend.just.api import Just
from headend.just.settings import JustSettings
from headend.simulator.app import Simulator
from headend.simulator.just import JustSim


@dataclass
class Box:
    """sim: the whole simulator, with one known profile. api: the client. waits: seconds that were asked for."""

    sim: Simulator
    api: Just
    waits: list[float]

    @property
    def calls(self) -> list[str]:
        return [entry.key for entry in self.sim.journal]

    @property
    def routes(self) -> list[str]:
        """Verb and end of the path of each request."""
        return [f"{entry.method} {entry.path.removeprefix('/api/user/v1')}" for entry in self.sim.journal]

    def world(self, table: str) -> dict[str, Any]:
        return dict(self.sim.sims["just"].world[table])


@pytest.fixture
def just() -> Callable[..., Box]:
    """just(settings={...}, **switches) -> Box."""

    def make(settings: dict[str, Any] | None = None, **switches: Any) -> Box:
        sim = Simulator({"just": switches}, classes=[JustSim])
        sim.sims["just"].add_profile(JUID, 35, 36)
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        given = {"url": "http://127.0.0.1:1/just", "token": sim.settings()["HEADEND_JUST_TOKEN"], **(settings or {})}
        connection = JustSettings(**given)
        client = Client(connection.url, platform="just", transport=sim.transport(), sleep=sleep)
        return Box(sim, Just(connection, client, now=lambda: 1_700_000_000.5, sleep=sleep), waits)

    return make


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)
