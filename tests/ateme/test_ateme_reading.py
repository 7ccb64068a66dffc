"""What is read back, what is only shown, and what has calls of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from ateme.ateme_specs import KINDS, build
from headend.ateme.environment import Environment, EnvironmentKind
from headend.ateme.rows import EntryRow
from headend.ateme.schedule import Schedule, ScheduleKind
from headend.core.model.findings import warning
from headend.core.model.observed import Change
from headend.core.model.proposal import Action, Proposal
from headend.core.reconcile.state import open_state
from headend.core.wire.decode import decode

SRT_OUT = {"variant": "srt_pull", "port": 5002, "latency": 200}


# --- environments --------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-141", "A-142", "A-143", "A-402", "A-403", "A-404")
@pytest.mark.parametrize("validation", ["strict", "warn", "off"])
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cloud_provider": "abacus"}, "cloud_provider"),
        ({"region": "moon-1"}, "region"),
        ({"instance_type_id": "vast"}, "instance_type_id"),
        ({"instance_type_id": 8}, "instance_type_id"),
        ({"instance_type_id": 7}, None),
        ({}, None),
    ],
)
def test_the_catalogue_knows_what_there_is(opened: Any, validation: str, wrong: dict[str, Any], field: str) -> None:
    async def go() -> None:
        async with opened({}, validation=validation) as (api, simulator):
            simulator.sims["ateme"].world["catalogue"]["aws"]["eu-west-1"].append("7")
            given = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large", **wrong}
            problems = await EnvironmentKind().check_catalogue(api, Environment(name="e", **given))
            level = "warning" if validation == "warn" else "error"
            expected = [(level, f"{field}: {wrong[field]} is not offered")] if field and validation != "off" else []
            assert [(problem.level, problem.message) for problem in problems] == expected

    asyncio.run(go())


@pytest.mark.contract("A-402", "A-403")
@pytest.mark.parametrize(
    ("provider", "told"), [("abacus", "cloud_provider: abacus is not offered"), ("aws", "region ")]
)
def test_of_what_is_read_side_by_side_only_the_first_trouble_is_told(opened: Any, provider: str, told: str) -> None:
    """Nothing is known of the regions of a provider that there isn't."""

    async def go() -> None:
        async with opened() as (api, simulator):
            simulator.fail("cloud.regions", status=400)
            spec = Environment(name="e", cloud_provider=provider, region="eu-west-1", instance_type_id="large")
            (problem,) = await EnvironmentKind().check_catalogue(api, spec)
            assert problem.message.startswith(told)

    asyncio.run(go())


@pytest.mark.contract("A-404")
def test_an_instance_type_may_be_a_number(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.world["catalogue"]["aws"]["eu-west-1"].append("7")
    engine.done(stack({"instance_type_id": 7}))
    assert engine.plan(stack({"instance_type_id": 7})).writes() == ()
    assert engine.plan(stack({"instance_type_id": "7"})).writes() == ()


@pytest.mark.contract("A-15", "A-22", "A-407", "A-408", "A-409")
def test_the_token_of_the_first_read_is_kept_nowhere(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(inputs={"a": LISTENER}))
    with open_state(tmp_path / "state.db") as state:
        assert dict(state.records()[E1].computed) == {"environment_id": "env-1", "status": "running"}
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    tokens = list(engine.world["tokens"])
    assert len(tokens) >= 2
    assert [token for token in tokens if token.encode() in kept or token in "".join(engine.said)] == []


# --- inputs and outputs -----------------------------------------------------------------------------------------------
CHILDREN = [("input", "inputs", LISTENER), ("output", "outputs", SRT_OUT)]


@pytest.mark.contract("A-416", "A-417", "A-462", "A-463")
@pytest.mark.parametrize(("noun", "children", "fields"), CHILDREN)
def test_a_place_is_set_by_its_own_call_and_only_if_it_differs(
    tmp_path: Path, noun: str, children: str, fields: dict[str, Any]
) -> None:
    engine = Engine(tmp_path)

    def wanted(latitude: float, longitude: float) -> dict[str, Any]:
        return stack(**{children: {"a": {**fields, "latitude": latitude, "longitude": longitude}}})

    engine.done(wanted(-90, 180))
    assert [e.body for e in engine.sim.writes() if e.key == f"{noun}.location"] == [{"latitude": -90, "longitude": 180}]
    engine.sim.reset_journal()
    engine.done(wanted(-90, 180))
    assert engine.written() == []
    engine.done(wanted(-90, 0.5))
    assert engine.written() == [f"{noun}.location"], "no update of the stream itself"
    engine.sim.reset_journal()
    moved = {**fields, "latitude": -90, "longitude": 0.5, "user_description": "new"}
    engine.done(stack(**{children: {"a": moved}}))
    assert engine.written() == [f"{noun}.update.{fields['variant']}"], "and none of the place without need"
    kind, variant = KINDS[noun], f"{noun}.{fields['variant']}"
    for place, warned in (((90, -180), []), ((90.1, 0), ["latitude"]), ((0, -180.1), ["longitude"])):
        found = kind.check(build(variant, latitude=place[0], longitude=place[1]), {})
        assert [p.message.split()[0] for p in found] == warned
    with pytest.raises(ValidationError, match="together"):
        build(variant, longitude=1)


@pytest.mark.contract("A-421", "A-422", "A-423", "A-425", "A-426", "A-466", "A-467", "A-468")
@pytest.mark.parametrize(("noun", "children", "fields"), CHILDREN)
def test_what_the_platform_adds_is_shown_and_never_compared(
    tmp_path: Path, noun: str, children: str, fields: dict[str, Any]
) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(**{children: {"a": fields}}))
    (row,) = engine.world[children].values()
    row |= {"technical_details": {"key": "canary-77"}, "input_settings": ["canary-77"], "livelink_args": "canary-77"}
    plan = engine.plan(stack(**{children: {"a": fields}}))
    assert plan.writes() == ()
    assert "canary-77" not in str(plan.document())
    with open_state(tmp_path / "state.db") as state:
        computed = state.records()[f"{E1}.{children}.a"].computed
    assert computed[f"{noun}_id"] == row[f"{noun}_id"]
    assert computed["status"] == "started"
    assert computed.get("input_stopped", False) is False


@pytest.mark.contract("A-201", "A-468")
@pytest.mark.parametrize(
    ("word", "running", "state"), [("stopped", True, "stopped"), (None, True, None), ("stopped", False, None)]
)
def test_a_row_without_a_status_takes_it_from_the_list_of_states(
    opened: Any, environment: Any, word: str | None, running: bool, state: str | None
) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            env, kind = await environment(api), KINDS["output"]
            spec = build("output.srt_pull", environment=env)
            made = await kind.create(api, spec)
            row = simulator.sims["ateme"].world["outputs"][made.id]
            shown = {name: value for name, value in row.items() if name != "status"}
            row["status"] = word or "moving"
            simulator.sims["ateme"].world["environments"][env]["status"] = "running" if running else "stopped"
            await api.environment(env, fresh=True)
            simulator.reset_journal()
            simulator.fail("output.list", status=200, body=[shown])
            seen = await kind.observe(api, made.id, spec, fresh=True)
            assert seen.values.get("state") == state
            assert ("state" in seen.unverifiable) == (state is None)
            assert ("output.states" in [entry.key for entry in simulator.journal]) == running

    asyncio.run(go())


@pytest.mark.contract("A-49", "A-469")
def test_an_output_names_no_input_but_through_extra(opened: Any, environment: Any) -> None:
    with pytest.raises(ValidationError, match="input_id"):
        build("output.srt_pull", input_id="in-1")

    async def go() -> None:
        async with opened({"unknown_keys": "accepted"}) as (api, simulator):
            spec = build("output.srt_pull", environment=await environment(api), extra={"input_id": "in-1"})
            await KINDS["output"].create(api, spec)
            assert simulator.writes()[-1].body["input_id"] == "in-1"

    asyncio.run(go())


@pytest.mark.contract("A-420")
def test_what_to_do_after_a_bitrate_stop_is_no_matter_of_the_wire(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            await KINDS["input"].create(api, build("input.srt_push", environment=env, start_after_bitrate_stop=True))
            assert "start_after_bitrate_stop" not in simulator.writes()[-1].body

    asyncio.run(go())


@pytest.mark.contract("A-808")
@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("input.srt_pull", "SRT caller"),
        ("input.srt_push", "SRT listener"),
        ("output.srt_pull", "SRT listener"),
        ("output.srt_push", "SRT caller"),
    ],
)
def test_the_words_of_the_platform_say_who_calls(name: str, role: str) -> None:
    assert (type(build(name)).__doc__ or "").startswith(role)
    assert ("host" in type(build(name)).model_fields) == (role == "SRT caller")


@pytest.mark.contract("A-499", "A-815")
@pytest.mark.parametrize(
    ("ttl", "validation", "doubted", "refused"),
    [
        (225, "strict", False, False),
        (226, "strict", True, True),
        (255, "strict", True, True),
        (226, "warn", True, False),
        (255, "off", True, False),
    ],
)
def test_the_odd_limit_of_ttl(opened: Any, ttl: int, validation: str, doubted: bool, refused: bool) -> None:
    said, spec = "ttl: the document allows 0..225", build("output.udp_rist", ttl=ttl)

    async def go() -> None:
        async with opened({}, validation=validation) as (api, _):
            assert list(KINDS["output"].check(spec, {})) == [warning(said, field="ttl", rule="likely-range")] * doubted
            found = await KINDS["output"].review(api, Proposal(Action.NONE, spec))
            assert [(problem.level, problem.message) for problem in found] == [("error", said)] * refused

    asyncio.run(go())


@pytest.mark.contract("A-157", "A-454", "A-455", "A-456", "A-457")
def test_a_multi_viewers_input_is_found_changed_and_only_forgotten(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    row = engine.sim.sims["ateme"].add_input(
        engine.world["environments"]["env-1"], "local_ts", {"multi_viewer_id": "mv-1"}
    )

    def wanted(**fields: Any) -> dict[str, Any]:
        viewer = {"variant": "local_ts", "multi_viewer": {"id": "mv-1"}, **fields, "lifecycle": {"adopt": "match"}}
        return stack(inputs={"mv": viewer})

    engine.sim.reset_journal()
    engine.done(wanted(user_description="wall", max_allowed_bitrate_kbps=30000))
    assert engine.written() == ["input.update.local_ts"]
    stored = engine.world["inputs"][row["input_id"]]
    assert (stored["user_description"], stored["max_allowed_bitrate_kbps"]) == ("wall", 30000)
    assert engine.plan(wanted(user_description="wall", max_allowed_bitrate_kbps=30000)).writes() == ()
    engine.sim.reset_journal()
    engine.done(stack())
    assert engine.written() == []
    assert engine.step(wanted(), f"{E1}.inputs.mv").action is Action.ADOPT


# --- schedules --------------------------------------------------------------------------------------------------------
ROW = {
    "schedule_id": 7,
    "input_id": "i",
    "output_id": "o",
    "start_time": "2026-12-05T13:00:00.000Z",
    "end_time": "2026-12-05T14:00:00.000Z",
}


def entry(**changes: Any) -> Schedule:
    times = {"start_time": ROW["start_time"], "end_time": ROW["end_time"]}
    return Schedule(**{"environment": "env-1", "input": "i", "output": "o", **times, **changes})


@pytest.mark.contract("A-579", "A-580", "A-583", "A-585")
@pytest.mark.parametrize("names", [("input_id", "output_id"), ("source_id", "destination_id")])
def test_an_entry_is_read_by_either_pair_of_names(opened: Any, environment: Any, names: tuple[str, str]) -> None:
    row = {k: v for k, v in ROW.items() if k not in {"input_id", "output_id"}} | dict(zip(names, (3, "o"), strict=True))

    async def go() -> None:
        async with opened() as (api, simulator):
            await environment(api)
            simulator.fail("schedule.get", status=200, body={**row, "status": "running"})
            seen = await ScheduleKind().observe(api, "7", entry(input="3"), fresh=True)
            assert seen is not None
            assert (seen.id, seen.values["input"], seen.values["output"]) == ("7", "3", "o")
            assert dict(seen.computed) == {"schedule_id": "7", "status": "running"}
            assert "status" not in seen.values

    asyncio.run(go())


@pytest.mark.contract("A-584")
@pytest.mark.parametrize("subscription", [True, False])
def test_a_subscription_is_no_schedule(opened: Any, subscription: bool) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            simulator.fail("schedule.list", status=200, body=[{**ROW, "is_event_subscription": subscription}])
            assert [one.id for one in await ScheduleKind().find(api, entry())] == ([] if subscription else ["7"])

    asyncio.run(go())


@pytest.mark.contract("A-578")
def test_an_entry_names_its_environment_by_its_token(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    times = {"start_time": ROW["start_time"], "end_time": ROW["end_time"]}
    children: dict[str, Any] = {"inputs": {"a": LISTENER}, "outputs": {"o": SRT_OUT}}
    engine.done(stack(**children, schedules={"s": {"input": "a", "output": "o", **times}}))
    (write,) = [entry for entry in engine.sim.writes() if entry.key == "schedule.create"]
    assert set(write.body) == {"input_id", "output_id", "start_time", "end_time"}
    assert write.scope["environment"] == "env-1"


@pytest.mark.contract("A-745")
def test_only_the_times_that_are_to_change_are_sent(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            await environment(api)
            simulator.reset_journal()
            simulator.fail("schedule.get", status=200, body={**ROW, "start_time": "2999-12-05T12:00:00.000Z"})
            simulator.fail("schedule.update", status=200, body={})
            later = entry(end_time="2999-12-05T15:00:00Z")
            await ScheduleKind().update(api, "7", later, [Change(("end_time",), ROW["end_time"], later.end_time)])
            assert [write.body for write in simulator.writes()] == [{"end_time": "2999-12-05T15:00:00.000Z"}]

    asyncio.run(go())


@pytest.mark.contract("A-746")
def test_a_start_that_was_now_may_become_a_time_without_a_write(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            await environment(api)
            simulator.reset_journal()
            late = api.now().replace(year=2027)
            seen = ScheduleKind().observed(decode(EntryRow, "", ROW), entry(start_time="2026-12-05T12:00:00Z"), late)
            assert seen.values["start_time"] == "2026-12-05T12:00:00Z"
            assert seen.warnings
            simulator.fail("schedule.get", status=200, body=ROW)
            await ScheduleKind().update(api, "7", entry(), [Change(("start_time",), "NOW", ROW["start_time"])])
            assert simulator.writes() == []

    asyncio.run(go())
