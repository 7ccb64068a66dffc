"""What goes out through an object, by the live schedules of the managing organisation, whoever made them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from headend.ateme.answers import Row, text_id
from headend.ateme.api import Ateme
from headend.ateme.fields import instant
from headend.ateme.viewers import input_rows, viewer_inputs
from headend.core.model.errors import Forbidden, NotFound, Refused
from headend.core.model.observed import Airtime

Span = tuple[datetime | None, datetime | None]


SORTS = ("ateme.schedule", "ateme.permanent_schedule", "ateme.event_subscription")


async def airtimes(
    api: Ateme,
    *,
    environment: str | None = None,
    inputs: Collection[str] = (),
    outputs: Collection[str] = (),
    schedule: str | None = None,
    event: str | None = None,
    fresh: bool = False,
) -> list[Airtime]:
    """The spans of the entries and events that carry one of these.

    What can't be ruled out is guarded: an entry that doesn't say where it is counts for every environment, one whose
    times nobody knows is always on air. An event counts by itself, for nobody sees what guests take of it.
    """
    entries = await api.listed("schedule.list", None, fresh=fresh)
    subscribed = any(sort(row) == SORTS[2] for row in entries)
    asked = subscribed or environment is not None or event is not None or bool(inputs)
    events = await known_events(api, fresh=fresh) if asked else {}
    found = []
    for row in entries:
        id, own = entry_id(row), text_id(row.get("event_id"))
        of = events.get(own or "", {})
        source = _source(row) or _source(of)
        carried = (
            (schedule is not None and id == schedule)
            or (event is not None and own == event)
            or _lies_in(row, environment)
            or source in inputs
            or (source is None and sort(row) == SORTS[2] and bool(inputs))
            or text_id(row.get("output_id", row.get("destination_id"))) in outputs
        )
        if carried and id is not None:
            found += [Airtime(sort(row), id, start, end) for start, end in _spans(row, of)]
    for id, row in events.items():
        if id == event or _lies_in(row, environment) or _source(row) in inputs:
            found.append(Airtime("ateme.event", id, *_span(row)))
    return found


async def known_events(api: Ateme, *, fresh: bool = False) -> dict[str, Row]:
    """The managing organisation's active events by id; those of its hosts are listed nowhere (A-259). None at all
    where the login may not read them, or the platform hasn't the call."""
    try:
        rows = await api.listed("event.list", None, fresh=fresh)
    except (Forbidden, NotFound, Refused):
        return {}
    return {id: row for row in rows if (id := text_id(row.get("event_id", row.get("id"))))}


def entry_id(row: Row) -> str | None:
    """The id of a schedule entry."""
    return text_id(row.get("schedule_id", row.get("id")))


def sort(row: Row) -> str:
    """The kind of a schedule entry: permanent ones have no end."""
    if row.get("is_event_subscription"):
        return SORTS[2]
    return SORTS[0] if instant(row.get("end_time")) else SORTS[1]


def _spans(row: Row, event: Row) -> list[Span]:
    """When an entry goes out. Where the event's owner times it, both what the entry says and what the event does,
    for nobody knows whether one follows the other (A-969)."""
    if sort(row) == SORTS[2] and row.get("timed_by_event_owner") is not False:
        return [span for span in (_span(row), _span(event)) if span != (None, None)] or [(None, None)]
    return [_span(row)]


def _span(row: Row) -> Span:
    return instant(row.get("start_time")), instant(row.get("end_time"))


def _source(row: Row) -> str | None:
    return text_id(row.get("input_id", row.get("source_id")))


def _lies_in(row: Row, environment: str | None) -> bool:
    return environment is not None and text_id(row.get("environment_id")) in {environment, None}


async def made_inputs(api: Ateme, environment: str, *, fresh: bool = False) -> dict[str, str]:
    """{transcoder: the input that it makes} (A-427, A-536). Only members see which those are."""
    found = {}
    for row in await input_rows(api, environment, fresh=fresh):
        maker, id = text_id(row.get("associated_transcoder_id")), text_id(row.get("input_id", row.get("id")))
        if row.get("is_transcoded_input") and maker is not None and id is not None:
            found[maker] = id
    return found


async def carried(api: Ateme, environment: str, inputs: Collection[str], *, fresh: bool = False) -> set[str]:
    """The inputs and what transcoders and multi-viewers make of them, of that again, and so on, whoever set them up.
    A transcoder that doesn't say what its source is may have any, and a multi-viewer, whose tiles nobody can read,
    may show any of its environment."""
    found = set(inputs)
    made = await made_inputs(api, environment, fresh=fresh)
    sources: dict[str, str | None] = dict.fromkeys(await viewer_inputs(api, environment))
    for row in await api.listed("transcoder.list", environment, fresh=fresh) if made else ():
        id = text_id(row.get("transcoder_id", row.get("id")))
        if id in made:
            sources[made[id]] = text_id(row.get("input_id", row.get("source_id")))
    while more := {result for result, source in sources.items() if source in {None, *found}} - found:
        found |= more
    return found
