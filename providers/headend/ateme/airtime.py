"""What goes out through an object, by the live schedules of the managing organisation, whoever made them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from headend.ateme.answers import Row, text_id
from headend.ateme.api import Ateme
from headend.ateme.fields import instant
from headend.ateme.viewers import input_rows, viewer_inputs
from headend.core.kind import Airtime


async def airtimes(
    api: Ateme,
    *,
    environment: str | None = None,
    inputs: Collection[str] = (),
    outputs: Collection[str] = (),
    schedule: str | None = None,
    fresh: bool = False,
) -> list[Airtime]:
    """The spans of the schedules that carry one of these. An entry that doesn't say where it is counts for every
    environment: what can't be ruled out is guarded."""
    found = []
    for row in await api.listed("schedule.list", None, fresh=fresh):
        id = text_id(row.get("schedule_id", row.get("id")))
        place = text_id(row.get("environment_id"))
        carried = (
            (schedule is not None and id == schedule)
            or (environment is not None and place in {environment, None})
            or text_id(row.get("input_id", row.get("source_id"))) in inputs
            or text_id(row.get("output_id", row.get("destination_id"))) in outputs
        )
        if carried and id is not None:
            found.append(Airtime("ateme.schedule", id, _time(row, "start_time"), _time(row, "end_time")))
    return found


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


def _time(row: Row, name: str) -> datetime | None:
    return instant(row.get(name))
