"""Circles in an order: steps that wait for themselves. Pure."""

from __future__ import annotations

import graphlib
from collections.abc import Collection, Mapping

Node = tuple[str, str]


def in_circles(edges: Mapping[Node, Collection[Node]]) -> frozenset[str]:
    """Addresses of steps that wait for themselves, directly or through other steps."""
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError:
        return frozenset(address for address, _ in _remaining(edges))
    return frozenset()


def _remaining(edges: Mapping[Node, Collection[Node]]) -> Collection[Node]:
    """Nodes that are left once those are taken away that wait for none, and then those that none waits for."""
    waits = {node: set(before) & edges.keys() for node, before in edges.items()}
    after = _turned(waits)
    left = waits.keys() - _freed(waits, after)
    needed = {node: after[node] & left for node in left}  # what waits for a circle is not in one
    return left - _freed(needed, _turned(needed))


def _turned(edges: Mapping[Node, Collection[Node]]) -> dict[Node, set[Node]]:
    """Each edge the other way round."""
    found: dict[Node, set[Node]] = {node: set() for node in edges}
    for node, others in edges.items():
        for other in others:
            found[other].add(node)
    return found


def _freed(waits: Mapping[Node, Collection[Node]], after: Mapping[Node, Collection[Node]]) -> set[Node]:
    """Nodes that wait for none, or only for such nodes."""
    open_ = {node: len(before) for node, before in waits.items()}
    free = [node for node, number in open_.items() if not number]
    for node in free:  # grows while it is walked
        for other in after[node]:
            open_[other] -= 1
            if not open_[other]:
                free.append(other)
    return set(free)
