"""Makes the plan: gathers situations, decides, lets kinds review, orders the steps. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from headend.core.model.address import within
from headend.core.model.capabilities import Catalogued, handed_out_by_create
from headend.core.model.errors import InputError, StateError
from headend.core.model.fields import Impact, Spec
from headend.core.model.findings import Problem, errors, note
from headend.core.model.lookup import find_named_ids
from headend.core.model.moved import goes_to
from headend.core.model.proposal import Action
from headend.core.model.record import FORGET, Record
from headend.core.model.stack import Resource, Stack, related
from headend.core.model.tally import Tally
from headend.core.reconcile.binding import Binder
from headend.core.reconcile.circles import in_circles
from headend.core.reconcile.decide import decide, made_anew
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.graph import graph, holding_on
from headend.core.reconcile.kept import with_kept
from headend.core.reconcile.moves import find_moves, follow, is_aside, owner, unsure
from headend.core.reconcile.names import in_turn
from headend.core.reconcile.on_air import Clock, Watch, clock
from headend.core.reconcile.order import targeted, wave_by_wave
from headend.core.reconcile.plan import Plan, Step, step_of
from headend.core.reconcile.reader import Apis, Reader
from headend.core.reconcile.refusal import Guard, Refusal
from headend.core.reconcile.resolve import kept_lookups, without
from headend.core.reconcile.review import ask_catalogue, review
from headend.core.reconcile.said import intents_as_said, records_as_said, stays_behind
from headend.core.reconcile.situation import Situation
from headend.core.reconcile.state.key import environment_key
from headend.core.reconcile.together import together
from headend.core.reconcile.unrecorded import find_unrecorded, recovered_twice
from headend.core.reconcile.values import Holder, by_key, nobody
from headend.core.wire import registry


class Known(Protocol):
    """What a plan needs of a state."""

    def records(self) -> dict[str, Record]: ...
    def intents(self) -> Mapping[str, Any]: ...
    def digest(self, value: Any) -> Any: ...
    def coming(self) -> Mapping[str, str]: ...
    def held_elsewhere(self) -> Mapping[tuple[str, str], tuple[str, str]]: ...


@dataclass
class Planner:
    """One planning run."""

    reader: Reader
    moved: Mapping[str, str]  # new address -> old
    problems: list[Problem] = field(default_factory=list)
    forced: set[str] = field(default_factory=set)  # to be made anew although a change in place would do
    tally: Tally = field(default_factory=Tally)
    doubts: Mapping[str, str] | None = None  # see `stateless.find_all`; None: there is a state

    async def resources(self, resources: Mapping[str, Resource]) -> dict[str, Step]:
        """The steps of resources, by address."""
        self.problems = []
        self.reader.begin()
        return await wave_by_wave(resources, self.resource, self.reader.turns)

    async def resource(self, resource: Resource, *, anew: bool = False) -> Step:
        """The step of one resource. Plan what it refers to first. anew: see `Reader.resource`."""
        decision = await self.decided(resource, anew=anew)
        if decision.id and not decision.creates:
            last, live = decision.situation.last, decision.live
            self.reader.note(resource.address, decision.id, last.computed if last else {})
            self.reader.note(resource.address, decision.id, live.computed if live else {})
        elif not anew:
            self.reader.forget(resource.address)
        self.tally.done += 1
        return self._step(decision, resource)

    async def decided(self, resource: Resource, *, anew: bool = False) -> Decision:
        """The reviewed decision about a resource. Its errors go to `problems`."""
        situation, said = await self._looked_at(resource, anew)
        decision = self._decide(resource, situation)
        if kept_lookups(resource.spec):
            decision = self._decide(resource, await with_kept(self.reader, resource, decision))
        if decision.action is Action.REPLACE:
            decision = self._decide(resource, await self.reader.with_rivals(decision.situation))
            decision = decision.with_want(self.reader.filled(resource, resource.spec))
        api = await self.reader.apis(resource.kind.platform)
        stack = self.reader.stack
        decision = await review(decision, api, stack.holder(resource), related(resource, stack.resources), said)
        self.problems += resource.with_places(errors(decision.findings))
        return decision

    async def _looked_at(self, resource: Resource, anew: bool) -> tuple[Situation, Sequence[Problem]]:
        """Its situation, and beside that what the platform's catalogue says of the spec."""
        reader, kind = self.reader, resource.kind
        findings = await reader.look_up(resource, without(resource.spec, kept_lookups(resource.spec)))
        look = reader.situation(resource, findings, anew=anew)
        if not isinstance(kind, Catalogued):
            return await look, ()
        spec = reader.filled(resource, resource.spec)
        return await asyncio.gather(look, ask_catalogue(kind, await reader.apis(kind.platform), spec))

    def _decide(self, resource: Resource, situation: Situation) -> Decision:
        if self.doubts is not None:
            situation = situation.without_state(self.doubts.get(resource.address, ""))
        decision = decide(situation)
        return made_anew(decision) if resource.address in self.forced else decision

    def _step(self, decision: Decision, resource: Resource) -> Step:
        situation = decision.situation
        action, reason, old = decision.action, decision.reason, self.moved.get(resource.address)
        findings = decision.findings
        if old:
            findings = (*findings, *(kept_names(situation.want, resource) if not decision.creates else ()))
            if action is Action.NONE:
                action, reason = Action.MOVE, Reason.RENAMED
        if decision.action is not Action.NONE and resource.remarks:
            findings = (*findings, *resource.remarks)
        made = (
            handed_out_by_create(decision.kind, situation.want)
            if decision.creates and situation.want is not None
            else ()
        )
        if old or findings is not decision.findings:
            decision = replace(decision, action=action, reason=reason, findings=findings)
        return step_of(decision, resource, old, made)

    async def removal(self, record: Record) -> Step:
        """The step of an object that the stack no longer names."""
        kind = registry.kinds()[record.kind]
        decision = decide(await self.reader.record(kind, record))
        if there := goes_to(record.address, self.reader.stack.moved):
            decision = decision.but(note(f"passes to {there.address} of {there.stack}"))
        decision = await review(decision, await self.reader.apis(kind.platform))
        if decision.action is Action.DELETE:
            decision = decision.but(refused=stays_behind(self.reader.stack, record.address))
        self.tally.done += 1
        return step_of(decision)


def kept_names(want: Spec | None, resource: Resource) -> Iterable[Problem]:
    """Notes that a moved object keeps the name defaulted from its old key."""
    for name in sorted(resource.defaulted):
        kept = getattr(want, name, None)
        if kept != getattr(resource.spec, name, None):
            yield note(f"keeps its {name} {kept!r}, which it took from its old key")


def taken_over(steps: Iterable[Step]) -> dict[str, Record]:
    """What state will hold of objects that the steps take over: they are on air like any other."""
    found = {}
    for step in steps:
        situation = step.decision.situation if step.decision else None
        if step.action is Action.ADOPT and step.id and situation and situation.want is not None:
            found[step.address] = situation.record_of(step.id)
    return found


def _holder(records: Mapping[str, Record], steps: Collection[Step]) -> Holder:
    """Who has what the steps name: where nothing changes or goes, nobody asks."""
    return by_key(records) if any(step.changes or step.action is Action.DELETE for step in steps) else nobody


async def watched(watch: Watch, steps: Collection[Step]) -> list[Step]:
    """The steps, with what each would cut."""

    looked = {s.address: s for s in await together(_cut(watch, s) for s in steps if s.impact is not Impact.NONE)}
    return [looked.get(step.address, step) for step in steps]


async def _cut(watch: Watch, step: Step) -> Step:
    return replace(step, on_air=await watch.cuts(step))


async def make_plan(
    stack: Stack,
    state: Known,
    apis: Apis,
    *,
    targets: Collection[str] = (),
    destroy: bool = False,
    refresh: bool = False,
    now: Clock = clock,
    tally: Tally | None = None,
    bind: Binder | None = None,
    doubts: Mapping[str, str] | None = None,
) -> Plan:
    """Reads and decides. Raises InputError with every problem of the stack, ApiError if a read failed.

    refresh: also read objects of kinds that are `Unasked`. tally: of the objects that are read. bind: of another plan
    that this one is compared with. doubts: of a run without state (`stateless.find_all`)."""
    recorded_now = _known_records(stack, state)
    moved = {} if destroy else await find_moves(stack, recorded_now, state.digest, apis)
    records, intents = records_as_said(stack, follow(recorded_now, moved)), intents_as_said(stack, state.intents())
    if destroy and intents.keys() - records.keys():
        records |= await find_unrecorded(Reader(stack, records, apis, state.digest, intents))
    resources = {} if destroy else targeted(stack, targets)
    gone, bind = _leaving(stack, records, resources, targets, destroy), bind or Binder(key=environment_key())
    planned = {*resources, *(record.address for record in gone)}
    reader = Reader(stack, records, apis, state.digest, intents, planned, refresh, bind=bind)
    reader.ours.elsewhere = state.held_elsewhere
    reader.unsure = {} if destroy else unsure(stack, recorded_now, state.digest, moved)
    planner = Planner(reader, {**moved, **state.coming()}, tally=tally or Tally(), doubts=doubts)
    planner.tally.total, watch = len(resources) + len(gone), Watch(stack, records, apis, now)

    async def removal(record: Record) -> Step:
        step = await planner.removal(record)
        return await _cut(watch, step) if destroy else step  # else it may cut what others are yet to take over

    parts: Iterable[Coroutine[Any, Any, Any]] = (
        find_named_ids({} if destroy else stack.lookups, apis, set()),
        together(removal(record) for record in gone),
        planner.resources(resources),
    )
    (ids, wrong), removals, steps = await together(parts)
    reader.lookups |= ids
    ordered = await _ordered(planner, resources, records, steps, removals)
    if problems := [*wrong, *planner.problems]:
        raise InputError(problems)
    watch.records = records | taken_over(ordered)
    steps = removals if destroy else await watched(watch, (*ordered, *removals))
    plan = Plan(stack.name, stack.file, tuple(steps), destroy, reader.lookups, bind=reader.bind, at=now())
    plan = replace(plan, options=stack.options, holder=_holder(recorded_now, steps), stateless=doubts is not None)
    return _refuse_circles(plan, stack, records)


def _leaving(
    stack: Stack,
    records: Mapping[str, Record],
    resources: Mapping[str, Resource],
    targets: Collection[str],
    destroy: bool,
) -> list[Record]:
    """The records of what goes: the stack no longer names it, or all is destroyed."""
    gone = [record for address, record in records.items() if destroy or address not in stack.resources]
    gone = [r for r in gone if not targets or any(within(owner(r.address), target) for target in targets)]
    return [_given_up(record, resources) for record in gone]


def _known_records(stack: Stack, state: Known) -> dict[str, Record]:
    """What state holds. Raises StateError for a kind that this headend can't plan for: a later one may have more."""
    known, records = registry.kinds(), state.records()
    for address, record in records.items():
        wanted = stack.resources[address].kind.name if address in stack.resources else record.kind
        if record.kind not in known or record.kind != wanted:
            why = f"{address}: state has it as {record.kind}, which this headend does not know there"
            raise StateError(f"{why}; take the version that wrote it, or {FORGET}")
    return records


async def _ordered(
    planner: Planner,
    resources: Mapping[str, Resource],
    records: Mapping[str, Record],
    steps: Mapping[str, Step],
    removals: Collection[Step],
) -> list[Step]:
    """The steps of the resources, in file order. They are made once more where some objects have to be made anew that
    need not by themselves: what they refer to is deleted before its replacement is made. Or where what a killed run
    has made may be either of two that are alike: it is the first one's."""
    stack = planner.reader.stack
    while True:
        named = in_turn([*(steps[a] for a in stack.resources if a in steps), *removals], records)
        ordered = named[: len(steps)]
        more = holding_on(Plan(stack.name, stack.file, (*ordered, *removals)), stack, records) - planner.forced
        shared = recovered_twice(ordered)
        if not (more or shared):
            return ordered
        planner.forced |= more
        planner.reader.made |= shared
        planner.tally.done = len(removals)
        steps = await planner.resources(resources)


def _given_up(record: Record, resources: Mapping[str, Resource]) -> Record:
    """An object that was set aside was to be deleted by its replacement, which `retain` doesn't speak of; and what
    protects it is what the stack says now, not what it said before that."""
    resource = resources.get(owner(record.address)) if is_aside(record.address) else None
    return replace(record, retain=False, protect=resource.lifecycle.protect) if resource else record


def _refuse_circles(plan: Plan, stack: Stack, records: Mapping[str, Record]) -> Plan:
    """Refuses steps that wait for each other: no order can carry them out."""
    stuck = in_circles(graph(plan, stack, records))
    if not stuck:
        return plan
    why = f"it would wait for itself, by way of {', '.join(sorted(stuck))}"
    no = Refusal(Guard.ORDER, why, "make these changes in two applies")
    return replace(plan, steps=tuple(s.but([no]) if s.address in stuck else s for s in plan.steps))
