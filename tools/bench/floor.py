"""The least that the work could cost: `floor.py PLATFORM VERB STACK MEMORY`, a process of its own.

It parses the stack with PyYAML's C loader, and makes only the requests that the work can't do without, over headend's
own transport. It checks nothing, and trusts the platform: what it made is in the file MEMORY.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import yaml
from floors import Floor, Known

from headend.core.wire.http import fast_client


def main(name: str, verb: str, file: Path, memory: Path) -> None:
    known: Known = json.loads(memory.read_text()) if memory.exists() else {}
    asyncio.run(run(name, verb, yaml.load(file.read_text(), Loader=yaml.CSafeLoader), known))
    if verb != "plan":
        memory.write_text(json.dumps(known))


async def run(name: str, verb: str, stack: dict[str, Any], known: Known) -> None:
    made: type[Floor] = importlib.import_module(f"floor_{name}").Floor
    base = os.environ[f"HEADEND_{name.upper()}_URL"]
    async with fast_client(base, httpx.Timeout(60), made.in_flight) as client:
        floor = made(client, base, known)
        groups = floor.groups(stack)
        await floor.look(groups, verb)
        if verb == "apply":
            await floor.apply(groups)
        elif verb == "destroy":
            await floor.destroy(groups)
        elif not floor.is_unchanged(groups):
            raise SystemExit("there is something to do")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
