"""The least that the work could cost: `floor.py PLATFORM PHASE STACK MEMORY`, a process of its own.

It parses the stack with PyYAML's C loader, and makes only the requests that the work can't do without, over headend's
own transport. It checks nothing, and trusts the platform: what it made is in the file MEMORY.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import httpx
import yaml

from headend.core.wire.http import fast_client

Known = dict[str, Any]
"""Address -> [id, what was last written]."""


class Platform(Protocol):
    """What a floor knows of a platform; its module also says how many requests are IN_FLIGHT."""

    def objects(self, stack: dict[str, Any]) -> list[dict[str, dict[str, Any]]]:
        """Address -> object, in groups: what is in a later one refers to earlier ones."""

    async def look(self, known: Known) -> None:
        """Makes the reads that show what is known, and gets in where that takes requests."""

    async def create(self, address: str, wanted: dict[str, Any]) -> Any: ...

    async def update(self, address: str, id: Any, wanted: dict[str, Any]) -> None: ...

    async def delete(self, address: str, id: Any) -> None: ...


class Client:
    """Requests with a platform's headers, that many at once."""

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self.client, self.base = client, base
        self.headers: dict[str, str] = {}

    async def send(self, method: str, path: str, **options: Any) -> Any:
        answer = await self.client.request(method, self.base + path, headers=self.headers, **options)
        if answer.is_error:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


async def each(items: Iterable[Any], work: Callable[..., Awaitable[None]], in_flight: int) -> None:
    """Does the work for each item, as tuple of arguments, that many at once."""
    left = iter(items)

    async def some() -> None:
        for item in left:
            await work(*item)

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(some())


def main(name: str, phase: str, file: Path, memory: Path) -> None:
    known: Known = json.loads(memory.read_text()) if memory.exists() else {}
    asyncio.run(run(name, phase, yaml.load(file.read_text(), Loader=yaml.CSafeLoader), known))
    if phase != "plan":
        memory.write_text(json.dumps(known))


async def run(name: str, phase: str, stack: dict[str, Any], known: Known) -> None:
    """What is known is changed as the platform is."""
    module = importlib.import_module(f"floor_{name}")
    base = os.environ[f"HEADEND_{name.upper()}_URL"]
    async with fast_client(base, httpx.Timeout(60), module.IN_FLIGHT) as client:
        platform: Platform = module.Floor(Client(client, base))
        await platform.look(known)
        groups = platform.objects(stack)
        if phase == "apply":
            await _apply(platform, groups, known, module.IN_FLIGHT)
        elif phase == "destroy":
            for group in reversed(groups):
                gone = [(address, known.pop(address)[0]) for address in group]
                await each(gone, platform.delete, module.IN_FLIGHT)
        elif any(known[address][1] != wanted for group in groups for address, wanted in group.items()):
            raise SystemExit("there is something to do")


async def _apply(platform: Platform, groups: list[Any], known: Known, in_flight: int) -> None:
    async def put(address: str, wanted: dict[str, Any]) -> None:
        if address not in known:
            known[address] = [await platform.create(address, wanted), wanted]
        elif known[address][1] != wanted:
            await platform.update(address, known[address][0], wanted)
            known[address][1] = wanted

    for group in groups:
        await each(group.items(), put, in_flight)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
