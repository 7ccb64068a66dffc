"""Users of the organisation: added once with their password, granted before revoked, and never the login itself."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from cli.harness import NO_WAIT, World, serve
from headend.ateme.organisation_user import OrganisationUser, OrganisationUserKind
from headend.core.model.errors import GuardError
from headend.core.model.observed import Change
from headend.core.model.proposal import Action
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

AT = "ateme.organisation_users.ann"
OWN = "noc@example.com"
SHAPES: list[dict[str, Any]] = [{}, {"envelope": "object", "wrapped": True, "permissions_shown": "lists"}]


def stack(*permissions: str, email: str = "ann@example.com", **fields: Any) -> dict[str, Any]:
    wanted = {"email": email, "permissions": permissions or ["monitor"], **fields}
    return {"headend": 1, "stack": "one", "ateme": {"organisation_users": {"ann": wanted}}}


def roles(engine: Engine) -> dict[str, Any]:
    found: dict[str, Any] = engine.world["organisations"]["org-1"]["roles"]
    return found


def calls(engine: Engine) -> list[Any]:
    return [(entry.key.partition(".")[2], entry.body) for entry in engine.sim.writes()]


def given(name: str, enabled: bool) -> tuple[str, dict[str, Any]]:
    return "permission", {"permission_type": name, "enabled": enabled}


@pytest.mark.contract("A-686", "A-687", "A-688")
def test_its_fields() -> None:
    assert OrganisationUser(email="a@b", permissions=["admin", "operator", "monitor"]).first_name is None
    for bad in ({"email": "ann"}, {"permissions": []}, {"permissions": ["viewer"]}, {"permissions": ["admin"] * 2}):
        with pytest.raises(ValidationError, match=next(iter(bad))):
            OrganisationUser(**{"email": "a@b", "permissions": ["admin"], **bad})
    with pytest.raises(ValidationError, match="extra: enabled"):
        OrganisationUser(email="a@b", permissions=["admin"], extra={"enabled": True})


@pytest.mark.contract("A-120", "A-121", "A-122", "A-123", "A-686", "A-687", "A-688", "A-690", "A-761")
@pytest.mark.parametrize("switches", SHAPES, ids=["rows", "lists"])
def test_permissions_are_granted_before_others_are_taken_away(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack("monitor", "operator", first_name="Ann", last_name="Scorer"))
    names = {"first_name": "Ann", "last_name": "Scorer"}
    assert calls(engine)[0] == ("add", {"email": "ann@example.com", **names})
    assert calls(engine)[1:] == [given("monitor", True), given("operator", True)]
    assert engine.plan(stack("operator", "monitor", first_name="Anna")).writes() == ()
    engine.sim.reset_journal()
    engine.done(stack("admin"))
    assert calls(engine) == [given("admin", True), given("monitor", False), given("operator", False)]
    roles(engine)["member-1"] = ["admin", "operator"]
    step = engine.step(stack("admin"), AT)
    assert {change.cause for change in step.changes} == {"drift"}
    engine.done(stack("admin"), destroy=True)
    assert set(roles(engine)) == {"user-1", "user-2"}


@pytest.mark.contract("A-688")
def test_left_to_others_permissions_stay_what_they_are(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack("monitor"))
    roles(engine)["member-1"] = ["operator"]
    engine.done(stack("monitor", first_name="Anna", lifecycle={"ignore_changes": ["permissions"]}))
    assert roles(engine)["member-1"] == ["operator"]


@pytest.mark.contract("A-689", "A-854")
def test_the_password_of_a_new_account_is_handed_out_once(tmp_path: Path) -> None:
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.write("one.yaml", json.dumps(stack()))
        assert world("apply", "one.yaml", "--yes").code != 0, "there is no place to keep it"
        assert simulator.writes() == []
        applied = world("apply", "one.yaml", "--yes", "--secrets-out", "secrets.json")
        assert applied.code == 0, applied.err
        assert "made-for-member-1" in (tmp_path / "secrets.json").read_text()
        assert "made-for-member-1" not in applied.out + applied.err
        assert b"made-for-member-1" not in b"".join(file.read_bytes() for file in tmp_path.glob(".headend/*"))


@pytest.mark.contract("A-689")
def test_under_pulumi_it_is_a_secret_output(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "one.yaml"
    file.write_text(json.dumps(stack()))
    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as engine:
        engine.up(load(file))
        (state,) = [kept for kept in engine.state.values() if "email" in str(kept)]
        assert "made-for-member-1" in str(state)
        assert engine.up(load(file)) == {"same": 1}


@pytest.mark.contract("A-689", "A-120")
def test_an_account_that_exists_has_no_password_to_hand_out(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.world["users"]["user-7"] = {"email": "Ann@Example.com", "password": "hers", "managing": "org-2"}
    engine.done(stack())
    assert roles(engine)["user-7"] == ["monitor"]
    assert engine.world["users"]["user-7"]["password"] == "hers"


@pytest.mark.contract("A-689")
@pytest.mark.parametrize(("password", "lost"), [(None, False), (5, True), ("", True)])
def test_a_password_that_is_no_text_is_said_to_be_lost(opened: Any, password: Any, lost: bool) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            simulator.fail("org_user.add", status=201, body={"user_id": "user-9", "password": password})
            spec = OrganisationUser(email="ann@example.com", permissions=["monitor"])
            made = await OrganisationUserKind().create(api, spec)
            assert (made.id, made.handed_out, bool(made.warnings)) == ("user-9", {}, lost)

    asyncio.run(go())


@pytest.mark.contract("A-761")
def test_the_login_keeps_its_admin_right_and_its_place(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    mine = stack("admin", email=OWN.upper(), lifecycle={"adopt": "match"})
    engine.done(mine)
    assert calls(engine) == []
    (problem,) = engine.problems(stack("monitor", email=OWN))
    assert "it is the login that headend itself calls with" in problem
    destroyed = engine.plan(mine, destroy=True)
    assert "is never removed (A-761)" in str(destroyed.steps[0].refused)
    assert engine.apply(mine, destroy=True).failed, "also where somebody applies it all the same"
    assert roles(engine)["user-1"] == "admin"
    assert calls(engine) == []


@pytest.mark.contract("A-761")
def test_no_write_takes_it_away_whatever_was_planned(opened: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            kind, spec = OrganisationUserKind(), OrganisationUser(email=OWN, permissions=["operator"])
            with pytest.raises(GuardError, match="admin: it is the login"):
                await kind.update(api, "user-1", spec, [Change(("permissions",), ["admin"], ["operator"])])
            with pytest.raises(GuardError, match="never removed"):
                await kind.delete(api, "user-1", spec, lambda said: None)
            assert simulator.writes() == []

    asyncio.run(go())


@pytest.mark.contract("A-761", "A-855")
def test_users_that_the_stack_does_not_name_are_left_alone(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    roles(engine)["system-user-1"] = "admin"
    engine.world["users"]["system-user-1"] = {"email": "system-user-1@cenv.example.com", "password": None}
    engine.done(stack())
    engine.done(stack(), destroy=True)
    assert set(roles(engine)) == {"user-1", "user-2", "system-user-1"}


@pytest.mark.contract("A-854")
def test_a_plan_says_that_the_account_may_go_with_the_user(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    (step,) = engine.plan(stack(), destroy=True).steps
    assert "its whole account may go with it (A-854)" in str(step.warnings)


@pytest.mark.contract("A-766", "A-121")
@pytest.mark.parametrize("known", [False, True])
def test_a_login_that_sees_only_itself_proves_nothing_of_others(tmp_path: Path, known: bool) -> None:
    engine = Engine(tmp_path)
    if known:
        engine.done(stack())
    roles(engine)["user-1"] = "operator"
    engine.sim.reset_journal()
    with pytest.raises(Exception, match="sees no user but itself"):
        engine.plan(stack())
    assert calls(engine) == []


@pytest.mark.contract("A-686", "A-770")
def test_one_is_taken_over_by_its_address_in_any_case_and_another_address_is_another_user(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    assert engine.plan(stack(email="ANN@example.com")).writes() == ()
    assert engine.step(stack(email="bob@example.com"), AT).action is Action.REPLACE
    (engine.directory / "state.db").unlink()
    assert engine.step(stack(), AT).refused
    step = engine.step(stack(email="ANN@example.com", lifecycle={"adopt": "match"}), AT)
    assert (step.action, step.id, step.changes) == (Action.ADOPT, "member-1", ())
