"""Carries out a plan: in dependency order, independent branches in parallel, past failures, and never blindly.

Before each write the object is read again; a step whose object moved since the plan is refused. An intent is on
disk before a write leaves and its result after it came back, so a run killed anywhere goes on in the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import graphlib
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from headend.core.model.capabilities import CreatedInStages, LetsGo
from headend.core.model.errors import (
    Ambiguous,
    DecodeError,
    GuardError,
    HeadendError,
    NotFound,
    PartlyDone,
    StaleError,
    Unavailable,
)
from headend.core.model.fields import Spec
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Observed
from headend.core.model.proposal import Action
from headend.core.model.references import pending
from headend.core.model.seal import Seal
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.arrange import claimed
from headend.core.reconcile.difference import fingerprint, recorded, secret_fields
from headend.core.reconcile.graph import Node, graph
from headend.core.reconcile.on_air import Clock, Watch, clock, refusal
from headend.core.reconcile.plan import Plan, Reason, Step
from headend.core.reconcile.planner import Apis
from headend.core.reconcile.specs import (
    as_it_was_made,
    left,
    looked_up,
    made_by,
    readable,
    resolve,
    revive,
    sealed,
    settled,
)
from headend.core.reconcile.state import Entry, State
from headend.core.wire import registry

Sink = Callable[[str, str, str], None]
"""Takes (address, name, value) of a secret that a platform made and shows once. Must keep it before it returns."""


@dataclass(frozen=True)
class Event:
    """Progress. phase: start, waiting, warning, done, failed, skipped. seconds: since the step began."""

    address: str
    action: Action
    phase: str
    message: str = ""
    seconds: float = 0.0


@dataclass
class Outcome:
    """What came of it. failed: address -> message. stale: refused as their object moved. interrupted: asked to stop."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, HeadendError] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 all done; 7 some were, or the run was interrupted; else that of the first error (6 for stale steps)."""
        if self.interrupted or (self.errors and self.done):
            return 7
        return next(iter(self.errors.values())).exit_code if self.errors else 0


class Applier:
    """One run. Failures stay with their step; what depends on it is skipped."""

    def __init__(
        self,
        plan: Plan,
        stack: Stack,
        state: State,
        apis: Apis,
        parallelism: int,
        on_event: Callable[[Event], None],
        stop: asyncio.Event,
        allowed: Collection[str],
        now: Clock,
        sink: Sink,
    ) -> None:
        self.sink = sink
        self.stop = stop
        self.steps = {step.address: step for step in plan.writes()}
        self.stack, self.state, self.apis, self.on_event = stack, state, apis, on_event
        self.outcome = Outcome()
        self.ids: dict[str, str] = {}
        self.lookups = plan.lookups
        for address, entry in state.entries().items():
            self.ids |= {address: entry.id} | made_by(address, entry.computed)
        self.allowed = allowed
        moved = {step.moved_from: step.address for step in plan.steps if step.moved_from}
        self.watch = Watch(stack, {moved.get(a, a): entry for a, entry in state.entries().items()}, apis, now)
        self.slots = asyncio.Semaphore(parallelism)
        self.locks: dict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self.began: dict[str, float] = {}
        self.aside: dict[str, str] = {}  # address -> where state keeps the object that is being replaced

    def say(self, step: Step, phase: str, message: str = "") -> None:
        began = self.began.setdefault(step.address, time.monotonic())
        self.on_event(Event(step.address, step.action, phase, message, time.monotonic() - began))

    async def node(self, node: Node) -> None:
        """One node of the graph. Errors that headend knows end up in the outcome; others are bugs and propagate."""
        step = self.steps[node[0]]
        kind = registry.kinds()[step.kind]
        halfway = node[1] == "put" and step.action is Action.REPLACE and not kind.create_before_delete
        async with self._lock(kind, node), self.slots:  # in this order: nobody waits for a lock with a slot in hand
            if self.halted():
                self.skip(node, "interrupted")
                return
            self.say(step, "start")
            try:
                await self.watched(step)
                if node[1] == "drop":
                    await self.drop(kind, step)
                elif node[1] == "release":
                    await self.release(kind, step)
                else:
                    await self.put(kind, step, self.stack.resources[step.address])
            except HeadendError as error:
                self.fail(step, error, "after the old one was deleted: " if halfway else "")
                return
        if node[1] == "put" or (node[1] == "drop" and step.action is not Action.REPLACE):
            self.outcome.done.append(step.address)
            self.say(step, "done")

    async def watched(self, step: Step) -> None:
        """Raises GuardError for what is on air by now: a run may take longer than it was to the next programme."""
        if why := refusal(step.address, step.impact, await self.watch.cuts(step, fresh=True), self.allowed):
            raise GuardError(why)

    def fail(self, step: Step, error: HeadendError, reached: str = "") -> None:
        self.outcome.failed[step.address] = f"{reached}{error}"
        self.outcome.errors[step.address] = error
        self.say(step, "failed", f"{reached}{error}")

    def _lock(self, kind: Kind[Any, Any], node: Node) -> contextlib.AbstractAsyncContextManager[Any]:
        """The lock of the field's value, whatever the kind: where the object is put, or where it is taken from."""
        if kind.one_at_a_time_per is None:
            return contextlib.nullcontext()
        address, step = node[0], self.steps[node[0]]
        entry = self.state.entry(self.aside.get(address, address)) or self.state.entry(step.moved_from or "")
        if node[1] == "put":
            value = getattr(self.spec(self.stack.resources[address], entry), kind.one_at_a_time_per)
        else:
            value = entry.spec.get(kind.one_at_a_time_per) if entry else ""
        return self.locks[kind.one_at_a_time_per, str(value)]

    def spec(self, resource: Resource, entry: Entry | None) -> Spec:
        spec = settled(resource.spec, resource.defaulted, entry.spec if entry else None)
        return resolve(looked_up(spec, resource.address, self.lookups), self.ids)

    async def put(self, kind: Kind[Any, Any], step: Step, resource: Resource) -> None:
        """Create, update, adopt, move, or the second half of a replacement."""
        self.moved(step)
        entry = self.state.entry(step.address)
        spec = self.spec(resource, None if step.action is Action.REPLACE else entry)
        if step.action is Action.MOVE:
            return
        if missing := next((str(one) for v in spec.set_fields().values() for one in pending(v)), None):
            raise NotFound(f"{step.address}: {missing} is not known")
        api = await self.apis(kind.platform)
        seal: Seal | None = getattr(api, "seal", None)
        if step.action in {Action.CREATE, Action.REPLACE}:
            if step.action is Action.REPLACE and kind.create_before_delete:
                self.aside[step.address] = self.state.set_aside(step.address)
            self.state.begin(step.address, kind.name, step.action)
            made = await self._create(kind, api, spec, step)
            for name, value in made.handed_out.items():
                self.sink(step.address, name, value)
        else:
            if seal and entry:
                spec = as_it_was_made(spec, self._recorded(resource, spec), entry.spec, seal)
            with self._kept(resource, spec, step.id or "", entry, seal):
                made = await self._update(kind, api, spec, step, entry)
        taken = {"adopted": True} if _taken_over(step, made, entry) else {}
        made = replace(made, computed={**made.computed, **taken})
        self._warn(step, made.warnings)
        if kind.completes:
            self.record(resource, spec, made, seal, incomplete=True)
            with self._kept(resource, spec, made.id, entry, seal):
                done = await self._completed(kind, api, made.id, spec, step)
            self._warn(step, [text for text in done.warnings if text not in made.warnings])
            made = replace(done, computed={**done.computed, **taken})
        self.record(resource, spec, made, seal, incomplete=False)

    async def _completed(self, kind: Kind[Any, Any], api: Any, id: str, spec: Spec, step: Step) -> Observed:
        def report(text: str) -> None:
            self.say(step, "waiting", text)

        unfinished = step.action in {Action.CREATE, Action.REPLACE} or not step.changes
        if unfinished and isinstance(kind, CreatedInStages):
            await kind.furnish(api, id, spec, report)
        return await kind.complete(api, id, spec, report)

    @contextlib.contextmanager
    def _kept(self, resource: Resource, spec: Spec, id: str, entry: Entry | None, seal: Seal | None) -> Iterator[None]:
        """Of what is done in part, state holds what is there."""
        try:
            yield
        except PartlyDone as error:
            there = Observed(id, computed=entry.computed if entry else {})
            self.record(resource, spec.model_copy(update=error.values), there, seal, incomplete=True)
            raise

    def _warn(self, step: Step, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self.say(step, "warning", warning)

    async def _create(self, kind: Kind[Any, Any], api: Any, spec: Spec, step: Step) -> Observed:
        try:
            return await kind.create(api, spec)
        except HeadendError as error:
            if not _may_have_arrived(error):
                self.state.settle(step.address)
                if aside := self.aside.get(step.address):
                    self.state.move(aside, step.address)
            raise

    async def _update(self, kind: Kind[Any, Any], api: Any, spec: Spec, step: Step, entry: Entry | None) -> Observed:
        assert step.id is not None
        if Can.OBSERVE in kind.can:
            where = readable(kind, spec, entry, self.stack.elsewhere(step.address)) if entry else spec
            live = await kind.observe(api, step.id, where, fresh=True)
            if fingerprint(live, self.state.digest) != step.seen and not _settles_by_itself(step, live):
                raise StaleError(f"{step.address}: the live object changed since the plan; plan again")
        if step.changes:
            await kind.update(api, step.id, spec, step.changes)
        return Observed(step.id, computed=entry.computed if entry else {})  # dependents go by it if the run ends here

    def moved(self, step: Step) -> None:
        """State follows a renamed key, with the first of the step's nodes."""
        if step.moved_from and self.state.entry(step.moved_from):
            self.state.move(step.moved_from, step.address)

    async def drop(self, kind: Kind[Any, Any], step: Step) -> None:
        """Delete, forget, or the first half of a replacement."""
        self.moved(step)
        address = self.aside.get(step.address, step.address)
        entry = self.state.entry(address)
        if entry is None:
            return
        kept = step.action is Action.FORGET or (address in self.aside.values() and claimed(self.stack, kind, entry))
        if not kept and Can.DELETE in kind.can:
            api = await self.apis(kind.platform)
            last = left(revive(kind, entry, getattr(api, "seal", None)), self.stack.elsewhere(step.address))
            await kind.delete(api, entry.id, last, lambda text: self.say(step, "waiting", text))
        self.state.drop(address)
        self.watch.forget(step.address)

    async def release(self, kind: Kind[Any, Any], step: Step) -> None:
        """Before the first half of what it refers to is replaced."""
        self.moved(step)
        entry = self.state.entry(step.address)
        if entry is None or not isinstance(kind, LetsGo):
            return
        going = {a for a in entry.depends if a in self.steps and self.steps[a].action is Action.REPLACE}
        known = {value for key, value in self.ids.items() if key.partition("#")[0] in going}
        await kind.release(await self.apis(kind.platform), entry.id, revive(kind, entry), known)

    def record(self, resource: Resource, spec: Spec, made: Observed, seal: Seal | None, *, incomplete: bool) -> None:
        kept = self._recorded(resource, spec)
        self.ids |= {resource.address: made.id} | made_by(resource.address, made.computed)
        self.state.put(
            Entry(
                resource.address,
                resource.kind.name,
                made.id,
                sealed(spec, kept, seal) if seal else kept,
                made.computed,
                tuple(sorted(resource.references())),
                incomplete,
                resource.lifecycle.protect,
                resource.lifecycle.retain,
            )
        )

    def _recorded(self, resource: Resource, spec: Spec) -> dict[str, Any]:
        return recorded(spec, secret_fields(type(spec), resource.secret_fields), self.state.digest)

    def halted(self) -> bool:
        """Whether nothing more may begin."""
        self.outcome.interrupted |= self.stop.is_set()
        return self.stop.is_set()

    def skip(self, node: Node, why: str) -> None:
        address = node[0]
        if address not in self.outcome.failed and address not in self.outcome.skipped:
            self.outcome.skipped[address] = "interrupted" if self.outcome.interrupted else why
            self.say(self.steps[address], "skipped", self.outcome.skipped[address])


def _taken_over(step: Step, made: Observed, entry: Entry | None) -> bool:
    """Whether the object was there before headend, now or in an earlier run; creation may find so at last, too."""
    before = entry is not None and step.action is not Action.REPLACE and entry.computed.get("adopted")
    return step.action is Action.ADOPT or bool(made.computed.get("adopted") or before)


def _settles_by_itself(step: Step, live: Observed | None) -> bool:
    """Whether the object was seen in the middle of what a killed run had begun: it moves on, and nothing of it was
    shown to be changed, so that going on is what was approved."""
    return live is not None and not step.changes and step.reason in {Reason.INCOMPLETE, Reason.RECOVERED}


def _may_have_arrived(error: HeadendError) -> bool:
    """Whether a create that failed like this may have been done all the same: no answer, or a 5xx."""
    return isinstance(error, Ambiguous | DecodeError | Unavailable)


async def apply(
    plan: Plan,
    stack: Stack,
    state: State,
    apis: Apis,
    *,
    parallelism: int = 16,
    on_event: Callable[[Event], None] = lambda event: None,
    stop: asyncio.Event | None = None,
    allowed: Collection[str] = (),
    now: Clock = clock,
    sink: Sink = lambda address, name, value: None,
) -> Outcome:
    """Carries out every step. `stop`: begin nothing more, finish and record what is in flight.
    allowed: addresses of steps, or of schedules, whose interruption was agreed to.
    sink: takes the secrets that platforms make."""
    state.move_all({s.moved_from: s.address for s in plan.steps if s.action is Action.MOVE and s.moved_from})
    run = Applier(plan, stack, state, apis, parallelism, on_event, stop or asyncio.Event(), allowed, now, sink)
    edges = graph(plan, stack, state.entries())
    sorter = graphlib.TopologicalSorter(edges)
    sorter.prepare()
    broken: set[Node] = set()
    tasks: dict[asyncio.Task[None], Node] = {}
    ended: asyncio.Queue[asyncio.Task[None]] = asyncio.Queue()  # asyncio.wait looks at all tasks for each that ends
    try:
        while sorter.is_active():
            for node in sorter.get_ready():
                cause = next((n for n in edges[node] if n in broken), None)
                if run.halted() or cause or node[0] in run.outcome.failed:
                    broken.add(node)
                    run.skip(node, f"{cause[0] if cause else node[0]} was not done")
                    sorter.done(node)
                else:
                    task = asyncio.create_task(run.node(node))
                    task.add_done_callback(ended.put_nowait)
                    tasks[task] = node
            if not tasks:
                continue
            task = await ended.get()
            node = tasks.pop(task)
            task.result()
            if node[0] in run.outcome.failed or node[0] in run.outcome.skipped:
                broken.add(node)
            sorter.done(node)
    finally:  # where one step shows a bug of headend's own, what the others have in flight is recorded all the same
        await asyncio.gather(*tasks, return_exceptions=True)
    return run.outcome
