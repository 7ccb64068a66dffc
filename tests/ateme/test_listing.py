"""Lists are walked through once, however many ask: what a look at all objects takes grows with their number, once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from headend.ateme.listing import Listing
from headend.ateme.rows import EntryRow, EventRow, InputRow, OutputRow, TranscoderRow
from headend.ateme.rows_office import AlertRow
from headend.core.wire.decode import decode_rows
from headend.core.wire.registry import kinds

HERE = "env-1"
SPAN = {"start_time": "2035-12-01T15:00:00Z", "end_time": "2035-12-01T17:00:00Z"}
ROWS: dict[str, tuple[type[Any], Callable[[int], dict[str, Any]]]] = {
    "input.list": (
        InputRow,
        lambda n: {
            "input_id": f"{n}",
            "variant": "push",
            "is_transcoded_input": True,
            "associated_transcoder_id": f"{n}",
            "dashboard_group_id": "g",
        },
    ),
    "output.list": (OutputRow, lambda n: {"output_id": f"{n}", "variant": "rtmp"}),
    "output.states": (OutputRow, lambda n: {"output_id": f"{n}", "state": "started"}),
    "transcoder.list": (
        TranscoderRow,
        lambda n: {"transcoder_id": f"{n}", "input_id": f"in-{n}", "status": "running", "video_codec": "HEVC"},
    ),
    "schedule.list": (
        EntryRow,
        lambda n: {"schedule_id": f"{n}", "input_id": f"{n}", "output_id": f"{n}", "event_id": f"{n}", **SPAN},
    ),
    "event.list": (EventRow, lambda n: {"event_id": f"{n}", "name": f"{n}", "input_id": f"{n}", **SPAN}),
    "input.alerts": (
        AlertRow,
        lambda n: {"alert_id": f"{n}", "alert_on_query": "q", "query_value": [n], "query_time_range": "1m"},
    ),
}
SPECS: dict[str, Callable[[int], dict[str, Any]]] = {
    "ateme.alert": lambda n: {
        "input": "in",
        "output": None,
        "alert_on_query": "q",
        "query_param": None,
        "query_value": [n],
        "query_time_range": "1m",
    },
    "ateme.transcoder": lambda n: {"input": f"in-{n}"},
    "ateme.schedule": lambda n: {"input": f"{n}", "output": f"{n}", **SPAN},
    "ateme.event": lambda n: {"name": f"{n}", "input": f"{n}", **SPAN},
    "ateme.output": lambda n: {"variant": "rtmp", "url": f"rtmp://h/{n}"},
    "ateme.input": lambda n: {"variant": "srt_push", "stream_name": f"{n}"},
}
SEARCHED = ("ateme.alert", "ateme.transcoder", "ateme.schedule", "ateme.event")


class Api:
    """As much of the platform's API as reading takes, over lists of so many rows."""

    def __init__(self, number: int) -> None:
        self.lists = {
            key: Listing(decode_rows(shape, key, [row(n) for n in range(number)])) for key, (shape, row) in ROWS.items()
        }

    async def listed(self, key: str, *_: Any, **options: Any) -> Listing[Any]:
        return self.lists[key]

    async def found(self, key: str, scope: str | None, in_list: Any, alone: Any, *, fresh: bool) -> Any:
        return await in_list()

    def has(self, *lists: tuple[str, str | None], fresh: bool) -> bool:
        return True

    def now(self) -> datetime:
        return datetime(2026, 12, 5, tzinfo=UTC)

    async def is_running(self, environment: str) -> bool:
        return True

    async def status(self, environment: str) -> str:
        return "running"


def calls(kind: str, number: int) -> int:
    """How many calls of functions it takes to look at that many objects in lists of that many rows."""
    known, api, counted = kinds()[kind], Api(number), 0

    async def look() -> None:
        for n in range(number):
            given = SPECS[kind](n)
            spec = known.spec_type(given.get("variant")).model_construct(environment=HERE, **given)
            seen = await known.observe(api, f"{n}", spec)
            assert seen is not None
            assert seen.id == f"{n}"
            if kind in SEARCHED:
                assert [one.id for one in await known.find(api, spec)] == [f"{n}"]
            if kind != "ateme.alert":
                assert [one.id for one in await known.on_air(api, f"{n}", spec)] != []  # type: ignore[attr-defined]

    def count(_: Any, event: str, __: Any) -> None:
        nonlocal counted
        counted += event == "call"

    async def run() -> None:
        sys.setprofile(count)
        try:
            await look()
        finally:
            sys.setprofile(None)

    asyncio.run(run())
    return counted


@pytest.mark.parametrize("kind", SPECS)
def test_a_look_at_twice_as_many_objects_takes_twice_as_many_calls(kind: str) -> None:
    calls(kind, 10)  # what is made once
    few, many = calls(kind, 100), calls(kind, 200)
    assert many < 2.2 * few


def test_rows_come_in_the_order_of_the_list() -> None:
    rows = [{"input_id": f"{n}", "variant": "push" if n % 2 else None, "environment_id": HERE} for n in range(6)]
    listing = Listing(decode_rows(InputRow, "input.list", rows))
    assert [row.id for row in listing.having(variant=["push"], id=["4", "0", "nowhere"])] == ["0", "1", "3", "4", "5"]
    assert [row.id for row in listing.within(HERE, variant=[None])] == ["0", "2", "4"]
    assert listing.within("elsewhere", variant=[None]) == []
    assert (listing.row("nowhere"), listing.having()) == (None, [])
