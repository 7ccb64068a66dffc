"""What policies say of a plan: what it shows beyond the stack file, and which steps are refused for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from headend.core.model.errors import InputError
from headend.core.model.facts import plain_of, values_of
from headend.core.model.findings import Level
from headend.core.model.judge import Judge
from headend.core.model.observed import Airtime
from headend.core.model.policies import selected, stars
from headend.core.model.proposal import Action
from headend.core.model.record import Digest, Record
from headend.core.model.stack import Stack
from headend.core.reconcile.on_air import Clock, Watch, clock, in_maintenance
from headend.core.reconcile.plan import Plan, Step, change_document
from headend.core.reconcile.planner import taken_over
from headend.core.reconcile.reader import Apis
from headend.core.reconcile.refusal import Guard, Refusal

NEVER, ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


async def check_plan(
    plan: Plan, stack: Stack, records: Callable[[], Mapping[str, Record]], apis: Apis, now: Clock = clock
) -> Plan:
    """The plan, refused where it breaks a policy. records: gives what state has, asked only where there are policies.
    Raises InputError, with the places of all conditions that can't be evaluated."""
    if not stack.policies:
        return plan
    judge = Judge(stack, now())
    watch = Watch(stack, _current(plan, records()) | taken_over(plan.steps), apis, now)
    steps = await asyncio.gather(*(_judged(step, stack, judge, watch) for step in plan.steps))
    if judge.problems:
        raise InputError(judge.problems)
    return replace(plan, steps=tuple(steps))


async def _judged(step: Step, stack: Stack, judge: Judge, watch: Watch) -> Step:
    policies = list(selected(stack.policies, step.kind, step.address, stack.name))
    if not policies and not (step.resource and step.resource.lifecycle.allow):
        return step
    more: dict[str, Any] = {}
    if any(policy.of_plan for policy in policies):
        asked = step.id is not None and any("on_air" in policy.asks for policy in policies)
        asked = asked and step.action not in {Action.NONE, Action.MOVE}
        times = await watch.carried(step.address) if asked else ()
        more = _of_step(step, judge.now, times, in_maintenance(stack.options, judge.now))
    resource = step.resource
    words = judge.resource(resource, more) if resource else judge.removal(_of_removal(step, stack) | more)
    told, refusals = list(step.warnings), []
    for word in words:
        if word.level is Level.ERROR:
            refusals.append(Refusal(Guard.POLICY, word.text, word.lift))
        else:
            told.append(word.text)
    return replace(step.but(refusals), warnings=tuple(told))


def _current(plan: Plan, records: Mapping[str, Record]) -> dict[str, Record]:
    """By the addresses that objects have after the plan's moves."""
    moved = {step.moved_from: step.address for step in plan.steps if step.moved_from}
    return {moved.get(address, address): record for address, record in records.items()}


def _of_step(step: Step, now: datetime, times: Iterable[Airtime], maintenance: bool) -> dict[str, Any]:
    """What the plan knows besides. live: null where nothing is yet; what is wanted, where it is unchanged."""
    return {
        "action": step.action.value,
        "reason": step.reason.value,
        "impact": step.impact.value,
        "id": step.id,
        "live": _live(step),
        "changes": [change_document(change) for change in step.changes],
        "status": step.status.document() if step.status else None,
        "on_air": [_airtime(time) for time in times],
        "maintenance": maintenance,
        "now": now,
    }


def _of_removal(step: Step, stack: Stack) -> dict[str, Any]:
    """The file's variables for an object that the stack no longer names: its spec is what was last applied."""
    last = step.decision.situation.last if step.decision else None
    kept = {name: plain_of(value) for name, value in (last.values if last else {}).items() if not _is_secret(value)}
    key = step.address.rpartition(".")[2]
    return {
        "kind": step.kind,
        "address": step.address,
        "key": key,
        "name": str(kept.get("name", key)),
        "spec": kept,
        "secrets": [],
        "references": {},
        "dependents": [],
        "stack": {"name": stack.name, "file": stack.file},
    }


def _live(step: Step) -> dict[str, Any] | None:
    if step.decision is None:
        return values_of(step.resource) if step.resource and step.id else None
    live, hidden = step.decision.live, step.decision.situation.hidden
    if live is None:
        return None
    return {name: stars(value) if name in hidden else plain_of(value) for name, value in live.values.items()}


def _is_secret(value: Any) -> bool:
    return isinstance(value, Digest)


def _airtime(time: Airtime) -> dict[str, Any]:
    """Without a start it began long ago, without an end it never ends."""
    return {"kind": time.kind, "id": time.id, "start": time.start or NEVER, "end": time.end or ALWAYS}
