"""What is running stays running: bitrate stops, NOW, entries that have started or ended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from ateme.test_plan_time import SRT_OUT
from headend.ateme.environment import Environment, EnvironmentKind
from headend.ateme.input import InputKind
from headend.ateme.input_spec import SrtPush
from headend.ateme.listing import Listing
from headend.ateme.rows import EntryRow
from headend.ateme.schedule import Schedule, ScheduleKind
from headend.ateme.transcoder import TranscoderKind
from headend.ateme.transcoder_spec import Transcoder
from headend.core.model.observed import Change
from headend.core.wire.decode import decode

NOON = datetime(2026, 12, 5, 12, tzinfo=UTC)
ROW = {
    "schedule_id": "s-1",
    "input_id": "i",
    "output_id": "o",
    "start_time": "2026-12-05T11:00:00.000Z",
    "end_time": "2026-12-05T14:00:00+01:00",
}


def schedule(start: str, end: str = "2026-12-05T13:00:00Z") -> Schedule:
    return Schedule(environment="e", input="i", output="o", start_time=start, end_time=end)


@pytest.mark.contract("A-746")
def test_now_equals_any_stored_start() -> None:
    spec = schedule("NOW")
    assert ScheduleKind().observed(decode(EntryRow, "", ROW), spec, NOON).values["start_time"] == "NOW"
    rows = Listing(decode(EntryRow, "", {**ROW, "end_time": end}) for end in (ROW["end_time"], "2026-12-05T13:00:01Z"))
    assert rows.alike(**ScheduleKind().shown_by(spec)) == rows[:1]


@pytest.mark.contract("A-979")
def test_now_moves_an_entry_that_still_lies_ahead(tmp_path: Path) -> None:
    engine, at = Engine(tmp_path), f"{E1}.schedules.s"

    def starting(start: str) -> dict[str, Any]:
        times = {"input": "a", "output": "o", "start_time": start, "end_time": "2026-12-05T18:00:00Z"}
        return stack(inputs={"a": LISTENER}, outputs={"o": SRT_OUT}, schedules={"s": times})

    engine.done(starting("2026-12-05T15:00:00Z"))
    (change,) = engine.step(starting("NOW"), at).changes
    assert (change.field, change.after) == ("start_time", "NOW")
    engine.done(starting("NOW"), allowed=[at])
    sent = engine.sim.writes()[-1]
    assert (sent.key, sent.body) == ("schedule.update", {"start_time": "NOW"})
    assert engine.plan(starting("NOW")).writes() == ()


@pytest.mark.contract("A-745", "A-746")
def test_a_started_entry_keeps_its_start_and_says_so() -> None:
    seen = ScheduleKind().observed(decode(EntryRow, "", ROW), schedule("2026-12-05T12:30:00Z"), NOON)
    assert seen.values["start_time"] == "2026-12-05T12:30:00Z"
    assert "can't change any more" in seen.warnings[0]
    early = ScheduleKind().observed(decode(EntryRow, "", ROW), schedule("2026-12-05T12:30:00Z"), NOON.replace(hour=10))
    assert early.values["start_time"] == ROW["start_time"]
    assert early.warnings == ()


@pytest.mark.contract("A-732")
@pytest.mark.parametrize(
    ("more", "raised", "state"),
    [({}, False, "stopped"), ({"start_after_bitrate_stop": True}, False, "started"), ({}, True, "started")],
    ids=["left alone", "told to start it", "limit raised"],
)
def test_an_input_that_its_bitrate_stopped(
    opened: Any, environment: Any, more: dict[str, Any], raised: bool, state: str
) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            fields: dict[str, Any] = {"environment": await environment(api), "variant": "srt_push", "port": 5001}
            kind, spec = InputKind(), SrtPush(stream_name="a", max_allowed_bitrate_kbps=5000, **fields, **more)
            made = await kind.create(api, spec)
            await kind.complete(api, made.id, spec, lambda _: None)
            simulator.sims["ateme"].world["inputs"][made.id] |= {"input_stopped": True, "status": "stopped"}
            live = await kind.observe(api, made.id, spec, fresh=True)
            assert live is not None
            assert live.warnings == ("stopped by its bitrate limit",)
            if raised:
                spec = spec.model_copy(update={"max_allowed_bitrate_kbps": 9000})
                await kind.update(api, made.id, spec, [Change(("max_allowed_bitrate_kbps",), 5000, 9000)])
            after = await kind.complete(api, made.id, spec, lambda _: None)
            assert after.values["state"] == state

    asyncio.run(run())


@pytest.mark.contract("A-730")
def test_the_state_of_a_child_is_unknown_while_its_environment_rests(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened({"stopped_writes": "accepted"}) as (api, simulator):
            env = await environment(api)
            spec = SrtPush(environment=env, variant="srt_push", port=5001, stream_name="a")
            made = await InputKind().create(api, spec)
            simulator.sims["ateme"].world["environments"][env]["status"] = "stopped"
            await api.environment(env, fresh=True)
            live = await InputKind().observe(api, made.id, spec, fresh=True)
            assert live is not None
            assert "state" not in live.values
            assert live.unverifiable["state"] == "its environment is not running"
            simulator.reset_journal()
            await InputKind().complete(api, made.id, spec, lambda _: None)
            assert simulator.writes() == []

    asyncio.run(run())


@pytest.mark.contract("A-740")
def test_nothing_goes_out_through_what_went_with_its_environment(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, _):
            env = await environment(api)
            spec = SrtPush(environment=env, variant="srt_push", port=5001, stream_name="a")
            made = await InputKind().create(api, spec)
            await EnvironmentKind().delete(api, env, Environment.model_construct(name="gone"), lambda _: None)
            for kind, left in ((InputKind(), spec), (TranscoderKind(), Transcoder.model_construct(environment=env))):
                assert list(await kind.on_air(api, made.id, left, fresh=True)) == []
            await InputKind().delete(api, made.id, spec, lambda _: None)

    asyncio.run(run())
