"""What apply is doing: a live view on a terminal, lines on stderr elsewhere, with a sign of life from long steps."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headend.cli.echo import echo
from headend.core.model.printable import printable
from headend.core.reconcile.apply import Event

if TYPE_CHECKING:
    from rich.table import Table

HEARTBEAT = 30.0  # seconds of silence from a running step, in a log, that are too many
ROWS = 12  # running steps that the live view shows; the rest is counted
_STYLES = {"done": "green", "failed": "bold red", "skipped": "yellow", "warning": "yellow"}


@dataclass
class _Running:
    """A step that has begun. message: what it waits for."""

    event: Event
    began: float
    said: float
    message: str = ""

    def line(self, now: float) -> str:
        waited = f": {self.message}" if self.message else ""
        return f"{self.event.address}: {self.event.action} still running after {lasted(now - self.began)}{waited}"


@dataclass
class Progress:
    """Lines for a log. What a step waits for is said once, and again only if nothing came for HEARTBEAT seconds."""

    running: dict[str, _Running] = field(default_factory=dict)

    def event(self, event: Event) -> None:
        """Takes what the engine tells."""
        now = time.monotonic()
        known = self.running.get(event.address)
        if event.phase == "start":
            self.running.setdefault(event.address, _Running(event, now - event.seconds, now))
        elif event.phase == "waiting" and known:
            if event.message == known.message:
                return
            known.message, known.said = event.message, now
        elif event.phase in {"done", "failed", "skipped"}:
            self.running.pop(event.address, None)
        self.tell(event)

    def tell(self, event: Event) -> None:
        detail = f": {event.message}" if event.message else ""
        after = "" if event.phase in {"start", "warning", "skipped"} else f" after {lasted(event.seconds)}"
        self.note(f"{event.address}: {event.action} {event.phase}{after}{detail}", _STYLES.get(event.phase, ""))

    def note(self, text: str, style: str = "") -> None:
        """One line, at once."""
        echo(text, err=True)

    async def beat(self) -> None:
        """Until cancelled: a line for each running step that said nothing for too long."""
        while True:
            await asyncio.sleep(HEARTBEAT / 10)
            now = time.monotonic()
            for step in self.running.values():
                if now - step.said >= HEARTBEAT:
                    step.said = now
                    self.note(step.line(now))


class LiveProgress(Progress):
    """For a terminal: what ended scrolls by, what runs stays below with its time and what it waits for."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__init__()
        console = Console(stderr=True, soft_wrap=True)
        self.live = Live(console=console, get_renderable=self.table, refresh_per_second=4, transient=True)

    def tell(self, event: Event) -> None:
        if event.phase not in {"start", "waiting"}:
            super().tell(event)

    def note(self, text: str, style: str = "") -> None:
        from rich.text import Text

        self.live.console.print(Text(printable(text), style))

    async def beat(self) -> None:
        """Nothing to add: the live view counts the seconds by itself."""

    def table(self) -> Table:
        """The running steps, those that run longest first."""
        from rich.table import Table
        from rich.text import Text

        now = time.monotonic()
        table = Table.grid(padding=(0, 2))
        steps = sorted(self.running.values(), key=lambda step: step.began)
        for step in steps[:ROWS]:
            words = (step.event.action.value, step.event.address, lasted(now - step.began), step.message)
            table.add_row(
                *(Text(printable(word), style) for word, style in zip(words, ("cyan", "", "bold", "dim"), strict=True))
            )
        if len(steps) > ROWS:
            table.add_row("", f"and {len(steps) - ROWS} more")
        return table


@contextmanager
def progress() -> Iterator[Progress]:
    """The view that fits stderr."""
    if not sys.stderr.isatty():
        yield Progress()
        return
    shown = LiveProgress()
    with shown.live:
        yield shown


def lasted(seconds: float) -> str:
    """12.3 s, 2 min 05 s, 1 h 02 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
