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
    return needed
