"""A simulated Straas with a client on it; nothing ever really waits, and the clock stands still unless it is set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from headend.core.wire.client import Client
from headend.simulator.app import Simulator
from headend.simulator.straas import StraasSim
from headend.straas.api import Straas
from headend.straas.settings import StraasSettings

ENV = "HEADEND_STRAAS_"


@dataclass
class Clock:
    """The platform's time, and how far the one here is off it."""

    time: datetime = datetime(2026, 11, 28, 18, 0, tzinfo=UTC)
    off: float = 0.0

    def there(self) -> datetime:
        return self.time

    def here(self) -> float:
        return self.time.timestamp() + self.off

    def passes(self, **span: float) -> None:
        self.time += timedelta(**span)


@dataclass
class Account:
    """sim: the whole simulator. api: the client. requests: as they left. waits: seconds of each wait asked for."""

    sim: Simulator
    api: Straas
    clock: Clock
    waits: list[float]
    requests: list[httpx.Request] = field(default_factory=list)

    @property
    def platform(self) -> StraasSim:
        found = self.sim.sims["straas"]
        assert isinstance(found, StraasSim)
        return found

    @property
    def calls(self) -> list[str]:
        return [entry.key for entry in self.sim.journal]

    def run(self, *work: Coroutine[Any, Any, Any]) -> Any:
        """The result of one call; of several that run side by side, a list."""

        async def go() -> list[Any]:
            return await asyncio.gather(*work)

        results = asyncio.run(go())
        return results[0] if len(work) == 1 else results


class Watched(httpx.AsyncBaseTransport):
    """Notes every request on its way to the simulator."""

    def __init__(self, inner: httpx.AsyncBaseTransport, seen: list[httpx.Request]) -> None:
        self.inner, self.seen = inner, seen

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return await self.inner.handle_async_request(request)


@pytest.fixture
def straas() -> Callable[..., Account]:
    """straas(settings={...}, **switches) -> Account."""

    def make(settings: dict[str, Any] | None = None, **switches: Any) -> Account:
        clock = Clock()
        sim = Simulator({"straas": switches}, classes=[StraasSim], now=clock.there)
        waits: list[float] = []
        requests: list[httpx.Request] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        given = {name.removeprefix(ENV).lower(): value for name, value in sim.settings().items()}
        connection = StraasSettings(**(given | (settings or {})))
        transport = Watched(sim.transport(), requests)
        client = Client(connection.url, platform="straas", transport=transport, sleep=sleep)
        return Account(sim, Straas(connection, client, clock.here), clock, waits, requests)

    return make
