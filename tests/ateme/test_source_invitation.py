"""Guests: their token is handed out once, addresses them in all calls, and shows nowhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import ENVIRONMENT, Engine
from ateme.conftest import Opened
from headend.ateme.rows_services import guest_id
from headend.ateme.source_invitation import SourceInvitation, SourceInvitationKind
from headend.core.model.errors import DecodeError
from headend.core.model.fields import Impact
from headend.core.model.proposal import Action

AT = "ateme.source_invitations.guest"
FIRST = {"destination_temporary_name": "guest"}


def stack(*environments: str, **fields: Any) -> dict[str, Any]:
    places = dict.fromkeys(environments, ENVIRONMENT)
    guests = {"guest": fields}
    return {"headend": 1, "stack": "one", "ateme": {"environments": places, "source_invitations": guests}}


def guest(engine: Engine) -> dict[str, Any]:
    (row,) = engine.world["source_invitations"].values()
    found: dict[str, Any] = row
    return found


def sent(engine: Engine) -> list[tuple[str, Any]]:
    return [(entry.key.partition(".")[2], entry.body) for entry in engine.sim.writes() if "invit" in entry.key]


@pytest.mark.contract("A-637", "A-638", "A-639", "A-640", "A-641", "A-642", "A-643", "A-644", "A-846")
def test_fields_have_their_ranges() -> None:
    good = {"destination_temporary_name": "x" * 30, "global_max_destinations": 10, "billing_source": "source_owner"}
    assert SourceInvitation(**good).registered is None
    for bad in (
        {"destination_temporary_name": "x" * 31},
        {"destination_temporary_name": ""},
        {"billing_source": "guest"},
        {"global_max_destinations": 0},
        {"global_max_destinations": 11},
        {"registered": True},
        {"environment_visibility": {"visible": ["e1"]}},
        {"environment_visibility": {"shown": ["e1"], "hidden": ["e1"]}},
        {"environment_max_destinations": {0: ["e1"]}},
        {"extra": {"show_all_events": True}},
    ):
        with pytest.raises(ValidationError):
            SourceInvitation(**good | bad)
    for count, warnings in ((10, 0), (11, 1)):
        spec = SourceInvitation(**good, environment_max_destinations={count: ["e1"]})
        assert len(SourceInvitationKind().check(spec, {})) == warnings


@pytest.mark.contract("A-270", "A-271", "A-272", "A-273", "A-645", "A-758", "A-51")
@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True, "updates": "full"}])
def test_it_is_made_by_one_call_and_furnished_by_more(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack())
    assert sent(engine) == [("create", FIRST)], "nothing is said that a new one has anyway"
    assert engine.plan(stack()).writes() == ()
    engine.done(stack(show_all_channels=True))
    terms = {"show_all_channels": True, "show_all_events": False, "billing_source": "source_owner"}
    assert sent(engine)[1:] == [("update", terms)]
    engine.done(stack(show_all_channels=True, billing_source="destination_taker", global_max_destinations=3))
    terms |= {"billing_source": "destination_taker", "global_max_destinations": 3}
    assert sent(engine)[2:] == [("update", terms)]
    assert engine.plan(stack(show_all_channels=True)).writes() == (), "no call takes those away again"
    guest(engine)["show_all_events"] = True
    (change,) = engine.step(stack(show_all_channels=True), AT).changes
    assert (change.path, change.cause) == (("show_all_events",), "drift")
    engine.done(stack(), destroy=True)
    assert engine.world["source_invitations"] == {}


@pytest.mark.contract("A-277", "A-278", "A-643", "A-644", "A-758", "A-771", "A-845", "A-978")
@pytest.mark.parametrize("maps", ["shown", "hidden"])
def test_each_environment_is_a_call_of_its_own_and_only_where_it_changes(tmp_path: Path, maps: str) -> None:
    engine = Engine(tmp_path, {"invitation_maps": maps})
    per = {"environment_visibility": {"hidden": ["e1", "e2"]}, "environment_max_destinations": {2: ["e1"]}}
    engine.done(stack("e1", "e2", **per))
    assert [key for key, _ in sent(engine)] == ["create", "visibility", "visibility", "max_destinations"]
    assert sent(engine)[1:] == [
        *[("visibility", {"visible": False})] * 2,
        ("max_destinations", {"max_destinations": 2}),
    ]
    step = engine.step(stack("e1", "e2", **per), AT)
    assert (step.action, "environment_visibility" in step.unverifiable) == (Action.NONE, maps == "hidden")
    engine.sim.reset_journal()
    moved = {"environment_visibility": {"shown": ["e2"], "hidden": ["e1"]}, "environment_max_destinations": {2: ["e1"]}}
    engine.done(stack("e1", "e2", **moved))
    assert sent(engine) == [("visibility", {"visible": True})]
    ids = {row["name"]: id for id, row in engine.world["environments"].items()}
    assert guest(engine)["environment_visibility"] == {ids["e1"]: False, ids["e2"]: True}
    for less in ({"environment_visibility": {"hidden": ["e1"]}}, {}):
        assert engine.plan(stack("e1", "e2", **less)).writes() == (), "no call takes that back"
        engine.done(stack("e1", "e2", **less))
    assert len(sent(engine)) == 1


@pytest.mark.contract("A-978")
def test_what_the_document_names_nowhere_can_be_named(tmp_path: Path) -> None:
    engine = Engine(tmp_path, operations={"source_invitation.visibility": {"keys": {"visible": "is_visible"}}})
    engine.apply(stack("e1", environment_visibility={"shown": ["e1"]}))
    assert sent(engine)[-1] == ("visibility", {"is_visible": True})


@pytest.mark.contract("A-762", "A-763", "A-273", "A-844")
def test_another_name_is_another_guest_and_the_plan_says_what_goes(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    other = stack(destination_temporary_name="Another")
    step = engine.step(other, AT)
    goes = "the guest's destinations, schedules and alerts go, too (A-273)"
    assert (step.action, step.impact, goes in step.warnings) == (Action.REPLACE, Impact.DESTROYS, True)
    engine.sim.reset_journal()
    engine.done(other)
    assert [key for key, _ in sent(engine)] == ["create", "delete"]
    assert goes in engine.plan(other, destroy=True).steps[0].warnings


@pytest.mark.contract("A-273", "A-274", "A-279", "A-740", "A-984", "A-985", "A-642", "A-646")
def test_a_guest_is_put_out_by_a_false_and_nothing_else(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    row = guest(engine)
    row |= {"registered": True, "guest_organisation_id": "org-2", "input_ids": ["in-1"]}
    assert engine.plan(stack()).writes() == (), "its acceptance is its own"
    step = engine.step(stack(registered=False), AT)
    assert any("its sources and events are revoked, and its grants vanish" in text for text in step.warnings)
    engine.sim.reset_journal()
    engine.done(stack(registered=False))
    assert [body["registered"] for _, body in sent(engine)] == [False]
    assert (row["registered"], row["input_ids"]) == (False, [])
    assert engine.plan(stack(registered=False)).writes() == ()
    assert engine.plan(stack()).writes() == ()


@pytest.mark.contract("A-844", "A-770")
@pytest.mark.parametrize("ids", ["shown", "hidden"])
def test_it_is_found_by_name_and_known_by_an_id_that_gives_no_token_away(tmp_path: Path, ids: str) -> None:
    engine = Engine(tmp_path, {"invitation_ids": ids})
    engine.done(stack())
    token = guest(engine)["source_invitation_token"]
    step = engine.step(stack(), AT)
    assert step.id == guest_id(token)
    (tmp_path / "state.db").unlink()
    engine.sim.reset_journal()
    for adopt in ("match", {"id": guest_id(token)}, *([{"id": "invitation-1"}] if ids == "shown" else [])):
        step = engine.step(stack(lifecycle={"adopt": adopt}), AT)
        assert (step.action, step.id) == (Action.ADOPT, guest_id(token))
    engine.done(stack(lifecycle={"adopt": "match"}))
    assert engine.written() == []


@pytest.mark.contract("A-844", "A-766", "A-47")
def test_a_list_without_tokens_proves_nothing(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.sim.fail("source_invitation.list", status=200, body=[{"id": 1, "destination_temporary_name": "guest"}])
    with pytest.raises(DecodeError, match="source_invitation_token"):
        engine.plan(stack())


@pytest.mark.contract("A-54", "A-758", "A-724")
def test_a_creation_whose_answer_is_lost_is_found_and_furnished(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    wanted = stack(show_all_events=True)
    engine.sim.fail("source_invitation.create", drop="after")
    assert AT in engine.apply(wanted).failed
    engine.done(wanted)
    assert [key for key, _ in sent(engine)] == ["create", "update"]
    engine.done(stack(), destroy=True)
    engine.sim.reset_journal()
    engine.sim.fail("source_invitation.update", status=400, body={"message": "no"})
    assert AT in engine.apply(wanted).failed
    engine.sim.faults.clear()
    engine.done(wanted)
    assert [key for key, _ in sent(engine)].count("create") == 1
    assert guest(engine)["show_all_events"] is True


@pytest.mark.contract("A-22", "A-645", "A-780")
def test_the_token_shows_neither_in_state_nor_in_errors_nor_in_the_journal(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    token = guest(engine)["source_invitation_token"]
    engine.sim.fail("source_invitation.update", status=400, body={"message": f"no such token: {token}"})
    (told,) = engine.apply(stack(show_all_events=True)).failed.values()
    assert "no such token" in told
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir()).decode("latin-1")
    assert token not in told + held + str(engine.sim.journal) + str(engine.said)


@pytest.mark.contract("A-273", "A-274", "A-279", "A-984", "A-277", "A-278")
def test_the_simulated_guest_accepts_and_loses_what_it_has(opened: Opened) -> None:
    async def run() -> Any:
        async with opened() as (api, sim):
            world = sim.sims["ateme"].world
            world["organisations"]["org-2"]["roles"] = {"user-1": "admin"}
            made = (await api.call("source_invitation.create", scope=None, body=FIRST)).body
            path = {"token": made["source_invitation_token"]}
            world["source_invitations"][path["token"]]["organisation_id"] = "org-2"
            await api.call("source_invitation.accept", scope=None, path=path)
            row = world["source_invitations"][path["token"]]
            assert (row["registered"], row["guest_organisation_id"]) == (True, "org-1")
            assert world["guests"]["org-2"] == ["user-1"]
            owned = {"organisation_id": "org-2", "taker_organisation_id": "org-1", "is_deleted": False}
            world["outputs"] = {id: {"output_id": id, "environment_id": id, **owned} for id in ("o-1", "o-2")}
            world["alerts"] = {id: {"output_id": id, "is_deleted": False} for id in ("o-1", "o-2")}
            row["organisation_id"] = "org-1"
            for output in world["outputs"].values():
                output["organisation_id"] = "org-1"
            world["environments"] = {id: {"organisation_id": "org-1", "environment_id": id} for id in ("o-1", "o-2")}
            await api.call("source_invitation.delete_destinations", scope=None, path={**path, "environment_id": "o-1"})
            first = [world[table][id]["is_deleted"] for table in ("outputs", "alerts") for id in ("o-1", "o-2")]
            await api.call("source_invitation.delete", scope=None, path=path)
            return first, [row["is_deleted"] for row in world["outputs"].values()]

    assert asyncio.run(run()) == ([True, False, True, False], [True, True])
