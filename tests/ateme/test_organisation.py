"""Organisations: read, unless the stack says that headend manages one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from cli.harness import NO_WAIT, serve
from headend.ateme.organisation import Organisation
from headend.core.model.proposal import Action
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

AT = "ateme.organisations.ours"
OURS = "Example Broadcasting"


def stack(name: str = OURS, **fields: Any) -> dict[str, Any]:
    return {"headend": 1, "stack": "one", "ateme": {"organisations": {"ours": {"name": name, **fields}}}}


def with_staff(directory: Path, **switches: Any) -> Engine:
    engine = Engine(directory, switches)
    engine.world["users"]["user-1"]["superuser"] = True
    return engine


@pytest.mark.contract("A-691", "A-692", "A-693", "A-986")
def test_its_fields() -> None:
    assert Organisation(name="abc").managed is False
    assert Organisation(name="n" * 150, currency="eur", purchase_order_number="p" * 100).name
    for bad in ({"name": "ab"}, {"name": "n" * 151}, {"currency": "chf"}, {"purchase_order_number": "p" * 101}):
        with pytest.raises(ValidationError, match=next(iter(bad))):
            Organisation(**{"name": "abc", **bad})
    with pytest.raises(ValidationError, match="extra: name"):
        Organisation(name="abc", extra={"name": "x"})


@pytest.mark.contract("A-695", "A-116", "A-694", "A-856")
@pytest.mark.parametrize(
    "switches", [{}, {"envelope": "object", "organisations_shown": "names"}], ids=["whole", "names"]
)
def test_one_is_found_by_its_name_read_and_left_where_it_is(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    assert engine.step(stack(), AT).action is Action.ADOPT, "nobody has to agree to be read"
    engine.done(stack())
    assert engine.plan(stack()).writes() == ()
    (step,) = engine.plan(stack(), destroy=True).steps
    assert step.action is Action.FORGET
    engine.done(stack(), destroy=True)
    assert engine.written() == []


@pytest.mark.contract("A-695")
def test_what_differs_from_the_stack_is_told_and_not_changed(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.world["organisations"]["org-1"]["currency"] = "eur"
    assert engine.problems(stack(currency="gbp")) == [f"{AT}: currency: it is another one there"]
    engine.done(stack(currency="eur"))
    engine.world["organisations"]["org-1"]["currency"] = "usd"
    step = engine.step(stack(currency="eur"), AT)
    assert (step.action, "currency: it is 'usd' there" in str(step.warnings)) == (Action.NONE, True)
    engine.done(stack(currency="gbp"))
    assert engine.written() == []


@pytest.mark.contract("A-695", "A-113")
def test_one_that_is_not_there_is_not_made_unless_it_is_managed(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    (problem,) = engine.problems(stack("Fourth Channel"))
    assert problem == f"{AT}: the login manages no organisation 'Fourth Channel'"
    engine.done(stack("Fourth Channel", managed=True))
    assert engine.written() == ["organisation.create"]
    assert engine.sim.writes()[0].body == {"name": "Fourth Channel"}


@pytest.mark.contract("A-856", "A-13")
def test_after_one_is_made_the_login_is_looked_at_anew(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack("Fourth Channel", managed=True))
    keys = [entry.key for entry in engine.sim.journal]
    assert "session.login" in keys[keys.index("organisation.create") :]


@pytest.mark.contract("A-856", "A-113")
def test_a_refusal_is_told_and_not_repeated(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.world["organisations"]["org-1"]["free_credits"] = True
    (said,) = engine.apply(stack("Fourth Channel", managed=True)).failed.values()
    assert "free credits" in said
    assert engine.written() == ["organisation.create"]


@pytest.mark.contract("A-114", "A-115", "A-692", "A-693", "A-695", "A-721")
def test_staff_changes_and_deletes_a_managed_one(tmp_path: Path) -> None:
    engine = with_staff(tmp_path, polls=3)
    engine.done(stack("Fourth Channel", managed=True, currency="eur"))
    engine.done(stack("Fourth", managed=True, currency="gbp", purchase_order_number="PO 1"))
    (row,) = [row for id, row in engine.world["organisations"].items() if id.startswith("organisation-")]
    assert (row["name"], row["currency"], row["purchase_order_number"]) == ("Fourth", "gbp", "PO 1")
    wanted = stack("Fourth", managed=True)
    (step,) = engine.plan(wanted, destroy=True).steps
    assert "all that the organisation has is deleted with it" in str(step.warnings)
    engine.done(wanted, destroy=True)
    assert not any(id.startswith("organisation-") for id in engine.world["organisations"])
    assert engine.written() == ["organisation.create", *["organisation.update"] * 2, "organisation.delete"]


@pytest.mark.contract("A-695", "A-857", "A-55", "A-119")
def test_others_are_told_who_may_and_headend_never_leaves_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack("Fourth Channel", managed=True))
    (said,) = engine.apply(stack("Fourth", managed=True)).failed.values()
    assert "only the vendor's staff can do that" in said
    (said,) = engine.apply(stack("Fourth Channel", managed=True), destroy=True).failed.values()
    assert "only the vendor's staff can do that; lifecycle.retain: true" in said
    assert "organisation.leave" not in {entry.key for entry in engine.sim.journal}


@pytest.mark.contract("A-695")
def test_one_that_is_managed_no_more_stays_when_it_leaves_the_stack(tmp_path: Path) -> None:
    engine = with_staff(tmp_path)
    engine.done(stack("Fourth Channel", managed=True))
    engine.done(stack("Fourth Channel", managed=False))
    engine.sim.reset_journal()
    engine.done(stack("Fourth Channel"), destroy=True)
    assert engine.written() == []
    engine.done(stack("Fourth Channel", managed=True, lifecycle={"adopt": "match"}))
    engine.done(stack("Fourth Channel", managed=True), destroy=True)
    assert engine.written() == ["organisation.delete"]


@pytest.mark.contract("A-695")
def test_over_pulumis_wire_it_is_read_and_left_where_it_is_too(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "one.yaml"
    file.write_text(json.dumps(stack()))
    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as engine:
        engine.up(load(file))
        assert engine.up(load(file)) == {"same": 1}
        engine.destroy()
    assert simulator.writes() == []
