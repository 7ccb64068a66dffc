"""A simulated mycujoo, and the API over it, for tests of single kinds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from headend.core.model.fields import Spec
from headend.core.model.kind import Kind, kinds
from headend.core.model.observed import Change, Observed
from headend.core.wire import registry
from headend.core.wire.client import Client
from headend.mycujoo.api import MycujooApi
from headend.mycujoo.platform import PLATFORM
from headend.mycujoo.settings import MycujooSettings
from headend.simulator.app import Simulator
from headend.simulator.base import CREDENTIALS
from headend.simulator.mycujoo import MycujooSim

tuple(registry.kinds().values())  # so that they are known
KEY = CREDENTIALS["mycujoo"]["HEADEND_MYCUJOO_API_KEY"]


def quiet(_: str) -> None:
    """Nobody listens."""


async def at_once(_: float) -> None:
    """No waiting in tests."""


class Bench:
    """A simulator, and the API over it; `counts` are the requests of the last script by operation."""

    def __init__(self, **switches: Any) -> None:
        self.sim = Simulator({"mycujoo": switches}, classes=[MycujooSim])
        found = self.sim.sims["mycujoo"]
        assert isinstance(found, MycujooSim)
        self.mycujoo, self.world = found, found.world
        self.counts: dict[str, int] = {}

    def run(self, script: Callable[[MycujooApi], Awaitable[Any]], **settings: Any) -> Any:
        async def main() -> Any:
            url = self.sim.settings()["HEADEND_MYCUJOO_URL"]
            given = MycujooSettings(**({"url": url, "api_key": KEY, "poll_interval": 0} | settings))
            client = Client(given.url, platform="mycujoo", transport=self.sim.transport(), sleep=at_once)
            async with client:
                try:
                    return await script(PLATFORM.connect(given, client))
                finally:
                    self.counts = dict(client.sent)

        return asyncio.run(main())

    def made(self, name: str, wanted: Spec) -> tuple[Observed, Observed]:
        """What creation gives, and what there is once it is complete."""
        kind: Kind[Any, Any] = kinds[name]

        async def script(api: MycujooApi) -> tuple[Observed, Observed]:
            made = await kind.create(api, wanted)
            return made, await kind.complete(api, made.id, wanted, quiet)

        found: tuple[Observed, Observed] = self.run(script)
        return found


def changes(*fields: str) -> list[Change]:
    return [Change((field,), None, None) for field in fields]
