"""What a picture of signal paths shows: few enough nodes for a person, and how many stand behind each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

from headend.core.model.address import last_key
from headend.core.model.frozen import frozen_dataclass
from headend.reports.wording import Part

MOST = 60  # nodes of a picture: code hosts refuse much larger ones, and so do readers
ROUNDS = 4  # how far two must be alike around them to be drawn as one

Sort = Callable[[str], Hashable]
"""Address -> the same for those that are drawn as one."""


@frozen_dataclass
class Node:
    """One box: an object, or several that are alike. home: the environment that it lies in, "" for none."""

    addresses: Sequence[str]
    kind: str
    home: str
    action: str
    on_air: bool
    names: Sequence[str]
    refused: bool = False
    impact: str = "none"

    @property
    def label(self) -> str:
        """Its name, or how many there are."""
        return self.names[0] if len(self.names) == 1 else f"{len(self.names):,} {self.noun} like this"

    @property
    def noun(self) -> str:
        """What it is, in words: "multi viewer"; of several "inputs"."""
        word = self.kind.partition(".")[2].replace("_", " ")
        return word if len(self.names) == 1 or word.endswith("s") else f"{word}s"


@frozen_dataclass
class Edge:
    """Ways between two boxes. by: what joins them, where that is an object of its own."""

    source: Node
    target: Node
    by: Sequence[str]
    action: str
    on_air: bool
    cut: bool
    goes: bool
    likely: bool
    count: int
    names: Sequence[str] = ()

    @property
    def label(self) -> str:
        """What joins them, or how many."""
        if not self.by:
            return ("likely" if self.likely else "") if self.count == 1 else f"{self.count:,} ways"
        return self.names[0] if len(self.by) == 1 else f"{len(self.by):,} bookings"


@frozen_dataclass
class Picture:
    """left_out: objects that aren't drawn, for want of room. homes: environment -> its name, in order."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    homes: Mapping[str, str]
    left_out: int = 0


class Signal:
    """The part `signal` of a document, to be drawn."""

    def __init__(self, document: Part) -> None:
        signal = document.get("signal") or {"nodes": [], "edges": []}
        self.steps = {step["address"]: step for step in document.get("steps", ())}
        self.nodes: dict[str, Part] = {node["address"]: node for node in signal["nodes"]}
        self.homes = {node.get("environment", ""): "" for node in signal["nodes"]}
        self.homes = {home: home_of(home) if home in self.nodes else "" for home in self.homes}
        self.places = [address for address in self.nodes if address not in self.homes]
        self.homes = {home: name for home, name in self.homes.items() if any(self.home(a) == home for a in self.places)}
        self.edges: Sequence[Part] = [
            edge for edge in signal["edges"] if edge["source"] in self.nodes and edge["target"] in self.nodes
        ]
        self.changed = self._changed()

    def home(self, address: str) -> str:
        """The environment that it lies in."""
        found: str = self.nodes[address].get("environment", "")
        return found

    def action(self, address: str | None) -> str:
        """What is done with it."""
        found: str = self.steps[address]["action"] if address in self.steps else "none"
        return found

    def _changed(self) -> set[str]:
        """Places with a change, at an edge that changes or is cut, or that the plan can't leave alone otherwise."""
        found = {a for a in self.places if self.action(a) != "none" or self.steps.get(a, {}).get("on_air")}
        for edge in self.edges:
            if edge.get("cut") or edge.get("goes") or self.action(edge.get("by")) != "none":
                found |= {edge["source"], edge["target"]}
        return found

    def picture(self, home: str | None = None, most: int = MOST) -> Picture:
        """All of it, or one environment with what lies next to it in others; what changes is drawn first."""
        places = self.places if home is None else self._around(home)
        edges = [edge for edge in self.edges if {edge["source"], edge["target"]} <= set(places)]
        if home is not None:
            edges = [edge for edge in edges if home in (self.home(edge["source"]), self.home(edge["target"]))]
        near = self.changed | {e[there] for e in edges for here, there in _BOTH if e[here] in self.changed}
        sorts: tuple[Sort, ...] = (
            lambda address: address,
            self._alike(near, edges),
            self._alike(self.changed, edges),
            lambda address: (self._looks(address), address if address in self.changed else ""),
            self._looks,
            lambda address: (self.home(address), self.action(address)),
        )
        for sort in sorts:
            groups = _grouped(places, sort)
            if len(groups) <= most:
                break
        groups.sort(key=lambda group: self.changed.isdisjoint(group))  # stable: what changes comes first
        return self._drawn(groups, edges, most)

    def _around(self, home: str) -> list[str]:
        inside = {address for address in self.places if self.home(address) == home}
        near = {e[there] for e in self.edges for here, there in _BOTH if e[here] in inside}
        return [address for address in self.places if address in inside or address in near]

    def _looks(self, address: str) -> Hashable:
        node = self.nodes[address]
        return self.home(address), node["kind"], self.action(address), node.get("on_air", False)

    def _alike(self, alone: Collection[str], edges: Sequence[Part]) -> Sort:
        """The same for those that look alike, with alike ways to alike others; those in `alone` are like no other."""
        sort: dict[str, Hashable] = {a: a if a in alone else self._looks(a) for a in self.places}
        ways = defaultdict[str, list[tuple[str, str, Hashable]]](list)
        for edge in edges:
            marks = tuple(edge.get(name, False) for name in ("on_air", "cut", "goes", "likely"))
            for here, there in _BOTH:
                ways[edge[here]].append((edge[there], here, (marks, self.action(edge.get("by")))))
        for _ in range(ROUNDS):
            around = {a: frozenset(Counter((sort[b], *more) for b, *more in ways[a]).items()) for a in self.places}
            numbers: dict[Hashable, int] = {}
            sort = {a: numbers.setdefault((sort[a], around[a]), len(numbers)) for a in self.places}
        return lambda address: sort[address]

    def _drawn(self, groups: list[list[str]], edges: Sequence[Part], most: int) -> Picture:
        nodes = [self._node(group) for group in groups[:most]]
        of = {address: node for node in nodes for address in node.addresses}
        merged = defaultdict[Hashable, list[Part]](list)
        for edge in edges:
            source, target = of.get(edge["source"]), of.get(edge["target"])
            if source and target:
                by = edge["by"] if edge.get("by") not in (None, edge["target"]) else None
                marks = tuple(edge.get(name, False) for name in ("on_air", "cut", "goes", "likely"))
                merged[id(source), id(target), by is None, self.action(by), marks].append(edge)
        drawn = [self._edge(of, alike) for alike in merged.values()]
        homes = {home: name for home, name in self.homes.items() if any(node.home == home for node in nodes)}
        return Picture(nodes, drawn, homes, sum(map(len, groups[most:])))

    def _node(self, group: Sequence[str]) -> Node:
        first = group[0]
        node, step = self.nodes[first], self.steps.get(first, {})
        kinds = {self.nodes[address]["kind"] for address in group}
        return Node(
            group,
            node["kind"] if len(kinds) == 1 else ".object",
            self.home(first),
            self.action(first),
            any(self.nodes[address].get("on_air", False) for address in group),
            [self.nodes[address]["name"] for address in group],
            any(self.steps.get(address, {}).get("refused") for address in group),
            step.get("impact", "none"),
        )

    def _edge(self, of: Mapping[str, Node], alike: Sequence[Part]) -> Edge:
        first = alike[0]
        by = [edge["by"] for edge in alike if edge.get("by") not in (None, edge["target"])]
        return Edge(
            of[first["source"]],
            of[first["target"]],
            by,
            self.action(by[0]) if by else "none",
            on_air=first.get("on_air", False),
            cut=first.get("cut", False),
            goes=first.get("goes", False),
            likely=first.get("likely", False),
            count=len(alike),
            names=[last_key(address) for address in by[:1]],
        )


_BOTH = (("source", "target"), ("target", "source"))


def home_of(environment: str) -> str:
    """What people call an environment: where a document is of several stacks, with the name of its own."""
    stack = environment.partition("[")[0].rpartition("/")[0]
    return f"{stack}/{last_key(environment)}" if stack else last_key(environment)


def _grouped(places: Sequence[str], sort: Sort) -> list[list[str]]:
    found = defaultdict[Hashable, list[str]](list)
    for address in places:
        found[sort(address)].append(address)
    return list(found.values())
