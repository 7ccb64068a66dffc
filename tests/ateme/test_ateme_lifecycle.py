"""Waiting, starting, stopping, ordering, replacing, taking over: what happens around the calls."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import E1, ENVIRONMENT, LISTENER, Engine, stack
from ateme.ateme_specs import KINDS, build
from headend.ateme.api import Ateme
from headend.ateme.environment import Environment, EnvironmentKind, observed
from headend.ateme.rows import EnvironmentRow
from headend.ateme.schedule import Schedule, ScheduleKind
from headend.ateme.settings import AtemeSettings
from headend.core.model.errors import Conflict, NotFound, Timeout
from headend.core.model.fields import Immutable, Impact, marked
from headend.core.model.proposal import Action
from headend.core.reconcile.decision import Reason
from headend.core.wire.decode import decode

SRT_OUT = {"variant": "srt_pull", "port": 5002, "latency": 200}
TIMES = {"start_time": "2026-12-05T13:00:00Z", "end_time": "2026-12-05T14:00:00Z"}
ENTRY = {"input": "a", "output": "o", **TIMES}
FULL: dict[str, Any] = {"inputs": {"a": LISTENER}, "outputs": {"o": SRT_OUT}, "schedules": {"s": ENTRY}}


def environment_spec(**changes: Any) -> Environment:
    return Environment(**{"name": "matchday-eu", **ENVIRONMENT, **changes})


# --- waiting --------------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-722")
def test_polls_grow_to_their_triple_and_end() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def go() -> None:
        settings = AtemeSettings(url="http://127.0.0.1:1", email="a@example.com", password="p")
        assert (settings.environment_timeout, settings.state_timeout) == (45 * 60, 15 * 60)
        api = Ateme(settings, None, sleep=sleep)  # type: ignore[arg-type]  # polling makes no request
        async for number in api.polls(60, "something"):
            if number == 5:
                break
        assert slept == [10, 15, 22.5, 30, 30]
        with pytest.raises(Timeout, match="something"):
            async for _ in api.polls(0, "something"):
                pass

    asyncio.run(go())


@pytest.mark.contract("A-722", "A-723")
@pytest.mark.parametrize(("unknown", "found"), [(5, True), (99, False)])
def test_a_new_environment_may_be_unknown_for_a_while(opened: Any, unknown: int, found: bool) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            kind, spec = EnvironmentKind(), environment_spec()
            id = (await kind.create(api, spec)).id
            simulator.fail("environment.get", times=unknown, status=404)
            if found:
                assert (await kind.complete(api, id, spec, lambda _: None)).values["state"] == "started"
                return
            with pytest.raises(NotFound):
                await kind.complete(api, id, spec, lambda _: None)

    asyncio.run(go())


@pytest.mark.contract("A-408", "A-723", "A-405")
@pytest.mark.parametrize(
    "word", ["running", "stopped", "creating", "starting", "upgrading", "deleting", "failed", "new"]
)
def test_the_words_for_a_status(word: str) -> None:
    seen = observed(
        decode(EnvironmentRow, "", {**ENVIRONMENT, "id": "env-1", "name": "e", "status": word}), environment_spec()
    )
    assert seen.values.get("state") == {"running": "started", "stopped": "stopped"}.get(word)
    assert ("state" in seen.unverifiable) == (word not in {"running", "stopped"})
    assert seen.computed == {"environment_id": "env-1", "status": word}
    assert bool(seen.warnings) == (word == "failed")


@pytest.mark.contract("A-724", "A-723")
@pytest.mark.parametrize("how", ["unreadable", "failed"])
def test_a_creation_that_was_not_seen_to_its_end_goes_on_in_the_next_run(tmp_path: Path, how: str) -> None:
    engine = Engine(tmp_path, {"outcome": "failed"} if how == "failed" else {})
    if how == "unreadable":
        engine.sim.fail("environment.get", times=1, status=400)
    assert list(engine.apply(stack()).failed) == [E1]
    assert engine.step(stack(), E1).reason is Reason.INCOMPLETE
    for row in engine.world["environments"].values():
        row["status"] = "creating" if how == "unreadable" else "running"
    engine.done(stack())
    assert engine.written().count("environment.create") == 1
    assert engine.plan(stack()).writes() == ()


@pytest.mark.contract("A-727")
@pytest.mark.parametrize("noun", ["environment", "input", "output", "schedule"])
@pytest.mark.parametrize("status", [404, 409])
def test_deleting_what_is_gone_is_done_and_what_is_used_is_refused(
    opened: Any, environment: Any, noun: str, status: int
) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            made: dict[str, Any] = {
                "environment": (EnvironmentKind(), environment_spec()),
                "input": (KINDS["input"], build("input.srt_push", environment=env)),
                "output": (KINDS["output"], build("output.rtmp", environment=env)),
                "schedule": (ScheduleKind(), Schedule(environment=env, input="i", output="o", **TIMES)),
            }
            kind, spec = made[noun]
            if noun == "environment" and status == 404:
                simulator.sims["ateme"].world["environments"][env]["is_deleted"] = True
            simulator.reset_journal()
            simulator.fail(f"{noun}.delete", status=status, times=9)
            if status == 404:
                await kind.delete(api, env, spec, lambda _: None)
            else:
                with pytest.raises(Conflict):
                    await kind.delete(api, env, spec, lambda _: None)
            assert [entry.key for entry in simulator.writes()] == [f"{noun}.delete"]

    asyncio.run(go())


# --- the desired state ----------------------------------------------------------------------------------------------
@pytest.mark.contract("A-405", "A-419", "A-465", "A-728", "A-729")
@pytest.mark.parametrize("wanted", ["started", "stopped"])
@pytest.mark.parametrize("initial", ["started", "stopped"])
@pytest.mark.parametrize("noun", ["environment", "input", "output"])
def test_started_and_stopped_only_where_it_differs(tmp_path: Path, noun: str, initial: str, wanted: str) -> None:
    word = {"started": "running"}.get(initial, initial) if noun == "environment" else initial
    engine = Engine(tmp_path, {f"initial_{noun}": word})
    children: dict[str, Any] = {
        "environment": stack({"state": wanted}),
        "input": stack(inputs={"a": {**LISTENER, "state": wanted}}),
        "output": stack(outputs={"o": {**SRT_OUT, "state": wanted}}),
    }
    engine.done(children[noun])
    calls = [key for key in engine.written() if key in {f"{noun}.start", f"{noun}.stop"}]
    assert calls == ([] if initial == wanted else [f"{noun}.{wanted.removesuffix('ped').removesuffix('ed')}"])
    assert engine.plan(children[noun]).writes() == ()
    (row,) = engine.world[f"{noun}s"].values()
    row["status"] = {"started": "stopped", "stopped": "running" if noun == "environment" else "started"}[wanted]
    (step,) = engine.plan(children[noun]).writes()
    assert (step.reason, step.impact) == (Reason.DRIFTED, Impact.INTERRUPTS)


# --- ordering, replacing --------------------------------------------------------------------------------------------
@pytest.mark.contract("A-737", "A-738", "A-739", "A-740")
def test_made_in_order_and_taken_down_in_reverse(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"references": "refused"})
    engine.done(stack(**FULL))
    order = engine.written()
    assert order[0] == "environment.create"
    assert sorted(order[1:3]) == ["input.create.srt_push", "output.create.srt_pull"]
    assert order[3:] == ["schedule.create"]
    engine.sim.reset_journal()
    engine.done(stack(**FULL), destroy=True)
    order = engine.written()
    assert order[0] == "schedule.delete"
    assert sorted(order[1:3]) == ["input.delete", "output.delete"]
    assert order[3:] == ["environment.delete"]


@pytest.mark.contract("A-740")
def test_children_of_a_vanished_environment_are_gone_too(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(**FULL))
    for table in ("environments", "inputs", "outputs", "schedules"):
        for row in engine.world[table].values():
            row["is_deleted"] = True
    engine.sim.reset_journal()
    engine.done(stack(**FULL), destroy=True)
    assert engine.written() == []


FIXED = {
    "environment": {"name", "cloud_provider", "region", "instance_type_id", "extra"},
    "input": {"environment", "variant", "stream_name", "multi_viewer"},
    "output": {"environment", "variant", "stream_name", "permanent_schedule_agreement_id"},
    "schedule": {"environment", "input", "output"},
}


@pytest.mark.contract("A-411", "A-458", "A-461", "A-578", "A-579", "A-580", "A-762")
def test_what_cannot_be_changed_in_place() -> None:
    models = {"environment": [Environment], "schedule": [Schedule]}
    models |= {noun: list(kind.variants.values()) for noun, kind in KINDS.items()}
    for noun, wanted in FIXED.items():
        for model in models[noun]:
            assert set(marked(model, Immutable)) == wanted & set(model.model_fields), model


@pytest.mark.contract("A-750", "A-763")
@pytest.mark.parametrize(
    ("change", "calls"),
    [
        ({"inputs": {"a": {"variant": "zixi_push", "port": 5001}}}, ["input.delete", "input.create.zixi_push"]),
        ({"outputs": {"o": {"variant": "rtmp", "url": "rtmp://h/a"}}}, ["output.delete", "output.create.rtmp"]),
    ],
)
def test_a_replacement_deletes_before_it_creates(tmp_path: Path, change: dict[str, Any], calls: list[str]) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(**FULL))
    engine.sim.reset_journal()
    engine.done(stack(**{**FULL, **change}))
    assert engine.written() == ["schedule.delete", *calls, "schedule.create"], "what carries it is replaced around it"


@pytest.mark.contract("A-410", "A-762", "A-860", "A-971")
@pytest.mark.parametrize("field", ["cloud_provider", "region", "instance_type_id", "name"])
def test_an_environment_is_replaced_only_if_that_is_allowed(tmp_path: Path, field: str) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    other = {"cloud_provider": "gcp", "region": "us-east-1", "instance_type_id": "small", "name": "other"}
    change = {field: other[field]} | ({"region": "europe-west1"} if field == "cloud_provider" else {})
    step = engine.step(stack(change), E1)
    assert (step.action, step.impact) == (Action.REPLACE, Impact.DESTROYS)
    assert step.refused
    assert engine.step(stack({**change, "lifecycle": {"protect": False}}), E1).refused is None


@pytest.mark.contract("A-54", "A-971")
def test_a_replacement_whose_answer_was_lost_ends_with_one_new_environment(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    moved = stack({"region": "us-east-1", "lifecycle": {"protect": False}})
    engine.sim.fail("environment.create", drop="after")
    assert list(engine.apply(moved).failed) == [E1]
    engine.done(moved)
    rows = {id: (row["region"], row["is_deleted"]) for id, row in engine.world["environments"].items()}
    assert rows == {"env-1": ("eu-west-1", True), "env-2": ("us-east-1", False)}
    assert engine.plan(moved).writes() == ()


# --- finding, taking over -------------------------------------------------------------------------------------------
@pytest.mark.contract("A-129", "A-726", "A-768", "A-859")
def test_an_environment_is_found_if_stopped_and_not_if_deleted(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened({"deleted": "visible"}) as (api, _):
            kind, spec = EnvironmentKind(), environment_spec()
            first = await environment(api)
            await kind.delete(api, first, spec, lambda _: None)
            second = await environment(api, state="stopped")
            assert [one.id for one in await kind.find(api, spec)] == [second]

    asyncio.run(go())


@pytest.mark.contract("A-177", "A-767")
def test_outputs_of_other_environments_are_left_out(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, _):
            kind = KINDS["output"]
            specs = [build("output.srt_pull", environment=await environment(api, name)) for name in ("one", "two")]
            made = [(await kind.create(api, spec)).id for spec in specs]
            assert [[one.id for one in await kind.find(api, spec)] for spec in specs] == [[id] for id in made]

    asyncio.run(go())


@pytest.mark.contract("A-770")
def test_exactly_one_match_is_taken_over_and_secrets_stay_as_declared(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    rows = engine.world["inputs"], engine.world["environments"]["env-1"]
    engine.sim.sims["ateme"].add_input(rows[1], "srt_push", {"id": "a", "port": 5001, "password": "of-before-1"})
    secret = {**LISTENER, "password": "declared-now", "lifecycle": {"adopt": "match"}}
    step = engine.step(stack(inputs={"a": secret}), f"{E1}.inputs.a")
    assert (step.action, step.id, step.changes) == (Action.ADOPT, "in-1", ())
    assert "password" in step.unverifiable
    engine.done(stack(inputs={"a": secret}))
    assert engine.plan(stack(inputs={"a": secret})).writes() == ()
    engine.sim.sims["ateme"].add_input(rows[1], "srt_push", {"id": "b", "port": 5001})
    engine.sim.sims["ateme"].add_input(rows[1], "srt_push", {"id": "b", "port": 5001})
    both = stack(inputs={"a": secret, "b": {**LISTENER, "lifecycle": {"adopt": "match"}}})
    (problem,) = engine.problems(both)
    assert "in-2, in-3" in problem


@pytest.mark.contract("A-427", "A-773", "A-423", "A-424")
def test_what_moves_by_itself_is_no_difference(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(**FULL))
    (row,) = engine.world["inputs"].values()
    row |= {"warning_sent": True, "has_alerts": True, "is_being_transcoded": True, "thumbnail": "x", "statistics": [1]}
    (output,) = engine.world["outputs"].values()
    output |= {"has_alerts": True, "statistics": {"loss": 3}}
    assert engine.plan(stack(**FULL)).writes() == ()


# --- schedules ------------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-742", "A-743", "A-744", "A-975")
def test_entries_of_an_environment_are_written_one_by_one(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"push_seconds": 0.01})
    entries = {f"s{n}": {**ENTRY, "start_time": f"2026-12-05T13:0{n}:00Z"} for n in range(5)}
    wanted = stack(**{**FULL, "schedules": entries})
    engine.done(wanted)
    assert engine.sim.sims["ateme"].pushes("env-1") == 5
    assert all(entry.status == 201 for entry in engine.sim.journal if entry.key == "schedule.create")
    engine.done(wanted)
    assert engine.sim.sims["ateme"].pushes("env-1") == 5, "nothing to do, so nothing is disturbed"
    engine.done(wanted, destroy=True)
    assert engine.sim.sims["ateme"].pushes("env-1") == 10


@pytest.mark.contract("A-54", "A-742")
@pytest.mark.parametrize(("drop", "sent"), [("after", 1), ("before", 2)])
def test_a_lost_change_of_an_entry_is_repeated_only_if_it_did_not_happen(tmp_path: Path, drop: str, sent: int) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(**FULL))
    longer = stack(**{**FULL, "schedules": {"s": {**ENTRY, "end_time": "2026-12-05T15:00:00Z"}}})
    engine.sim.reset_journal()
    engine.sim.fail("schedule.update", drop=drop)
    engine.done(longer)
    assert engine.written() == ["schedule.update"] * sent
    assert engine.sim.sims["ateme"].pushes("env-1") == 2
    assert engine.plan(longer).writes() == ()


@pytest.mark.contract("A-578", "A-579", "A-580", "A-770")
@pytest.mark.parametrize("other", [{"input": "b"}, {"output": "p"}, {"start_time": "2026-12-05T13:00:01Z"}])
def test_entries_are_told_apart_by_input_output_and_start(tmp_path: Path, other: dict[str, Any]) -> None:
    engine = Engine(tmp_path)
    both = {"inputs": {"a": LISTENER, "b": LISTENER}, "outputs": {"o": SRT_OUT, "p": {**SRT_OUT, "port": 5003}}}
    engine.done(stack(**both, schedules={"s": {**ENTRY, **other}}))
    engine.done(stack(**both, schedules={"s": {**ENTRY, **other}, "t": ENTRY}))
    assert len(engine.world["schedules"]) == 2, "the other one was not taken for it"


@pytest.mark.contract("A-418", "A-464", "A-744")
@pytest.mark.parametrize(
    ("children", "fields", "kind"), [("inputs", LISTENER, "source"), ("outputs", SRT_OUT, "destination")]
)
def test_a_group_is_joined_only_if_it_differs(tmp_path: Path, children: str, fields: dict[str, Any], kind: str) -> None:
    engine, noun = Engine(tmp_path), children.removesuffix("s")
    engine.world["groups"]["g"] = {"dashboard_group_id": "g", "group_type": kind, "organisation_id": "org-1"}
    grouped = {**fields, "dashboard_group": {"id": "g"}}
    engine.done(stack(**{children: {"a": grouped}}))
    assert engine.written()[-1] == f"{noun}.dashboard_group"
    engine.sim.reset_journal()
    engine.done(stack(**{children: {"a": {**grouped, "user_description": "new"}}}))
    assert engine.written() == [f"{noun}.update.{fields['variant']}"]


@pytest.mark.contract("A-731", "A-740")
@pytest.mark.parametrize("noun", ["input", "output"])
@pytest.mark.parametrize("status", ["stopped", "deleted"])
def test_a_delete_is_tried_in_a_resting_environment_and_spared_in_a_deleted_one(
    opened: Any, environment: Any, noun: str, status: str
) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            env, kind = await environment(api), KINDS[noun]
            spec = build(f"{noun}.srt_push", environment=env)
            id = (await kind.create(api, spec)).id
            row = simulator.sims["ateme"].world["environments"][env]
            row |= {"status": status, "is_deleted": status == "deleted"}
            await api.environment(env, fresh=True)
            simulator.reset_journal()
            if status == "deleted":
                await kind.delete(api, id, spec, lambda _: None)
                assert simulator.writes() == []
                return
            with pytest.raises(Conflict, match="is not running"):
                await kind.delete(api, id, spec, lambda _: None)
            assert [entry.key for entry in simulator.writes()] == [f"{noun}.delete"]

    asyncio.run(go())


@pytest.mark.contract("A-406", "A-734")
def test_what_is_to_rest_is_stopped_and_not_restarted(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack({"restart_trigger": "1"}))
    engine.sim.reset_journal()
    engine.done(stack({"restart_trigger": "2", "state": "stopped"}))
    assert engine.written() == ["environment.stop"]
    assert engine.plan(stack({"restart_trigger": "2", "state": "stopped"})).writes() == ()
