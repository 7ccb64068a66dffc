"""Pulumi's side: `provider.py VERB KIND STACK STATE BENCH` makes an engine's calls to the SDK's provider server.

It starts a server, as the engine does for each phase, and prints what this cost, as JSON. `nothing` as the kind stands
for a provider that does nothing. BENCH is the address of the bench's server.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import resource
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nothing import Nothing

import pulumi_wire
from headend.core.stackfile import load
from pulumi_wire import Engine, Live

AT_ONCE = 16  # calls of an engine, where it waits for none


def main(verb: str, who: str, file: Path, kept: Path, bench: str) -> None:
    settings = {name: value for name, value in os.environ.items() if name.startswith("HEADEND_")}
    if who == "nothing":
        pulumi_wire.PROVIDERS = dict.fromkeys(pulumi_wire.PROVIDERS, Nothing())
    state = {address: Live(**of) for address, of in json.loads(kept.read_text()).items()} if kept.exists() else {}
    with contextlib.ExitStack() as stacked:
        started = time.perf_counter()
        engine = stacked.enter_context(pulumi_wire.provider(settings))
        took = time.perf_counter() - started
        engine.state |= state
        calls = _CALLS[verb](engine, file)
        with contextlib.closing(urllib.request.urlopen(f"{bench}/bench/counts")):  # noqa: S310  what the program asked is its own
            started = time.perf_counter()
        calls()
        took += time.perf_counter() - started
        peak = _peak(engine.process.pid)
    kept.write_text(json.dumps({address: dataclasses.asdict(live) for address, live in engine.state.items()}))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {"seconds": took, "cpu": used.ru_utime + used.ru_stime, "mib": (peak or used.ru_maxrss) / 1024}
    print(json.dumps(cost))


def _peak(pid: int) -> int:
    """The most memory that a running process had, in KiB; 0 where the system doesn't tell it. What is told of a child
    after its end is at least what this process has."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def _up(engine: Engine, file: Path) -> Callable[[], None]:
    """Creations side by side; checks and diffs one after the other, as engines ask for diffs."""
    declared = list(engine.declared(load(file)))
    parents = {address for one in declared for addresses in one.depends.values() for address in addresses}

    def put(one: Any) -> None:
        engine.put(one.address, one.kind, one.properties(engine.stands_for))

    at_once = 1 if engine.state else AT_ONCE

    def calls() -> None:
        for one in [one for one in declared if one.address in parents]:
            put(one)
        side_by_side(put, [one for one in declared if one.address not in parents], at_once)

    return calls


def _refresh(engine: Engine, file: Path) -> Callable[[], None]:
    def read(live: Live) -> None:
        id, _, outputs = engine.read(live.kind, live.id, live.outputs)
        if not id:
            raise SystemExit(f"{live.kind} {live.id} is gone")
        engine.diff(live.kind, live.id, outputs, live.inputs)

    return lambda: side_by_side(read, engine.state.values(), AT_ONCE)


def _destroy(engine: Engine, file: Path) -> Callable[[], None]:
    first = next(iter(engine.state))

    def calls() -> None:
        side_by_side(engine.delete, [address for address in engine.state if address != first], AT_ONCE)
        engine.delete(first)

    return calls


_CALLS = {"up": _up, "refresh": _refresh, "destroy": _destroy}


def side_by_side(call: Callable[[Any], Any], items: Iterable[Any], at_once: int) -> None:
    with ThreadPoolExecutor(at_once) as pool:
        for done in [pool.submit(call, item) for item in items]:
            done.result()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), sys.argv[5])
