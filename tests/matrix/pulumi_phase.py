"""A phase of Pulumi's engine over the simulator, in a process of its own: what a provider remembers ends with it.

Engine, the SDK's provider server and the platforms sit in that one process, whose clock jumps over waits. It is forked
by a process that has imported everything.
"""

from __future__ import annotations

import importlib
import io
import json
import multiprocessing
import os
import runpy
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import provider_pb2_grpc

import pulumi_program
import virtual_time
from cli.harness import NO_WAIT
from convergence.test_convergence import side_by_side
from headend.core.stackfile import load
from headend.core.wire.session import Session
from headend.pulumi import program, runtime
from headend.simulator import Entry, Simulator
from headend.simulator.faults import Planted
from matrix.world import adopt_all
from pulumi_records import Ran, Record
from pulumi_stack import PulumiStack
from pulumi_wire import Engine

APART = multiprocessing.get_context("forkserver")
T = TypeVar("T")
Plant = Callable[[Simulator], Planted]


@dataclass(frozen=True)
class Moment:
    """A world, a Pulumi state and the files beside the project that belong together."""

    platform: str
    worlds: dict[str, Any]
    records: dict[str, Record] = field(default_factory=dict)
    doomed: list[Record] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a phase ended. hits: how many calls the fault hit."""

    ran: Ran
    moment: Moment
    journal: list[Entry]
    hits: int


class HereStack(PulumiStack):
    """With the provider server in this process."""

    @contextmanager
    def _provider(self, config: Mapping[str, str]) -> Iterator[Engine]:
        reading, writing = os.pipe()
        printed = io.StringIO()
        self.process = Printed(printed)  # type: ignore[assignment]  # as much of a process as it takes
        stdout = io.TextIOWrapper(os.fdopen(writing, "wb", 0))
        with mock.patch.object(sys, "stdout", stdout), redirect_stderr(printed):
            serve = partial(runpy.run_module, "pulumi.dynamic", run_name="__main__")
            threading.Thread(target=serve, daemon=True).start()
            port = int(os.fdopen(reading).readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                arguments = struct_pb2.Struct()
                arguments.update(dict(config))
                stub.Configure(messages.ConfigureRequest(args=arguments))
                yield Engine(stub, None, self.env, self.home)  # type: ignore[arg-type]  # it has none of its own


@dataclass
class Printed:
    stderr: io.StringIO

    def printed(self, name: str) -> str:
        return self.stderr.getvalue()


def run_phase(moment: Moment, what: str, number: int, plant: Plant | None = None) -> Ended:
    """Runs `up`, `refresh`, `destroy`, or `take over`: an up that has lost its state. number: which state of the
    convergence lists. plant: plants a fault before."""
    return run_apart(_run_here, moment, what, number, plant)


def run_apart(work: Callable[..., T], *args: Any) -> T:
    """What the work gives, done in a process of its own."""
    _start_server()
    ours, theirs = APART.Pipe(duplex=False)
    process = APART.Process(target=_answer, args=(theirs, work, args))
    process.start()
    theirs.close()
    try:
        given: T = ours.recv()
        return given
    finally:
        ours.close()
        process.join()


def _start_server() -> None:
    tests = str(Path(__file__).parents[1])
    with mock.patch.dict(os.environ, {"PYTHONPATH": tests}):
        forkserver.set_forkserver_preload(["matrix.pulumi_warmed"])
        forkserver.ensure_running()


def _answer(connection: Any, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    connection.send(work(*args))
    connection.close()
    os._exit(0)  # the server's threads would wait


def _run_here(moment: Moment, what: str, number: int, plant: Plant | None) -> Ended:
    simulator = Simulator()
    simulator.load(moment.worlds)
    planted = plant(simulator) if plant else None
    env = {"PATH": "/bin", "HEADEND_ALLOW_DELETIONS": "1"} | simulator.settings() | NO_WAIT
    with tempfile.TemporaryDirectory() as folder, chdir(folder), over(simulator, env):
        home = Path(folder)
        restore(home, moment.files)
        stack = HereStack("day", home, env, records=moment.records, doomed=moment.doomed)
        ran = _phases(stack, home, moment.platform, number)[what]()
        after = Moment(moment.platform, simulator.dump(), stack.records, stack.doomed, files(home))
    return Ended(ran, after, simulator.journal, planted.hits if planted else 0)


def _phases(stack: PulumiStack, home: Path, platform: str, number: int) -> dict[str, Callable[[], Ran]]:
    tree, file = side_by_side(importlib.import_module(f"convergence.{platform}"), number), home / "day.yaml"
    file.write_text(json.dumps(tree))  # destroy and refresh read its options

    def up() -> Ran:
        return stack.up(load(file), preview=False)

    def take_over() -> Ran:
        adopt_all(tree, load(file), stack.records)
        file.write_text(json.dumps(tree))
        stack.records = {}
        return up()

    return {"up": up, "take over": take_over, "refresh": stack.refresh, "destroy": stack.destroy}


@contextmanager
def over(simulator: Simulator, env: Mapping[str, str]) -> Iterator[None]:
    """All that headend sends here goes to the simulator, in a time that jumps over waits."""
    loop = virtual_time.Loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    transports = dict.fromkeys(simulator.sims, simulator.transport())
    connected = partial(Session, transports=transports)
    with (
        mock.patch.dict(os.environ, dict(env) | {"PULUMI_PROJECT": "headend"}, clear=True),
        mock.patch.object(runtime, "Session", connected),
        mock.patch.object(program, "Session", connected),
        mock.patch.object(runtime, "_loop", loop),
        mock.patch.object(pulumi_program.asyncio, "run", virtual_time.run),
        mock.patch("time.monotonic", loop.time),
    ):
        yield


def files(home: Path) -> dict[str, bytes]:
    """What lies there. A database that is still being closed takes its log away: then all is read once more."""
    while True:
        try:
            return {str(p.relative_to(home)): p.read_bytes() for p in sorted(home.glob(".headend/*")) if p.is_file()}
        except FileNotFoundError:
            continue


def restore(home: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_bytes(content)
