"""A bench for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("table.bench", "table.rows_known", "table.rows_replaced", "table.rows_sisters")
pytest.register_assert_rewrite("table.rows_unknown")

from table.bench import Bench, open_bench  # noqa: E402  their assertions are to be told like a test's


@pytest.fixture
def bench(engine: str, tmp_path: Path) -> Iterator[Bench]:
    """engine: a parameter of the test."""
    with open_bench(engine, tmp_path) as made:
        yield made
