from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from headend.core.reconcile.state.places import Place, place_of
from stores.servers import KEY, postgres, s3

_numbers = itertools.count(1)


@dataclass
class Servers:
    """Started when they are first asked for, for all tests of a worker."""

    held: ExitStack
    addresses: dict[str, str]
    env: dict[str, str]

    def address(self, sort: str) -> str:
        if sort not in self.addresses:
            if sort == "postgres":
                self.addresses[sort] = self.held.enter_context(postgres())
            else:
                self.addresses[sort], env = self.held.enter_context(s3())
                self.env |= env
        return self.addresses[sort]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with ExitStack() as held:
        yield Servers(held, {}, {})


@pytest.fixture(params=["file", "postgres", "s3"])
def store(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """HEADEND_STATE of a store that is empty, but for what other tests have there under other names."""
    monkeypatch.setenv("HEADEND_STATE_KEY", KEY)
    if request.param == "file":
        return f"{tmp_path}/states/"
    address = servers.address(request.param)
    for name, value in servers.env.items():
        monkeypatch.setenv(name, value)
    return f"{address}{next(_numbers)}-{os.getpid()}/" if request.param == "s3" else address


@pytest.fixture
def stack() -> str:
    """A name that no other test has."""
    return f"day-{next(_numbers)}-{os.getpid()}"


@pytest.fixture
def place(store: str, stack: str) -> Place:
    return place_of(store, stack)
