"""A client of a fresh simulated Ateme+ Cloud API, for the tests of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from headend.simulator import Simulator
from headend.simulator.ateme import Ateme

NOW = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
CREATED = {"name": "matchday", "cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
BODIES = {
    "input": {
        "pull": {"id": "a", "pull_port": 2088, "pull_host": "far.example.com"},
        "push": {"id": "b", "port": 2077, "latency": -1, "password": "canary-password"},
        "srt_pull": {"id": "c", "host": "far.example.com", "port": 9000, "bitrate": 8000},
        "srt_push": {"id": "d", "port": 9001, "encryption_type": 2, "password": "0123456789"},
        "udp_rist": {"id": "e", "port": 1, "rist_remote_port": None},
    },
    "output": {
        "pull": {"port": 2077, "latency": -5, "stream_id": "s"},
        "push": {"id": "o", "host": "cdn.example.com", "port": 2088},
        "rtmp": {"url": "rtmps://live.example.com/app"},
        "srt_pull": {"port": 1025, "latency": 1},
        "srt_push": {"host": "cdn.example.com", "port": 65535, "latency": 599999},
        "udp_rist": {"host": "cdn.example.com", "port": 1025, "fec": 1},
    },
}


class World:
    """A client of a fresh simulator, with one running environment that its token is for."""

    def __init__(self, client: httpx.AsyncClient, simulator: Simulator, sim: Ateme) -> None:
        self.client, self.simulator, self.sim = client, simulator, sim

    async def call(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        answer = await self.client.request(method, f"/api/{path}", json=body)
        assert status is None or answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def log_in(self, email: str = "noc@example.com") -> str:
        body = {"email": email, "password": "simulated-password"}
        token: str = (await self.call("POST", "login", body, 200))["jwt_token"]
        return self.use(token)

    def use(self, token: str) -> str:
        self.client.headers["Authorization"] = f"Bearer {token}"
        return token

    async def environment(self, name: str = "matchday") -> str:
        id = (await self.call("POST", "customer_environment", CREATED | {"name": name}, 202))["environment_id"]
        while (await self.call("GET", f"customer_environment/{id}", None, 200))["status"] == "creating":
            pass
        await self.enter(id)
        return str(id)

    async def enter(self, id: str) -> str:
        answer = await self.call("POST", "user/active_environment", {"environment_id": id}, 200)
        return self.use(answer["jwt_token"])

    async def make(self, noun: str, kind: str) -> str:
        return str((await self.call("POST", f"{noun}s/{kind}", BODIES[noun][kind], 201))[f"{noun}_id"])


def run(
    body: Callable[[World], Awaitable[None]], *, running: bool = True, now: Any = None, **switches: Any
) -> Simulator:
    simulator = Simulator({"ateme": switches}, classes=[Ateme], now=lambda: NOW)
    sim = simulator.sims["ateme"]
    assert isinstance(sim, Ateme)

    async def go() -> None:
        base = simulator.settings()["HEADEND_ATEME_URL"]
        async with httpx.AsyncClient(transport=simulator.transport(), base_url=base) as client:
            world = World(client, simulator, sim)
            await world.log_in()
            if running:
                await world.environment()
            await body(world)

    asyncio.run(go())
    return simulator
