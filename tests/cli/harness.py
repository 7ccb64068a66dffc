"""Simulated platforms behind a real socket, and headend's commands against them: in this process, or in one to kill."""

from __future__ import annotations

import asyncio
import importlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import uvicorn

from headend.cli.main import main
from headend.simulator import Simulator

NO_WAIT = {"HEADEND_ATEME_POLL_INTERVAL": "0", "HEADEND_MYCUJOO_POLL_INTERVAL": "0"}
COMMAND = [sys.executable, "-m", "headend.cli.main"]


@dataclass
class Ran:
    """What a command ended with."""

    code: int
    out: str
    err: str


@dataclass
class World:
    """The platforms, and a directory to type commands in. env: what the shell would hold, to be changed by tests."""

    simulator: Simulator
    home: Path
    url: str
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADEND_")}
        self.env = kept | self.simulator.settings(self.url) | NO_WAIT

    def __call__(self, *words: str, **env: str) -> Ran:
        """Runs a command in this process: same code from `main` on, without the start-up of another Python."""
        out, err, code = StringIO(), StringIO(), 0
        with (
            mock.patch.dict(os.environ, self.env | env, clear=True),
            mock.patch.object(sys, "argv", ["headend", *words]),
            chdir(self.home),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ran(code, out.getvalue(), err.getvalue())

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Starts a command as a process of its own."""
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.home,
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, name: str, text: str) -> Path:
        path = self.home / name
        path.write_text(text)
        return path

    def alive(self) -> dict[str, list[str]]:
        """Ids of what exists on the platforms, by table."""
        dumped = self.simulator.dump()
        tables: dict[str, Any] = {t: dumped["ateme"][t] for t in ("environments", "inputs", "outputs", "schedules")}
        tables |= {"configurations": dumped["mycujoo"]["configurations"], **dumped["rights_locker"]}
        return {
            name: sorted(id.rpartition("/")[2] for id, row in rows.items() if not (isinstance(row, dict) and gone(row)))
            for name, rows in tables.items()
            if name != "counters"
        }


def gone(row: dict[str, Any]) -> bool:
    return bool(row.get("is_deleted")) or row.get("status") in {"deleted", "deleting"}


def living(worlds: dict[str, Any]) -> dict[str, Any]:
    """Every table's rows that are not deleted, but for what platforms write for themselves, or keep for good."""
    found: dict[str, Any] = {}
    for platform, tables in worlds.items():
        lasting = {"counters", *getattr(importlib.import_module(f"convergence.{platform}"), "LASTING", ())}
        for table, rows in tables.items():
            if isinstance(rows, dict) and table not in lasting:
                found[f"{platform}.{table}"] = sorted(
                    id for id, row in rows.items() if not (isinstance(row, dict) and row.get("is_deleted"))
                )
    return found


class _Server(uvicorn.Server):
    """Begins and ends at once; uvicorn's own would look ten times a second whether it should, and wait for clients."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = threading.Event()

    async def main_loop(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        await self.on_tick(0)  # makes the headers of all answers
        self.begun.set()
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)


@contextmanager
def serve(simulator: Simulator) -> Iterator[str]:
    """Serves it on a free port of this machine, in a thread; gives its address."""
    server = _Server(uvicorn.Config(simulator.app, port=0, log_config=None, lifespan="off", interface="asgi3"))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.begun.wait(60)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.stop()
        thread.join()
