"""Reads ahead of the engine, which asks for one difference after the other: what each of them would wait for is read
for all at once.

The program knows all objects of a kind. It hands them over with the first resource of the kind whose difference will
be asked for, and the check of that one starts to read. Later differences find the answers among the shared reads.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from headend.core.model.kind import Kind
from headend.core.model.record import Digest, Record
from headend.core.model.stack import Stack

AHEAD = "ahead"
AT_ONCE = 1000  # asked for; the platform's client knows how many requests may be in flight
Row = Sequence[Any]
"""[id, what was last applied, without secrets]."""


def find_ahead(stack: Stack, known: Mapping[str, Record], declared: Iterable[str]) -> dict[str, list[Row]]:
    """Address -> what to read when it is checked. declared: the stack's addresses, in the order of declaration."""
    first: dict[str, str] = {}
    found: dict[str, list[Row]] = {}
    for address in declared:
        kind, record = stack.resources[address].kind, known.get(address)
        if kind.read_together and record is not None:
            plain = {name: value for name, value in record.values.items() if not isinstance(value, Digest)}
            found.setdefault(first.setdefault(kind.name, address), []).append([record.id, plain])
    return {address: rows for address, rows in found.items() if len(rows) > 1}


async def read_ahead(kind: Kind[Any, Any], api: Callable[[], Awaitable[Any]], rows: Iterable[Row]) -> None:
    """Looks at the objects, for the sake of the shared reads alone. What fails is read again by who needs it, and told
    there."""

    async def look(id: str, values: Mapping[str, Any]) -> None:
        with contextlib.suppress(Exception):
            await kind.observe(await api(), id, Record("", kind.name, id, values).spec(kind))

    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        await asyncio.gather(*(look(id, values) for id, values in some))
