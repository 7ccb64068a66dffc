"""What plan, drift and status say while they read: nothing, unless that takes long."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headend.cli.echo import echo
from headend.cli.standing import Standing
from headend.core.model.tally import Tally

QUIET = 3.0  # seconds in which nothing is said
EVERY = 10.0  # seconds between two lines of a log


@asynccontextmanager
async def reading() -> AsyncIterator[Tally]:
    """The tally that is told of, on stderr, for as long as the block lasts."""
    tally = Tally()
    telling = asyncio.ensure_future(_tell(tally))
    try:
        yield tally
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _tell(tally: Tally) -> None:
    """Until cancelled: one line that changes on a terminal, one now and then elsewhere."""
    standing = Standing(time.monotonic())

    def line() -> str:
        return f"reading {standing.told(tally.done, tally.total, time.monotonic())}"

    await asyncio.sleep(QUIET)
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(stderr=True)
        with Live(console=console, get_renderable=lambda: Text(line()), refresh_per_second=4, transient=True):
            await asyncio.Event().wait()
    while True:
        if tally.total:
            echo(line(), err=True)
        await asyncio.sleep(EVERY)
