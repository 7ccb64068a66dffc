"""What goes out through an object, by the live schedules of the managing organisation, whoever made them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from headend.ateme.answers import Row, text_id
from headend.ateme.api import Ateme
from headend.ateme.fields import instant
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


def _time(row: Row, name: str) -> datetime | None:
    return instant(row.get(name))
