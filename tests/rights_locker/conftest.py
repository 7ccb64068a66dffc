"""A simulated Rights Locker with a client on it; nothing ever really waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from headend.core.wire.client import Client
from headend.rights_locker.api import RightsLocker
from headend.rights_locker.settings import RightsLockerSettings
from headend.rights_locker.terms import TERMS
from headend.simulator.app import Simulator
from headend.simulator.rights_locker import RightsLockerSim

ENV = "HEADEND_RIGHTS_LOCKER_"


@dataclass
class Locker:
    """sim: the whole simulator. api: the client. waits: seconds of each wait that was asked for."""

    sim: Simulator
    api: RightsLocker
    waits: list[float]

    @property
    def calls(self) -> list[str]:
        return [entry.key for entry in self.sim.journal]

    @property
    def writes(self) -> list[str]:
        return [entry.key for entry in self.sim.writes()]

    def grants(self, account_id: str = "v1") -> dict[str, dict[str, Any]]:
        """{`kind/content/product`: terms} of an account, as the simulator stores them."""
        return {
            f"{kind}/{key}": {name: value for name, value in row.items() if name in TERMS}
            for kind, rows in self.world("entitlements").get(account_id, {}).items()
            for key, row in rows.items()
        }

    def world(self, part: str) -> dict[str, Any]:
        """{account id: value} of limits, categories or entitlements."""
        world = self.sim.sims["rights_locker"].world[part]
        return {key.partition("/")[2]: value for key, value in world.items()}


@pytest.fixture
def locker() -> Callable[..., Locker]:
    """locker(settings={...}, **switches) -> Locker."""

    def make(settings: dict[str, Any] | None = None, **switches: Any) -> Locker:
        sim = Simulator({"rights_locker": switches}, classes=[RightsLockerSim])
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        given = {name.removeprefix(ENV).lower(): value for name, value in sim.settings().items()}
        connection = RightsLockerSettings(**(given | (settings or {})))
        client = Client(connection.url, platform="rights_locker", transport=sim.transport(), sleep=sleep)
        return Locker(sim, RightsLocker(connection, client, sleep=sleep), waits)

    return make
