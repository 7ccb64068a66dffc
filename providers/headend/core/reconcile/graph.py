"""What must be done before what: each step of a plan as one node or several, and the edges between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from headend.core.model.capabilities import LetsGo
from headend.core.model.proposal import Action
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.state import Entry
from headend.core.wire import registry

Node = tuple[str, str]
"""(address, "put", "drop" or "release"): a replacement is two nodes, so that what depends on it can go in between;
and what stays may have to let go of it first."""


def graph(plan: Plan, stack: Stack, entries: Mapping[str, Entry]) -> dict[Node, set[Node]]:
    """node -> the nodes that must be done before it."""
    steps = {step.address: step for step in plan.writes()}
    puts = {a for a, s in steps.items() if s.action not in {Action.DELETE, Action.FORGET}}
    drops = {a for a, s in steps.items() if s.action in {Action.DELETE, Action.FORGET, Action.REPLACE}}
    nodes: dict[Node, set[Node]] = {n: set() for n in [*((a, "put") for a in puts), *((a, "drop") for a in drops)]}
    for address in puts:
        resource = stack.resources[address]
        nodes[address, "put"] |= {(r, "put") for r in resource.references() if r in puts}
        if address in drops and not resource.kind.create_before_delete:
            nodes[address, "put"].add((address, "drop"))
        elif address in drops:
            nodes[address, "drop"].add((address, "put"))
    for address, entry in entries.items():
        for needed in entry.depends:
            if (needed, "drop") not in nodes:
                continue
            if address in drops:
                nodes[needed, "drop"].add((address, "drop"))
            elif address in puts and ((needed, "put") not in nodes or (needed, "put") in nodes[needed, "drop"]):
                nodes[needed, "drop"].add((address, "put"))
            elif address in puts and _releases(entry):
                nodes.setdefault((address, "release"), set())
                nodes[needed, "drop"].add((address, "release"))
                nodes[address, "put"].add((address, "release"))
    for address in puts & drops:
        old = entries.get(steps[address].moved_from or address)
        nodes[address, "drop"] |= _made_first(stack.resources[address], old.depends if old else (), nodes)
    return nodes


def _made_first(resource: Resource, depends: Collection[str], nodes: Mapping[Node, set[Node]]) -> set[Node]:
    """What is made before the old object goes: what the new one needs, where that is made anew beside its own old one.
    If it can't be made, the old object stays."""
    aside = {a for a in resource.references() if (a, "put") in nodes.get((a, "drop"), ())}
    waits = {a for a in depends if (a, "drop") in nodes and (a, "put") in nodes}  # for this one to be gone
    return set() if resource.kind.create_before_delete or waits - aside else {(a, "put") for a in aside}


def _releases(entry: Entry) -> bool:
    return isinstance(registry.kinds()[entry.kind], LetsGo)
