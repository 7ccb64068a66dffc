"""Members: what the plan takes and refuses, what applying sends, and what stays behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.conftest import world
from cli.harness import Ran, World
from headend.core.model.errors import Conflict, Refused
from headend.core.model.findings import Level
from headend.core.model.kind import Can
from headend.core.model.proposal import Action
from headend.core.reconcile.state import open_state
from headend.core.wire.registry import kinds
from headend.simulator.straas import StraasSim
from headend.straas.member import Member, MemberSpec

__all__ = ["world"]

MEMBER = kinds()["straas.member"]
SPEC = MemberSpec(id="viewer-17", email="viewer@example.com")


def stack(
    world: World, email: str = "viewer@example.com", *, id: str = "viewer-17", more: str = "", top: str = ""
) -> str:
    fields = f"id: {id}, email: {email}{more}"
    world.write("day.yaml", f"headend: 1\nstack: day\n{top}straas:\n  members:\n    viewer: {{{fields}}}\n")
    return "day.yaml"


def plan(world: World, file: str, **env: str) -> tuple[Ran, list[dict[str, Any]]]:
    ran = world("plan", file, "--format", "json", **env)
    return ran, json.loads(ran.out)["steps"] if ran.out else []


def platform(world: World) -> StraasSim:
    found = world.simulator.sims["straas"]
    assert isinstance(found, StraasSim)
    return found


def asked(world: World) -> list[str]:
    return [entry.key for entry in world.simulator.journal if not entry.key.startswith("service_token")]


# --- the spec --------------------------------------------------------------------------------------------------
@pytest.mark.contract("S-100", "S-54")
def test_it_is_created_and_read_and_nothing_else() -> None:
    assert MEMBER.can == Can.OBSERVE | Can.CREATE
    assert list(MEMBER.model.model_fields) == ["id", "email"]
    assert Member().identity(SPEC) == "viewer-17"


@pytest.mark.contract("S-101")
@pytest.mark.parametrize("email", ["", "viewer", "@example.com", "viewer@", "a@b@c", "' @x'"])
def test_an_email_has_one_at_with_text_on_both_sides(world: World, email: str) -> None:
    refused = world("validate", stack(world, f"'{email.strip(chr(39))}'"))
    assert refused.code == 3
    assert "day.yaml:5" in refused.err


@pytest.mark.contract("S-101")
@pytest.mark.parametrize(
    ("id", "warned"), [("ab", True), ("a b c", True), ("viewer.17", False), ("v@example.com", False)]
)
def test_later_limits_of_ids_are_warnings(id: str, warned: bool) -> None:
    said = Member().check(MemberSpec(id=id, email="viewer@example.com"), {})
    assert [problem.level for problem in said] == [Level.WARNING] * warned


@pytest.mark.contract("S-18")
@pytest.mark.parametrize("id", ["''", "..", '"a\\nb"'])
def test_ids_that_no_path_can_hold_are_refused(world: World, id: str) -> None:
    assert world("validate", stack(world, id=id)).code == 3


# --- creating --------------------------------------------------------------------------------------------------
@pytest.mark.contract("S-37", "S-38", "S-102", "S-109", "S-166")
def test_a_new_one_takes_three_requests_and_an_unchanged_one_a_read(world: World) -> None:
    file = stack(world)
    assert world("plan", file, "--out", "plan.json").code == 2
    assert asked(world) == ["member.get"]
    world.simulator.reset_journal()
    applied = world("apply", file, "--yes")
    assert applied.code == 0, applied.err
    assert asked(world) == ["member.get", "member.get", "member.create", "member.get"]  # the first is the plan's own
    assert platform(world).world["members"]["viewer-17"]["email"] == "viewer@example.com"
    assert '"membership": "free"' in world("state", "show", "day", "straas.members.viewer").out
    world.simulator.reset_journal()
    assert world("plan", file).code == 0
    assert asked(world) == ["member.get"]


@pytest.mark.contract("S-100")
def test_a_membership_that_changes_is_no_drift(world: World) -> None:
    file = stack(world)
    assert world("apply", file, "--yes").code == 0
    platform(world).world["members"]["viewer-17"]["membership"] = "platinum"
    assert world("plan", file).code == 0


@pytest.mark.contract("S-102")
def test_one_that_is_there_with_that_email_is_taken_over_without_a_write(world: World) -> None:
    platform(world).add("members", id="viewer-17", email="Viewer@Example.com")
    file = stack(world)
    (step,) = plan(world, file)[1]
    assert (step["action"], step.get("changes")) == ("adopt", None)
    assert world("apply", file, "--yes").code == 0
    assert world.simulator.writes() == []
    assert world("plan", file).code == 0


@pytest.mark.contract("S-102")
@pytest.mark.parametrize("ignored", ["false", "true"])
@pytest.mark.parametrize("life", ["", ", lifecycle: {adopt: match}", ", lifecycle: {adopt: {id: viewer-17}}"])
def test_one_that_is_there_with_another_email_is_an_error_of_the_plan(world: World, life: str, ignored: str) -> None:
    platform(world).add("members", id="viewer-17", email="canary@example.com")
    refused, _ = plan(world, stack(world, more=life), HEADEND_STRAAS_IGNORE_EMAIL_DRIFT=ignored)
    assert refused.code == 3
    assert "straas.members.viewer: member viewer-17 has another e-mail at Straas" in refused.err
    assert "write the e-mail that it has at Straas, or another id" in refused.err
    assert "canary" not in refused.err + refused.out
    assert world.simulator.writes() == []


@pytest.mark.contract("S-102")
def test_created_alone_it_costs_one_request_where_it_is_there_and_three_where_not(straas: Any) -> None:
    account = straas()

    def made(spec: MemberSpec) -> list[str]:
        account.sim.reset_journal()

        async def go() -> Any:
            created = await Member().create(account.api, spec)
            return await Member().complete(account.api, created.id, spec, lambda text: None)

        found = account.run(go())
        assert (found.id, found.computed) == (spec.id, {"membership": "free"})
        return [key for key in account.calls if key != "service_token.create"]

    assert made(SPEC) == ["member.get", "member.create", "member.get"]
    assert made(SPEC) == ["member.get"]
    with pytest.raises(Conflict, match="member viewer-17 exists with another e-mail"):
        made(MemberSpec(id="viewer-17", email="other@example.com"))
    assert account.platform.world["members"]["viewer-17"]["email"] == "viewer@example.com"


@pytest.mark.contract("S-102", "S-104")
def test_a_run_that_was_killed_after_it_registered_one_goes_on_with_it(world: World) -> None:
    file = stack(world)
    with open_state(world.home / ".headend" / "day.db", "day") as state:
        state.begin("straas.members.viewer", "straas.member", Action.CREATE)
    platform(world).add("members", id="viewer-17", email="viewer@example.com")
    (step,) = plan(world, file)[1]
    assert (step["action"], step["reason"]) == ("adopt", "recovered")
    assert world("apply", file, "--yes").code == 0
    assert world.simulator.writes() == []
    assert world("plan", file).code == 0


@pytest.mark.contract("S-103", "S-165", "S-181")
def test_the_echo_of_the_registration_is_not_believed(world: World) -> None:
    platform(world).set_switch("echo_typo", True)
    file = stack(world)
    assert world("apply", file, "--yes").code == 0
    assert platform(world).world["members"]["viewer-17"]["email"] == "viewer@example.com"
    assert world("plan", file).code == 0


@pytest.mark.contract("S-103")
def test_case_makes_no_other_email(world: World) -> None:
    assert world("apply", stack(world), "--yes").code == 0
    assert world("plan", stack(world, "VIEWER@example.com")).code == 0


FAULTS = [
    ({"drop": "after"}, ["member.get", "member.create", "member.get"]),
    ({"status": 500}, ["member.get", "member.create", "member.get", "member.create"]),
    ({"status": 409}, ["member.get", "member.create", "member.get", "member.create"]),
    ({"status": 422}, ["member.get", "member.create", "member.get", "member.create"]),
    ({"status": 200, "body": {}}, ["member.get", "member.create", "member.get", "member.create"]),
]


@pytest.mark.contract("S-10", "S-104", "S-184")
@pytest.mark.parametrize(("fault", "calls"), FAULTS)
def test_an_answer_that_leaves_it_open_is_settled_by_a_look(straas: Any, fault: Any, calls: list[str]) -> None:
    account = straas()
    account.sim.fail("member.create", **fault)
    account.run(Member().create(account.api, SPEC))
    assert [key for key in account.calls if key != "service_token.create"] == calls
    assert account.platform.world["members"]["viewer-17"]["email"] == "viewer@example.com"


@pytest.mark.contract("S-104")
@pytest.mark.parametrize("duplicate", ["conflict", "invalid", "updated"])
def test_one_that_somebody_else_registers_meanwhile_is_told_apart_by_its_email(straas: Any, duplicate: str) -> None:
    for email, error in (("viewer@example.com", None), ("other@example.com", Conflict)):
        account = straas(duplicate=duplicate)
        account.sim.fail("member.create", status=422 if duplicate == "invalid" else 409)

        def meanwhile(entry: Any, account: Any = account, email: str = email) -> None:
            account.platform.add("members", id="viewer-17", email=email)

        account.sim.observers.append(meanwhile)  # right after the first look
        if error is None:
            account.run(Member().create(account.api, SPEC))
        else:
            with pytest.raises(error):
                account.run(Member().create(account.api, SPEC))
        assert account.platform.world["members"]["viewer-17"]["email"] == email


@pytest.mark.contract("S-104")
def test_other_refusals_are_not_tried_again(straas: Any) -> None:
    account = straas()
    account.sim.fail("member.create", status=400)
    with pytest.raises(Refused):
        account.run(Member().create(account.api, SPEC))
    assert account.calls.count("member.create") == 1


# --- changing --------------------------------------------------------------------------------------------------
@pytest.mark.contract("S-100", "S-106", "S-107")
@pytest.mark.parametrize("ignored", ["false", "true"])
def test_another_email_in_the_stack_is_an_error_of_the_plan(world: World, ignored: str) -> None:
    assert world("apply", stack(world), "--yes").code == 0
    world.simulator.reset_journal()
    file = stack(world, "new@example.com")
    for words in (("plan", file), ("apply", file, "--yes"), ("drift", file)):
        refused = world(*words, HEADEND_STRAAS_IGNORE_EMAIL_DRIFT=ignored)
        assert refused.code == 3
        assert "day.yaml:5:5: straas.members.viewer: member viewer-17 has another e-mail at Straas" in refused.err
        assert "new@example.com" not in refused.err
    assert world.simulator.writes() == []
    assert world("plan", stack(world)).code == 0  # taken back, all is as it was


@pytest.mark.contract("S-106")
def test_an_email_that_was_changed_there_is_an_error_or_by_the_setting_a_warning(world: World) -> None:
    file = stack(world)
    assert world("apply", file, "--yes").code == 0
    platform(world).world["members"]["viewer-17"]["email"] = "canary@example.com"
    refused, _ = plan(world, file)
    assert refused.code == 3
    assert "ignore_email_drift" in refused.err
    warned, (step,) = plan(world, file, HEADEND_STRAAS_IGNORE_EMAIL_DRIFT="true")
    assert warned.code == 0
    assert (step["action"], list(step["unverifiable"])) == ("none", ["email"])
    assert step["warnings"][0].startswith("member viewer-17 has another e-mail at Straas")
    assert "canary" not in warned.out + warned.err + refused.err
    left_alone = stack(world, more=", lifecycle: {ignore_changes: [email]}")
    assert world("plan", left_alone).code == 0
    assert world.simulator.writes()[1:] == []


@pytest.mark.contract("S-108", "S-172")
def test_another_id_is_another_member_and_the_old_one_stays(world: World) -> None:
    assert world("apply", stack(world), "--yes").code == 0
    file = stack(world, "new@example.com", id="viewer-18")
    (step,) = plan(world, file)[1]
    assert step["action"] == "replace"
    assert step["warnings"] == ["member viewer-17 stays at Straas: no call of Straas changes or deletes a member"]
    assert world("apply", file, "--yes").code == 0
    assert sorted(platform(world).world["members"]) == ["viewer-17", "viewer-18"]
    assert world("plan", file).code == 0


# --- leaving ---------------------------------------------------------------------------------------------------
@pytest.mark.contract("S-107", "S-172")
def test_destroying_forgets_with_a_warning_and_sends_nothing(world: World) -> None:
    file = stack(world)
    assert world("apply", file, "--yes").code == 0
    gone = world("destroy", file, "--yes")
    assert gone.code == 0
    assert "member viewer-17 stays at Straas" in gone.out + gone.err
    assert world("state", "list", "day").out == ""
    assert list(platform(world).world["members"]) == ["viewer-17"]
    assert len(world.simulator.writes()) == 1
    assert "wrong_methods" not in platform(world).world["counters"]


@pytest.mark.contract("S-107")
def test_by_the_setting_it_is_refused_to_leave_one_behind(world: World) -> None:
    top = "connections: {straas: {on_delete: fail}}\n"
    assert world("apply", stack(world, top=top), "--yes").code == 0
    for words in (("destroy", "day.yaml", "--yes"), ("apply", stack(world, id="viewer-18", top=top), "--yes")):
        refused = world(*words)
        assert refused.code == 5
        assert "member viewer-17 would stay at Straas" in refused.err
        assert "lifecycle.retain" in refused.err
    assert world("state", "list", "day").out != ""
    kept = stack(world, more=", lifecycle: {retain: true}", top=top)
    assert world("apply", kept, "--yes").code == 0
    assert world("destroy", kept, "--yes").code == 0


@pytest.mark.contract("S-105")
def test_one_that_is_gone_is_made_again(world: World) -> None:
    file = stack(world)
    assert world("apply", file, "--yes").code == 0
    platform(world).world["members"].clear()
    (step,) = plan(world, file)[1]
    assert (step["action"], step["reason"]) == ("create", "vanished")
    assert world("apply", file, "--yes").code == 0
    assert list(platform(world).world["members"]) == ["viewer-17"]


@pytest.mark.contract("S-105", "S-160")
@pytest.mark.parametrize(
    ("variable", "value"),
    [("URL", "/straas/elsewhere"), ("URL", "/mycujoo"), ("URL", ""), ("ACCOUNT_PREFIX", "/api/v1/app")],
)
def test_a_wrong_address_makes_nothing_look_deleted(world: World, variable: str, value: str) -> None:
    file = stack(world)
    assert world("apply", file, "--yes").code == 0
    known = world("state", "show", "day", "straas.members.viewer").out
    wrong = f"{world.url}{value}" if variable == "URL" else value
    for words in (("plan", file), ("destroy", file, "--yes")):
        refused = world(*words, **{f"HEADEND_STRAAS_{variable}": wrong})
        assert refused.code == 1
        assert "HEADEND_STRAAS_URL" in refused.err
    assert world("state", "show", "day", "straas.members.viewer").out == known


@pytest.mark.contract("S-105")
@pytest.mark.parametrize(("status", "code"), [(403, 4), (423, 1), (429, 1), (500, 1)])
def test_any_other_failure_to_read_is_an_error_and_state_stays(world: World, status: int, code: int) -> None:
    file = stack(world)
    assert world("apply", file, "--yes").code == 0
    world.simulator.fail("member.get", times=9, status=status, headers={"Retry-After": "3600"})
    assert world("plan", file).code == code
    assert world("state", "list", "day").out != ""


def test_an_update_is_never_claimed(straas: Any) -> None:
    with pytest.raises(Refused, match="can't be changed"):
        straas().run(Member().update(straas().api, "viewer-17", SPEC, ()))


def test_two_entries_for_one_member_are_refused(world: World) -> None:
    entry = "{id: v-1, email: v@example.com}"
    world.write("two.yaml", f"headend: 1\nstraas: {{members: {{a: {entry}, b: {entry}}}}}\n")
    refused = world("validate", "two.yaml")
    assert (refused.code, "is the same object as straas.members.a" in refused.err) == (3, True)
