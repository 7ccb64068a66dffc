"""Event subscriptions: schedule entries with an event's times or their own, and on air like all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from headend.ateme.event_subscription import EventSubscription
from headend.core.model.fields import Impact
from headend.core.model.proposal import Action
from headend.core.reconcile.state import open_state

AT, DERBY_AT = f"{E1}.event_subscriptions.take", f"{E1}.events.derby"
INPUTS = {"a": LISTENER, "b": {**LISTENER, "port": 5009}}
OUTPUTS = {n: {"variant": "srt_pull", "port": p, "latency": 200} for n, p in (("o", 5002), ("p", 5003))}
TIMES = {"start_time": "2026-12-05T15:00:00Z", "end_time": "2026-12-05T17:00:00Z"}
OWN = {"start_time": "2026-12-05T15:30:00.250Z", "end_time": "2026-12-05T17:00:00+01:00"}
DERBY, CUP = {"input": "a", **TIMES}, {"input": "b", **TIMES}
FOLLOWS = {"event": "derby", "output": "o", "timed_by_event_owner": True}
ITSELF = {**FOLLOWS, "timed_by_event_owner": False, **OWN}
KIND = "ateme.event_subscription"


def wanted(
    take: Mapping[str, Any] | None = FOLLOWS, derby: Mapping[str, Any] = DERBY, **children: Any
) -> dict[str, Any]:
    """The subscription in e1, where the events derby and cup are."""
    events = {"derby": derby, "cup": CUP}
    subscriptions = {} if take is None else {"take": take}
    return stack(
        **{"inputs": INPUTS, "outputs": OUTPUTS, "events": events, "event_subscriptions": subscriptions, **children}
    )


def entry(engine: Engine) -> dict[str, Any]:
    (found,) = [row for row in engine.world["schedules"].values() if not row["is_deleted"]]
    return dict(found)


@pytest.mark.contract("A-590", "A-591", "A-592", "A-593", "A-594", "A-595")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"environment": None}, "environment"),
        ({"event": None}, "event"),
        ({"output": None}, "output"),
        ({"timed_by_event_owner": None}, "timed_by_event_owner"),
        ({"timed_by_event_owner": False}, r"(?s)start_time.*must be a time such as"),
        ({**ITSELF, "end_time": None}, r"(?s)end_time.*must be a time such as"),
        ({**ITSELF, "start_time": "NOW"}, r"(?s)start_time.*must be a time such as"),
        ({**ITSELF, "end_time": OWN["start_time"]}, "after start_time"),
        ({"start_time": OWN["start_time"]}, "only with timed_by_event_owner: false"),
        ({"extra": {"event_id": "x"}}, "event_id is a field of its own"),
    ],
)
def test_it_has_its_own_times_or_the_events(change: dict[str, Any], said: str) -> None:
    fields = {"environment": "e", **FOLLOWS}
    assert EventSubscription(**fields).start_time is None
    with pytest.raises(ValidationError, match=said):
        EventSubscription(**{**fields, **change})


@pytest.mark.contract("A-254", "A-255", "A-591", "A-592", "A-593", "A-594", "A-595", "A-596", "A-597", "A-833")
@pytest.mark.parametrize(
    "switches",
    [{}, {"envelope": "object", "wrapped": True, "ids": "plain"}, {"times": "offset", "updates": "full"}],
    ids=str,
)
def test_it_is_made_given_its_own_times_and_another_output_and_removed(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(wanted())
    assert engine.plan(wanted()).writes() == ()
    call = engine.sim.writes()[-1]
    ends = {"output_id": next(id for id, row in engine.world["outputs"].items() if row["port"] == 5002)}
    derby = next(id for id, row in engine.world["events"].items() if row["name"] == "derby")
    assert (call.key, call.body) == (
        "event_subscription.create",
        {"event_id": derby, **ends, "timed_by_event_owner": True},
    )
    assert call.scope["environment"] == "env-1"
    assert entry(engine)["is_event_subscription"]
    engine.sim.reset_journal()
    engine.done(wanted(ITSELF))
    times = {"start_time": "2026-12-05T15:30:00.250Z", "end_time": "2026-12-05T16:00:00.000Z"}
    (call,) = engine.sim.writes()
    assert (call.key, call.body) == ("event_subscription.update", {**ends, "timed_by_event_owner": False, **times})
    assert engine.plan(wanted(ITSELF)).writes() == ()
    engine.done(wanted({**FOLLOWS, "output": "p"}))
    assert entry(engine)["output_id"] != ends["output_id"]
    assert entry(engine)["schedule_id"] == "sched-1"
    engine.done(wanted(None))
    assert engine.written()[-1] == "schedule.delete"
    assert engine.sim.sims["ateme"].pushes("env-1") == 4


@pytest.mark.contract("A-591", "A-750", "A-762")
def test_another_event_replaces_it_the_old_one_first(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    other = wanted({**FOLLOWS, "event": "cup"})
    step = engine.step(other, AT)
    assert (step.action, step.impact) == (Action.REPLACE, Impact.INTERRUPTS)
    engine.sim.reset_journal()
    engine.done(other)
    assert engine.written() == ["schedule.delete", "event_subscription.create"]


@pytest.mark.contract("A-590")
def test_event_and_output_must_be_where_it_is(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    two = wanted()
    e2 = {**stack()["ateme"]["environments"]["e1"], "inputs": {"c": LISTENER}, "outputs": OUTPUTS}
    two["ateme"]["environments"]["e2"] = {**e2, "events": {"other": {**DERBY, "input": "c"}}}
    take = two["ateme"]["environments"]["e1"]["event_subscriptions"]["take"]
    for field, name in (("event", "e2/other"), ("output", "e2/o")):
        two["ateme"]["environments"]["e1"]["event_subscriptions"]["take"] = {**take, field: name}
        (problem,) = engine.problems(two)
        assert problem.startswith(f"{AT}: {field}: it is in another environment")
    assert engine.sim.journal == []


@pytest.mark.contract("A-743", "A-744", "A-742", "A-54")
def test_subscriptions_and_other_entries_take_turns_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"push_seconds": 0.01})
    takes = {"one": FOLLOWS, "two": {**FOLLOWS, "event": "cup"}, "three": {**ITSELF, "event": "cup", "output": "p"}}
    timed = {"s": {"input": "a", "output": "o", **TIMES}}
    both = wanted(event_subscriptions=takes, schedules=timed)
    engine.done(both)
    assert engine.sim.sims["ateme"].pushes("env-1") == 4
    engine.done(both)
    assert engine.sim.sims["ateme"].pushes("env-1") == 4, "nothing to do, so nothing is disturbed"
    assert all(e.status == 201 for e in engine.sim.journal if e.key.startswith("event_subscription"))
    for drop, sent in (("after", 1), ("before", 2)):
        engine.sim.reset_journal()
        engine.sim.fail("event_subscription.update", drop=drop)
        output = {"after": "p", "before": "o"}[drop]
        engine.done(wanted(event_subscriptions={**takes, "one": {**FOLLOWS, "output": output}}, schedules=timed))
        assert engine.written() == ["event_subscription.update"] * sent


@pytest.mark.contract("A-596", "A-770", "A-54")
def test_it_is_known_by_event_and_output(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.sim.fail("event_subscription.create", drop="after")
    engine.apply(wanted())
    engine.done(wanted())
    assert engine.written().count("event_subscription.create") == 1
    with open_state(tmp_path / "state.db") as state:
        state.drop(AT)
    step = engine.step(wanted({**FOLLOWS, "lifecycle": {"adopt": "match"}}), AT)
    assert (step.action, step.id) == (Action.ADOPT, entry(engine)["schedule_id"])


# --- over -----------------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-748", "A-254")
@pytest.mark.parametrize("take", [FOLLOWS, ITSELF], ids=["the event's times", "its own"])
@pytest.mark.parametrize("ended", ["kept", "gone"])
def test_one_that_is_over_is_never_made_again_and_none_is_made_over(
    tmp_path: Path, take: dict[str, Any], ended: str
) -> None:
    engine = Engine(tmp_path, {"ended_schedules": ended})
    engine.done(wanted(take))
    engine.now = engine.now.replace(day=6)
    assert engine.plan(wanted(take)).writes() == ()
    engine.sim.sims["ateme"].set_switch("ended_schedules", "kept")
    (problem,) = engine.problems(wanted(event_subscriptions={"take": take, "new": {**take, "output": "p"}}))
    assert problem.startswith(f"{E1}.event_subscriptions.new: end_time lies in the past")
    engine.done(wanted(None))
    assert engine.written()[-1] == "schedule.delete"


@pytest.mark.contract("A-748", "A-766")
def test_where_neither_it_nor_its_event_is_listed_nobody_can_tell_and_nothing_is_made(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    engine.world["schedules"].clear()
    others = wanted({**FOLLOWS, "event": {"id": "event-of-a-host"}}, events={})
    assert engine.step(wanted(), AT).action is Action.CREATE, "its event is there, so it was taken away"
    with open_state(tmp_path / "state.db") as state:
        entry = state.records()[AT]
        state.put(replace(entry, values={**entry.values, "event": "event-of-a-host"}))
    step = engine.step(others, AT)
    assert step.action is Action.NONE
    assert step.unverifiable == {"event": "neither it nor its event is listed: it is over, or was taken away"}


# --- on air -----------------------------------------------------------------------------------------------------------
def cut(engine: Engine, stack: dict[str, Any]) -> dict[str, list[str]]:
    """Address of each step that cuts something -> what."""
    plan = engine.plan(stack, now=lambda: engine.now)
    return {s.address: sorted(c.address or f"{c.kind} {c.id}" for c in s.on_air) for s in plan.writes() if s.on_air}


SLOWER = {**INPUTS, "a": {**LISTENER, "latency": 2000}}


@pytest.mark.contract("A-254", "A-593", "A-750")
@pytest.mark.parametrize("switches", [{}, {"event_times": "hidden"}, {"event_times": "stay"}], ids=str)
def test_what_goes_out_by_the_events_times_is_guarded_while_these_last(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(wanted())
    input_cut = {f"{E1}.inputs.a": [AT, DERBY_AT]}
    for hour, guarded in ((12, False), (16, True), (18, False)):
        engine.now = engine.now.replace(hour=hour)
        assert cut(engine, wanted(inputs=SLOWER)) == (input_cut if guarded else {})
        assert cut(engine, wanted({**FOLLOWS, "output": "p"})) == ({AT: [AT]} if guarded else {})
        assert cut(engine, wanted(None)) == ({AT: [AT]} if guarded else {})
    engine.now = engine.now.replace(hour=16)
    later = wanted(derby={**DERBY, "end_time": "2026-12-05T18:00:00Z"})
    assert cut(engine, later) == {DERBY_AT: [AT, DERBY_AT]}
    assert cut(engine, wanted(derby={**DERBY, "description": "no times"})) == {}
    refused = engine.apply(later, allowed=[])
    assert "would interrupt what is on air" in refused.failed[DERBY_AT]
    assert f"{AT} from" in refused.failed[DERBY_AT]
    engine.done(later, allowed=[DERBY_AT])
    engine.done(wanted(None, derby=DERBY, events={"cup": CUP}), allowed=[AT, DERBY_AT])


@pytest.mark.contract("A-594", "A-595")
def test_own_times_count_and_those_of_the_event_only_for_itself(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted({**ITSELF, "start_time": "2026-12-05T20:00:00Z", "end_time": "2026-12-05T21:00:00Z"}))
    take = {**ITSELF, "start_time": "2026-12-05T20:00:00Z", "end_time": "2026-12-05T21:00:00Z"}
    engine.now = engine.now.replace(hour=16)
    assert cut(engine, wanted({**take, "output": "p"})) == {}
    assert cut(engine, wanted(take, inputs=SLOWER)) == {f"{E1}.inputs.a": [DERBY_AT]}
    engine.now = engine.now.replace(hour=20)
    assert cut(engine, wanted({**take, "output": "p"})) == {AT: [AT]}
    assert cut(engine, wanted(take, inputs=SLOWER)) == {f"{E1}.inputs.a": [AT]}


def test_what_others_subscribed_is_guarded_by_its_id(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    with open_state(tmp_path / "state.db") as state:
        state.drop(AT)
    engine.now = engine.now.replace(hour=16)
    later = wanted(None, derby={**DERBY, "end_time": "2026-12-05T18:00:00Z"})
    assert cut(engine, later) == {DERBY_AT: [DERBY_AT, f"{KIND} sched-1"]}
    assert cut(engine, wanted(None, inputs=SLOWER)) == {f"{E1}.inputs.a": [DERBY_AT, f"{KIND} sched-1"]}
    outputs = {**OUTPUTS, "o": {**OUTPUTS["o"], "latency": 500}}
    assert cut(engine, wanted(None, outputs=outputs)) == {f"{E1}.outputs.o": [f"{KIND} sched-1"]}


@pytest.mark.parametrize("list_status", [403, 404])
def test_where_events_cant_be_read_an_entry_without_times_is_on_air(tmp_path: Path, list_status: int) -> None:
    engine = Engine(tmp_path, {"event_times": "hidden"})
    engine.done(wanted())
    with open_state(tmp_path / "state.db") as state:
        for name in ("take", "derby", "cup"):
            state.drop(f"{E1}.{'event_subscriptions' if name == 'take' else 'events'}.{name}")
    engine.sim.fail("event.list", times=99, status=list_status)
    outputs = {**OUTPUTS, "o": {**OUTPUTS["o"], "latency": 500}}
    unseen = stack(inputs=INPUTS, outputs=outputs)
    assert cut(engine, unseen) == {f"{E1}.outputs.o": [f"{KIND} sched-1"]}


@pytest.mark.contract("A-593", "A-756")
def test_an_event_whose_new_times_do_not_reach_its_subscription_is_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"event_times": "stay"})
    engine.done(wanted())
    later = wanted(derby={**DERBY, "end_time": "2026-12-05T18:00:00Z"})
    engine.done(later)
    step = engine.step(later, AT)
    assert step.action is Action.NONE
    assert "it goes by a former end_time of the event, 2026-12-05T17:00:00.000Z" in step.warnings[0]


@pytest.mark.contract("A-731", "A-740", "A-54")
@pytest.mark.parametrize("noun", ["event", "schedule"])
def test_a_delete_says_that_the_environment_rests_is_spared_where_it_is_gone_and_not_sent_twice(
    tmp_path: Path, noun: str
) -> None:
    engine = Engine(tmp_path)
    full, rest, address = wanted(), wanted(None), AT
    if noun == "event":
        full, rest, address = wanted(None), wanted(None, events={"cup": CUP}), DERBY_AT
    engine.done(full)
    engine.sim.reset_journal()
    engine.sim.fail(f"{noun}.delete", drop="after")
    engine.done(rest)
    assert engine.written().count(f"{noun}.delete") == 1, "a look showed that it had happened"
    engine.done(full)
    engine.world["environments"]["env-1"]["status"] = "stopped"
    stopped = {**rest, "ateme": {"environments": {"e1": {**rest["ateme"]["environments"]["e1"], "state": "stopped"}}}}
    engine.sim.fail(f"{noun}.delete", status=409, times=9)
    assert "environment env-1 is not running" in engine.apply(stopped).failed[address]
    engine.world["environments"]["env-1"] |= {"is_deleted": True, "status": "deleted"}
    engine.sim.reset_journal()
    engine.apply(rest, destroy=True)
    assert f"{noun}.delete" not in engine.written()
