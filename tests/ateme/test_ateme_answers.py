"""Answers whose shape the document leaves open, refusals, and what proves that something is gone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import E1, ENVIRONMENT, LISTENER, Engine, stack
from ateme.ateme_specs import KINDS, build
from headend.ateme.answers import item, rows
from headend.ateme.environment import Environment, EnvironmentKind
from headend.ateme.rows import Marks
from headend.ateme.wire import TABLE
from headend.core.model.errors import ApiError, DecodeError, Forbidden, Timeout
from headend.core.wire.decode import decode

LIST, ITEM = TABLE["input.list"], TABLE["input.get"]
SPEC = Environment(name="matchday-eu", **ENVIRONMENT)


@pytest.mark.contract("A-47")
@pytest.mark.parametrize("body", [[{"id": 1}], {"inputs": [{"id": 1}]}, {"total": 1, "data": [{"id": 1}]}])
def test_a_list_comes_bare_or_as_the_only_array(body: Any) -> None:
    assert rows(LIST, body) == [{"id": 1}]


@pytest.mark.contract("A-47", "A-766")
@pytest.mark.parametrize("body", [None, {}, {"a": [], "b": []}, {"message": "none"}, "", 7, ["in-1"], {"inputs": {}}])
def test_any_other_shape_is_an_error_and_never_an_empty_list(body: Any) -> None:
    with pytest.raises(DecodeError, match=r"input\.list"):
        rows(LIST, body)


@pytest.mark.contract("A-41", "A-47")
def test_a_configured_key_names_the_list() -> None:
    table = TABLE.overridden({"input.list": {"list_key": "b"}})
    assert rows(table["input.list"], {"a": [{"id": 1}], "b": [{"id": 2}]}) == [{"id": 2}]


@pytest.mark.contract("A-47")
@pytest.mark.parametrize(
    "body", [{"input_id": "in-1"}, {"input": {"input_id": "in-1"}}, {"d": {"input_id": "in-1"}, "n": 1}]
)
def test_an_item_may_be_one_level_down(body: Any) -> None:
    assert item(ITEM, body, "input_id")["input_id"] == "in-1"
    with pytest.raises(DecodeError):
        item(ITEM, [body], "input_id")


@pytest.mark.contract("A-726", "A-765")
@pytest.mark.parametrize(
    ("row", "deleted"),
    [
        ({"is_deleted": True}, True),
        ({"deleted": 1}, True),
        ({"deleted_at": "2026-12-05"}, True),
        ({"status": "deleted"}, True),
        ({"is_deleted": False, "deleted_at": None, "status": "deleting"}, False),
        ({}, False),
    ],
)
def test_the_marks_of_a_deleted_row(row: dict[str, Any], deleted: bool) -> None:
    assert decode(Marks, "", row).gone is deleted


@pytest.mark.contract("A-765")
@pytest.mark.parametrize("noun", ["input", "output"])
def test_a_deleted_row_that_is_still_shown_is_absent(opened: Any, environment: Any, noun: str) -> None:
    async def go() -> None:
        async with opened({"deleted": "visible"}) as (api, _):
            kind, spec = KINDS[noun], build(f"{noun}.srt_push", environment=await environment(api))
            id = (await kind.create(api, spec)).id
            assert [one.id for one in await kind.find(api, spec)] == [id]
            await kind.delete(api, id, spec, lambda _: None)
            assert await kind.find(api, spec) == []
            assert [await kind.observe(api, id, spec, fresh=fresh) for fresh in (False, True)] == [None, None]

    asyncio.run(go())


@pytest.mark.contract("A-766")
@pytest.mark.parametrize("noun", ["input", "output"])
@pytest.mark.parametrize(
    ("get", "listed"),
    [
        ({"status": 404}, None),
        ({"status": 403}, ApiError),
        ({"status": 401, "times": 2}, ApiError),
        ({"status": 500}, ApiError),
        ({"status": 200, "body": "gibberish"}, ApiError),
    ],
)
def test_only_a_complete_look_proves_absence(
    opened: Any, environment: Any, noun: str, get: dict[str, Any], listed: Any
) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            spec = build(f"{noun}.srt_push", environment=await environment(api))
            simulator.fail(f"{noun}.get", **get)
            if listed is None:
                assert await KINDS[noun].observe(api, "x-9", spec, fresh=True) is None
                return
            with pytest.raises(ApiError):
                await KINDS[noun].observe(api, "x-9", spec, fresh=True)

    asyncio.run(go())


@pytest.mark.contract("A-17", "A-18")
@pytest.mark.parametrize(("status", "sent"), [(401, 2), (403, 1)])
def test_a_refusal_names_the_role_and_a_second_401_ends_it(
    opened: Any, environment: Any, status: int, sent: int
) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            simulator.fail("input.delete", status=status, times=9)
            with pytest.raises(Forbidden, match=str(status)) as caught:
                await api.delete("input.delete", env, {"input_id": "in-1"})
            assert ("needs: mo O+" in str(caught.value)) == (status == 403)
            assert [entry.key for entry in simulator.journal].count("input.delete") == sent

    asyncio.run(go())


@pytest.mark.contract("A-3")
@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({}, {"Authorization": "Bearer t"}),
        ({"auth_header": "X-Auth", "auth_scheme": ""}, {"X-Auth": "t"}),
        ({"auth_scheme": "JWT"}, {"Authorization": "JWT t"}),
    ],
)
def test_the_header_of_the_token_can_be_set(opened: Any, settings: dict[str, str], header: dict[str, str]) -> None:
    async def go() -> None:
        async with opened({}, **settings) as (api, _):
            assert api.tokens.headers("t") == header

    asyncio.run(go())


# --- environments ---------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-401")
@pytest.mark.parametrize(("length", "good"), [(0, False), (1, True), (255, True), (256, False)])
def test_the_length_of_an_environments_name(length: int, good: bool) -> None:
    if good:
        assert Environment(name="n" * length, **ENVIRONMENT)
        return
    with pytest.raises(ValidationError, match="name"):
        Environment(name="n" * length, **ENVIRONMENT)


@pytest.mark.contract("A-723")
def test_an_unknown_status_is_waited_on_and_told_in_the_end(opened: Any) -> None:
    async def go() -> None:
        async with opened({}, environment_timeout=0.02) as (api, simulator):
            id = (await EnvironmentKind().create(api, SPEC)).id
            simulator.sims["ateme"].world["environments"][id]["status"] = "defrosting"
            with pytest.raises(Timeout, match="defrosting"):
                await EnvironmentKind().complete(api, id, SPEC, lambda _: None)
            assert [entry.key for entry in simulator.journal].count("environment.get") > 1

    asyncio.run(go())


@pytest.mark.contract("A-726")
def test_a_deletion_is_watched_from_outside_and_its_token_dropped(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            gone, stays = await environment(api, "one"), await environment(api, "two")
            before = await api.tokens.get(gone), await api.tokens.get(stays)
            simulator.reset_journal()
            await EnvironmentKind().delete(api, gone, SPEC, lambda _: None)
            looks = [entry for entry in simulator.journal if entry.key == "environment.get"]
            assert len(looks) >= 2
            assert gone not in {entry.scope["environment"] for entry in looks}
            assert await api.tokens.get(stays) == before[1]
            with pytest.raises(ApiError):
                await api.tokens.get(gone)

    asyncio.run(go())


# --- agreements, groups ---------------------------------------------------------------------------------------------
@pytest.mark.contract("A-461", "A-741")
@pytest.mark.parametrize("taken", ["is_assigned", "is_finished", "missing", None])
def test_an_agreement_that_is_not_free_is_found_by_the_plan(tmp_path: Path, taken: str | None) -> None:
    engine = Engine(tmp_path)
    row = {"agreement_id": "agr-1", "organisation_id": "org-1", "is_assigned": False, "is_finished": False}
    if taken != "missing":
        engine.world["agreements"]["agr-1"] = row | ({taken: True} if taken else {})
    output = {"variant": "srt_pull", "port": 5002, "latency": 200, "permanent_schedule_agreement_id": "agr-1"}
    wanted = stack(outputs={"o": output})
    if taken:
        (problem,) = engine.problems(wanted)
        assert problem.startswith(f"{E1}.outputs.o: permanent_schedule_agreement_id")
        return
    engine.done(wanted)
    assert engine.plan(wanted).writes() == ()
    other = {"variant": "rtmp", "url": "rtmp://h/a", "permanent_schedule_agreement_id": "agr-1"}
    (problem,) = engine.problems(stack(outputs={"o": other}))
    assert "already assigned" in problem, "its own is not free at once, so nothing is deleted for it"


@pytest.mark.contract("A-418", "A-464", "A-841")
@pytest.mark.parametrize(
    ("children", "fields", "fits"),
    [
        ("inputs", LISTENER, {"source"}),
        ("inputs", {"variant": "zixi_push", "port": 1}, {"source", "transcoder"}),
        ("outputs", {"variant": "rtmp", "url": "rtmp://h/a"}, {"destination"}),
    ],
)
@pytest.mark.parametrize("group_type", ["source", "destination", "mv", "transcoder"])
def test_a_group_of_the_wrong_type_is_found_by_the_plan(
    tmp_path: Path, children: str, fields: dict[str, Any], fits: set[str], group_type: str
) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.world["groups"]["g"] = {"dashboard_group_id": "g", "group_type": group_type, "organisation_id": "org-1"}
    problems = engine.problems(stack(**{children: {"a": {**fields, "dashboard_group": {"id": "g"}}}}))
    assert bool(problems) == (group_type not in fits)
    assert all(group_type in problem for problem in problems)
    engine.sim.fail("dashboard_group.list", status=403)
    step = engine.step(stack(**{children: {"a": {**fields, "dashboard_group": {"id": "g"}}}}), f"{E1}.{children}.a")
    assert [warning.partition(":")[0] for warning in step.warnings] == ["dashboard_group can't be checked"]
