"""Logins, switches and tokens: who calls, and for which environment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import virtual_time
from headend.ateme.environment import Environment, EnvironmentKind
from headend.ateme.input import InputKind
from headend.ateme.input_spec import SrtPush
from headend.ateme.rows import EnvironmentRow, OrganisationRow
from headend.ateme.schedule import Schedule, ScheduleKind
from headend.core.model.errors import Forbidden, NotFound
from headend.core.model.observed import Change


def listener(environment: str, name: str = "stadium-a", **more: Any) -> SrtPush:
    fields: dict[str, Any] = {"environment": environment, "variant": "srt_push", "stream_name": name, "port": 5001}
    return SrtPush(**fields, **more)


def keys(simulator: Any) -> list[str]:
    return [entry.key for entry in simulator.journal]


@pytest.mark.contract("A-2", "A-10", "A-15", "A-725")
def test_one_login_and_the_token_of_a_new_environment_is_used(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            ids = await asyncio.gather(environment(api, "one"), environment(api, "two"))
            await asyncio.gather(*(InputKind().create(api, listener(id)) for id in ids))
            assert keys(simulator).count("session.login") == 1
            assert "session.switch_environment" not in keys(simulator)
            rows = simulator.sims["ateme"].world["inputs"].values()
            assert sorted(row["environment_id"] for row in rows) == sorted(ids)

    asyncio.run(run())


@pytest.mark.contract("A-8", "A-14")
def test_a_known_environment_is_switched_to_once(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            id = await environment(api)
            api.tokens.drop(id)
            specs = [listener(id, f"in-{number}") for number in range(5)]
            await asyncio.gather(*(InputKind().find(api, spec) for spec in specs))
            assert keys(simulator).count("session.switch_environment") == 1

    asyncio.run(run())


@pytest.mark.contract("A-11")
def test_what_one_tries_in_vain_is_not_tried_by_all_who_wait_for_it(opened: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            simulator.latency = 1
            reads = [api.call("input.alerts", scope="env-9", path={"input_id": f"in-{n}"}) for n in range(9)]
            answers = await asyncio.gather(*reads, return_exceptions=True)
            assert {type(answer) for answer in answers} == {NotFound}
            assert keys(simulator) == ["session.login", "user.me", "session.switch_environment"]
            with pytest.raises(NotFound):  # who asks later has a try of its own
                await api.call("input.list", scope="env-9")
            assert keys(simulator).count("session.switch_environment") == 2

    virtual_time.run(run())


@pytest.mark.contract("A-10", "A-11")
def test_who_needs_no_environment_waits_for_no_switch(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            ids = [await environment(api, name) for name in ("one", "two", "three")]
            for id in (None, *ids):
                api.tokens.drop(id)
            simulator.reset_journal()
            simulator.latency = 1
            lists = [api.call("input.list", scope=id) for id in ids]
            await asyncio.gather(*lists, api.listed("environment.dropdown", None, EnvironmentRow))
            assert sorted(keys(simulator)[3:5]) == ["environment.dropdown", "session.switch_environment"]
            assert keys(simulator).count("session.login") == 1

    virtual_time.run(run())


@pytest.mark.contract("A-17")
def test_a_token_that_another_call_has_renewed_is_kept(opened: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            await api.call("label.list", scope=None)
            simulator.fail("label.list", status=401)
            simulator.fail("event.list", status=401, delay=9)
            simulator.latency = 1
            simulator.reset_journal()
            await asyncio.gather(*(api.call(f"{noun}.list", scope=None) for noun in ("label", "event")))
            assert keys(simulator).count("session.login") == 1

    virtual_time.run(run())


@pytest.mark.contract("A-952")
def test_calls_of_several_environments_do_not_take_the_tokens_from_each_other(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened({"old_tokens": "revoked"}) as (api, simulator):
            ids = [await environment(api, f"env-{number}") for number in range(4)]
            for id in ids:
                api.tokens.drop(id)
            simulator.latency, answer = 1, simulator.answer

            async def answer_late(method: str, path: str, *rest: Any) -> Any:
                """Lists are on their way longer than a login and a switch take."""
                await asyncio.sleep(9 if path.endswith(("/inputs", "/outputs")) else 0)
                return await answer(method, path, *rest)

            simulator.answer = answer_late
            calls = [("label.list", None)] + [(f"{noun}.list", id) for id in ids for noun in ("input", "output")]
            await asyncio.gather(*(api.call(key, scope=scope) for key, scope in calls))

    virtual_time.run(run())


@pytest.mark.contract("A-22")
def test_a_wrong_password_is_told_without_being_shown(opened: Any) -> None:
    async def run() -> None:
        async with opened(password="not-the-right-one") as (api, _):
            with pytest.raises(Forbidden) as caught:
                await api.listed("environment.dropdown", None, EnvironmentRow)
            assert "not-the-right-one" not in str(caught.value)
            assert "not-the-right-one" not in repr(api.settings)

    asyncio.run(run())


@pytest.mark.contract("A-6", "A-24")
@pytest.mark.parametrize("token_comes", [True, False])
def test_the_configured_organisation_is_the_one_worked_in(opened: Any, token_comes: bool) -> None:
    async def run() -> None:
        async with opened({"organisation_token": token_comes}, organisation="org-2", guest_of="org-3") as (api, sim):
            await api.listed("organisation.list", None, OrganisationRow)
            user = sim.sims["ateme"].world["users"]["user-1"]
            assert (user["managing"], user["organisation"]) == ("org-2", "org-3")

    asyncio.run(run())


@pytest.mark.contract("A-18", "A-766")
def test_a_refused_read_is_no_proof_of_absence(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            id = await environment(api)
            spec = listener(id)
            made = await InputKind().create(api, spec)
            simulator.fail("input.list", status=403)
            with pytest.raises(Forbidden, match="403"):
                await InputKind().observe(api, made.id, spec, fresh=True)

    asyncio.run(run())


@pytest.mark.contract("A-46", "A-806")
@pytest.mark.parametrize("envelope", ["bare", "object"])
@pytest.mark.parametrize("answers", ["item", "list", "refused"])
def test_an_input_is_found_however_its_item_path_answers(
    opened: Any, environment: Any, answers: str, envelope: str
) -> None:
    async def run() -> None:
        async with opened({"input_get": answers, "envelope": envelope}) as (api, _):
            spec = listener(await environment(api))
            made = await InputKind().create(api, spec)
            await InputKind().create(api, listener(str(spec.environment), "other"))
            live = await InputKind().observe(api, made.id, spec, fresh=True)
            assert live is not None
            assert live.values["stream_name"] == "stadium-a"
            await InputKind().delete(api, made.id, spec, lambda _: None)
            assert await InputKind().observe(api, made.id, spec, fresh=True) is None

    asyncio.run(run())


@pytest.mark.contract("A-406", "A-734")
@pytest.mark.parametrize(
    ("was", "calls"), [("started", ["environment.soft_restart"]), ("stopped", ["environment.start"])]
)
def test_a_restart_is_asked_for_once_and_awaited(opened: Any, environment: Any, was: str, calls: list[str]) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            id, kind = await environment(api, state=was), EnvironmentKind()
            fields: dict[str, Any] = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
            spec = Environment(name="matchday-eu", **fields, restart_trigger="2")
            simulator.reset_journal()
            await kind.update(api, id, spec, [Change(("restart_trigger",), "1", "2")])
            live = await kind.complete(api, id, spec, lambda _: None)
            assert live.values["state"] == "started"
            assert [entry.key for entry in simulator.writes()] == calls

    asyncio.run(run())


def waited_out(simulator: Any, busy: str) -> None:
    answered = [entry.status for entry in simulator.journal if entry.key == busy]
    assert answered[:6] == [429] * 6
    assert 200 <= answered[6] < 300


@pytest.mark.contract("A-54")
@pytest.mark.parametrize("scope_mode", ["token", "session"])
@pytest.mark.parametrize("busy", ["session.login", "user.me", "session.switch_managing", "session.switch_organisation"])
def test_too_many_requests_at_a_login_are_waited_out(opened: Any, busy: str, scope_mode: str) -> None:
    async def run() -> None:
        async with opened(scope_mode=scope_mode, organisation="org-2", guest_of="org-3") as (api, simulator):
            simulator.fail(busy, status=429, times=6)
            await api.listed("organisation.list", None, OrganisationRow)
            waited_out(simulator, busy)

    virtual_time.run(run())


@pytest.mark.contract("A-54")
@pytest.mark.parametrize("scope_mode", ["token", "session"])
@pytest.mark.parametrize("busy", ["session.switch_environment", "environment.soft_restart"])
def test_too_many_requests_are_waited_out_where_nothing_else_is_repeated(
    opened: Any, environment: Any, busy: str, scope_mode: str
) -> None:
    async def run() -> None:
        async with opened(scope_mode=scope_mode) as (api, simulator):
            id = await environment(api)
            api.tokens.drop(id)
            simulator.fail(busy, status=429, times=6)
            await InputKind().create(api, listener(id))
            fields: dict[str, Any] = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
            spec = Environment(name="matchday-eu", **fields, restart_trigger="2")
            await EnvironmentKind().update(api, id, spec, [Change(("restart_trigger",), "1", "2")])
            waited_out(simulator, busy)

    virtual_time.run(run())


@pytest.mark.contract("A-54", "A-742")
def test_a_schedule_write_that_took_effect_is_not_repeated(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            env, kind = await environment(api), ScheduleKind()
            source = await InputKind().create(api, listener(env))
            body = {"port": 5002, "latency": 200}
            answer = await api.call("output.create.srt_pull", scope=env, body=body)
            base: dict[str, Any] = {"environment": env, "input": source.id, "output": answer.body["output_id"]}
            spec = Schedule(**base, start_time="2999-12-05T15:00:00Z", end_time="2999-12-05T17:00:00Z")
            made = await kind.create(api, spec)
            simulator.reset_journal()
            simulator.fail("schedule.delete", drop="after")
            await kind.delete(api, made.id, spec, lambda _: None)
            assert keys(simulator).count("schedule.delete") == 1
            assert await kind.observe(api, made.id, spec, fresh=True) is None

    asyncio.run(run())
