"""A world to import from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.harness import World, serve
from headend.simulator import Simulator


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    simulator = Simulator()
    with serve(simulator) as url:
        yield World(simulator, tmp_path, url)
