"""The order of a plan's steps, as a graph. A step is one node or several; an edge says what goes first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from headend.core.model.capabilities import LetsGo
from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.moves import is_aside, owner
from headend.core.reconcile.plan import Plan, Step
from headend.core.wire import registry

Node = tuple[str, str]
"""(address, "put", "drop" or "release"). A replacement is two nodes, so that its dependents can change in between.
"release": an object that stays lets go of one that is about to be deleted."""

Edges = dict[Node, set[Node]]
"""node -> the nodes that go before it."""


def graph(plan: Plan, stack: Stack, records: Mapping[str, Record]) -> Edges:
    """The graph of a plan. records: by their current addresses in the stack."""
    steps = {step.address: step for step in plan.writes()}
    puts = {a for a, s in steps.items() if s.action not in {Action.DELETE, Action.FORGET}}
    drops = {a for a, s in steps.items() if s.action in {Action.DELETE, Action.FORGET, Action.REPLACE}}
    edges: Edges = {n: set() for n in [*((a, "put") for a in puts), *((a, "drop") for a in drops)]}
    for address in puts:
        resource = stack.resources[address]
        edges[address, "put"] |= {(r, "put") for r in resource.references() if r in puts}
        edges[address, "put"] |= set(_frees(steps[address], edges))
        if address in drops and not resource.kind.create_before_delete:
            edges[address, "put"].add((address, "drop"))
        elif address in drops:
            edges[address, "drop"].add((address, "put"))
    for address, record in records.items():
        _let_go_first(address, record, edges, puts, drops)
    _asides_last(edges, puts, drops, records)
    for address in puts & drops:
        old = records.get(address)
        edges[address, "drop"] |= _made_first(stack.resources[address], old.depends if old else (), edges)
    return edges


def _frees(step: Step, edges: Edges) -> Iterable[Node]:
    """Nodes of other steps that free what this one needs, such as a unique name."""
    for address in step.decision.after if step.decision else ():
        if (address, "drop") in edges:
            yield address, "drop"
        elif (address, "put") in edges:
            yield address, "put"


def _let_go_first(address: str, record: Record, edges: Edges, puts: Collection[str], drops: Collection[str]) -> None:
    """Before an object is deleted, its dependents are deleted or switched over."""
    for needed in record.depends:
        if (needed, "drop") not in edges:
            continue
        if address in drops:
            edges[needed, "drop"].add((address, "drop"))
        elif address in puts and ((needed, "put") not in edges or (needed, "put") in edges[needed, "drop"]):
            edges[needed, "drop"].add((address, "put"))
        elif address in puts and _releases(record):
            edges.setdefault((address, "release"), set())
            edges[needed, "drop"].add((address, "release"))
            edges[address, "put"].add((address, "release"))


def _asides_last(edges: Edges, puts: Collection[str], drops: Collection[str], records: Mapping[str, Record]) -> None:
    """What a run that didn't end has set aside goes as late as it would have gone in that run: after its replacement is
    made, and after what depends on it has changed over. Not where the new object needs what the old one has."""
    asides: dict[str, list[Node]] = {}
    for address in filter(is_aside, drops):
        asides.setdefault(owner(address), []).append((address, "drop"))
    for needed, old in asides.items():
        for node in old if needed in puts else ():
            if node not in edges[needed, "put"]:
                edges[node].add((needed, "put"))
    for address, record in records.items() if asides else ():
        for node in (node for needed in record.depends for node in asides.get(needed, ())):
            if address in drops:
                edges[node].add((address, "drop"))
            elif address in puts:
                edges[node].add((address, "put"))


def _made_first(resource: Resource, depends: Collection[str], edges: Edges) -> set[Node]:
    """What must be made before the old object is deleted: those things the new object needs that are replaced
    create-first. If one of them fails, the old object stays."""
    aside = {a for a in resource.references() if (a, "put") in edges.get((a, "drop"), ())}
    waits = {a for a in depends if (a, "drop") in edges and (a, "put") in edges}  # for this one to be gone
    return set() if resource.kind.create_before_delete or waits - aside else {(a, "put") for a in aside}


def _releases(record: Record) -> bool:
    return isinstance(registry.kinds()[record.kind], LetsGo)


def in_circles(edges: Mapping[Node, Collection[Node]]) -> frozenset[str]:
    """Addresses of steps that wait for themselves, directly or through other steps."""
    waits = {node: set(before) & edges.keys() for node, before in edges.items()}
    while free := [node for node, before in waits.items() if not before]:
        for node in free:
            del waits[node]
        for before in waits.values():
            before.difference_update(free)
    needed = {node: {n for n, before in waits.items() if node in before} for node in waits}
    while free := [node for node, after in needed.items() if not after]:  # waits for a circle, but is not in one
        for node in free:
            del needed[node]
        for after in needed.values():
            after.difference_update(free)
    return frozenset(address for address, _ in needed)
