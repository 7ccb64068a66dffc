"""A simulated platform, and a client that waits for nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from headend.ateme.api import Ateme, connect
from headend.ateme.environment import Environment, EnvironmentKind
from headend.ateme.settings import AtemeSettings
from headend.core.wire.client import Client
from headend.simulator import Simulator

Opened = Callable[..., AbstractAsyncContextManager[tuple[Ateme, Simulator]]]


@pytest.fixture
def opened() -> Opened:
    """opened(switches, **settings): the client and the simulator behind it."""

    @asynccontextmanager
    async def open_(switches: dict[str, Any] | None = None, **settings: Any) -> AsyncIterator[tuple[Ateme, Simulator]]:
        simulator = Simulator({"ateme": switches or {}})
        given = simulator.settings()
        login = {name: given[f"HEADEND_ATEME_{name.upper()}"] for name in ("url", "email", "password")}
        made = AtemeSettings(**{**login, "poll_interval": 0, **settings})
        async with Client(made.url, platform="ateme", transport=simulator.transport()) as client:
            yield connect(made, client), simulator

    return open_


@pytest.fixture
def environment() -> Callable[..., Any]:
    """environment(api, name): the id of a new running environment."""

    async def make(api: Ateme, name: str = "matchday-eu", state: str = "started") -> str:
        kind = EnvironmentKind()
        spec = Environment(name=name, cloud_provider="aws", region="eu-west-1", instance_type_id="large", state=state)
        made = await kind.create(api, spec)
        return (await kind.complete(api, made.id, spec, lambda _: None)).id

    return make
