"""status: what runs now."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headend.cli.faults import new_redactor
from headend.cli.loading import load_stack
from headend.cli.options import (
    File,
    Flags,
    Format,
    MaxRps,
    Parallelism,
    Patience,
    Simulated,
    StackName,
    Target,
    Var,
    Verbose,
    rates,
)
from headend.cli.reading import reading
from headend.cli.run import glimpsed, looking, state_place, stop_on_interrupt
from headend.cli.status_view import Shown, screen
from headend.core.model.errors import ApiError, StateError
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.model.tally import Tally
from headend.core.reconcile.state import peek
from headend.core.reconcile.status import Look, Sight, look

if TYPE_CHECKING:
    from headend.core.wire.session import Session

NOT_AS_WANTED = 1  # exit code


def status(
    file: File,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    patience: Patience = None,
    max_rps: MaxRps = None,
    target: Target = None,
    format: Annotated[Format, typer.Option("--format", help="How to print it; json with --watch: a line each.")] = (
        Format.TEXT
    ),
    verbose: Verbose = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")] = False,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks, with --watch.")] = 5.0,
) -> None:
    """Shows what the stack's objects do now, what is on air and until when, and what comes next. Writes nothing.

    Exit 0: all is as the stack wants it. 1: something doesn't run as the stack wants, or runs although the stack wants
    it stopped, is missing, or can't be read. Other differences are no alarm: `drift` tells them. Works while an apply
    runs; without the state's file, objects are found by their names. With --watch Ctrl-C ends it with 0.
    """
    options = Flags(file, stack, tuple(var or ()), simulator, parallelism, rates=rates(patience, max_rps))
    looks = _Looks(options, target or (), every=verbose)
    raise typer.Exit(asyncio.run(looks.watch(format, interval) if watch else looks.once(format)))


class _Looks:
    """One look, or one after the other, over one session. Between two looks nothing is held that an apply needs."""

    def __init__(self, options: Flags, targets: Sequence[str], *, every: bool) -> None:
        self.options, self.targets, self.every = options, targets, every
        self.redactor = new_redactor()
        self.stack: Stack = load_stack(options, self.redactor, need_secrets=False)
        self.path = state_place(self.stack.name, options.simulator, options.file.parent)
        self.known: Mapping[str, Record] = {}
        self.told = False

    async def once(self, format: Format) -> int:
        async with looking(self.stack, self.path, self.options, self.redactor) as session, reading() as tally:
            found = await self._look(session, tally)
        Shown(format, every=self.every).show(found)
        return NOT_AS_WANTED if found.wrong else 0

    async def watch(self, format: Format, interval: float) -> int:
        """Until Ctrl-C; 0. A look that fails is told, and the next one tried."""
        stop = asyncio.ensure_future(stop_on_interrupt(lambda _: None).wait())
        async with looking(self.stack, self.path, self.options, self.redactor) as session:
            with screen(format, every=self.every) as shown:
                while not stop.done():
                    try:
                        found = await self._unless(stop, self._look(session))
                    except (ApiError, StateError) as error:
                        shown.note(str(error))
                    else:
                        if found is not None:
                            shown.show(found)
                    await asyncio.wait({stop}, timeout=interval)
        return 0

    async def _unless(self, stop: asyncio.Future[Any], work: Coroutine[Any, Any, Look]) -> Look | None:
        """The work's result; None where it was asked to stop before it came."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None

    async def _look(self, session: Session, tally: Tally | None = None) -> Look:
        session.look_anew()
        quiet = self.known or self.told
        entries = (peek if quiet else glimpsed)(self.path, self.stack.name)
        self.told = self.told or entries is None
        self.known = self.known if entries is None else entries
        found = await look(self.stack, self.known, session, targets=self.targets, tally=tally)
        return replace(found, sights=tuple(map(self._scrubbed, found.sights)))

    def _scrubbed(self, sight: Sight) -> Sight:
        """Without secrets that a platform's own words may repeat."""
        return replace(sight, status=replace(sight.status, reason=self.redactor.scrub(sight.status.reason)))
