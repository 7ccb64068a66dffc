"""What apply is doing: a live view on a terminal, lines on stderr elsewhere, with a sign of life from long steps.

Of few steps each event is told. Of many, failures and the first of like warnings are, and now and then how far it is.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headend.cli.echo import echo
from headend.cli.standing import Standing, lasted
from headend.core.model.printable import printable
from headend.core.model.proposal import Action
from headend.core.reconcile.outcome import Event
from headend.reports.alike import FEW, MANY

if TYPE_CHECKING:
    from rich.console import Group

HEARTBEAT = 30.0  # seconds of silence from a running step, in a log, that are too many
EVERY = 10.0  # seconds between two lines that tell how far many steps are
ROWS = 12  # running steps that the live view shows; the rest is counted
LAST = 5  # steps that ended last, which it shows where there are many
_STYLES = {"done": "green", "failed": "bold red", "skipped": "yellow", "warning": "yellow"}
_ENDS = {"done", "failed", "skipped"}


@dataclass(slots=True)
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
    """Lines for a log. What a step waits for is said once, and again only if nothing came for HEARTBEAT seconds.

    total: how many steps there are. every: each event is told, also of many steps.
    """

    total: int
    every: bool = False
    running: dict[str, _Running] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.many = self.total > MANY and not self.every
        self.standing = Standing(time.monotonic())
        self.counts: Counter[str] = Counter()  # by the phase that they ended with
        self.warned: Counter[tuple[Action, str]] = Counter()
        self.replaced: set[str] = set()  # what was made already, and is told of again when the old one is deleted

    def event(self, event: Event) -> None:
        """Takes what the engine tells."""
        now = time.monotonic()
        known = self.running.get(event.address)
        if event.phase == "start":
            if event.address not in self.replaced:
                self.running.setdefault(event.address, _Running(event, now - event.seconds, now))
        elif event.phase == "waiting" and known:
            if event.message == known.message:
                return
            known.message, known.said = event.message, now
        elif event.phase in _ENDS:
            self.running.pop(event.address, None)
            self._count(event)
        if self._is_told(event):
            self.tell(event)

    def _count(self, event: Event) -> None:
        """A replacement may fail when its old object is deleted, which it was done before."""
        if event.address in self.replaced:
            self.counts["done"] -= 1
        elif event.action is Action.REPLACE:
            self.replaced.add(event.address)
        self.counts[event.phase] += 1

    def _is_told(self, event: Event) -> bool:
        """Of many steps: each failure, and the first few of like warnings, and of what was skipped for one reason."""
        if not self.many or event.phase == "failed":
            return True
        if event.phase not in {"warning", "skipped"}:
            return False
        self.warned[event.action, event.message] += 1
        return self.warned[event.action, event.message] <= FEW

    def tell(self, event: Event) -> None:
        detail = f": {event.message}" if event.message else ""
        after = "" if event.phase in {"start", "warning", "skipped"} else f" after {lasted(event.seconds)}"
        self.note(f"{event.address}: {event.action} {event.phase}{after}{detail}", _STYLES.get(event.phase, ""))

    def note(self, text: str, style: str = "") -> None:
        """One line, at once."""
        echo(text, err=True)

    def how_far(self) -> str:
        """`1,204 of 100,000 done, 310/s, about 5 min left; 2 failed of these`."""
        told = self.standing.told(self.counts.total(), self.total, time.monotonic(), " done")
        others = ", ".join(f"{n:,} {phase}" for phase in ("failed", "skipped") if (n := self.counts[phase]))
        return f"{told}; {others} of these" if others else told

    async def beat(self) -> None:
        """Until cancelled: a line for each running step that said nothing for too long; of many, how far they are."""
        told = time.monotonic()
        while True:
            await asyncio.sleep(min(HEARTBEAT / 10, EVERY))
            now = time.monotonic()
            if self.many and now - told >= EVERY:
                told = now
                self.note(self.how_far())
            for step in self._silent(now):
                step.said = now
                self.note(step.line(now))

    def _silent(self, now: float) -> list[_Running]:
        """Running steps that said nothing for too long; of many steps, the ROWS that began first."""
        running = (
            sorted(self.running.values(), key=lambda step: step.began)[:ROWS] if self.many else self.running.values()
        )
        return [step for step in running if now - step.said >= HEARTBEAT]

    def close(self) -> None:
        """What was counted only."""
        for (action, message), count in self.warned.items():
            if count > FEW:
                self.note(f"{count - FEW:,} more like this: {action}: {message}")


class LiveProgress(Progress):
    """For a terminal: what ended scrolls by, or the last of it stays in sight where there is much; what runs stays
    below, with its time and what it waits for, and how far all of it is."""

    def __post_init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__post_init__()
        self.last: deque[Event] = deque(maxlen=LAST)
        console = Console(stderr=True, soft_wrap=True)
        self.live = Live(console=console, get_renderable=self.view, refresh_per_second=4, transient=True)

    def event(self, event: Event) -> None:
        if self.many and event.phase in _ENDS:
            self.last.append(event)
        super().event(event)

    def tell(self, event: Event) -> None:
        if event.phase not in {"start", "waiting"}:
            super().tell(event)

    def note(self, text: str, style: str = "") -> None:
        from rich.text import Text

        self.live.console.print(Text(printable(text), style))

    async def beat(self) -> None:
        """Nothing to add: the live view counts by itself."""

    def view(self) -> Group:
        """What ended last, the running steps, those that run longest first, and how far it is."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        now = time.monotonic()
        table = Table.grid(padding=(0, 2), expand=True)
        for ratio in (None, None, None, 1):  # what a step waits for takes what its address leaves
            table.add_column(no_wrap=ratio is None, ratio=ratio)

        def row(*words: str, styles: tuple[str, ...]) -> None:
            table.add_row(*(Text(printable(word), style) for word, style in zip(words, styles, strict=True)))

        for event in tuple(self.last):
            style = _STYLES[event.phase]
            row(event.phase, event.address, lasted(event.seconds), "", styles=(style, "dim", "dim", ""))
        steps = sorted(self.running.values(), key=lambda step: step.began)
        for step in steps[:ROWS]:
            words = (step.event.action.value, step.event.address, lasted(now - step.began), step.message)
            row(*words, styles=("cyan", "", "bold", "dim"))
        if len(steps) > ROWS:
            table.add_row("", f"and {len(steps) - ROWS:,} more")
        return Group(table, Text(self.how_far(), "bold"))


@contextmanager
def progress(total: int, *, every: bool = False) -> Iterator[Progress]:
    """The view that fits stderr. total, every: see `Progress`."""
    if not sys.stderr.isatty():
        shown = Progress(total, every)
        yield shown
    else:
        shown = LiveProgress(total, every)
        with shown.live:
            yield shown
    shown.close()
