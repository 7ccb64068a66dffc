"""What headend costs beside the least that the same work could cost, both in the same run. (`make bench`)

The platforms are simulated in a process of their own, behind a socket, each answer 20 ms late. Ratios are what counts:
seconds depend on the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import multiprocessing
import socket
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import yaml

from headend.core.reconcile.apply import apply
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.stackfile import load
from headend.core.wire.client import Client
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.mycujoo.wire import TABLE
from headend.simulator import Simulator

LATENCY = 0.02  # s
GROUPS, EACH, INPUTS = 10, 100, 500
CALLS = 1000
ROWS = 100_000
VIEWERS = """headend: 1
rights_locker:
  stream_limits:
    viewers: {from_file: viewers.csv, key: account, columns: {account_id: account, limit: streams}}
"""


def season() -> dict[str, Any]:
    """A stack of 1,000 action configurations in 10 groups, and 500 inputs in one environment."""
    configurations = {
        f"c{g}-{n}": {"action_id": "act-1", "group_id": f"group-{g}", "title": f"Replay {n}", "fields": {"delay": 1}}
        for g in range(GROUPS)
        for n in range(EACH)
    }
    feeds = {f"feed-{n}": {"variant": "srt_push", "port": 5001 + n} for n in range(INPUTS)}
    environment = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large", "inputs": feeds}
    ateme = {"environments": {"season": environment}}
    return {"headend": 1, "ateme": ateme, "mycujoo": {"action_configurations": configurations}}


def serve(port: int) -> None:
    import uvicorn

    app = Simulator(latency=LATENCY).app
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", interface="asgi3", lifespan="off")


@contextlib.contextmanager
def platforms() -> Iterator[dict[str, str]]:
    """The simulated platforms; gives the settings that lead to them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    process.start()
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield Simulator().settings(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.join()


async def timed(work: Callable[[], Awaitable[Any]], times: int = 1) -> float:
    """Seconds of the fastest of some runs."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        await work()
        took.append(time.perf_counter() - start)
    return min(took)


def best(work: Callable[[], Any], times: int) -> float:
    """As `timed`, for what waits for nothing."""

    async def run() -> None:
        work()

    return asyncio.run(timed(run, times))


def tell(what: str, took: float, reference: float, beside: str) -> None:
    print(f"{what:34} {took:7.2f} s   {took / reference:5.2f} x  {beside} ({reference:.3f} s)", flush=True)


async def over_http(env: dict[str, str], file: Path, state: State) -> None:
    """First apply and unchanged plan, beside a plain loop of as many requests over a bare httpx client."""
    stack = load(file)
    extra = {"ateme": {"poll_interval": 0.1}}

    async def first() -> None:
        async with Session({}, env, redactor=Redactor(), extra=extra) as session:
            outcome = await apply(await make_plan(stack, state, session), stack, state, session)
            if outcome.failed:
                raise SystemExit(f"apply failed: {next(iter(outcome.failed.values()))}")

    async def unchanged() -> None:
        async with Session({}, env, redactor=Redactor(), extra=extra) as session:
            if (await make_plan(stack, state, session)).writes():
                raise SystemExit("the second plan found something to do")

    async def bare(in_flight: int) -> None:
        slots = asyncio.Semaphore(in_flight)
        headers = {"authorization": env["HEADEND_MYCUJOO_API_KEY"]}
        row = TABLE["action_configuration.get"]
        ids = [entry.id for entry in state.records().values() if entry.kind == "mycujoo.action_configuration"]
        async with httpx.AsyncClient(headers=headers, limits=httpx.Limits(max_connections=in_flight)) as client:

            async def one(id: str) -> None:
                async with slots:
                    (await client.get(env["HEADEND_MYCUJOO_URL"] + row.url({"id": id}))).raise_for_status()

            await asyncio.gather(*(one(id) for id in ids))

    applied = await timed(first)
    reads, polite = await timed(lambda: bare(16), 3), await timed(lambda: bare(8), 3)
    plan = await timed(unchanged, 3)
    tell("plan, 1,501 unchanged", plan, reads, "1,000 bare GETs, 16 in flight")
    tell("", plan, polite, "8 in flight, mycujoo's limit")
    tell("first apply of 1,501", applied, reads, "1,000 bare GETs, 16 in flight")
    tell("1,000 bare GETs, 16 in flight", reads, GROUPS * EACH / 16 * LATENCY, "their latency alone")


async def at_a_busy_host() -> None:
    """Calls of a host that takes 100 a second, 100 at once, and answers 429 to the others."""
    tokens, seen, refused = 100.0, time.perf_counter(), 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal tokens, seen, refused
        now = time.perf_counter()
        tokens, seen = min(100.0, tokens + (now - seen) * 100), now
        await asyncio.sleep(LATENCY)
        if tokens < 1:
            refused += 1
            return httpx.Response(429)
        tokens -= 1
        return httpx.Response(200)

    async def calls() -> None:
        transport = httpx.MockTransport(answer)
        async with Client("https://busy.example", platform="mycujoo", transport=transport) as client:
            await asyncio.gather(*(client.send(TABLE["account.list"]) for _ in range(CALLS)))

    tell(f"{CALLS:,} calls, 100 a second taken", await timed(calls), (CALLS - 100) / 100, "the least time")
    print(f"{'':34} {refused / CALLS:7.1%} refused", flush=True)


def at_home(file: Path) -> None:
    """Loading and start-up: no network."""
    text = file.read_text()
    plain = best(lambda: yaml.load(text, Loader=yaml.CSafeLoader), 5)
    tell("load, 1,501 resources", best(lambda: load(file), 5), plain, "CSafeLoader on the same text")
    of_rows(file.parent)
    nothing = best(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), 7)
    for words in (["--help"], ["kinds"], ["validate", str(file)]):
        tell(f"headend {words[0]}", best(lambda words=words: headend(*words), 5), nothing, "python -c pass")


def of_rows(folder: Path) -> None:
    """A hundred thousand stream limits from a CSV file: time, and the most memory beside what is kept."""
    file, table = folder / "viewers.yaml", folder / "viewers.csv"
    file.write_text(VIEWERS)
    table.write_text("account,streams\n" + "".join(f"account-{number},3\n" for number in range(ROWS)))

    def bare() -> list[dict[str, str]]:
        with table.open(newline="") as stream:
            return list(csv.DictReader(stream))

    tell("load, 100,000 rows of CSV", best(lambda: load(file), 2), best(bare, 2), "csv.DictReader on the same file")
    tracemalloc.start()
    stack = load(file)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{'':34} {peak >> 20:7} MiB {peak / kept:5.2f} x  kept: {len(stack.resources):,} resources", flush=True)


def headend(*words: str) -> None:
    command = [sys.executable, "-m", "headend.cli.main", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own command


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, platforms() as env:
        file = Path(folder) / "season.yaml"
        file.write_text(yaml.safe_dump(json.loads(json.dumps(season()))))
        at_home(file)
        asyncio.run(at_a_busy_host())
        with open_state(Path(folder) / "state.db") as state:
            asyncio.run(over_http(env, file, state))


if __name__ == "__main__":
    main()
