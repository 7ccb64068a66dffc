"""The order of a plan's steps, as a graph. A step is one node or several; an edge says what goes first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from headend.core.model.capabilities import LetsGo
from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile.circles import in_circles
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.moves import is_aside, owner
from headend.core.reconcile.plan import Plan, Step
from headend.core.wire import registry

Node = tuple[str, str]
"""(address, "put", "drop" or "release"). A replacement is two nodes, so that its dependents can change in between.
"release": an object that stays lets go of one that is about to be deleted."""

Edges = dict[Node, set[Node]]
"""node -> the nodes that go before it."""

_LOSSES = frozenset({Action.DELETE, Action.FORGET, Action.REPLACE})


def graph(plan: Plan, stack: Stack, records: Mapping[str, Record]) -> Edges:
    """The graph of a plan. records: by their current addresses in the stack."""
    return _Steps(plan, stack, records).graph()


def creates_first(edges: Mapping[Node, Collection[Node]], address: str) -> bool:
    """Whether a replacement makes the new object before it deletes the old one."""
    return (address, "put") in edges.get((address, "drop"), ())


def holding_on(plan: Plan, stack: Stack, records: Mapping[str, Record]) -> set[str]:
    """Addresses of objects that are changed in place, yet refer to one that is deleted before its replacement is made.
    No platform deletes what is referred to (A-739), so they have to go first, and be made anew."""
    steps = _Steps(plan, stack, records)
    if not steps.replaced:
        return set()
    edges = steps.graph()
    gone_first = {a for a in steps.replaced if not creates_first(edges, a)}
    return {
        address
        for address in steps.puts - steps.drops
        if address in records and not _releases(records[address])
        if any(n in gone_first and n in steps.waits_for(address) for n in steps.needed(address))
    }


@dataclass
class _Steps:
    """What a plan makes and deletes."""

    plan: Plan
    stack: Stack
    records: Mapping[str, Record]

    def __post_init__(self) -> None:
        self.steps = {step.address: step for step in self.plan.writes()}
        self.puts = {a for a, s in self.steps.items() if s.action not in {Action.DELETE, Action.FORGET}}
        self.drops = {a for a, s in self.steps.items() if s.action in _LOSSES}
        self.replaced = self.puts & self.drops
        self._wanted: dict[str, frozenset[str]] = {}

    def graph(self) -> Edges:
        """A replacement makes the new object first where its kind says so. Where that has no sound order, as when what
        it lives in is replaced too, the old object goes first."""
        first = {a for a in self.replaced if self._may_be_first(a)}
        while True:
            edges = self.edges(first)
            stuck = in_circles(edges) & first
            if not stuck:
                return edges
            # what depends on an object that goes first is the cause; the others may keep their order
            caused = {a for a in stuck if any(n in self.replaced and n not in first for n in self.needed(a))}
            first -= caused or stuck

    def _may_be_first(self, address: str) -> bool:
        """Whether the new object may be made while the old one is there; not where that one is being deleted."""
        leaving = self.steps[address].reason is Reason.VANISHED
        return self.stack.resources[address].kind.create_before_delete and not leaving

    def waits_for(self, address: str) -> frozenset[str]:
        """What is made or changed before the object there, since that needs it."""
        if address not in self._wanted:
            direct = {r for r in self.stack.resources[address].references() if r in self.puts}
            self._wanted[address] = frozenset(direct).union(*map(self.waits_for, direct))
        return self._wanted[address]

    def needed(self, address: str) -> Collection[str]:
        """What the object there refers to now."""
        return self.records[address].depends

    def edges(self, first: Collection[str]) -> Edges:
        """The graph, if these replacements make the new object first."""
        edges: Edges = {n: set() for n in [*((a, "put") for a in self.puts), *((a, "drop") for a in self.drops)]}
        for address in self.puts:
            resource = self.stack.resources[address]
            edges[address, "put"] = {(r, "put") for r in resource.references() if r in self.puts}
            edges[address, "put"] |= set(_frees(self.steps[address], edges))
            if address in first:
                edges[address, "drop"].add((address, "put"))
            elif address in self.drops:
                edges[address, "put"].add((address, "drop"))
        for address in self.records:
            self._let_go_first(address, edges, first)
        self._asides_last(edges)
        for address in self.replaced - set(first):
            edges[address, "drop"] |= self._made_first(address, first)
        return edges

    def _let_go_first(self, address: str, edges: Edges, first: Collection[str]) -> None:
        """Before an object is deleted, its dependents are deleted or switched over."""
        for needed in self.needed(address):
            if (needed, "drop") not in edges:
                continue
            if address in self.drops:
                edges[needed, "drop"].add((address, "drop"))
            elif address in self.puts and (needed in first or needed not in self.waits_for(address)):
                edges[needed, "drop"].add((address, "put"))
            elif address in self.puts and _releases(self.records[address]):
                edges.setdefault((address, "release"), set())
                edges[needed, "drop"].add((address, "release"))
                edges[address, "put"].add((address, "release"))

    def _asides_last(self, edges: Edges) -> None:
        """What a run that didn't end has set aside goes as late as it would have gone in that run: after its
        replacement is made, and after what depends on it has changed over. Not where the new object needs what the old
        one has."""
        asides: dict[str, list[Node]] = {}
        for address in filter(is_aside, self.drops):
            asides.setdefault(owner(address), []).append((address, "drop"))
        for needed, old in asides.items():
            for node in old if needed in self.puts else ():
                if node not in edges[needed, "put"]:
                    edges[node].add((needed, "put"))
        for address, record in self.records.items() if asides else ():
            for needed, node in ((name, node) for name in record.depends for node in asides.get(name, ())):
                if address in self.drops:
                    edges[node].add((address, "drop"))
                if address in self.puts and (address not in self.drops or (needed, "put") in edges[node]):
                    edges[node].add((address, "put"))

    def _made_first(self, address: str, first: Collection[str]) -> set[Node]:
        """What must be made before the old object is deleted: those things the new object needs that need nothing to be
        deleted first. If one of them fails, the old object stays."""
        aside = {a for a in self.stack.resources[address].references() if a in first or self._needs_no_loss(a)}
        waits = {a for a in self.needed(address) if a in self.replaced}  # for this one to be gone
        return set() if waits - aside else {(a, "put") for a in aside}

    def _needs_no_loss(self, address: str) -> bool:
        """Whether it is made or changed without anything having to be deleted before."""
        return address in self.puts and not any(
            a in self.drops or self._is_freed(a) for a in (address, *self.waits_for(address))
        )

    def _is_freed(self, address: str) -> bool:
        decision = self.steps[address].decision
        return decision is not None and bool(decision.after)


def _frees(step: Step, edges: Edges) -> Iterable[Node]:
    """Nodes of other steps that free what this one needs, such as a unique name."""
    for address in step.decision.after if step.decision else ():
        if (address, "drop") in edges:
            yield address, "drop"
        elif (address, "put") in edges:
            yield address, "put"


def _releases(record: Record) -> bool:
    return isinstance(registry.kinds()[record.kind], LetsGo)
