"""Which organisation and environment a call is meant for, and which calls are never made."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

import headend.ateme
from ateme.ateme_specs import build
from headend.ateme.input import InputKind
from headend.ateme.output import OutputKind
from headend.ateme.rows import InputRow
from headend.ateme.settings import AtemeSettings
from headend.ateme.wire import TABLE
from headend.core.model.errors import CredentialsError, DecodeError
from headend.core.model.observed import Observed
from headend.core.model.record import Digest
from headend.core.reconcile.difference import differences
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from simulator.ateme_world import BODIES, World, run


def raw(simulator: Any) -> dict[str, Any]:
    world: dict[str, Any] = simulator.sims["ateme"].world
    return world


@pytest.mark.contract("A-1")
def test_no_host_is_guessed() -> None:
    session = Session({}, {"HEADEND_ATEME_EMAIL": "a@example.com", "HEADEND_ATEME_PASSWORD": "p"}, redactor=Redactor())
    with pytest.raises(CredentialsError, match="HEADEND_ATEME_URL"):
        session.check(["ateme"])
    assert AtemeSettings.model_fields["url"].is_required()


@pytest.mark.contract("A-4")
def test_tokens_are_opaque_to_the_client(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            sim, issue = simulator.sims["ateme"], simulator.sims["ateme"].issue

            def opaque(user_id: str, **more: Any) -> str:
                token: str = issue(user_id, **more)
                sim.world["tokens"][f"~{token[::-1]}"] = sim.world["tokens"].pop(token)
                return f"~{token[::-1]}"

            sim.issue = opaque
            ids = [await environment(api, name) for name in ("one", "two")]
            for id in ids:
                await InputKind().create(api, build("input.srt_push", environment=id))
            assert sorted(row["environment_id"] for row in raw(simulator)["inputs"].values()) == sorted(ids)

    asyncio.run(go())


@pytest.mark.contract("A-5", "A-6", "A-7", "A-8")
def test_three_scopes_move_apart_from_each_other() -> None:
    async def body(w: World) -> None:
        async def scopes() -> tuple[Any, ...]:
            me = await w.call("GET", "user", None, 200)
            return tuple(me[f"{n}_id"] for n in ("managing_organisation", "active_organisation", "active_environment"))

        async def move(what: str, key: str, id: str) -> None:
            w.use((await w.call("POST", f"user/{what}", {key: id}, 200))["jwt_token"])

        assert await scopes() == ("org-1", "org-1", "env-1")
        await move("active_organisation", "organisation_id", "org-2")
        assert await scopes() == ("org-1", "org-2", None)
        await move("active_environment", "environment_id", "env-1")
        assert await scopes() == ("org-1", "org-1", "env-1")
        await move("managing_organisation", "organisation_id", "org-2")
        assert await scopes() == ("org-2", "org-2", None)

    run(body)


@pytest.mark.contract("A-11")
def test_only_logins_and_switches_wait_for_each_other(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, _):
            known, other = await environment(api, "one"), await environment(api, "two")
            api.tokens.drop(other)
            async with api.tokens.mutex:
                await asyncio.wait_for(api.call("input.list", scope=known), 1)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(api.call("input.list", scope=other), 0.05)
            await asyncio.wait_for(api.call("input.list", scope=other), 1)

    asyncio.run(go())


@pytest.mark.contract("A-13")
@pytest.mark.parametrize(
    ("key", "body", "settings"),
    [
        ("session.switch_environment", {"jwt_token": "t", "environment_id": "env-99"}, {}),
        ("session.switch_environment", {"jwt_token": "t", "active_environment_id": 99}, {}),
        ("session.switch_organisation", {"jwt_token": "t", "active_organisation_id": "org-9"}, {"guest_of": "org-3"}),
        ("session.switch_managing", {"jwt_token": "t", "organisation_id": "org-9"}, {"organisation": "org-2"}),
    ],
)
def test_a_switch_that_ends_elsewhere_ends_the_run(
    opened: Any, environment: Any, key: str, body: dict[str, Any], settings: dict[str, Any]
) -> None:
    async def go() -> None:
        async with opened({}, **settings) as (api, simulator):
            if not settings:
                await environment(api)
                api.tokens.drop("env-1")
            simulator.reset_journal()
            simulator.fail(key, status=200, body=body)
            with pytest.raises(CredentialsError, match="another one"):
                await api.call("input.create.srt_push", scope="env-1", body={})
            assert simulator.writes() == []

    asyncio.run(go())


@pytest.mark.contract("A-16")
def test_details_of_an_environment_need_its_organisation_active_and_membership() -> None:
    async def body(w: World) -> None:
        async def active(id: str) -> None:
            w.use((await w.call("POST", "user/active_organisation", {"organisation_id": id}, 200))["jwt_token"])

        await active("org-2")
        await w.call("GET", "customer_environment/env-1", None, 404)
        await active("org-1")
        await w.call("GET", "customer_environment/env-1", None, 200)
        w.sim.world["environments"]["env-1"]["organisation_id"] = "org-3"
        await active("org-3")
        await w.call("GET", "customer_environment/env-1", None, 403)

    run(body)


@pytest.mark.contract("A-8", "A-19", "A-425", "A-426", "A-427", "A-428")
def test_what_a_guest_is_not_shown_is_unknown_and_not_changed(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened({}, guest_of="org-3") as (api, simulator):
            row = {"environment_id": "env-h", "organisation_id": "org-3", "name": "host", "status": "running"}
            raw(simulator)["environments"]["env-h"] = row | {"is_deleted": False, "token_due": False, "polls": 0}
            made = simulator.sims["ateme"].add_input(row, "srt_push", {"id": "a", "port": 5000})
            made |= {"associated_transcoder_id": "t-1", "input_settings": {"k": 1}, "livelink_args": ["x"]}
            spec, kind = build("input.srt_push", environment="env-h"), InputKind()
            seen = await kind.observe(api, made["input_id"], spec)
            assert differences(spec, seen, None, digest=lambda v: Digest(repr(v))).changes == ()
            assert "associated_transcoder_id" not in seen.computed
            raw(simulator)["organisations"]["org-3"]["roles"]["user-1"] = "monitor"
            seen = await kind.observe(api, made["input_id"], spec, fresh=True)
            assert seen.computed["associated_transcoder_id"] == "t-1"
            shown = {**seen.values, **seen.computed}
            assert {"technical_details", "input_settings", "livelink_args"}.isdisjoint(shown), "they may hold secrets"

    asyncio.run(go())


@pytest.mark.contract("A-20")
@pytest.mark.parametrize(("suspended", "refused"), [(None, False), (False, False), (True, True)])
def test_a_suspended_invitation_is_told_at_once(opened: Any, suspended: bool | None, refused: bool) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            me = {"email": "noc@example.com", "managing_organisation_id": "org-1", "active_organisation_id": "org-1"}
            simulator.fail("user.me", status=200, body=me | {"is_invitation_suspended": suspended})
            if not refused:
                await api.call("input.list", scope=None)
                return
            with pytest.raises(CredentialsError, match="suspended"):
                await api.call("input.list", scope=None)
            assert [e.key for e in simulator.journal] == ["session.login", "user.me"]

    asyncio.run(go())


@pytest.mark.contract("A-23", "A-177", "A-467", "A-244")
def test_each_group_goes_by_its_own_scope() -> None:
    by_active = {"inputs": 1, "customer_environment": 1}
    by_managing = {
        "outputs": 1,
        "schedules": 1,
        "customer_environment/dropdown": 1,
        "dashboard_groups": 1,
        "agreements": 1,
    }

    async def body(w: World) -> None:
        where = {"input_id": await w.make("input", "pull"), "output_id": await w.make("output", "rtmp")}
        times = {"start_time": "2026-12-05T13:00:00.000Z", "end_time": "2026-12-05T14:00:00.000Z"}
        await w.call("POST", "schedules", where | times, 201)
        await w.call("POST", "dashboard_groups", {"name": "g", "group_type": "source"}, 201)
        w.sim.world["agreements"]["a"] = {"agreement_id": "a", "organisation_id": "org-1"}

        async def counts(paths: Any) -> dict[str, int]:
            return {path: len(await w.call("GET", path, None, 200)) for path in paths}

        assert await counts(by_active) == by_active
        for what in ("active", "managing"):
            path = f"user/{what}_organisation"
            w.use((await w.call("POST", path, {"organisation_id": "org-2"}, 200))["jwt_token"])
            assert await counts(by_active) == dict.fromkeys(by_active, 0)
            assert await counts(by_managing) == (by_managing if what == "active" else dict.fromkeys(by_managing, 0))

    run(body)


@pytest.mark.contract("A-14", "A-24", "A-803")
def test_writes_happen_in_the_managed_organisation_wherever_the_login_was_left(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            raw(simulator)["users"]["user-1"] |= {"organisation": "org-2", "environment": "env-gone"}
            await environment(api)
            assert raw(simulator)["environments"]["env-1"]["organisation_id"] == "org-1"

    asyncio.run(go())


@pytest.mark.contract("A-15", "A-725", "A-802")
def test_a_read_that_moves_the_user_moves_no_call(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            first, second = await environment(api, "one"), await environment(api, "two")
            raw(simulator)["environments"][first]["token_due"] = True
            await api.environment(first, fresh=True)
            assert raw(simulator)["users"]["user-1"]["environment"] == first
            await InputKind().create(api, build("input.srt_push", environment=second))
            (row,) = raw(simulator)["inputs"].values()
            assert row["environment_id"] == second

    asyncio.run(go())


# --- ids, bodies, calls that are never made -----------------------------------------------------------------------
@pytest.mark.contract("A-45")
def test_no_id_is_a_word_of_a_path() -> None:
    async def body(w: World) -> None:
        words = {word for op in TABLE.values() for word in op.path.split("/") if "{" not in word}
        for noun in BODIES:
            for kind in BODIES[noun]:
                await w.make(noun, kind)
        ids = {id for table in ("environments", "inputs", "outputs") for id in w.sim.world[table]}
        assert len(ids) == 12
        assert ids.isdisjoint(words)
        for noun in ("inputs", "outputs", "schedules"):
            op, values = w.sim.match("GET", f"/api/{noun}/overview", [])  # type: ignore[misc]
            assert (op.key.partition(".")[2], values) == ("overview", {})

    run(body)


@pytest.mark.contract("A-48", "A-804")
@pytest.mark.parametrize(
    ("body", "id"),
    [
        ({"input_id": "in-1", "id": "a"}, "in-1"),
        ({"input_id": 7}, "7"),
        ({"id": "in-1", "stream_id": "a"}, "in-1"),
        ({"input": {"id": "in-1"}}, "in-1"),
        ({"id": "a"}, None),  # the submitted one
        ({"message": "created"}, None),
        ({"input_id": None, "id": "b"}, None),
        ({"input_id": True}, None),
        ({"input_id": ["in-1"]}, None),
        ({"input_id": ""}, None),
        ([{"input_id": "in-1"}], None),
        (None, None),
    ],
)
def test_the_id_of_what_was_created(opened: Any, body: Any, id: str | None) -> None:
    async def go() -> None:
        async with opened() as (api, _):

            async def find() -> list[Observed]:
                return [Observed("found")]

            made = await api.made_id("input.create.srt_push", body, InputRow, find, submitted="a")
            assert made == (id or "found")

    asyncio.run(go())


@pytest.mark.contract("A-48")
@pytest.mark.parametrize("there", [0, 1, 2])
def test_without_an_id_in_the_answer_exactly_one_match_is_needed(opened: Any, environment: Any, there: int) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            env, kind = await environment(api), OutputKind()
            spec = build("output.srt_pull", environment=env)
            made = [(await kind.create(api, spec)).id for _ in range(there)]
            simulator.fail("output.create.srt_pull", status=201, body={"message": "created"})
            if there == 1:
                assert (await kind.create(api, spec)).id == made[0]
                return
            with pytest.raises(DecodeError, match=f"{there} objects match"):
                await kind.create(api, spec)

    asyncio.run(go())


@pytest.mark.contract("A-52")
def test_bodies_are_json_in_utf_8(opened: Any, environment: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            env, kind = await environment(api), InputKind()
            spec = build("input.srt_push", environment=env, stream_name="Bjørnøya", user_description="体育 ⚽")
            made = await kind.create(api, spec)
            seen = await kind.observe(api, made.id, spec, fresh=True)
            assert (seen.values["stream_name"], seen.values["user_description"]) == ("Bjørnøya", "体育 ⚽")
            assert {op.body for op in (TABLE[entry.key] for entry in simulator.writes())} == {"json"}

    asyncio.run(go())


NEVER = re.compile(
    r"alert\.delete_environment|organisation\.(leave|root_user)|webhook\.|environment\.(update_from_git|upgrade)"
    r"|upgrade\.|org_invitation\.|admin\.|pricing\.|cogs\.|\w+_image\.|user\.active_org"
)


@pytest.mark.contract("A-55", "A-107", "A-736", "A-761", "A-855", "A-861")
def test_dangerous_calls_are_never_made() -> None:
    forbidden = {op.key for op in TABLE.values() if NEVER.match(op.key)}
    forbidden |= {op.key for op in TABLE.values() if re.fullmatch(r"(CENV|WORKER) only|SU|AC|SU · AC", op.role)}
    forbidden -= {"organisation.update", "organisation.delete"}  # of one that the stack says is managed
    assert {"input.mark_stopped", "schedule.refresh_worker", "cloud.region_location", "organisation.leave"} <= forbidden
    said: set[str] = set()
    for file in Path(headend.ateme.__path__[0]).glob("*.py"):
        if not file.name.startswith("wire"):
            nodes = ast.walk(ast.parse(file.read_text()))
            said |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert "environment.create" in said
    assert said & forbidden == set()
