"""The ways that streams take, as a plan finds and leaves them. Made only for who draws them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from headend.core.model.address import last_key
from headend.core.model.signal import Carries
from headend.core.reconcile.bookings import bookings_of
from headend.core.reconcile.crossings import crossings
from headend.core.reconcile.parts import Ends, Part, parts_of
from headend.core.reconcile.plan import Plan

Edge = dict[str, Any]
"""As in the document; `part` is what makes it."""


def pictures(plan: Plan) -> dict[str, Any]:
    """The parts `signal` and `bookings` of the plan document; nothing where the plan has no stream."""
    parts = parts_of(plan)
    if not any(isinstance(part.kind, Carries) for part in parts.values()):
        return {}
    return {"signal": _signal(plan, parts), "bookings": bookings_of(plan, parts)}


def _signal(plan: Plan, parts: Mapping[str, Part]) -> dict[str, Any]:
    edges = [*_edges(parts), *_crossings(parts)]
    on_air = _mark_on_air(plan, parts, edges)
    _mark_cut(plan, parts, edges)
    places = {part.address for part in parts.values() if isinstance(part.kind, Carries) and not part.joins}
    shown = places | {parts[address].environment for address in places}
    nodes = [_node(part, on_air) for part in parts.values() if part.address in shown]
    return {"nodes": nodes, "edges": [{name: value for name, value in edge.items() if value} for edge in edges]}


def _node(part: Part, on_air: set[str]) -> dict[str, Any]:
    entries = {
        "address": part.address,
        "kind": part.kind.name,
        "name": last_key(part.address),
        "environment": part.environment,
        "on_air": part.address in on_air,
    }
    return {name: value for name, value in entries.items() if value}


def _edges(parts: Mapping[str, Part]) -> Iterator[Edge]:
    for part in parts.values():
        if not isinstance(part.kind, Carries):
            continue
        for ends, goes in ((part.ends, part.goes), (part.before, True)):
            yield from _joined(part, ends, parts, goes) if ends else ()


def _joined(part: Part, ends: Ends, parts: Mapping[str, Part], goes: bool) -> Iterator[Edge]:
    target = ends.target if part.joins else part.address
    for source in ends.sources:
        if target in parts and source in parts and not (goes and ends is part.before and source in part.ends.sources):
            yield {"source": source, "target": target, "by": part.address, "goes": goes}


def _crossings(parts: Mapping[str, Part]) -> Iterator[Edge]:
    for source, target, likely in crossings(parts):
        goes = source.goes or target.goes
        yield {"source": source.address, "target": target.address, "by": None, "goes": goes, "likely": likely}


def _mark_on_air(plan: Plan, parts: Mapping[str, Part], edges: Iterable[Edge]) -> set[str]:
    """Marks edges that carry something when the plan is made. Returns the addresses of what is on air then, and of
    where it lies. What comes in from another environment is on air there by itself."""
    made = [edge for edge in edges if edge["by"]]
    into = defaultdict[str, list[Edge]](list)
    for edge in made:
        if not parts[edge["by"]].joins:
            into[edge["target"]].append(edge)
    found = {s.address for s in plan.steps if any(not (c.start and plan.at) or c.start <= plan.at for c in s.on_air)}
    for edge in made:
        part = parts[edge["by"]]
        if part.joins and not _is_new(edge, part) and _is_now(part, parts, plan.at):
            edge["on_air"] = True
            found |= {edge["source"], edge["target"]}
    queue = list(found)
    for address in queue:  # grows while it is walked
        for edge in into[address]:
            edge["on_air"] = parts[address].is_there
            if edge["on_air"] and edge["source"] not in found:
                found.add(edge["source"])
                queue.append(edge["source"])
    homes = {parts[address].environment for address in found if address in parts}
    return found | {address for address in homes if address}


def _is_new(edge: Edge, part: Part) -> bool:
    """Whether the plan leads the object's stream this way, which it doesn't go yet."""
    before = part.before
    if before is None or edge["goes"]:
        return not part.is_there
    return edge["source"] not in before.sources or (part.joins and edge["target"] != before.target)


def _is_now(part: Part, parts: Mapping[str, Part], at: datetime | None) -> bool:
    span = part.span_before(parts) if part.is_there and at else None
    if span is None or at is None:
        return False
    start, end = span
    return (start is None or start <= at) and (end is None or at < end)


def _mark_cut(plan: Plan, parts: Mapping[str, Part], edges: Iterable[Edge]) -> None:
    """Marks each edge from what a step disturbs to what that cuts."""
    cutting = [step for step in plan.steps if step.on_air]
    cuts = {cut.address for step in cutting for cut in step.on_air}
    for edge in edges:
        if edge["by"] in cuts and not _is_new(edge, parts[edge["by"]]):
            edge["cut"] = True
    if not cuts:
        return
    inner = [edge for edge in edges if edge["by"] and not edge.get("cut")]
    below = _reach({step.address for step in cutting}, inner, "source", "target")
    above = _reach({edge["source"] for edge in edges if edge.get("cut")}, inner, "target", "source")
    for edge in inner:
        if edge["source"] in below and edge["target"] in above and not parts[edge["by"]].joins:
            edge["cut"] = True


def _reach(first: set[str], edges: Iterable[Edge], here: str, there: str) -> set[str]:
    ways = defaultdict[str, list[str]](list)
    for edge in edges:
        ways[edge[here]].append(edge[there])
    found, queue = set(first), list(first)
    for address in queue:  # grows while it is walked
        new = [one for one in ways[address] if one not in found]
        found.update(new)
        queue += new
    return found
