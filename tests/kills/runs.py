"""Runs of the embedded engine in this process, over the simulator, that can be killed at any point.

A point is the moment before a request leaves, the moment before its answer arrives, and the moments before and after
each commit to state. A killed run raises what nothing catches, and from then on neither sends nor records anything.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import httpx

from headend.core.model.stack import Stack
from headend.core.reconcile import guards
from headend.core.reconcile.apply import apply
from headend.core.reconcile.lifecycle import remember
from headend.core.reconcile.outcome import Outcome
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.reconcile.state.places import Place as Where
from headend.core.reconcile.state.places import StoreUrl
from headend.core.reconcile.state.remote import Replica, connect
from headend.core.reconcile.state.storing import TABLES, Change, Content
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.simulator import Simulator

T = TypeVar("T")
CONSENT = guards.Consent(deletions=True, secrets=True)
COMMITS = ("begin", "put", "drop", "settle", "move_all", "set_aside")
WAITS: Mapping[str, Mapping[str, Any]] = {"ateme": {"poll_interval": 0}, "mycujoo": {"poll_interval": 0}}


class Killed(BaseException):
    """The run ends here. Nothing catches it."""


@dataclass
class Death:
    """Counts the points of a run, and kills it at one of them. at: None for a run that lives."""

    at: int | None = None
    passed: list[str] = field(default_factory=list)
    dead: bool = False
    happened: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop | None = None

    def point(self, what: str) -> None:
        if not self.dead:
            self.passed.append(what)
            self.dead = len(self.passed) == self.at
        if self.dead:
            if self.loop:
                self.loop.call_soon_threadsafe(self.happened.set)  # commits have a thread of their own
            raise Killed(what)

    async def ends(self, work: Coroutine[Any, Any, T]) -> T:
        """The work's result. Raises Killed as soon as the run is dead: what waits for what has died would wait on."""
        self.loop = asyncio.get_running_loop()
        task, death = asyncio.ensure_future(work), asyncio.ensure_future(self.happened.wait())
        await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
        if self.dead:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for other in others:  # all of them: what waits for a task that died would wait for ever
                other.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            raise Killed(self.passed[-1])
        death.cancel()
        return await task


class Wire(httpx.AsyncBaseTransport):
    """The simulator's transport, on which a run can die."""

    def __init__(self, inner: httpx.AsyncBaseTransport, death: Death) -> None:
        self._inner, self._death = inner, death

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {request.url.path}"
        self._death.point(f"before {what}")
        response = await self._inner.handle_async_request(request)
        self._death.point(f"after {what}")
        return response


@contextmanager
def dying(state: State, death: Death) -> Iterator[None]:
    """Makes the state's commits points at which the run can die."""

    def mortal(name: str) -> Any:
        commit = getattr(state, name)

        @wraps(commit)
        def run(*args: Any) -> Any:
            if name == "move_all" and not args[0]:
                return commit(*args)
            death.point(f"before {name} {args[0]}"[:80])
            done = commit(*args)
            death.point(f"after {name} {args[0]}"[:80])
            return done

        return run

    if isinstance(state._db, Replica):  # what counts is what the store has
        state._db.store = Mortal(state._db.store, death)  # type: ignore[assignment]
        yield
        return
    for name in COMMITS:
        setattr(state, name, mortal(name))
    yield


class Mortal:
    """A store on which a run can die. A killed run tidies nothing, and gives nothing back."""

    def __init__(self, store: Any, death: Death) -> None:
        self._store, self._death = store, death

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, changes: Any) -> None:
        self._death.point("before a commit")
        self._store.write(changes)
        self._death.point("after a commit")


@dataclass
class Place:
    """A world and a directory with a state in it."""

    simulator: Simulator
    home: Path
    settings: Mapping[str, Any] = field(default_factory=lambda: WAITS)
    store: StoreUrl | None = None
    file: Path | None = None

    @property
    def state(self) -> Where:
        return self.store or self.file or self.home / "state.db"

    def load(self, wanted: Mapping[str, Any]) -> Stack:
        file = self.home / "stack.yaml"
        file.write_text(json.dumps(wanted))
        return load(file)

    def run(
        self,
        wanted: Mapping[str, Any],
        death: Death | None = None,
        *,
        destroy: bool = False,
        only_plan: bool = False,
        targets: Collection[str] = (),
        patience: float = 0,
    ) -> tuple[Plan, Outcome]:
        """What `apply` and `destroy` do. Raises Killed, and HeadendError for what ends a run before its first write."""

        async def go() -> tuple[Plan, Outcome]:
            stack = self.load(wanted)
            wire = Wire(self.simulator.transport(), life)
            where: dict[str, Any] = {
                "env": self.simulator.settings(),
                "transports": dict.fromkeys(self.simulator.sims, wire),
            }
            with open_state(self.state, patience=patience) as state, dying(state, life):
                async with Session({}, redactor=Redactor(), extra=self.settings, **where) as session:
                    plan = await make_plan(stack, state, session, destroy=destroy, targets=targets)
                    if only_plan:
                        return plan, Outcome()
                    guards.raise_if_refused(guards.judge(plan, len(state.records()), CONSENT))
                    remember(plan, stack, state)
                    return plan, await apply(plan, stack, state, session)

        life = death or Death()
        return asyncio.run(life.ends(go()))

    def records(self) -> dict[str, str]:
        """address -> id."""
        with open_state(self.state) as state:
            assert state.intents() == {}
            assert not [r for r in state.records().values() if r.incomplete]
            return {address: record.id for address, record in state.records().items()}

    def keep(self) -> Kept:
        files = {f.name: f.read_bytes() for f in self.home.glob("state.db*")}
        return Kept(self, self.simulator.dump(), files, contents(self.store) if self.store else None)


@dataclass
class Kept:
    """World and state as they were."""

    place: Place
    world: dict[str, Any]
    files: dict[str, bytes]
    rows: Content | None = None

    def restore(self) -> None:
        for name in self.world:
            self.place.simulator.sims[name].world.clear()
        self.place.simulator.load(self.world)
        self.place.simulator.reset_journal()
        if self.place.store:
            put_back(self.place.store, self.rows)
        for file in self.place.home.glob("state.db*"):
            file.unlink()
        for name, content in self.files.items():
            file = self.place.home / name
            file.touch(0o600)  # else the key of the state is refused
            file.write_bytes(content)


def contents(place: StoreUrl) -> Content | None:
    store = connect(place)
    try:
        return store.read()
    finally:
        store.close()


def put_back(place: StoreUrl, rows: Content | None) -> None:
    """Makes the store what it was. A run that was killed has left its lock: by now its lease has run out."""
    store = connect(place)
    try:
        store.release()
        with store.held(0):
            now = store.read() or {}
            gone = [Change(table, row[0], None) for table in TABLES for row in now.get(table, ())]
            store.write(gone)
            store.write([Change(table, row[0], row) for table, kept in (rows or {}).items() for row in kept])
    finally:
        store.close()


def free(place: StoreUrl) -> None:
    """What the end of its lease does for a run that was killed."""
    store = connect(place)
    try:
        store.release()
    finally:
        store.close()
