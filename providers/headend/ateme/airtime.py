"""What goes out through an object, by the live schedules of the managing organisation, whoever made them."""

from __future__ import annotations

from collections.abc import Awaitable, Collection
from datetime import datetime
from typing import TYPE_CHECKING

from headend.ateme.listing import Listing
from headend.ateme.rows import EntryRow, EventRow, Row, TranscoderRow
from headend.ateme.viewers import input_rows
from headend.core.model.errors import Forbidden, NotFound, Refused
from headend.core.model.observed import Airtime

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

Span = tuple[datetime | None, datetime | None]


_LISTS = (("schedule.list", None), ("event.list", None))
SORTS = ("ateme.schedule", "ateme.permanent_schedule", "ateme.event_subscription")


async def airtimes(
    api: Ateme,
    *,
    environment: str | None = None,
    outputs: Collection[str] = (),
    schedule: str | None = None,
    event: str | None = None,
    fresh: bool = False,
) -> list[Airtime]:
    """The spans of the entries and events that carry one of these.

    What can't be ruled out is guarded: an entry that doesn't say where it is counts for every environment, one whose
    times nobody knows is always on air. An event counts by itself, for nobody sees what guests take of it.
    """
    lists = await _lists(api, asked=environment is not None or event is not None, fresh=fresh)
    return _among(*lists, environment=environment, outputs=outputs, schedule=schedule, event=event)


async def airtimes_through(api: Ateme, inputs: Awaitable[Collection[str]], *, fresh: bool = False) -> list[Airtime]:
    """The same of what carries one of the inputs, which are found beside the entries and events."""
    import asyncio  # only where requests are made: `validate` spares it

    lists = _lists(api, asked=True, fresh=fresh)
    if api.has(*_LISTS, fresh=fresh):  # as for all steps but the first: no task for what is there
        return _among(*await lists, inputs=await inputs)
    found, both = await asyncio.gather(inputs, lists)
    return _among(*both, inputs=found)


def _among(
    entries: Listing[EntryRow],
    events: Listing[EventRow],
    *,
    environment: str | None = None,
    inputs: Collection[str] = (),
    outputs: Collection[str] = (),
    schedule: str | None = None,
    event: str | None = None,
) -> list[Airtime]:
    ids = [] if event is None else [event]
    found = []
    near: dict[str, Collection[str | None]] = {
        "id": [] if schedule is None else [schedule],
        "event_id": ids,
        "input": [*inputs, None] if inputs else [],
        "output": outputs,
    }
    for row in entries if environment is not None else entries.having(**near):
        of = events.row(row.event_id) if row.event_id else None
        source = row.input or (of.input if of else None)
        carried = (
            (schedule is not None and row.id == schedule)
            or (event is not None and row.event_id == event)
            or _lies_in(row, environment)
            or source in inputs
            or (source is None and sort(row) == SORTS[2] and bool(inputs))
            or row.output in outputs
        )
        if carried:
            found += [Airtime(sort(row), row.id, start, end) for start, end in _spans(row, of)]
    for one in events if environment is not None else events.having(id=ids, input=inputs):
        if one.id == event or _lies_in(one, environment) or one.input in inputs:
            found.append(Airtime("ateme.event", one.id, *one.span))
    return found


async def _lists(api: Ateme, *, asked: bool, fresh: bool) -> tuple[Listing[EntryRow], Listing[EventRow]]:
    """All entries, and all events if they are asked for or an entry is a subscription."""
    import asyncio

    reading = api.listed("schedule.list", None, EntryRow, fresh=fresh)
    if asked and not api.has(*_LISTS, fresh=fresh):
        return await asyncio.gather(reading, known_events(api, fresh=fresh))
    entries = await reading
    asked = asked or True in entries.places("is_event_subscription")
    return entries, await known_events(api, fresh=fresh) if asked else Listing()


async def known_events(api: Ateme, *, fresh: bool = False) -> Listing[EventRow]:
    """The managing organisation's active events; those of its hosts are listed nowhere (A-259). None at all
    where the login may not read them, or the platform hasn't the call."""
    try:
        return await api.listed("event.list", None, EventRow, fresh=fresh)
    except (Forbidden, NotFound, Refused):
        return Listing()


def sort(row: EntryRow) -> str:
    """The kind of a schedule entry: permanent ones have no end."""
    if row.is_event_subscription:
        return SORTS[2]
    return SORTS[0] if row.end_time else SORTS[1]


def _spans(row: EntryRow, event: EventRow | None) -> list[Span]:
    """When an entry goes out. Where the event's owner times it, both what the entry says and what the event does,
    for nobody knows whether one follows the other (A-969)."""
    if sort(row) == SORTS[2] and row.timed_by_event_owner is not False:
        both = (row.span, event.span if event else (None, None))
        return [span for span in both if span != (None, None)] or [(None, None)]
    return [row.span]


def _lies_in(row: Row, environment: str | None) -> bool:
    return environment is not None and row.in_environment(environment)


async def made_input(api: Ateme, environment: str, transcoder: str, *, fresh: bool = False) -> str | None:
    """The input that the transcoder makes, as far as it is shown."""
    found = (await input_rows(api, environment, fresh=fresh)).having(maker=[transcoder])
    return found[0].id if found else None


async def carried(api: Ateme, environment: str, inputs: Collection[str], *, fresh: bool = False) -> set[str]:
    """The inputs and what transcoders and multi-viewers make of them, of that again, and so on, whoever set them up.
    A transcoder that doesn't say what its source is may have any, and a multi-viewer, whose tiles nobody can read,
    may show any of its environment."""
    rows = await input_rows(api, environment, fresh=fresh)
    found = {*inputs, *(row.id for row in rows.within(environment, of_viewer=[True]))}
    if all(maker is None for maker in rows.places("maker")):
        return found
    transcoders = await api.listed("transcoder.list", environment, TranscoderRow, fresh=fresh)
    more: Collection[str | None] = [None, *found]
    while more:
        made = rows.having(maker=[row.id for row in transcoders.having(input=more)])
        more = {row.id for row in made} - found
        found |= {row.id for row in made}
    return found
