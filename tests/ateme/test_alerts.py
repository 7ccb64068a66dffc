"""Alerts through their life: found, muted, moved, gone, taken over; and with how few reads."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ateme.alert_stacks import A1, LOW, watched
from ateme.ateme_engine import LISTENER, Engine, stack
from headend.ateme.alert import AlertKind
from headend.ateme.alert_spec import Alert
from headend.ateme.listing import Listing
from headend.core.model.errors import InputError
from headend.core.model.fields import Ref, mark
from headend.core.model.proposal import Action
from headend.core.reconcile.decision import Reason
from headend.core.wire.decode import decode

HERE = {"lifecycle": {"adopt": "match"}}


def statuses(engine: Engine) -> dict[str, str]:
    return {id: row["status"] for id, row in engine.world["alerts"].items() if not row["is_deleted"]}


# --- reading --------------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-829")
def test_all_alerts_of_a_target_are_read_in_one_request(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    many = {f"a{n}": {"query_value": [n]} for n in range(20)} | {
        f"b{n}": {"output": "o", "query_value": [n]} for n in range(20)
    }
    wanted = watched(**many)
    assert len(engine.plan(wanted).writes()) == 44
    engine.done(wanted)
    for plan in (wanted, watched(**many, c={"query_value": [99]}, d={"query_value": [98]})):
        engine.sim.reset_journal()
        engine.plan(plan)
        read = Counter(entry.key for entry in engine.sim.journal)
        assert {name: n for name, n in read.items() if "alert" in name} == {
            "input.alerts": 1,
            "output.alerts": 1,
            "alert_method.list": 1,
        }


@pytest.mark.contract("A-571", "A-829", "A-774")
@pytest.mark.parametrize("deleted", ["gone", "visible"])
def test_an_alert_that_somebody_deleted_is_made_anew(tmp_path: Path, deleted: str) -> None:
    engine = Engine(tmp_path, {"deleted": deleted})
    engine.done(watched(a1={}))
    engine.world["alerts"]["alert-1"]["is_deleted"] = True
    step = engine.step(watched(a1={}), A1)
    assert (step.action, step.reason) == (Action.CREATE, Reason.VANISHED)
    engine.done(watched(a1={}))
    assert list(statuses(engine)) == ["alert-2"]


@pytest.mark.contract("A-766", "A-829")
def test_a_404_is_no_proof_while_the_target_is_there(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            env, kind, sim = await environment(api), AlertKind(), simulator.sims["ateme"]
            id = sim.add_input(sim.world["environments"][env], "srt_push", {"id": "a", "port": 5001})["input_id"]
            spec = Alert(environment=env, input=id, alert_method="m", **LOW)
            simulator.fail("input.alerts", times=1, status=404)
            with pytest.raises(Exception, match=f"but input {id} exists"):
                await kind.observe(api, "alert-1", spec, fresh=True)
            simulator.fail("input.alerts", times=9, status=403)
            with pytest.raises(Exception, match="403"):
                await kind.observe(api, "alert-1", spec, fresh=True)
            simulator.faults.clear()
            assert await kind.observe(api, "alert-1", spec, fresh=True) is None
            sim.world["inputs"][id]["is_deleted"] = True
            assert await kind.observe(api, "alert-1", spec, fresh=True) is None
            sim.world["environments"][env] |= {"is_deleted": True, "status": "deleted"}
            api.client.reads.drop()
            api.tokens.drop(env)
            assert await kind.observe(api, "alert-1", spec, fresh=True) is None

    asyncio.run(run())


# --- muting ---------------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-233", "A-569", "A-572", "A-735")
@pytest.mark.parametrize(
    ("update", "action"), [("unmutes", ["alert.action"]), ("keeps", [])], ids=["an update unmutes", "an update doesn't"]
)
def test_a_muted_alert_is_there_and_stays_muted(tmp_path: Path, update: str, action: list[str]) -> None:
    engine = Engine(tmp_path, {"alert_update": update})
    engine.done(watched(a1={}))
    assert engine.written()[-1] == "alert.create", "nothing to mute"
    engine.sim.reset_journal()
    engine.done(watched(a1={"muted": True}))
    assert [(entry.key, entry.path) for entry in engine.sim.writes()] == [
        ("alert.action", "/api/alerts/alert-1/deactivate")
    ]
    assert engine.plan(watched(a1={"muted": True})).writes() == (), "it still exists"
    engine.sim.reset_journal()
    engine.done(watched(a1={"muted": True, "query_value": [1]}))
    assert engine.written() == ["alert.update", *action]
    assert statuses(engine) == {"alert-1": "paused"}
    engine.sim.reset_journal()
    engine.done(watched(a1={"query_value": [1]}))
    assert [entry.path for entry in engine.sim.writes()] == ["/api/alerts/alert-1/activate"]
    engine.done(watched(a1={"muted": True, "query_value": [1], "alert_repeat": "2h"}))
    assert statuses(engine) == {"alert-1": "paused"}


@pytest.mark.contract("A-569", "A-735")
def test_an_alert_that_somebody_muted_is_heard_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(watched(a1={}))
    engine.world["alerts"]["alert-1"]["status"] = "paused"
    (change,) = engine.step(watched(a1={}), A1).changes
    assert (change.path, change.before, change.after, change.cause) == (("muted",), True, False, "drift")
    engine.done(watched(a1={}))
    assert statuses(engine) == {"alert-1": "active"}


@pytest.mark.contract("A-735")
@pytest.mark.parametrize(
    ("written", "sent"), [({}, []), ({"muted": True}, ["deactivate"]), ({"muted": False}, ["activate"])]
)
def test_where_the_platform_says_nothing_of_it_the_stack_is_sent(
    opened: Any, written: dict[str, bool], sent: list[str]
) -> None:
    async def run() -> None:
        async with opened() as (api, _):
            calls: list[str] = []

            async def call(key: str, **more: Any) -> Any:
                calls.append(more["path"]["action"])

            async def listed(key: str, scope: Any, shape: Any, **more: Any) -> Any:
                return Listing([decode(shape, "", {"alert_id": "alert-1", "alert_method_id": "m", **LOW})])

            api.call, api.listed = call, listed
            spec = Alert(environment="e", input="i", alert_method="m", **LOW, **written)
            seen = await AlertKind().complete(api, "alert-1", spec, lambda _: None)
            assert (calls, "muted" in seen.unverifiable) == (sent, True)

    asyncio.run(run())


# --- writing --------------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-48", "A-230", "A-828", "A-774")
@pytest.mark.parametrize(
    "switches",
    [
        {"alert_create": answer, "envelope": envelope, "wrapped": wrapped}
        for answer in ("object", "list", "message")
        for envelope, wrapped in (("bare", False), ("object", True))
    ],
    ids=str,
)
def test_the_new_alert_is_known_however_it_is_answered(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    wanted = watched(a1={}, a2={"query_value": [0]}, a3={"output": "o"})
    engine.done(wanted)
    assert len(statuses(engine)) == 3
    assert engine.plan(wanted).writes() == ()


@pytest.mark.contract("A-828", "A-770")
def test_several_alerts_for_one_target_are_an_error_that_names_them(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    two = [{"alert_id": "x-1"}, {"alert_id": "x-2"}]
    engine.done(watched())
    engine.sim.fail("alert.create", status=201, body=two)
    failed = engine.apply(watched(a1={})).failed
    assert "2 alerts were made: x-1, x-2" in failed[A1]


@pytest.mark.contract("A-54", "A-828")
@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_create_whose_answer_is_lost_makes_no_second_alert(tmp_path: Path, drop: str) -> None:
    engine = Engine(tmp_path)
    engine.done(watched(old={"query_value": [1]}))
    wanted = watched(old={"query_value": [1]}, a1={})
    engine.sim.fail("alert.create", drop=drop)
    engine.apply(wanted)
    engine.done(wanted)
    assert len(statuses(engine)) == 2
    assert engine.plan(wanted).writes() == ()


@pytest.mark.contract("A-558", "A-559", "A-560", "A-762", "A-830")
def test_another_target_is_another_alert(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(watched(a1={}))
    for target, field in (({"output": "o"}, "output"), ({"input": "i"}, "input")):
        step = engine.step(watched(a1=target), A1)
        assert (step.action, [change.field for change in step.changes]) == (Action.REPLACE, [field])
        engine.sim.reset_journal()
        engine.done(watched(a1=target))
        assert engine.written() == ["alert.delete", "alert.create"]
        assert engine.plan(watched(a1=target)).writes() == ()
    assert list(statuses(engine)) == ["alert-3"]


@pytest.mark.contract("A-739", "A-232")
def test_a_new_input_takes_its_alerts_along(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(watched(a1={}))
    moved = watched(a1={})
    moved["ateme"]["environments"]["e1"]["inputs"]["i"] = {"variant": "srt_pull", "host": "h.example.com", "port": 5001}
    engine.sim.reset_journal()
    engine.done(moved)
    assert engine.written() == ["alert.delete", "input.delete", "input.create.srt_pull", "alert.create"]
    assert engine.plan(moved).writes() == ()


@pytest.mark.contract("A-44", "A-55", "A-234", "A-235", "A-236", "A-237", "A-239", "A-861")
def test_only_single_alerts_are_ever_touched(tmp_path: Path, opened: Any) -> None:
    engine = Engine(tmp_path)
    alerts = {f"a{n}": {"query_value": [n]} for n in range(3)}
    engine.done(watched(**alerts))
    engine.world["alerts"]["alert-9"] = {**engine.world["alerts"]["alert-1"], "alert_id": "alert-9"}
    engine.done(watched(**{key: {**alert, "muted": True, "alert_repeat": "2h"} for key, alert in alerts.items()}))
    engine.done(watched())
    assert list(statuses(engine)) == ["alert-9"], "that of somebody else"
    called = {entry.key for entry in engine.sim.journal if entry.key.startswith("alert.")}
    assert called == {"alert.create", "alert.update", "alert.action", "alert.delete"}

    async def run() -> None:
        async with opened() as (api, simulator):
            env = (await api.call("environment.create", scope=None, body={"name": "e", **_cloud()})).body[
                "environment_id"
            ]
            for _ in range(3):
                await api.environment(env, fresh=True)
            spec = Alert(environment=env, input="i", alert_method="m", **LOW)
            simulator.reset_journal()
            with pytest.raises(InputError, match="alert_id"):
                await AlertKind().delete(api, "", spec, lambda _: None)
            assert simulator.writes() == []

    asyncio.run(run())


def _cloud() -> dict[str, str]:
    return {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}


# --- taking over ----------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-562", "A-563", "A-564", "A-565", "A-770")
def test_an_alert_is_known_by_what_it_compares(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(watched(a1={}))
    (row,) = engine.world["alerts"].values()
    row |= {"query_value": [4000.0], "alert_repeat": "5m", "status": "paused"}  # its owner's; not what it is known by
    stranger = Engine(tmp_path)
    stranger.sim = engine.sim
    (tmp_path / "state.db").unlink()

    def wanted(**changes: Any) -> dict[str, Any]:
        inputs = {"i": {**LISTENER, **HERE}}
        made = watched(a1={**changes, **HERE})
        made["ateme"]["environments"]["e1"] |= {**HERE, "inputs": inputs, "outputs": {}}
        made["ateme"]["alert_methods"]["noc"] |= HERE
        return made

    for changes in ({"query_value": [1]}, {"query_param": "gt"}, {"query_time_range": "1h"}):
        assert stranger.step(wanted(**changes), A1).action is Action.CREATE
    step = stranger.step(wanted(), A1)
    assert (step.action, step.id, {c.field for c in step.changes}) == (
        Action.ADOPT,
        "alert-1",
        {"alert_repeat", "muted"},
    )
    stranger.done(wanted())
    row = engine.world["alerts"]["alert-1"]
    assert row["status"] == "active"
    assert stranger.plan(wanted()).writes() == ()
    (tmp_path / "state.db").unlink()
    engine.world["alerts"]["alert-2"] = {**row, "alert_id": "alert-2"}
    (problem,) = stranger.problems(wanted())
    assert "alert-1, alert-2" in problem


# --- around it ------------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-731", "A-730")
def test_a_resting_environment_takes_no_alert_and_says_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(watched(a1={}))
    resting = watched(a1={"query_value": [1]})
    resting["ateme"]["environments"]["e1"]["state"] = "stopped"
    (problem,) = engine.problems(resting)
    assert problem.startswith(f"{A1}: its environment is to be stopped")
    resting = watched(a1={})
    resting["ateme"]["environments"]["e1"]["state"] = "stopped"
    engine.done(resting)
    assert engine.plan(resting).writes() == (), "what is read of it stays known"
    del resting["ateme"]["environments"]["e1"]["alerts"]
    failed = engine.apply(resting).failed
    assert "environment env-1 is not running" in failed[A1]


@pytest.mark.contract("A-739", "A-740", "A-737")
def test_alerts_go_with_their_environment(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(watched(a1={}, a2={"output": "o"}))
    for table in ("environments", "inputs", "outputs", "alerts"):
        for row in engine.world[table].values():
            row["is_deleted"] = True
    engine.sim.reset_journal()
    engine.done(watched(), destroy=True)
    assert engine.written() == ["alert_method.delete"]


@pytest.mark.contract("A-559")
def test_what_a_transcoder_makes_can_be_watched() -> None:
    ref = mark(Alert, "input", Ref)
    assert ref is not None
    assert ("ateme.transcoder", "resulting_input_id") in ref.through


@pytest.mark.contract("A-737", "A-738", "A-739", "A-774")
@pytest.mark.parametrize("references", ["refused", "ignored"])
def test_one_of_each_by_name_comes_and_goes(tmp_path: Path, references: str) -> None:
    engine = Engine(tmp_path, {"references": references})
    wanted = watched(low={}, silent={"output": "o", "query_param": "no_value", "query_value": [], "muted": True})
    wanted["ateme"]["alert_methods"]["chat"] = {
        "alert_type": "slack",
        "notification_parameters": ["https://hooks.example.com/x"],
    }
    wanted["ateme"]["environments"]["e1"]["alerts"]["silent"]["alert_method"] = "chat"
    wanted["ateme"]["labels"] = {"derby": {}}
    engine.done(wanted)
    order = [key for key in engine.written() if "label" not in key]
    assert set(order[:3]) == {"environment.create", "alert_method.create"}
    assert set(order[5:]) == {"alert.create", "alert.action"}
    assert engine.plan(wanted).writes() == ()
    engine.sim.reset_journal()
    engine.done(wanted, destroy=True)
    order = [key for key in engine.written() if "label" not in key]
    assert order[:2] == ["alert.delete", "alert.delete"]
    assert set(order[2:6]) == {"input.delete", "output.delete", "alert_method.delete"}
    left = {
        name: [id for id, row in engine.world[name].items() if not row.get("is_deleted")]
        for name in ("environments", "inputs", "outputs", "alerts", "alert_methods", "labels")
    }
    assert not any(left.values()), left
    assert engine.plan(stack(), destroy=True).writes() == ()
