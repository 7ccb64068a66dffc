"""Which resources a plan covers, and in what order it reads them: targets, and waves of references."""

from __future__ import annotations

import asyncio
import graphlib
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, TypeVar

from headend.core.model.address import within
from headend.core.model.errors import InputError
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.together import together

T = TypeVar("T")


def targeted(stack: Stack, targets: Collection[str]) -> dict[str, Resource]:
    """The targets, what is nested in them, and all they refer to. Raises InputError if no target matches."""
    if not targets:
        return dict(stack.resources)
    wanted = [a for a in stack.resources if any(within(a, t) for t in targets)]
    if not wanted:
        raise InputError(f"--target: the stack has nothing at {', '.join(targets)}")
    chosen: dict[str, Resource] = {}
    while wanted:
        address = wanted.pop()
        if address not in chosen and address in stack.resources:
            chosen[address] = stack.resources[address]
            wanted += stack.resources[address].references()
    return {a: r for a, r in stack.resources.items() if a in chosen}


def waves(
    resources: Mapping[str, Resource], after: Mapping[str, Collection[str]] | None = None
) -> list[tuple[str, ...]]:
    """Addresses in waves: each wave refers only to earlier ones. after: address -> others that go before it, too.
    Raises InputError on a cycle."""
    more = after or {}
    graph = {a: {r for r in (*one.references(), *more.get(a, ())) if r in resources} for a, one in resources.items()}
    sorter = graphlib.TopologicalSorter(graph)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        raise InputError(f"resources refer to each other in a circle: {' -> '.join(error.args[1])}") from None
    found = []
    while sorter.is_active():
        wave = sorter.get_ready()
        found.append(wave)
        sorter.done(*wave)
    return found


async def wave_by_wave(
    resources: Mapping[str, Resource],
    work: Callable[[Resource], Coroutine[Any, Any, T]],
    turns: dict[str, asyncio.Event],
) -> dict[str, T]:
    """What `work` gives for each resource, by address. Work of many waves begins at once; each piece may wait for its
    turn: that all which goes before it is done. The first failure cancels the rest."""
    order = waves(resources)
    left = [len(wave) for wave in order]
    for wave in order:
        turns |= dict.fromkeys(wave, asyncio.Event())

    first = 0  # of the waves that are not done

    def open_turns() -> None:
        nonlocal first
        while first < len(order):
            turns[order[first][0]].set()
            if left[first]:
                return
            first += 1

    async def piece(number: int, address: str) -> T:
        found = await work(resources[address])
        left[number] -= 1
        if not left[number]:
            open_turns()
        return found

    open_turns()
    done = await together(piece(number, address) for number, wave in enumerate(order) for address in wave)
    return dict(zip((address for wave in order for address in wave), done, strict=True))
