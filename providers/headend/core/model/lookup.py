"""Things that headend finds but doesn't manage: actions, agreements, categories.

A platform defines them beside its kinds. Fields marked `Found` take `{lookup: {field: value}}`; `lookups:` of a stack
gives what is found a name of its own. Exactly one must match; a plan finds it once and goes by it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

from headend.core.model.findings import Problem
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.references import Query
from headend.core.model.references import query as query_of
from headend.core.model.stack import Wanted

A = TypeVar("A")

lookups: dict[str, Lookup[Any]] = {}
"""Every lookup whose module has been imported, by name."""

SHOWN = 5  # candidates that an error names


@frozen_dataclass
class Candidate:
    """One thing that may be meant. fields: what it can be found by, and told apart by in an error."""

    id: str
    fields: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.id} ({', '.join(f'{name} {value}' for name, value in self.fields.items())})"


class Lookup(Generic[A]):
    """One sort of thing to find. Subclasses that set `name` register themselves; the docstring is for the docs."""

    name: ClassVar[str]  # "mycujoo.action"
    fields: ClassVar[Mapping[str, str]]  # field -> what it is
    through: ClassVar[
        Mapping[str, str]
    ] = {}  # field -> the lookup that finds its value: `{category_id: {lookup: ...}}`
    used_up_when_found: ClassVar[bool] = False  # any of several will do, and each who asks gets another

    def __init_subclass__(cls, **kw: Any) -> None:
        super().__init_subclass__(**kw)
        if "name" in cls.__dict__:
            lookups[cls.name] = cls()

    @property
    def platform(self) -> str:
        return self.name.partition(".")[0]

    async def candidates(self, api: A, wanted: Mapping[str, Any]) -> Sequence[Candidate]:
        """All that there are, or those that a server-side filter on `wanted` leaves. Reads only, shared per run."""
        raise NotImplementedError


async def find_id(api: Any, query: Query, taken: set[str]) -> str | Problem:
    """The id of the one candidate that has all the values; a Problem that lists the candidates for none or several.

    taken: ids that others have used up in this run; grows where the lookup says so.
    """
    lookup = lookups[query.lookup]
    wanted: dict[str, Any] = {}
    for name, value in query.fields.items():
        inner = query_of(lookup.through[name], value["lookup"]) if isinstance(value, Mapping) else None
        wanted[name] = found = await find_id(api, inner, taken) if inner else value
        if isinstance(found, Problem):
            return replace(found, message=f"{name}: {found.message}")
    offered = [c for c in await lookup.candidates(api, wanted) if c.id not in taken]
    matching = [c for c in offered if all(name in c.fields and _same(c.fields[name], v) for name, v in wanted.items())]
    if lookup.used_up_when_found and matching:
        taken.add(matching[0].id)
    if len(matching) == 1 or (lookup.used_up_when_found and matching):
        return matching[0].id
    told = matching or offered
    listed = "; ".join(map(str, told[:SHOWN])) + (f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else "")
    if matching:
        return Problem(f"{len(matching)} match {query}: {listed}", remedy="say more, or write the id itself")
    return Problem(f"there is no {query}", remedy=f"there are: {listed}" if listed else "there are none at all")


async def find_named_ids(
    wanted: Mapping[str, Wanted], apis: Callable[[str], Awaitable[Any]], taken: set[str]
) -> tuple[dict[str, str], list[Problem]]:
    """What a stack's `lookups:` find: `lookups.<name>` -> the id; and, with its place, what can't be found."""
    import asyncio  # only where requests are made: `validate` spares it

    async def ask(one: Wanted) -> str | Problem:
        return await find_id(await apis(one.query.platform), one.query, taken)

    ids: dict[str, str] = {}
    problems: list[Problem] = []
    answers = await asyncio.gather(*map(ask, wanted.values()))
    for (name, one), found in zip(wanted.items(), answers, strict=True):
        address = f"lookups.{name}"
        if isinstance(found, Problem):
            problems.append(replace(found, source=one.source, address=address))
        else:
            ids[address] = found
    return ids, problems


def _same(live: Any, wanted: Any) -> bool:
    """Ids and numbers may be text on one side; letters with accents may be written in two ways (S-173)."""
    if live is None or isinstance(live, bool) or isinstance(wanted, bool):
        return bool(live == wanted)
    return unicodedata.normalize("NFC", str(live)) == unicodedata.normalize("NFC", str(wanted))
