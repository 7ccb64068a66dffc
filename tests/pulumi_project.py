"""A Pulumi project in a folder of its own, brought up by the real engine against simulated platforms."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.harness import NO_WAIT, gone, living, serve
from headend.simulator import Simulator
from headend.simulator.app import Entry

STACKS = Path(__file__).parents[1] / "stacks"
CLI = [
    pytest.mark.pulumi_cli,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="no `pulumi` command on PATH"),
]
"""The marks of every test that needs the engine."""


@dataclass
class Project:
    """The project's folder and state, the platforms, and what the shell would hold. env: to be changed by tests."""

    simulator: Simulator
    home: Path
    env: dict[str, str]
    stack: str = "day"

    def __call__(self, *words: str, fails: bool = False, env: Mapping[str, str] | None = None) -> str:
        """Runs `pulumi WORDS`; insists on how it ends and gives all that was printed. env: for this one run."""
        done = subprocess.run(
            self._command(*words),
            cwd=self.home,
            env=self.env | dict(env or {}),
            capture_output=True,
            text=True,
            timeout=300,
        )
        said = done.stdout + done.stderr
        assert bool(done.returncode) is fails, said
        return said

    def _command(self, *words: str) -> list[str]:
        return ["pulumi", *words, "--non-interactive", "--stack", self.stack]

    def up(self, *flags: str, fails: bool = False, env: Mapping[str, str] | None = None) -> str:
        return self("up", "--yes", "--skip-preview", *flags, fails=fails, env=env)

    def refresh(self, fails: bool = False, env: Mapping[str, str] | None = None) -> str:
        return self("refresh", "--yes", "--skip-preview", fails=fails, env=env)

    def destroy(self, fails: bool = False, env: Mapping[str, str] | None = None) -> str:
        return self("destroy", "--yes", "--skip-preview", fails=fails, env=env)

    def begin(self, state: str) -> None:
        """A stack in a state of its own."""
        (self.home / state).mkdir()
        self.env["PULUMI_BACKEND_URL"] = (self.home / state).as_uri()
        self("stack", "init")

    def select(self, stack: str) -> None:
        """Another stack of the same state, from now on."""
        self.stack = stack
        self("stack", "init")

    def preview(self, env: Mapping[str, str] | None = None) -> dict[str, int]:
        """What a preview would do: {"same": 8, ...}."""
        printed = self("preview", "--json", env=env)
        document = json.loads(printed[printed.index("{") :])
        return dict(document["changeSummary"])

    def urn(self, address: str) -> str:
        """The engine's name of a resource."""
        (urn,) = (r["urn"] for r in self.resources() if r["urn"].endswith(f"::{address}"))
        return str(urn)

    def ids(self) -> dict[str, str]:
        """address -> id, of what state has."""
        return {r["urn"].split("::")[3]: r["id"] for r in self.resources() if "dynamic/headend:" in r["urn"]}

    def resources(self) -> list[dict[str, Any]]:
        """What state has, as the engine exports it."""
        return list(json.loads(self("stack", "export"))["deployment"]["resources"])

    def killed_at(self, key: str) -> None:
        """Runs `up`, and kills the engine with all its processes after the platform has answered that operation."""
        killed = threading.Event()

        def kill(entry: Entry) -> None:
            if entry.key == key and not killed.is_set():
                time.sleep(0.5)  # the engine's own state file is whole while it has nothing to write
                os.killpg(process.pid, signal.SIGKILL)
                killed.set()

        self.simulator.observers.append(kill)
        process = subprocess.Popen(
            self._command("up", "--yes", "--skip-preview"),
            cwd=self.home,
            env=self.env,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
        process.wait(timeout=120)
        assert killed.is_set()
        self.simulator.observers.remove(kill)
        self("cancel", "--yes")  # the lock of the killed engine

    def write(self, text: str) -> None:
        """The stack file."""
        (self.home / f"{self.stack}.yaml").write_text(text)

    def alive(self) -> list[str]:
        """What exists on the platforms."""
        worlds = self.simulator.dump()
        tables = {t: worlds["ateme"][t] for t in ("environments", "inputs", "outputs", "schedules")}
        tables |= {"configurations": worlds["mycujoo"]["configurations"]}
        return [id for rows in tables.values() for id, row in rows.items() if not gone(row)]

    def living(self) -> dict[str, Any]:
        """Ids of what exists on the platforms, of every kind, by table."""
        return living(self.simulator.dump())

    def row(self, platform: str, table: str) -> Any:
        """The only row of a table, to be looked at or changed behind everybody's back."""
        (row,) = self.simulator.sims[platform].world[table].values()
        return row


@contextmanager
def pulumi_project(home: Path) -> Iterator[Project]:
    """A project with an empty stack `day`. Its stack file is still to be written."""
    simulator = Simulator()
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(STACKS / name, home / name)
    with serve(simulator) as url:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("HEADEND_", "PULUMI_"))}
        env |= (
            simulator.settings(url)
            | NO_WAIT
            | {
                "PULUMI_CONFIG_PASSPHRASE": "canary-passphrase",
                "PULUMI_HOME": str(home / "home"),
                "PULUMI_PYTHON_CMD": sys.executable,
                "PULUMI_SKIP_UPDATE_CHECK": "1",
            }
        )
        project = Project(simulator, home, env)
        project.begin("state")
        yield project
