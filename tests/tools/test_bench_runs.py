"""The bench runs; what it measures is for people to judge."""

from __future__ import annotations

import subprocess
import sys

from commands import ROOT


def test_the_bench_runs() -> None:
    command = [sys.executable, str(ROOT / "tools" / "bench"), "--only", "ateme.input", "--sizes", "5", "--lives", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ateme.input, N = 5" in done.stdout
    for phase, requests in {"first apply": 11, "plan, unchanged": 4, "1 % changed": 5, "destroy": 10}.items():
        row = next(line for line in done.stdout.splitlines() if line.strip().startswith(phase))
        assert row.endswith(f"/ {requests}"), row
