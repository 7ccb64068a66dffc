"""Schedules of the simulated Ateme+ Cloud API."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from ateme_world import NOW, World, run


def times(start: timedelta | str, end: timedelta) -> dict[str, str]:
    def text(moment: timedelta | str) -> str:
        return moment if isinstance(moment, str) else (NOW + moment).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    return {"start_time": text(start), "end_time": text(end)}


HOUR = timedelta(hours=1)


async def scheduled(w: World, start: timedelta | str = HOUR, end: timedelta = 2 * HOUR) -> dict[str, Any]:
    where = {"input_id": await w.make("input", "pull"), "output_id": await w.make("output", "rtmp")}
    made: dict[str, Any] = await w.call("POST", "schedules", where | times(start, end), 201)
    return made


@pytest.mark.contract("A-581", "A-582", "A-746", "A-748", "A-742")
def test_a_schedule_is_made_moved_and_deleted_with_a_push_each() -> None:
    async def body(w: World) -> None:
        row = await scheduled(w)
        path = f"schedules/{row['schedule_id']}"
        assert row["start_time"] == "2026-12-05T13:00:00.000Z"
        assert (row["is_event_subscription"], row["status"]) == (False, "scheduled")
        late = times(HOUR, 3 * HOUR)["end_time"]
        assert (await w.call("PUT", path, {"end_time": late}, 200))["end_time"] == late
        assert (await w.call("GET", f"{path}/status"))["status"] == "scheduled"
        await w.call("DELETE", f"inputs/{row['input_id']}", None, 409)
        await w.call("DELETE", path, None, 204)
        await w.call("GET", path, None, 404)
        await w.call("DELETE", f"inputs/{row['input_id']}", None, 204)
        assert w.sim.pushes("env-1") == 3
        assert await w.call("GET", "schedules") == []

    run(body)


@pytest.mark.contract("A-745", "A-746")
def test_a_started_schedule_keeps_its_start() -> None:
    async def body(w: World) -> None:
        row = await scheduled(w, "NOW")
        assert (row["start_time"], row["status"]) == ("2026-12-05T12:00:00.000Z", "running")
        change = times(HOUR, 3 * HOUR)
        answer = await w.call("PUT", f"schedules/{row['schedule_id']}", change, 400)
        assert list(answer["errors"]) == ["start_time"]

    run(body)


@pytest.mark.contract("A-581", "A-582", "A-748")
@pytest.mark.parametrize(
    "change",
    [
        times(2 * HOUR, HOUR),
        times(-2 * HOUR, -HOUR),
        {"start_time": "2026-12-05 13:00"},
        {"start_time": "2026-12-05T13:00:00Z"},
        {"end_time": "NOW"},
        {"colour": "red"},
    ],
)
def test_schedules_are_refused(change: dict[str, str]) -> None:
    async def body(w: World) -> None:
        row = await scheduled(w)
        where = {name: row[name] for name in ("input_id", "output_id")}
        await w.call("POST", "schedules", where | times(HOUR, 2 * HOUR) | change, 400)
        await w.call("POST", "schedules", where | times(HOUR, 2 * HOUR) | {"input_id": "in-99"}, 404)
        assert w.sim.pushes("env-1") == 1

    run(body)


@pytest.mark.contract("A-743", "A-747")
def test_overlapping_pushes_are_refused_and_times_may_come_with_an_offset() -> None:
    async def body(w: World) -> None:
        row = await scheduled(w)
        assert row["start_time"] == "2026-12-05T15:00:00.000+02:00"
        where = {name: row[name] for name in ("input_id", "output_id")} | times(HOUR, 2 * HOUR)
        answers = await asyncio.gather(*(w.client.post("/api/schedules", json=where) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
        assert w.sim.pushes("env-1") == 2

    run(body, times="offset")
