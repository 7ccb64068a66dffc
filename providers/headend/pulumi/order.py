"""What goes before what, besides references, which are all that Pulumi knows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headend.core.model.capabilities import Nameless, SharesKey, identifies
from headend.core.model.fields import Immutable, Spec, mark
from headend.core.model.kind import Kind
from headend.core.model.record import Record, frozen
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.circles import in_circles
from headend.core.wire.registry import kinds

Key = tuple[str, Any]
"""(kind, natural key)."""


@dataclass
class Order:
    """after: address -> addresses that go before it. freed: address -> ids of objects that have given up by then the
    name that it takes. refused: why what can't be ordered is refused."""

    after: dict[str, set[str]] = field(default_factory=dict)
    freed: dict[str, list[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def find_order(stack: Stack, known: Mapping[str, Record], spec_of: Callable[[Resource], Spec]) -> Order:
    """known: what state has, by current address. spec_of: with what is known of references.

    What takes a name goes after what gives it up. What may be made anew goes after what refers to it no longer, which
    else would be made anew as well.
    """
    order, names, let_go = Order(), list(_names(stack, known, spec_of)), list(_let_go(stack, known))
    waits = {address: set(resource.references()) for address, resource in stack.resources.items()}
    stuck = _in_circles(waits, [*((address, holder) for address, holder, _ in names), *let_go])

    def put(address: str, first: str) -> bool:
        free = not ({address, first} <= stuck and _waits_for(first, address, waits))
        if free:
            waits[address].add(first)
            order.after.setdefault(address, set()).add(first)
        return free

    for address, holder, in_place in names:
        if holder not in stack.resources:
            if not in_place:
                why = f"{address}: it takes the name of {holder}, which Pulumi deletes only at the end of the run"
                order.refused.append(f"{why}; take that out in an `up` before")
        elif put(address, holder):
            order.freed.setdefault(address, []).append(known[holder].id)
        elif in_place and not stack.resources[address].kind.create_before_delete:
            why = f"{address}: it takes the name of {holder}, and that one in the end its own"
            order.refused.append(f"{why}; give one of them another name first, in an `up` of its own")
    for address, former in let_go:
        put(address, former)
    return order


def _in_circles(waits: Mapping[str, Collection[str]], more: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Addresses that would wait for themselves if each had to wait for one more."""
    edges = {(address, ""): {(needed, "") for needed in needs} for address, needs in waits.items()}
    for address, needed in more:
        edges[address, ""].add((needed, ""))
    return in_circles(edges)


def _names(
    stack: Stack, known: Mapping[str, Record], spec_of: Callable[[Resource], Spec]
) -> Iterator[tuple[str, str, bool]]:
    """(address, the one that gives up the name that it takes, whether it is changed in place). What is new and takes
    that of one that leaves is planned as such, and refused there."""
    wanted = {address: (resource.kind, spec_of(resource)) for address, resource in stack.resources.items()}
    keys = {address: _key(kind, spec) for address, (kind, spec) in wanted.items()}
    has = {address: _key(kinds()[record.kind], record.spec(kinds()[record.kind])) for address, record in known.items()}
    holders = {key: address for address, key in has.items() if key is not None and key != keys.get(address)}
    for address, key in keys.items():
        holder = holders.get(key) if key is not None else None
        if holder is None or holder == address:
            continue
        if address in known:
            kind, spec = wanted[address]
            yield address, holder, not _is_replaced(spec, known[address].spec(kind))
        elif holder in stack.resources:
            yield address, holder, False


def _key(kind: Kind[Any, Any], spec: Spec) -> Key | None:
    if isinstance(kind, Nameless | SharesKey) or spec.unresolved():
        return None
    key = None if identifies(kind, spec) else kind.natural_key(spec)
    return None if key is None else (kind.name, frozen(key))


def _is_replaced(spec: Spec, last: Spec) -> bool:
    given = spec.set_fields().items()
    return any(mark(type(spec), name, Immutable) and getattr(last, name, None) != value for name, value in given)


def _let_go(stack: Stack, known: Mapping[str, Record]) -> Iterator[tuple[str, str]]:
    """(address, one that referred to it and does so no longer)."""
    for former, record in known.items():
        if former in stack.resources:
            for address in sorted({*record.depends} - stack.resources[former].references()):
                if address in stack.resources and address in known:
                    yield address, former


def _waits_for(start: str, goal: str, waits: Mapping[str, Collection[str]]) -> bool:
    """Whether one waits for the other, directly or through others."""
    seen, todo = {start}, [start]
    while todo:
        now = todo.pop()
        if now == goal:
            return True
        new = set(waits.get(now, ())) - seen
        seen |= new
        todo += new
    return False
