"""Sessions and environments of the simulated Ateme+ Cloud API (A-774..780 and what they rest on)."""

from __future__ import annotations

import pytest
from ateme_world import CREATED, World, run

from headend.simulator.ateme import Ateme


def test_every_handler_belongs_to_a_row_of_the_table() -> None:
    sim = Ateme()
    assert set(sim.handlers) <= set(sim.table)
    for group in ("session.", "input.create.", "input.update.", "output.create.", "output.update.", "environment.get"):
        assert {key for key in sim.table if key.startswith(group)} <= set(sim.handlers)


@pytest.mark.contract("A-2", "A-3")
def test_only_the_login_needs_no_token() -> None:
    async def body(w: World) -> None:
        await w.call("GET", "user", None, 200)
        for header in ("", "Bearer nonsense", w.client.headers["Authorization"].removeprefix("Bearer ")):
            w.client.headers["Authorization"] = header
            await w.call("GET", "user", None, 401)
        await w.call("POST", "login", {"email": "noc@example.com", "password": "wrong-password"}, 401)

    assert "wrong-password" not in repr(run(body, running=False).journal)


@pytest.mark.contract("A-15", "A-721", "A-723", "A-725", "A-776")
def test_an_environment_is_made_step_by_step_and_hands_out_one_token() -> None:
    async def body(w: World) -> None:
        id = (await w.call("POST", "customer_environment", CREATED, 202))["environment_id"]
        reads = [await w.call("GET", f"customer_environment/{id}", None, 200) for _ in range(5)]
        assert [read["status"] for read in reads] == ["creating", "creating", "running", "running", "running"]
        assert [("jwt_token" in read) for read in reads] == [False, False, True, False, False]
        assert w.sim.world["users"]["user-1"]["environment"] == id
        assert (await w.call("GET", "user"))["active_environment_id"] is None, "the old token keeps its scope"
        w.use(reads[2]["jwt_token"])
        assert (await w.call("GET", "user"))["active_environment_id"] == id
        assert [u["user_id"] for u in await w.call("GET", "organisation_users")][-1].startswith("system-user")

    run(body, running=False, polls=3)


@pytest.mark.contract("A-721", "A-726", "A-740", "A-765")
def test_an_environment_stops_starts_and_goes_with_all_it_holds() -> None:
    async def body(w: World) -> None:
        id = w.sim.world["environments"]["env-1"]["environment_id"]
        await w.make("input", "pull")
        for action, reached in (("stop", "stopped"), ("start", "running")):
            await w.call("POST", f"customer_environment/{id}/{action}", None, 202)
            statuses = [(await w.call("GET", f"customer_environment/{id}"))["status"] for _ in range(2)]
            assert statuses[-1] == reached
            await w.call("POST", f"customer_environment/{id}/{action}", None, 409)
        await w.call("DELETE", f"customer_environment/{id}", None, 202)
        assert (await w.call("GET", f"customer_environment/{id}", None, 200))["status"] == "deleting"
        await w.call("GET", f"customer_environment/{id}", None, 404)
        assert [row["is_deleted"] for row in await w.call("GET", "customer_environment/dropdown")] == [True]
        assert await w.call("GET", "inputs") == []

    run(body)


@pytest.mark.contract("A-401", "A-402", "A-53")
def test_an_environment_is_refused_field_by_field() -> None:
    async def body(w: World) -> None:
        for change, field in (
            ({"name": "n" * 256}, "name"),
            ({"cloud_provider": "abacus"}, "cloud_provider"),
            ({"region": "moon-1"}, "region"),
            ({"instance_type_id": "vast"}, "instance_type_id"),
            ({"colour": "red"}, "colour"),
        ):
            answer = await w.call("POST", "customer_environment", CREATED | change, 400)
            assert list(answer["errors"]) == [field]

    run(body, running=False)


@pytest.mark.contract("A-12", "A-774")
@pytest.mark.parametrize(("scoping", "seen"), [("claim", "env-1"), ("row", "env-2")])
def test_the_claim_or_the_row_decides_the_scope(scoping: str, seen: str) -> None:
    async def body(w: World) -> None:
        first = w.client.headers["Authorization"]
        await w.environment("second")
        w.client.headers["Authorization"] = first
        assert (await w.call("GET", "user"))["active_environment_id"] == seen

    run(body, scoping=scoping)


@pytest.mark.contract("A-774")
def test_old_tokens_may_be_revoked_and_tokens_may_wear_out() -> None:
    async def revoked(w: World) -> None:
        first = w.client.headers["Authorization"]
        await w.enter("env-1")
        w.client.headers["Authorization"] = first
        await w.call("GET", "user", None, 401)

    async def worn(w: World) -> None:
        await w.call("GET", "user", None, 200)
        await w.call("GET", "user", None, 200)
        await w.call("GET", "user", None, 401)

    run(revoked, old_tokens="revoked")
    run(worn, running=False, token_calls=2)


@pytest.mark.contract("A-6", "A-7", "A-8")
def test_switching_organisations() -> None:
    async def body(w: World) -> None:
        host = await w.call("POST", "user/active_organisation", {"organisation_id": "org-3"}, 200)
        assert host["is_member_of_active_org"] is False
        answer = await w.call("POST", "user/managing_organisation", {"organisation_id": "org-2"}, 200)
        w.use(answer["jwt_token"])
        me = await w.call("GET", "user")
        assert [me[f"{role}_organisation_id"] for role in ("managing", "active")] == ["org-2", "org-2"]
        assert me["active_environment_id"] is None
        await w.call("POST", "user/managing_organisation", {"organisation_id": "org-3"}, 403)
        await w.call("POST", "customer_environment", CREATED, 403)  # only an operator there
        await w.call("GET", "customer_environment/env-1", None, 404)
        assert [row["organisation_id"] for row in await w.call("GET", "organisations")] == ["org-2", "org-3"]

    run(body)


@pytest.mark.contract("A-775", "A-780")
def test_foreign_ids_are_unknown_and_the_journal_names_the_scope() -> None:
    async def body(w: World) -> None:
        input_id = await w.make("input", "pull")
        output_id = await w.make("output", "rtmp")
        await w.environment("second")
        await w.call("GET", f"inputs/{input_id}", None, 404)
        await w.call("POST", f"inputs/{input_id}/stop", None, 404)
        await w.call("POST", f"outputs/{output_id}/stop", None, 404)
        await w.call("GET", f"outputs/{output_id}", None, 200)  # by taker organisation, not by environment
        assert w.simulator.journal[-1].scope["environment"] == "env-2"
        assert w.simulator.journal[-1].scope["managing"] == "org-1"
        w.simulator.reset_journal()
        await w.call("GET", "inputs")
        assert w.simulator.writes() == []

    run(body)


def test_a_monitor_may_look_but_not_touch() -> None:
    async def body(w: World) -> None:
        id = await w.make("input", "pull")
        await w.log_in("viewer@example.com")
        await w.enter("env-1")
        await w.call("GET", f"inputs/{id}", None, 200)
        await w.call("DELETE", f"inputs/{id}", None, 403)
        await w.call("DELETE", "customer_environment/env-1", None, 403)

    run(body)
