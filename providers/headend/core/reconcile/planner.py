"""Makes the plan: reads what is live, compares it with the stack and the state, decides. Writes nothing anywhere."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headend.core.model.address import within
from headend.core.model.capabilities import (
    CreatedOnce,
    Nameless,
    SharesKey,
    Unasked,
    handed_out_by_create,
    impact_of_delete,
    select_changes,
    takes_over,
    why_unreadable,
)
from headend.core.model.errors import InputError
from headend.core.model.fields import Impact, Interrupts, Spec, mark
from headend.core.model.findings import Problem, errors, remarks
from headend.core.model.kind import Can, Kind
from headend.core.model.lookup import find, find_named
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Action, Proposal
from headend.core.model.references import Reference
from headend.core.model.stack import Adopt, Resource, Stack, related
from headend.core.reconcile import guards as guard
from headend.core.reconcile.arrange import claimed, is_aside, moves, order, owner, targeted
from headend.core.reconcile.difference import Difference, differences, fingerprint, just_made, recorded, secret_fields
from headend.core.reconcile.on_air import Clock, Watch, clock
from headend.core.reconcile.plan import Plan, Reason, Step
from headend.core.reconcile.specs import (
    is_resolved,
    left,
    looked_up,
    made_by,
    queries,
    readable,
    resolve,
    revive,
    settled,
)
from headend.core.reconcile.state import Entry, State
from headend.core.wire import registry

Apis = Callable[[str], Awaitable[Any]]
"""Gives the API client of a platform, opened once."""

NAMELESS = "lifecycle.adopt: match: nothing tells objects of this kind apart"


@dataclass
class Planner:
    """One planning run. `ids` grows as resources turn out to exist: address -> remote id that will stay."""

    stack: Stack
    state: State
    apis: Apis
    entries: dict[str, Entry]
    ids: dict[str, str]
    problems: list[Problem]
    intents: Collection[str]
    refresh: bool = False
    lookups: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    computed: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # address -> what was seen of it

    @functools.cached_property
    def owned(self) -> frozenset[tuple[str, str]]:
        """(kind, id) of all that state knows."""
        return frozenset((entry.kind, entry.id) for entry in self.entries.values())

    async def resource(self, resource: Resource) -> Step:
        """The step of one resource, once all that it refers to has been planned."""
        entry = self.entries.get(resource.address)
        spec = settled(resource.spec, resource.defaulted, entry.spec if entry else None)
        spec = resolve(await self._look_up(resource, spec), self.ids)
        warnings = self._check(resource, spec)
        step = await (self._known(resource, spec, entry) if entry else self._unknown(resource, spec))
        if step.action is Action.REPLACE:  # what was found for the old object may be used up by it
            spec = resolve(await self._look_up(resource, resource.spec), self.ids)
            if entry is not None and Can.DELETE not in resource.kind.can:
                last = revive(resource.kind, entry)
                stays, why = await self._review_removal(resource.kind, entry, Action.FORGET, last)
                step = replace(step, warnings=(*step.warnings, *stays), refused=step.refused or why)
        if step.action in {Action.CREATE, Action.REPLACE}:
            step = replace(step, hands_out=handed_out_by_create(resource.kind, spec))
            await self._makable(resource, spec, step)
        warnings += await self._review(resource, spec, step)
        if step.id and step.action not in {Action.CREATE, Action.REPLACE}:
            self.ids[resource.address] = step.id
            seen = self.computed.get(resource.address, {})
            self.ids |= made_by(resource.address, {**(entry.computed if entry else {}), **seen})
        protect = resource.lifecycle.protect
        refused = step.refused or guard.refusal(resource.kind, step.action, protect)
        if step.action is Action.NONE:  # doubts about what would be written; those about what is live stay
            warnings = ()
        return replace(step, warnings=(*warnings, *step.warnings), source=resource.source, refused=refused)

    async def _look_up(self, resource: Resource, spec: Spec) -> Spec:
        """The spec with what its lookups find, which goes into the plan."""
        for name, query in queries(spec).items():
            found = await find(await self.apis(query.platform), query, self.taken)
            if isinstance(found, Problem):
                source = resource.sources.get(name)
                self.problems += placed(resource, [replace(found, message=f"{name}: {found.message}", source=source)])
            else:
                self.lookups[f"{resource.address}.{name}"] = found
        return looked_up(spec, resource.address, self.lookups)

    def _check(self, resource: Resource, spec: Spec) -> tuple[str, ...]:
        """What is wrong without a look at the platform. Errors go to `problems`; the rest comes back."""
        return self._noted(resource, resource.kind.check(spec, related(resource, self.stack.resources)))

    async def _review(self, resource: Resource, spec: Spec, step: Step) -> tuple[str, ...]:
        """What the platform says against the step. Errors go to `problems`; the rest comes back."""
        kind = resource.kind
        holder = getattr(resource.spec, kind.parent_field) if kind.parent_field else None
        parent = self.stack.resources.get(holder.address) if isinstance(holder, Reference) else None
        proposal = Proposal(step.action, spec, step.id, step.changes, parent.spec if parent else None)
        return self._noted(resource, await kind.review(await self.apis(kind.platform), proposal))

    def _noted(self, resource: Resource, found: Sequence[Problem]) -> tuple[str, ...]:
        self.problems += placed(resource, errors(found))
        return tuple(p.text for p in remarks(found))

    async def _known(self, resource: Resource, spec: Spec, entry: Entry) -> Step:
        kind, hidden = resource.kind, secret_fields(type(spec), resource.secret_fields)
        where = readable(kind, spec, entry, self.stack.elsewhere(resource.address))
        seen = await self._observe(kind, entry.id, where)
        if seen is None:
            return self._step(resource, Action.CREATE, Reason.VANISHED)
        found = differences(
            spec,
            seen,
            entry.spec,
            digest=self.state.digest,
            hidden=hidden,
            ignore=resource.lifecycle.ignore_changes,
            blind=why_unreadable(kind),
        )
        verdict = select_changes(kind, entry.id, spec, found.changes)
        found, seen = found.only(verdict.changes), replace(seen, warnings=(*seen.warnings, *verdict.warnings))
        replaced = found.replaces or (found.changes and Can.UPDATE not in kind.can)
        if replaced:
            action, reason = Action.REPLACE, Reason.CHANGED
        elif found.changes or found.regrouped:
            action, reason = Action.UPDATE, _why(found)
        elif entry.incomplete or seen.incomplete:
            action, reason = Action.UPDATE, Reason.INCOMPLETE
        else:
            action, reason = Action.NONE, Reason.UNCHANGED
        step = self._step(resource, action, reason, seen=seen, found=found)
        return replace(step, refused=verdict.refused)

    async def _unknown(self, resource: Resource, spec: Spec) -> Step:
        """A resource that state doesn't know: new, found, or the unfinished work of a run that was killed."""
        known = is_resolved(spec)
        step = await self._new_or_found(resource, spec) if known else self._step(resource, Action.CREATE, Reason.NEW)
        kind, again = resource.kind, step.action is Action.CREATE and resource.address in self.intents
        if again and isinstance(kind, CreatedOnce) and (why := kind.why_not_again(spec)):
            return replace(
                step,
                refused=f"an earlier run may have made it, nobody knows: {why}; look, then say `headend state settle"
                f" {self.stack.name} {resource.address}`",
            )
        return step

    async def _new_or_found(self, resource: Resource, spec: Spec) -> Step:
        kind, life = resource.kind, resource.lifecycle
        recovering = resource.address in self.intents
        named = life.adopt_id or await self._found(resource)
        wanted = named or kind.identity(spec)
        if wanted is not None and Can.OBSERVE in kind.can:
            if named or recovering:
                seen = await self._observe(kind, wanted, spec, insist=True)
            else:  # find says what taking the object over will cost
                seen = next(iter(await kind.find(await self.apis(kind.platform), spec)), None)
            if seen is None and named:
                self.problems += placed(resource, [Problem(f"lifecycle.adopt: there is no {kind.name} {wanted}")])
            return self._adoption(resource, spec, seen, Reason.RECOVERED if recovering else Reason.FOUND)
        if Can.OBSERVE not in kind.can:
            return self._step(resource, Action.CREATE, Reason.NEW)
        found = await kind.find(await self.apis(kind.platform), spec)
        found = [o for o in found if (kind.name, o.id) not in self.owned]
        if isinstance(kind, SharesKey) and life.adopt is not Adopt.MATCH:
            found = [o for o in found if just_made(spec, self._new(resource, spec, o))]
        if isinstance(kind, Nameless) and not recovering:
            if life.adopt is Adopt.MATCH:
                self.problems += placed(resource, [Problem(NAMELESS, remedy="adopt: {id: ...}")])
            found = []
        if not found:
            return self._step(resource, Action.CREATE, Reason.NEW)
        ids = ", ".join(o.id for o in found)
        if len(found) > 1:
            remedy = "name one with lifecycle.adopt: {id: ...}"
            message = f"{len(found)} live objects have its natural key: {ids}"
            self.problems += placed(resource, [Problem(message, remedy=remedy)])
            return self._step(resource, Action.CREATE, Reason.NEW)
        if recovering or life.adopt is Adopt.MATCH or takes_over(kind, spec):
            full = await self._observe(kind, found[0].id, spec) or found[0]
            return self._adoption(resource, spec, full, Reason.RECOVERED if recovering else Reason.FOUND)
        step = self._step(resource, Action.CREATE, Reason.NEW)
        return replace(step, refused=f"one like it exists already ({ids}); lifecycle.adopt: match takes it over")

    async def _makable(self, resource: Resource, spec: Spec, step: Step) -> None:
        """Notes where something must be there, for headend can't make it, and isn't: at first, any more, or anew."""
        kind = resource.kind
        if Can.CREATE in kind.can or step.refused or not is_resolved(spec):
            return
        if step.action is Action.CREATE or not await kind.find(await self.apis(kind.platform), spec):
            message = f"there is no live {kind.name} like it, and headend can't make one"
            self.problems += placed(resource, [Problem(message, remedy="correct it, or name one: lifecycle.adopt")])

    async def _found(self, resource: Resource) -> str | None:
        """The id that `lifecycle.adopt: {lookup: ...}` finds, which goes into the plan."""
        if (query := resource.lifecycle.adopt_query) is None:
            return None
        found = await find(await self.apis(resource.kind.platform), query, self.taken)
        if isinstance(found, Problem):
            self.problems += placed(resource, [replace(found, message=f"lifecycle.adopt: {found.message}")])
            return None
        self.lookups[f"{resource.address}.lifecycle.adopt"] = found
        return found

    def _adoption(self, resource: Resource, spec: Spec, seen: Observed | None, reason: Reason) -> Step:
        if seen is None:
            return self._step(resource, Action.CREATE, Reason.NEW)
        found = self._new(resource, spec, seen)
        if found.replaces:
            names = ", ".join(found.replaces)
            message = f"the live object {seen.id} differs in what can't be changed: {names}"
            self.problems += placed(resource, [Problem(message, remedy="correct the stack, or adopt another one")])
        step = self._step(resource, Action.ADOPT, reason, seen=seen, found=found)
        if reason is Reason.RECOVERED and (made := handed_out_by_create(resource.kind, spec)):
            lost = f"its {', '.join(made)} was shown to the run that was killed: what that run didn't keep is lost"
            step = replace(step, warnings=(*step.warnings, lost))
        return step

    def _new(self, resource: Resource, spec: Spec, seen: Observed) -> Difference:
        """How a live object that state doesn't know differs."""
        hidden, ignore = secret_fields(type(spec), resource.secret_fields), resource.lifecycle.ignore_changes
        return differences(spec, seen, None, digest=self.state.digest, hidden=hidden, ignore=ignore)

    def _step(
        self,
        resource: Resource,
        action: Action,
        reason: Reason,
        *,
        seen: Observed | None = None,
        found: Difference | None = None,
    ) -> Step:
        found = found or Difference()
        if seen:
            self.computed[resource.address] = seen.computed
        return Step(
            resource.address,
            resource.kind.name,
            action,
            reason,
            impact=impact(resource.kind, action, type(resource.spec), found.changes),
            id=seen.id if seen else None,
            changes=found.changes,
            unverifiable=found.unverifiable,
            warnings=seen.warnings if seen else (),
            seen=fingerprint(seen, self.state.digest),
        )

    async def removal(self, entry: Entry) -> Step:
        """The step of an object that the stack no longer names."""
        kind = registry.kinds().get(entry.kind)
        if kind is None:
            raise InputError(f"{entry.address}: this headend does not know the kind {entry.kind}")
        last = left(revive(kind, entry), self.stack.elsewhere(entry.address))
        seen = await self._observe(kind, entry.id, last)
        action, reason = Action.DELETE, Reason.REPLACED if is_aside(entry.address) else Reason.REMOVED
        if seen is None:
            action, reason = Action.FORGET, Reason.GONE
        elif entry.address not in self.stack.resources and claimed(self.stack, kind, entry):
            action, reason = Action.FORGET, Reason.RENAMED
        elif entry.retain or Can.DELETE not in kind.can:
            action, reason = Action.FORGET, Reason.RETAINED
        stays = reason is Reason.RETAINED and Can.DELETE not in kind.can
        reviewed = action is Action.DELETE or stays
        warnings, why = await self._review_removal(kind, entry, action, last) if reviewed else ((), None)
        return Step(
            entry.address,
            kind.name,
            action,
            reason,
            impact=impact(kind, action, kind.model, ()),
            warnings=warnings,
            id=entry.id,
            seen=fingerprint(seen, self.state.digest),
            refused=guard.refusal(kind, action, entry.protect) or why,
        )

    async def _review_removal(
        self, kind: Kind[Any, Any], entry: Entry, action: Action, last: Spec
    ) -> tuple[tuple[str, ...], str | None]:
        """Warnings of a deletion, or of leaving behind what can't be deleted; and why it is refused, None if it may."""
        proposal = Proposal(action, None, entry.id, last=last)
        found = await kind.review(await self.apis(kind.platform), proposal)
        why = "; ".join(p.text for p in errors(found)) if not entry.retain else ""
        return tuple(p.text for p in remarks(found)), why or None

    async def _observe(self, kind: Kind[Any, Any], id: str, spec: Spec, *, insist: bool = False) -> Observed | None:
        if Can.OBSERVE not in kind.can:
            return Observed(id)
        if isinstance(kind, Unasked) and not (self.refresh or insist):
            return Observed(id, unverifiable={"existence": f"only `drift` and --refresh ask, {kind.unasked}"})
        return await kind.observe(await self.apis(kind.platform), id, spec)


def impact(kind: Kind[Any, Any], action: Action, model: type[Spec], changes: Sequence[Change]) -> Impact:
    """What a step does to a running stream; the worst of its parts."""
    if action in {Action.DELETE, Action.REPLACE}:
        return impact_of_delete(kind)
    found = {m.impact or Impact.INTERRUPTS for c in changes if (m := mark(model, c.field, Interrupts))}
    return max(found, key=list(Impact).index, default=Impact.NONE)


def _why(found: Difference) -> Reason:
    return (
        Reason.DRIFTED if found.changes and all(change.cause == "drift" for change in found.changes) else Reason.CHANGED
    )


def placed(resource: Resource, problems: Sequence[Problem]) -> list[Problem]:
    """The problems with the resource's place and address."""
    return resource.placed(problems)


def desired_hash(stack: Stack, state: State) -> str:
    """Keyed hash of all that the stack wants, secrets included (as digests)."""
    wanted = {
        a: recorded(r.spec, secret_fields(type(r.spec), r.secret_fields), state.digest)
        for a, r in sorted(stack.resources.items())
    }
    return state.digest(wanted)["$digest"]


async def _together(work: Iterable[Coroutine[Any, Any, Step]]) -> list[Step]:
    """All results in order. The first failure ends the others, which would go on reading for nobody."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def _watched(watch: Watch, steps: Collection[Step]) -> list[Step]:
    """The steps, with what each would cut."""

    async def one(step: Step) -> Step:
        return replace(step, on_air=await watch.cuts(step))

    looked = {s.address: s for s in await _together(one(s) for s in steps if s.impact is not Impact.NONE)}
    return [looked.get(step.address, step) for step in steps]


async def make_plan(
    stack: Stack,
    state: State,
    apis: Apis,
    *,
    targets: Collection[str] = (),
    destroy: bool = False,
    refresh: bool = False,
    now: Clock = clock,
) -> Plan:
    """Reads and decides. Raises InputError with every problem of the stack, ApiError where reading failed.

    refresh: also asks for objects of which reading tells only that they are there."""
    entries = state.entries()
    moved = {} if destroy else moves(stack, entries)
    current = {new: replace(entries[old], address=new) for new, old in moved.items()}
    current |= {a: e for a, e in entries.items() if a not in moved.values()}
    resources = {} if destroy else targeted(stack, targets)
    planner = Planner(stack, state, apis, current, {}, [], state.intents(), refresh)
    if not destroy:
        ids, problems = await find_named(stack.lookups, apis, planner.taken)
        planner.lookups |= ids
        planner.problems += problems
    if targets:
        for address, entry in current.items():
            if address not in resources:
                planner.ids |= {address: entry.id} | made_by(address, entry.computed)
    steps: dict[str, Step] = {}
    for wave in order(resources):
        done = await _together(planner.resource(resources[a]) for a in wave)
        steps |= dict(zip(wave, done, strict=True))
    steps = {a: steps[a] for a in stack.resources if a in steps}
    for new, old in moved.items():
        if new in steps:
            action = Action.MOVE if steps[new].action is Action.NONE else steps[new].action
            reason = Reason.RENAMED if action is Action.MOVE else steps[new].reason
            steps[new] = replace(steps[new], action=action, reason=reason, moved_from=old)
    gone = [e for a, e in current.items() if a not in stack.resources or destroy]
    gone = [e for e in gone if not targets or any(within(owner(e.address), t) for t in targets)]
    removals = await _together(planner.removal(e) for e in gone)
    if planner.problems:
        raise InputError(planner.problems)
    watch = Watch(stack, current, apis, now)
    ordered, removals = await _watched(watch, steps.values()), await _watched(watch, removals)
    return Plan(stack.name, stack.file, desired_hash(stack, state), (*ordered, *removals), destroy, planner.lookups)
