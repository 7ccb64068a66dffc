"""What policies say of resources: which they break, whether that is allowed, and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from headend.core.model.errors import InputError
from headend.core.model.facts import Facts
from headend.core.model.findings import Level, Problem
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.moved import said_of
from headend.core.model.policies import Allow, ConditionFailed, Policy, selected
from headend.core.model.secrets import missing_fields
from headend.core.model.stack import Resource, Stack

LIFT = "`lifecycle.allow` lets it for a time"
LIFT_REMOVAL = "`allow` lets it for a time: of its line of `removed:`, or of its `lifecycle` where all is destroyed"


@frozen_dataclass
class Word:
    """What is said of one resource. level: an error refuses. lift: what to do."""

    level: Level
    text: str
    lift: str = ""
    policy: str = ""


class Judge:
    """problems: conditions that can't be evaluated, each at its place."""

    def __init__(self, stack: Stack, now: datetime) -> None:
        self.stack = stack
        self.now = now
        self.today = now.astimezone(ZoneInfo(stack.options.time_zone or "UTC")).date()
        self.facts = Facts(stack)
        self.problems: list[Problem] = []
        self._missing = frozenset(name for one in stack.resources.values() for name in missing_fields(one.spec))

    def resource(self, resource: Resource, more: dict[str, Any] | None = None) -> Iterator[Word]:
        """What is said of what the stack wants; with what the plan knows of it, by the policies of plans, too."""
        allowed = {one.policy: one for one in resource.lifecycle.allow}
        yield from (expired for one in allowed.values() if (expired := _expired(one, self.today)))
        policies = list(selected(self.stack.policies, resource.kind.name, resource.address, self.stack.name))
        if more is None:
            policies = [policy for policy in policies if not policy.of_plan]
        if policies := [policy for policy in policies if not self._waits(policy, resource)]:
            facts = self.facts.of(resource) | (more or {})
            yield from self._said(policies, facts, allowed, LIFT)

    def removal(self, facts: Mapping[str, Any]) -> Iterator[Word]:
        """What is said of an object that goes: by the policies of plans alone."""
        allowed = {one.policy: one for one in self._allowed(facts["address"])}
        yield from (expired for one in allowed.values() if (expired := _expired(one, self.today)))
        policies = selected(self.stack.policies, facts["kind"], facts["address"], self.stack.name)
        yield from self._said([policy for policy in policies if policy.of_plan], facts, allowed, LIFT_REMOVAL)

    def _allowed(self, address: str) -> tuple[Allow, ...]:
        """What an object that goes may break: as its resource says, where all is destroyed; else `removed:`."""
        if resource := self.stack.resources.get(address.partition("/")[0]):
            return resource.lifecycle.allow
        said = said_of(address, self.stack.removed)
        return said.allow if said else ()

    def _waits(self, policy: Policy, resource: Resource) -> bool:
        """Whether the condition asks for a secret that has no value here, of the resource or of those around it."""
        own, text = missing_fields(resource.spec), policy.program.source
        if own and ("secrets" in policy.asks or "spec[" in text):
            return True
        around = self._missing if policy.asks & {"references", "dependents"} else frozenset[str]()
        return any(f"spec.{name}" in text for name in {*own, *around})

    def _said(
        self,
        policies: Collection[Policy],
        facts: Mapping[str, Any],
        allowed: Mapping[str, Allow],
        lift: str,
    ) -> Iterator[Word]:
        for policy in policies:
            try:
                if policy.holds(facts):
                    continue
            except ConditionFailed as error:
                message = f"policy {policy.name} can't be evaluated: {error}"
                self.problems.append(Problem(message, policy.source, facts["address"]))
                continue
            if one := allowed.get(policy.name):
                if one.until >= self.today:
                    yield Word(Level.NOTE, f"{policy}; allowed until {one.until}: {one.reason}", policy=policy.name)
                continue
            yield Word(policy.severity, str(policy), lift, policy.name)


def _expired(one: Allow, today: date) -> Word | None:
    if one.until >= today:
        return None
    text = f"`allow` of policy {one.policy} ended with {one.until} ({one.reason})"
    lift = "mend what it allowed and take it out, or give it another day"
    return Word(Level.ERROR, text, lift, one.policy)


def check_stack(stack: Stack, now: datetime) -> list[Problem]:
    """What policies say of what the file shows. Raises InputError, with the places of all conditions that can't be
    evaluated."""
    judge = Judge(stack, now)
    if not stack.policies:
        return []
    found = [
        Problem(
            word.text, resource.source, resource.address, word.lift or None, word.level, rule=f"policy/{word.policy}"
        )
        for resource in stack.resources.values()
        for word in judge.resource(resource)
    ]
    if judge.problems:
        raise InputError(judge.problems)
    return found
