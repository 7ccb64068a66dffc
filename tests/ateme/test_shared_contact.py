"""Shared contacts: found by e-mail, or else by name, and changed as a whole."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from ateme.conftest import Opened
from headend.ateme.shared_contact import SharedContact
from headend.core.model.proposal import Action

AT = "ateme.shared_contacts.noc"


def stack(**fields: Any) -> dict[str, Any]:
    return {"headend": 1, "stack": "one", "ateme": {"shared_contacts": {"noc": fields}}}


@pytest.mark.contract("A-633", "A-634", "A-635")
def test_its_texts_have_lengths_and_signs() -> None:
    good = {"name": "Ada, control-room +1!", "email": "ada_b@example.com", "phone": "+43 1 5550100"}
    assert SharedContact(**good).phone == "+43 1 5550100"
    for bad in ({"name": "x" * 81}, {"name": ""}, {"name": "a/b"}, {"email": "x" * 151}, {"email": "<a@b>"}):
        with pytest.raises(ValidationError, match=next(iter(bad))):
            SharedContact(**{**good, **bad})
    for bad in ({"phone": "x" * 151}, {"phone": "(1)"}, {"extra": {"phone": "1"}}, {"extra": {"email": "1"}}):
        with pytest.raises(ValidationError, match=r"phone|email"):
            SharedContact(**{**good, **bad})


@pytest.mark.contract("A-280", "A-281", "A-282", "A-283", "A-636", "A-51")
@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True, "updates": "full"}])
def test_it_is_made_changed_as_a_whole_and_removed(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack(email="noc@example.com"))
    (row,) = engine.world["shared_contacts"].values()
    assert row == {"contact_id": "contact-1", "name": "noc", "email": "noc@example.com", "organisation_id": "org-1"}
    row["phone"] = "1 555"
    assert engine.plan(stack(email="noc@example.com")).writes() == (), "what the stack doesn't set is not its business"
    engine.done(stack(email="noc@example.com", name="NOC"))
    engine.done(stack(email="night@example.com", phone="2", name="NOC"))
    engine.done(stack(email="night@example.com", name="NOC"))
    assert [(entry.key, entry.body) for entry in engine.sim.writes()] == [
        ("shared_contact.create", {"name": "noc", "email": "noc@example.com"}),
        ("shared_contact.update", {"name": "NOC", "email": "noc@example.com", "phone": "1 555"}),
        ("shared_contact.update", {"name": "NOC", "email": "night@example.com", "phone": "2"}),
        ("shared_contact.update", {"name": "NOC", "email": "night@example.com", "phone": ""}),
    ]
    engine.done(stack(), destroy=True)
    assert engine.world["shared_contacts"] == {}


@pytest.mark.contract("A-770", "A-633", "A-634")
def test_it_is_taken_over_by_its_e_mail_or_else_its_name(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    rows = (("c-1", "noc", "a@example.com", "org-1"), ("c-2", "noc", None, "org-1"), ("c-3", "b", None, "org-2"))
    for id, name, email, org in rows:
        engine.world["shared_contacts"][id] = {"contact_id": id, "name": name, "email": email, "organisation_id": org}
    step = engine.step(stack(name="Night", email="a@example.com", lifecycle={"adopt": "match"}), AT)
    assert (step.action, step.id) == (Action.ADOPT, "c-1")
    assert engine.step(stack(lifecycle={"adopt": "match"}), AT).id == "c-2"
    assert engine.step(stack(name="b"), AT).action is Action.CREATE, "it is another organisation's"


@pytest.mark.contract("A-843")
def test_a_change_that_is_refused_for_its_signs_says_so_and_makes_nothing_anew(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"changed_contacts": "plain"})
    engine.done(stack(phone="+1"))
    failed = engine.apply(stack(phone="+2")).failed
    assert "allows + and ! in a new contact, not in a changed one" in failed[AT]
    assert engine.written() == ["shared_contact.create", "shared_contact.update"]
    engine.sim.fail("shared_contact.update", status=400, body={"message": "no"})
    assert "+ and !" not in engine.apply(stack(phone="2")).failed[AT]
    engine.done(stack(phone="2"))


@pytest.mark.contract("A-284")
def test_contacts_of_hosts_are_listed_by_a_call_of_their_own(opened: Opened) -> None:
    async def run() -> list[Any]:
        async with opened() as (api, sim):
            for id, org in (("c-1", "org-1"), ("c-3", "org-3")):
                row = {"contact_id": id, "name": id, "organisation_id": org}
                sim.sims["ateme"].world["shared_contacts"][id] = row
            found: list[Any] = (await api.call("shared_contact.with_me", scope=None)).body
            return found

    assert asyncio.run(run()) == [{"contact_id": "c-3", "name": "c-3"}]
