"""The real engine's project, for the tests that need it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_project import Project, pulumi_project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with pulumi_project(tmp_path) as made:
        yield made
