"""Whole processes, and what they cost.

This process stays small: on Linux the peak memory of a child begins with its parent's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TREE = HERE.parents[1]
LATENCY = 0.02  # s, before each answer of a platform
BURST = 100  # requests that a busy host takes at once


@dataclass
class Cost:
    """What a process cost. cpu: user and system, seconds. mib: the most memory that it had. requests: that platforms
    answered; refused: with 429. late: it was killed."""

    seconds: float
    cpu: float = 0.0
    mib: float = 0.0
    requests: int = 0
    refused: int = 0
    late: bool = False


class Failed(Exception):
    """A process that should have succeeded."""


def environment(tree: Path = TREE, **more: str) -> dict[str, str]:
    """Of a process that imports headend, and the tests' engine, from that tree."""
    dropped = ("HEADEND_", "PYTHONDONTWRITEBYTECODE")  # who uses headend doesn't compile it each time
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | {"PYTHONPATH": os.pathsep.join(map(str, (tree / "providers", tree / "tests", HERE)))} | more


def run(command: Sequence[str], env: Mapping[str, str], folder: Path, patience: float = 600.0) -> Cost:
    """Runs a command to its end, or for that many seconds. What it said is in said.txt. Raises Failed."""
    said = folder / "said.txt"
    with said.open("wb") as out:
        started = time.perf_counter()
        process = subprocess.Popen(command, env=dict(env), cwd=folder, stdout=out, stderr=out)  # noqa: S603
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(patience, end)
        timer.start()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not late.is_set():
        raise Failed(f"{' '.join(command)}: exit {process.returncode}\n{said.read_text()[-2000:]}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, late=late.is_set())


class Platforms:
    """The simulated platforms. settings: what leads to them."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.settings: dict[str, str] = {}

    def renew(self, kind: str, size: int, rate: float = 0.0) -> None:
        """A new world for a stack of that many objects of the kind. rate: requests a second that it takes, 0 = all."""
        given = self._call("/bench/world", {"kind": kind, "size": size, "rate": rate})
        where = {name: self.base + value if name.endswith("_URL") else value for name, value in given.items()}
        self.settings = where | {"HEADEND_ATEME_POLL_INTERVAL": "0.05"}
        self.counts()

    def counts(self) -> dict[str, int]:
        """Requests, and those that were refused, since the last look."""
        found: dict[str, int] = self._call("/bench/counts")
        return found

    def _call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.base + path, data) as answer:  # noqa: S310  our own server
            return json.loads(answer.read())


@contextmanager
def platforms() -> Iterator[Platforms]:
    """Always those of this tree, whichever headend is measured."""
    command = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield Platforms(int(process.stdout.readline()))
        finally:
            process.terminate()
