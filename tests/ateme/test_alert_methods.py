"""Alert methods: who is told, by which address, and who gets to see that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.alert_stacks import NOC, watched
from ateme.ateme_engine import Engine
from headend.ateme.alert_method import AlertMethod, AlertMethodKind
from headend.core.model.fields import Secret, mark
from headend.core.model.proposal import Action

WORD = "T0/B0/canary"
HOOK = {"alert_type": "slack", "notification_parameters": [f"https://hooks.example.com/{WORD}"]}
AT = "ateme.alert_methods.noc"


def told(**fields: Any) -> dict[str, Any]:
    return {"headend": 1, "stack": "one", "ateme": {"alert_methods": {"noc": fields}}}


@pytest.mark.contract("A-574", "A-575", "A-576", "A-831")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "n" * 65}, None),
        ({"name": "n"}, None),
        ({"name": "n" * 66}, "name"),
        ({"name": ""}, "name"),
        (HOOK, None),
        ({"alert_type": "sms"}, "alert_type"),
        ({"notification_parameters": ["a@example.com", "b@example.com"]}, None),
        ({"notification_parameters": []}, "notification_parameters"),
        ({"notification_parameters": "a@example.com"}, "notification_parameters"),
        ({"notification_parameters": ["a@example.com", "nobody"]}, "notification_parameters: number 2 is no email"),
        ({"notification_parameters": ["a b@example.com"]}, "number 1"),
        ({**HOOK, "notification_parameters": [" "]}, "number 1 is no slack address"),
        ({"extra": {"name": "x"}}, "name"),
    ],
)
def test_values_are_taken_or_refused(change: dict[str, Any], field: str | None) -> None:
    fields = {"name": "noc", **NOC, **change}
    if field is None:
        assert list(AlertMethodKind().check(AlertMethod(**fields), {})) == []
    else:
        with pytest.raises(ValidationError, match=field):
            AlertMethod(**fields)


@pytest.mark.contract("A-576", "A-49")
def test_a_slack_address_that_looks_unlike_one_is_wondered_at() -> None:
    spec = AlertMethod(name="noc", alert_type="slack", notification_parameters=[f"#{WORD}"])
    (problem,) = AlertMethodKind().check(spec, {})
    assert str(problem).startswith("warning: notification_parameters")
    assert WORD not in problem.message


@pytest.mark.contract("A-240", "A-241", "A-242", "A-243", "A-577", "A-763")
def test_it_is_made_renamed_and_removed(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(told(**NOC))
    (row,) = engine.world["alert_methods"].values()
    assert row == {
        "alert_method_id": "method-1",
        "organisation_id": "org-1",
        "name": "noc",
        **NOC,
        "is_deleted": False,
    }
    engine.sim.reset_journal()
    engine.done(told(**NOC, name="night shift"))
    (write,) = engine.sim.writes()
    assert (write.key, sorted(write.body)) == ("alert_method.update", ["alert_type", "name", "notification_parameters"])
    assert engine.world["alert_methods"]["method-1"]["name"] == "night shift"
    engine.done(told(**NOC), destroy=True)
    assert engine.world["alert_methods"]["method-1"]["is_deleted"]


@pytest.mark.contract("A-576")
def test_the_order_of_addresses_means_nothing_and_one_more_is_drift(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    both = ["a@example.com", "b@example.com"]
    engine.done(told(alert_type="email", notification_parameters=both))
    row = engine.world["alert_methods"]["method-1"]
    row["notification_parameters"] = both[::-1]
    wanted = told(alert_type="email", notification_parameters=both)
    assert engine.plan(wanted).writes() == ()
    row["notification_parameters"] = [*both, "stranger@example.com"]
    (change,) = engine.step(wanted, AT).changes
    assert (change.field, change.cause, change.secret) == ("notification_parameters", "drift", True)
    engine.done(wanted)
    assert engine.world["alert_methods"]["method-1"]["notification_parameters"] == both


@pytest.mark.contract("A-22", "A-576", "A-771", "A-780")
@pytest.mark.parametrize("shown", [True, False])
def test_slack_addresses_are_told_nobody(tmp_path: Path, shown: bool) -> None:
    assert mark(AlertMethod, "notification_parameters", Secret)
    engine = Engine(tmp_path, {"secrets_shown": shown})
    engine.done(told(**HOOK))
    assert engine.sim.writes()[-1].body["notification_parameters"] == "(secret)"
    step = engine.step(told(**HOOK), AT)
    assert (step.action, "notification_parameters" in step.unverifiable) == (Action.NONE, not shown)
    other = {**HOOK, "notification_parameters": [f"https://hooks.example.com/{WORD}/2"]}
    assert WORD not in str(engine.plan(told(**other)).document())
    assert [c.field for c in engine.step(told(**other), AT).changes] == ["notification_parameters"]
    engine.done(told(**other))
    assert engine.world["alert_methods"]["method-1"]["notification_parameters"] == other["notification_parameters"]
    assert WORD.encode() not in (tmp_path / "state.db").read_bytes()
    assert WORD not in repr(AlertMethod(name="noc", **HOOK))


@pytest.mark.contract("A-770")
def test_it_is_taken_over_by_its_name(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    rows = engine.world["alert_methods"]
    for id, name in (("m-1", "noc"), ("m-2", "other")):
        rows[id] = {"alert_method_id": id, "name": name, **HOOK, "organisation_id": "org-1", "is_deleted": False}
    step = engine.step(told(**NOC, lifecycle={"adopt": "match"}), AT)
    assert (step.action, step.id) == (Action.ADOPT, "m-1")
    assert "exists already (m-1)" in str(engine.step(told(**NOC), AT).refused)
    engine.done(told(**NOC, lifecycle={"adopt": "match"}))
    assert (rows["m-1"]["alert_type"], rows["m-1"]["notification_parameters"]) == ("email", ["noc@example.com"])
    assert rows["m-2"]["alert_type"] == "slack"


@pytest.mark.contract("A-561", "A-727")
def test_one_that_an_alert_uses_stays_until_the_alert_is_gone(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(watched(a1={}))
    foreign = {**engine.world["alerts"]["alert-1"], "alert_id": "alert-9"}
    engine.world["alerts"]["alert-9"] = foreign
    failed = engine.apply(watched(a1={}), destroy=True).failed
    assert "alert alert-9 uses it" in failed[AT]
    foreign["is_deleted"] = True
    engine.done(watched(a1={}), destroy=True)
    assert engine.world["alert_methods"]["method-1"]["is_deleted"]
