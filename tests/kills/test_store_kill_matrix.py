"""The kill matrix over stores that a team shares: killed before and after each request and each commit."""

from __future__ import annotations

import os
from typing import Any

import pytest

from headend.core.reconcile.state.places import StoreUrl
from kills.test_kill_matrix import THOROUGH, Matrix
from stores.servers import KEY

SAMPLE = 3


@pytest.mark.parametrize("sort", ["postgres", "s3"])
def test_a_run_killed_anywhere_is_gone_on_with(
    sort: str, servers: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADEND_STATE_KEY", KEY)
    address = servers.address(sort)
    for name, value in servers.env.items():
        monkeypatch.setenv(name, value)
    url = f"{address}kills-{os.getpid()}/" if sort == "s3" else address
    matrix = Matrix(tmp_path, StoreUrl(url, f"kills-{os.getpid()}"))
    for destroy, start in ((False, matrix.empty), (True, matrix.applied)):
        count = len(matrix.points(start, destroy=destroy))
        step = 1 if THOROUGH else max(1, count // SAMPLE)
        tried = range(1 if THOROUGH else 1 + count % step, count + 1, step)
        wrong = [said for at in tried if (said := matrix.goes_on(start, at, destroy=destroy))]
        print(f"{sort}, {'destroy' if destroy else 'apply'}: {len(tried)} of {count} points, {len(wrong)} failures")
        assert wrong == []
