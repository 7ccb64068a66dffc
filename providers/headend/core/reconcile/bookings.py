"""When what is carried: the bookings of outputs, as a plan leaves them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from headend.core.model.proposal import Action
from headend.core.model.signal import Carries, Span
from headend.core.reconcile.parts import Part
from headend.core.reconcile.plan import Plan

EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def bookings_of(plan: Plan, parts: Mapping[str, Part]) -> dict[str, Any]:
    """The part `bookings` of the plan document."""
    spans = {part.address: span for part in parts.values() if (span := part.span(parts))}
    clashes = _clashes(parts, spans)
    found = []
    for address, span in spans.items():
        part = parts[address]
        before = part.span_before(parts) if part.is_there else span
        entry = {"address": address, "kind": part.kind.name, "row": part.ends.target or address}
        source = next(iter(part.ends.sources), None) or _by_id(part)
        more = {
            "input": source,
            "was": document(before) if before and before != span else None,
            "goes": part.goes,
            "clashes": clashes[address],
        }
        found.append(entry | document(span) | {name: value for name, value in more.items() if value})
    windows = [document((one.start, one.end)) for one in plan.options.maintenance]
    return {"bookings": found, "maintenance": windows, "cuts": _cuts(plan, parts)}


def document(span: Span) -> dict[str, str]:
    """The span, without the ends that it hasn't."""
    named = zip(("start", "end"), span, strict=True)
    return {name: time.astimezone(UTC).isoformat() for name, time in named if time}


def _by_id(part: Part) -> str | None:
    """The input that the spec names by its id."""
    names = part.kind.sources if isinstance(part.kind, Carries) else ()
    return next((value for name in names if isinstance(value := getattr(part.spec, name, None), str)), None)


def _clashes(parts: Mapping[str, Part], spans: Mapping[str, Span]) -> Mapping[str, list[str]]:
    """address -> what the same output carries at the same time, once the plan is carried out."""
    rows = defaultdict[str, list[tuple[datetime, datetime, str]]](list)
    for address, (start, end) in spans.items():
        part = parts[address]
        if part.ends.target and part.step.action not in {Action.DELETE, Action.FORGET}:
            rows[part.ends.target].append((start or EVER, end or NEVER, address))
    found = defaultdict[str, list[str]](list)
    for row in rows.values():
        open: list[tuple[datetime, str]] = []
        for start, end, address in sorted(row):
            open = [(until, other) for until, other in open if until > start]
            for _, other in open:
                found[address].append(other)
                found[other].append(address)
            open.append((end, address))
    return found


def _cuts(plan: Plan, parts: Mapping[str, Part]) -> Iterable[dict[str, Any]]:
    """What steps would cut, and from when on: from now, if it goes out already."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for step in plan.steps:
        for cut in step.on_air:
            part = parts.get(cut.address or "")
            row = (part.ends.target or part.address) if part else f"{cut.kind} {cut.id}"
            start = max(filter(None, (cut.start, plan.at)), default=None)
            entry = found.setdefault((cut.kind, cut.id), {"row": row, **document((start, cut.end)), "by": []})
            entry["by"].append(step.address)
    return list(found.values())
