"""Policies under Pulumi: the program judges for both, for it alone sees the whole stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.core.model.findings import errors, remarks
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.judge import check_stack
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile.on_air import clock
from headend.core.reconcile.plan import Step
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.policies import check_plan
from headend.core.reconcile.reader import Apis
from headend.core.reconcile.refusal import Guard
from headend.pulumi.props import digest


@frozen_dataclass
class _Known:
    """Pulumi's state, as a plan asks for it."""

    held: Mapping[str, Record]
    unfinished: Mapping[str, Any]

    def records(self) -> dict[str, Record]:
        return dict(self.held)

    def intents(self) -> Mapping[str, Any]:
        return self.unfinished

    def digest(self, value: Any) -> Any:
        return digest(value)

    def coming(self) -> Mapping[str, str]:
        return {}

    def held_elsewhere(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        return {}


async def ask_policies(
    stack: Stack, records: Mapping[str, Record], apis: Apis, unfinished: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """What policies refuse, and what else they say, a line each. Only where one of them asks for it, all is looked at,
    also what Pulumi knows."""
    if not any(policy.of_plan for policy in stack.policies):
        found = check_stack(stack, clock())
        refused = [f"{problem.address}: {problem.text}" for problem in errors(found)]
        return refused, [f"{problem.address}: {problem.level}: {problem.text}" for problem in remarks(found)]
    plan = await make_plan(stack, _Known(records, unfinished), apis)
    judged = (await check_plan(plan, stack, lambda: records, apis)).steps
    refusals = [f"{step.address}: {no}" for step in judged for no in step.refusals if no.guard is Guard.POLICY]
    return refusals, [line for old, new in zip(plan.steps, judged, strict=True) for line in _more(old, new)]


def _more(old: Step, new: Step) -> list[str]:
    return [f"{new.address}: warning: {text}" for text in new.warnings[len(old.warnings) :]]
