"""Carries out a plan in dependency order. Independent steps run in parallel; a failure stops only what needs it."""

from __future__ import annotations

import asyncio
import graphlib
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Any

from headend.core.model.capabilities import LetsGo
from headend.core.model.errors import GuardError, HeadendError, StateError, StateLost
from headend.core.model.kind import Kind
from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile.carry_out import Teller, Writer
from headend.core.reconcile.decision import Decision
from headend.core.reconcile.graph import Edges, Node, creates_first, graph
from headend.core.reconcile.lifecycle import remember
from headend.core.reconcile.moves import aside_address
from headend.core.reconcile.on_air import Clock, Watch, clock, refusal
from headend.core.reconcile.outcome import Event, Outcome, Sink
from headend.core.reconcile.plan import Plan, Step
from headend.core.reconcile.planner import taken_over
from headend.core.reconcile.reader import Apis
from headend.core.reconcile.resolve import computed_ids, is_claimed, resolve
from headend.core.reconcile.said import moves_said
from headend.core.reconcile.state import State
from headend.core.reconcile.turns import Turns
from headend.core.wire import registry

AT_ONCE = 1024  # steps under way: how many writes one look can prove, and how much a stop has to wait for


class Run:
    """One run. A failed step fails alone; the steps that depend on it are skipped."""

    def __init__(
        self,
        plan: Plan,
        stack: Stack,
        state: State,
        records: Mapping[str, Record],
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
        for address, record in records.items():
            self.ids[address] = record.id
            self.ids.update(computed_ids(address, record.computed))
        self.edges: Edges = graph(plan, stack, records)
        self.watch = Watch(stack, {**records, **taken_over(plan.steps)}, apis, now)
        self.allowed = allowed
        self.turns = Turns(parallelism * state.waits, len(self.edges))  # requests are bounded by their hosts' limits
        self.began: dict[str, float] = {}
        self.halt = ""  # why nothing more may begin, but for `stop`

    def say(self, step: Step, phase: str, message: str = "") -> None:
        began = self.began.setdefault(step.address, time.monotonic())
        self.on_event(Event(step.address, step.action, phase, message, time.monotonic() - began))
        if phase in {"start", "waiting"}:
            self.state.say(f"{step.action} of {step.address}{f', {message}' if message else ''}")

    async def node(self, node: Node) -> None:
        """Carries out one node. A HeadendError goes into the outcome; any other error is a bug and propagates."""
        address, part = node
        step = self.steps[address]
        kind = registry.kinds()[step.kind]
        halfway = part == "put" and step.action is Action.REPLACE and not creates_first(self.edges, address)
        turn = self.turns.take(node, self.edges[node], self._lock(kind, node), completes=kind.completes_in_turn)
        async with turn as written:
            if self.halted():
                self.skip(node, "interrupted")
                return
            self.say(step, "start")
            try:
                await self._guard(step)
                await {"put": self._put, "drop": self._drop, "release": self._release}[part](kind, step, written)
            except HeadendError as error:
                self._fail(step, error, "after the old one was deleted: " if halfway else "")
                await self._see_saved(step)
                return
        if part == "put" or (part == "drop" and step.action is not Action.REPLACE):
            self.outcome.done.append(address)
            self.say(step, "done")

    async def _guard(self, step: Step) -> None:
        """Raises GuardError if the step would cut what is on air now: a programme may have begun since the plan."""
        if why := refusal(step.address, step.impact, await self.watch.cuts(step, fresh=True), self.allowed):
            raise GuardError(f"{step.address}: {why}")

    def _fail(self, step: Step, error: HeadendError, reached: str = "") -> None:
        if isinstance(error, StateError):
            self.halt = "state can't be written"
        if isinstance(error, StateLost):
            self.outcome.lost = error
        why = f"{reached}{'; '.join(error.lines)}"
        self.outcome.failed[step.address] = why
        self.outcome.errors[step.address] = error
        self.say(step, "failed", why)

    async def _see_saved(self, step: Step) -> None:
        """What a step that failed has recorded must be kept, too."""
        if not self.halt:
            try:
                await self.state.saved()
            except StateError as error:
                self._fail(step, error, f"{self.outcome.failed[step.address]}; ")

    def _lock(self, kind: Kind[Any, Any], node: Node) -> tuple[str, str] | None:
        """The lock for the value of `one_at_a_time_per`, shared by all kinds: the wanted value, or the recorded one."""
        if kind.one_at_a_time_per is None:
            return None
        decision = self._decision(self.steps[node[0]])
        last = decision.situation.last
        if node[1] == "put" and decision.situation.want is not None:
            value = getattr(decision.situation.want, kind.one_at_a_time_per)
        else:
            value = last.values.get(kind.one_at_a_time_per) if last else ""
        return kind.one_at_a_time_per, str(value)

    def _decision(self, step: Step) -> Decision:
        """The decision, with references filled in by the ids that this run has made so far."""
        assert step.decision is not None
        want = step.decision.situation.want
        return step.decision if want is None else step.decision.with_want(resolve(want, self.ids))

    async def _writer(self, kind: Kind[Any, Any], step: Step, written: Callable[[], None]) -> Writer:
        def keep(name: str, value: str) -> None:
            self.sink(step.address, name, value)

        def told(phase: str) -> Callable[[str], None]:
            return lambda text: self.say(step, phase, text)

        teller = Teller(told("waiting"), told("warning"), keep)
        others, keeps_old = self.stack.elsewhere(step.address), creates_first(self.edges, step.address)
        return Writer(await self.apis(kind.platform), self.state, teller, others, keeps_old=keeps_old, written=written)

    async def _put(self, kind: Kind[Any, Any], step: Step, written: Callable[[], None]) -> None:
        """Creates, updates, adopts or moves; for a replacement, makes the new object."""
        if step.action is Action.MOVE:
            return
        writer = await self._writer(kind, step, written)
        made = await writer.carry_out(self._decision(step))
        self.outcome.written.append(f"{step.address}: {step.action} of {kind.name} {made.id}")
        self.ids |= {step.address: made.id} | computed_ids(step.address, made.computed)

    async def _drop(self, kind: Kind[Any, Any], step: Step, written: Callable[[], None]) -> None:
        """Deletes or forgets; for a replacement, deletes the old object."""
        address, record = self._where(step)
        if record is None:
            return
        decision = self._decision(step)
        if address != step.address and is_claimed(self.stack, kind, record, self.state.digest):
            self.state.drop(address)
        else:
            await (await self._writer(kind, step, written)).remove(decision, address)
            self.outcome.written.append(f"{step.address}: {step.action} of {kind.name} {record.id}")
        self.watch.forget(step.address)

    def _where(self, step: Step) -> tuple[str, Record | None]:
        """Where state keeps the object to delete. The old object of a replacement may be set aside."""
        assert step.decision is not None
        last = step.decision.situation.last
        if step.action is not Action.REPLACE:
            return step.address, last
        if last and (aside := self.state.record(aside_address(last))):
            return aside.address, aside
        return step.address, self.state.record(step.address)

    async def _release(self, kind: Kind[Any, Any], step: Step, written: Callable[[], None]) -> None:
        """Makes the object let go of others that are about to be deleted and made anew."""
        record = self.state.record(step.address)
        if record is None or not isinstance(kind, LetsGo):
            return
        going = {a for a in record.depends if a in self.steps and self.steps[a].action is Action.REPLACE}
        known = {value for key, value in self.ids.items() if key.partition("#")[0] in going}
        await kind.release(await self.apis(kind.platform), record.id, record.spec(kind), known)

    def halted(self) -> bool:
        """Whether the run must begin nothing more."""
        self.outcome.interrupted |= self.stop.is_set()
        return self.stop.is_set() or bool(self.halt)

    def finish(self) -> Outcome:
        """What was done, and whether state could take all of it."""
        try:
            self.state.raise_if_lost()
        except StateLost as error:
            self.outcome.lost = error
        return self.outcome

    def skip(self, node: Node, why: str) -> None:
        address = node[0]
        if address not in self.outcome.failed and address not in self.outcome.skipped:
            self.outcome.skipped[address] = "interrupted" if self.outcome.interrupted else self.halt or why
            self.say(self.steps[address], "skipped", self.outcome.skipped[address])


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
    """Carries out every step. stop: once set, the run begins nothing more, and finishes and records what is in flight.
    allowed: addresses of steps, or of schedules, that may be interrupted. sink: takes the secrets that platforms make.
    """
    moved = moves_said(stack, state.intents())
    state.move_all(moved | {s.moved_from: s.address for s in plan.steps if s.moved_from})
    records = remember(plan, stack, state)
    if plan.destroy:
        _record_found(plan, state, records)
    run = Run(plan, stack, state, records, apis, parallelism, on_event, stop or asyncio.Event(), allowed, now, sink)
    with state.batches():
        await _in_order(run)
    return run.finish()


async def _in_order(run: Run) -> None:
    """Carries out each node once what goes before it is done."""
    sorter = graphlib.TopologicalSorter(run.edges)
    sorter.prepare()
    ready: deque[Node] = deque()
    broken: set[Node] = set()
    tasks: dict[asyncio.Task[None], Node] = {}
    ended: asyncio.Queue[asyncio.Task[None]] = asyncio.Queue()  # asyncio.wait would scan all tasks each time one ends
    try:
        while sorter.is_active():
            ready.extend(sorter.get_ready())
            while ready and len(tasks) < AT_ONCE:
                node = ready.popleft()
                cause = next((n for n in run.edges[node] if n in broken), None)
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
    finally:  # a bug in one step must not leave the other steps' writes unrecorded
        await asyncio.gather(*tasks, return_exceptions=True)


def _record_found(plan: Plan, state: State, known: dict[str, Record]) -> None:
    """What a killed run made, and this one has found only to delete it (`unrecorded`): a run can be killed again."""
    for step in plan.steps:
        last = step.decision.situation.last if step.decision else None
        if step.action is Action.DELETE and last and step.address not in known:
            state.put(last)
            known[step.address] = last
