"""What bodies call source and destination can be said, as the document doesn't say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import LISTENER, Engine, stack
from convergence.ateme import EVENT, SUBSCRIPTION, TRANSCODER
from headend.ateme.wire import TABLE
from headend.core.model.errors import InputError

NAMES = {"input_id": "source_id", "output_id": "destination_id"}
OPEN = ("schedule.create", "permanent_schedule.create", "event_subscription.create", "event_subscription.update")
OTHERWISE = {
    key: {"keys": {word: name for word, name in NAMES.items() if word in TABLE[key].keys}}
    for key in (*OPEN, "transcoder.create", "transcoder.update")
}
TIMES = {"start_time": "2999-12-05T15:00:00Z", "end_time": "2999-12-05T17:00:00Z"}


def wanted(bitrate: int = 5000) -> dict[str, Any]:
    srt = {"variant": "srt_pull", "latency": 200}
    return stack(
        inputs={"stadium": LISTENER},
        outputs={
            "cdn": {**srt, "port": 5002},
            "always": {**srt, "port": 5003, "permanent_schedule_agreement_id": "agr-1"},
            "cdn2": {**srt, "port": 5004},
        },
        transcoders={"hd": {**TRANSCODER, "video_bitrate": bitrate}},
        schedules={"derby": {"input": "stadium", "output": "cdn2", **TIMES}},
        permanent_schedules={"all-day": {"input": "stadium", "output": "always"}},
        events={"derby": EVENT},
        event_subscriptions={
            "derby": {**SUBSCRIPTION, "timed_by_event_owner": bitrate == 5000} | ({} if bitrate == 5000 else TIMES)
        },
    )


def other_platform(directory: Path, **settings: Any) -> Engine:
    """One that calls them otherwise, with an agreement to be had."""
    engine = Engine(directory, **settings)
    engine.sim.sims["ateme"].serve(OTHERWISE)
    agreement = {"organisation_id": "org-1", "is_assigned": False, "is_finished": False, "bitrate": 20}
    engine.world["agreements"]["agr-1"] = {"agreement_id": "agr-1", **agreement}
    return engine


def told_otherwise(rows: Any) -> Any:
    """A list as a platform shows it that calls them so."""
    return [{NAMES.get(name, name): value for name, value in row.items()} for row in rows]


@pytest.mark.contract("A-579", "A-580", "A-588", "A-592")
def test_each_call_goes_by_the_names_that_the_connection_gives(tmp_path: Path) -> None:
    engine = other_platform(tmp_path, operations=OTHERWISE)
    engine.sim.fail("schedule.list", times=None, change=told_otherwise)
    for stack_ in (wanted(), wanted(4000)):
        engine.done(stack_)
        assert engine.plan(stack_).writes() == ()
    assert set(engine.written()) >= set(OTHERWISE)
    for write in engine.sim.writes():
        if write.key in OTHERWISE:
            assert write.body.keys() >= {*OTHERWISE[write.key]["keys"].values()}
            assert write.body.keys().isdisjoint(NAMES)


@pytest.mark.contract("A-579")
def test_a_platform_that_calls_them_otherwise_refuses_the_assumed_names(tmp_path: Path) -> None:
    engine = other_platform(tmp_path)
    assert "source_id" in engine.apply(wanted()).failed["ateme.environments.e1.transcoders.hd"]


@pytest.mark.contract("A-41", "A-579", "A-580")
def test_what_is_given_for_them_by_hand_goes_by_the_same_names() -> None:
    changed = TABLE.overridden(OTHERWISE)["schedule.create"]
    times = {"start_time": "NOW", "end_time": "2999-12-05T17:00:00.000Z"}
    given = {"source_id": "in-1", "destination_id": "out-1", **times}
    assert changed.faults(given) == []
    assert changed.faults({**given, "source_id": ["in-1"]})[0].startswith("source_id: ")
    assert changed.named(given) == changed.named({"input_id": "in-1", "output_id": "out-1", **times}) == given
    with pytest.raises(InputError, match="two words have one name"):
        TABLE.overridden({"schedule.create": {"keys": {"input_id": "output_id"}}})
    with pytest.raises(InputError, match="unknown word 'start_time'; known: input_id, output_id"):
        TABLE.overridden({"schedule.create": {"keys": {"start_time": "begin"}}})
