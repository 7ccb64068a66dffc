"""What a program decides before it declares anything: moves, takeovers, refusals, and what is said of removals.

The program alone sees both the stack file and what Pulumi's state has (`headend.pulumi.snapshot`), so it plans for all
that is new and all that goes, by the planner of the embedded engine. What Pulumi knows, its providers decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from typing import Any

from headend.core.model.address import within
from headend.core.model.errors import GuardError, InputError
from headend.core.model.fields import Secret, Spec, marked
from headend.core.model.findings import Problem
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.lookup import find_named_ids
from headend.core.model.moved import said_of
from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile import guards
from headend.core.reconcile.adoption import EACH, adopting
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.moves import find_moves, follow, unsure
from headend.core.reconcile.on_air import Watch, refusal
from headend.core.reconcile.order import waves
from headend.core.reconcile.plan import Step
from headend.core.reconcile.planner import Planner, kept_names, taken_over, watched
from headend.core.reconcile.reader import Apis, Reader
from headend.core.reconcile.resolve import keep_names, kept_lookups
from headend.core.reconcile.together import together
from headend.core.wire.registry import kinds
from headend.pulumi.ahead import Row, find_ahead
from headend.pulumi.order import Order, find_order
from headend.pulumi.policies import ask_policies
from headend.pulumi.props import digest
from headend.pulumi.runtime import told_change
from headend.pulumi.settings import ADOPT, DELETIONS, INTERRUPTION


@frozen_dataclass
class Consent:
    """What was agreed to for this one run. interruptions, adoptions: addresses."""

    interruptions: frozenset[str] = frozenset()
    adoptions: frozenset[str] = frozenset()
    deletions: bool = False


@frozen_dataclass
class Prepared:
    """moved: new address -> old. adopt: address -> id that creation takes over. lookups: `<address>.<field>`, or
    `lookups.<name>` -> the id that was found. lines: what a person should know. losses: how many objects go.
    recovered: those of `adopt` that a killed run had made. order: what goes before what, besides references.
    ahead: of `headend.pulumi.ahead`."""

    moved: Mapping[str, str] = field(default_factory=dict)
    adopt: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    losses: int = 0
    recovered: frozenset[str] = frozenset()
    order: Order = field(default_factory=Order)
    ahead: Mapping[str, list[Row]] = field(default_factory=dict)


async def prepare(
    stack: Stack,
    records: Mapping[str, Record],
    apis: Apis,
    *,
    unfinished: Mapping[str, str | None] | None = None,
    consent: Consent | None = None,
    dry_run: bool = False,
    journal: str = "",
) -> Prepared:
    """Plans what Pulumi can't decide. records: what its state has. unfinished: as the journal has it.

    Raises InputError with every problem of the stack, GuardError for all that is refused, ApiError for failed reads.
    A preview (dry_run) only warns of what is on air: it may be over when the deletion comes.
    """
    consent, unfinished = consent or Consent(), unfinished or {}
    stack = _adopting(stack, consent.adoptions)
    _raise_if_unable(stack, records)
    moved = await find_moves(stack, records, digest, apis)
    known = follow(records, moved)
    reader = Reader(
        stack,
        known,
        apis,
        digest,
        intents=unfinished.keys(),
        planned={a for a, record in known.items() if a in stack.resources or _is_left(record)},
        made={address: id for address, id in unfinished.items() if id and address in stack.resources},
        unsure=unsure(stack, records, digest, moved),
        settle=f"HEADEND_STATE=.headend/{journal}.pulumi.db headend state settle",
    )
    planner = Planner(reader, moved)
    lookups, planner.problems = await find_named_ids(stack.lookups, apis, reader.taken)
    reader.lookups |= lookups
    steps = await _new(planner, stack, known, unfinished)
    order = find_order(stack, known, lambda r: reader.filled(r, keep_names(r.spec, r.defaulted, known.get(r.address))))
    gone = [record for address, record in known.items() if address not in stack.resources]
    removals = await together(planner.removal(record) for record in gone)
    if planner.problems:
        raise InputError(planner.problems)
    watch = Watch(stack, known | taken_over(steps), apis)
    steps = await watched(watch, steps)
    removals = await watched(watch, removals)
    air = [
        f"{s.address}: {why}"
        for s in (*steps, *removals)
        if (why := refusal(s.address, s.impact, s.on_air, consent.interruptions, INTERRUPTION))
    ]
    broken, said = await ask_policies(stack, records, apis, unfinished)
    refused = [*_refused(steps, removals), *order.refused, *broken, *([] if dry_run else air)]
    losses = sum(step.action is Action.DELETE for step in removals)
    if many := guards.mass_deletion(losses, len(records), consent.deletions, f"{DELETIONS}=1"):
        refused.append(str(many))
    if refused:
        raise GuardError(*refused)
    adopt = {s.address: s.id for s in steps if s.action is Action.ADOPT and s.id}
    recovered = frozenset(s.address for s in steps if s.reason is Reason.RECOVERED)
    lines = (
        *_told_moves(stack, known, moved),
        *_told(steps),
        *_told(removals),
        *said,
        *(f"warning: {why}" for why in air),
    )
    ahead = find_ahead(stack, known, (a for wave in waves(stack.resources, order.after) for a in wave))
    return Prepared(moved, adopt, reader.lookups, lines, losses, recovered, order, ahead)


def _raise_if_unable(stack: Stack, records: Mapping[str, Record]) -> None:
    """Raises InputError for what a stack may say of addresses, and Pulumi can't do."""
    wrong = [
        Problem(
            f"`removed`: Pulumi can't forget {address} by a run of the program",
            said.source,
            remedy=f"`pulumi state delete` it, by its URN that ends in ::{address}, then drop this",
        )
        for address in records
        if address not in stack.resources and (said := said_of(address, stack.removed)) and said.forget
    ]
    wrong += [
        Problem(
            "`moved`: Pulumi can't move objects between stacks by a run of the program",
            one.source,
            remedy="`pulumi state move` does so; then drop this",
        )
        for one in stack.moved
        if one.old.stack or (one.new.stack and any(within(address, one.old.address) for address in records))
    ]
    if wrong:
        raise InputError(wrong)


def _is_left(record: Record) -> bool:
    """Whether a deletion leaves the object to a resource that has it by now, so that this one may take it over. What
    else goes frees nothing: Pulumi deletes at the end of a run."""
    kind = kinds()[record.kind]
    spec: Spec = record.spec(kind)
    return not marked(type(spec), Secret) and kind.identity(spec) is not None


def _adopting(stack: Stack, addresses: Collection[str]) -> Stack:
    """The stack with `adopt: match` where that was said for this run. Raises InputError for what it doesn't have."""
    if unknown := sorted(addresses - stack.resources.keys() - {EACH}):
        raise InputError(f"{ADOPT}: the stack has nothing at {', '.join(unknown)}")
    return adopting(stack, addresses)


async def _new(planner: Planner, stack: Stack, known: Mapping[str, Record], unfinished: Collection[str]) -> list[Step]:
    """Steps of what Pulumi's state doesn't have, or has an older object of, while a newer one was being made."""
    steps: list[Step] = []
    for wave in waves(stack.resources):
        begun = [a for a in wave if a in unfinished]  # what is theirs is no other's
        steps += await together(planner.resource(stack.resources[a], anew=a in known) for a in begun)
        planner.reader.made |= {s.address: s.id for s in steps if s.reason is Reason.RECOVERED and s.id}
        new = [a for a in wave if a not in known and a not in unfinished]
        steps += await together(planner.resource(stack.resources[a]) for a in new)
        for address in (a for a in wave if a in known and a not in unfinished):
            lookups = kept_lookups(stack.resources[address].spec).keys()
            if lookups - known[address].values:
                await planner.decided(stack.resources[address])  # for what it finds: its provider can't tell
    return steps


def _refused(steps: Collection[Step], removals: Collection[Step]) -> Iterator[str]:
    for step in steps:
        if step.refused:
            live = step.decision and any(o.id not in step.decision.situation.ours for o in _alike(step.decision))
            way = f" ({ADOPT}={step.address} does so for this one run)" if live else ""
            yield f"{step.address}: {step.refused}{way}"
    for step in removals:
        if step.refused:
            yield f"{step.address}: {step.refused}"


def _alike(decision: Decision) -> tuple[Any, ...]:
    return decision.situation.alike


def _told_moves(stack: Stack, known: Mapping[str, Record], moved: Mapping[str, str]) -> Iterator[str]:
    for address, old in moved.items():
        yield f"{address}: moved from {old}"
        resource = stack.resources[address]
        want = keep_names(resource.spec, resource.defaulted, known[address])
        yield from (f"{address}: {problem.text}" for problem in kept_names(want, resource))


def _told(steps: Collection[Step]) -> Iterator[str]:
    """What the engine's own display has no word for."""
    for step in steps:
        if step.action is Action.ADOPT:
            yield f"{step.address}: takes over {step.id} ({step.reason})"
            for change in step.changes:
                text = told_change(change) or f"{'.'.join(change.path)}: {change.before} -> {change.after}"
                yield f"{step.address}: {text}"
        yield from (f"{step.address}: warning: {text}" for text in step.warnings)
