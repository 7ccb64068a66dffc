"""What a run leaves as it is, and why: steps that aren't as they were approved, objects that nobody can tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from headend.cli import planfile
from headend.cli.echo import echo
from headend.core.model.address import within
from headend.core.model.errors import InputError, StaleError
from headend.core.model.findings import lines
from headend.core.model.stack import Stack
from headend.core.reconcile.approval import Seeded, differences
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.state import State


def approved(fresh: Plan, document: Mapping[str, Any], known: Seeded, whole: bool) -> tuple[Plan, dict[str, str]]:
    """What of the plan is as it was reviewed, and address -> what isn't, which is told. Raises StaleError where nothing
    of it holds. whole: or not all of it."""
    planfile.raise_if_other(fresh, document)
    stale = differences(fresh, document) | known.conflicts
    _tell([f"{address}: moved since the plan: {why}; plan again" for address, why in stale.items()], "step")
    if stale and whole:
        raise StaleError("not all of the plan can be carried out, so that none of it is (--all-or-nothing)")
    return replace(fresh, steps=tuple(step for step in fresh.steps if step.address not in stale)), stale


def left_in_doubt(stack: Stack, state: State, plan: Plan, targets: Collection[str]) -> list[str]:
    """Addresses whose object this run won't look after, which is told: their creation had an unknown outcome, or
    nobody can tell without state what is to be destroyed."""
    intents = state.intents().keys() - {step.address for step in plan.steps}
    doubtful = {address for address in intents if state.record(address) is None}
    found = sorted(address for address in doubtful if plan.destroy or address not in stack.resources)
    way = f"`apply` finds it, then destroy it; or look, and say `headend state settle {stack.name}"
    unknown = "nobody knows whether an earlier run made it; if it did, it stays"
    _tell([f"{address}: {unknown}: {way} {address}`" for address in found], "object")
    doubts = state.doubts or {} if plan.destroy else {}
    untold = {a: why for a, why in doubts.items() if not targets or any(within(a, target) for target in targets)}
    _tell([f"{address}: stays, if it is there: {why}" for address, why in untold.items()], "object")
    return [*found, *untold]


def _tell(told: Sequence[str], noun: str) -> None:
    for line in lines(told, noun, InputError.MOST_TOLD):
        echo(line, err=True)
