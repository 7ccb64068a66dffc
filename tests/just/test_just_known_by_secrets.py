"""State tells people's addresses apart, and gives none away: no id is made of one."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from just_engine import ANN, JUID, Town, steps

from headend.core.model.record import Record, secret_key
from headend.core.reconcile.state import open_state
from headend.just.people import hashed
from headend.just.subscriptions import SmsSubscription
from old_state import write_old

NUMBER, OTHER = "4315550017", "4315550018"
MARKED = {"channel": "sms", "number": NUMBER, "refid": "a"}


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def sms(**numbers: str) -> dict[str, Any]:
    return {"sms_subscriptions": {key: {"juid": {"id": JUID}, "number": number} for key, number in numbers.items()}}


@pytest.mark.contract("J-2", "J-38")
def test_nobody_finds_a_number_by_trying_them_all_against_state(town: Town) -> None:
    wanted = sms(a=NUMBER) | {"email_subscriptions": {"a": {"juid": {"id": JUID}, "email": ANN, "refid": "b"}}}
    town.bring(wanted)
    town.bring({"utm_metrics": {"a": MARKED}} | wanted)
    ids = {record.id for record in town.entries().values()}
    assert len(ids) == 3
    guesses = [hashed(JUID, "sms", NUMBER), hashed("sms", NUMBER), hashed(JUID, "email", ANN.casefold()), NUMBER]
    for guess in guesses:
        assert guess.encode() not in town.state()
    town.down(wanted)
    town.bring(wanted)
    assert not ids & {record.id for record in town.entries().values()}


@pytest.mark.contract("J-38")
def test_an_address_that_another_resource_has_by_now_stays_subscribed(town: Town) -> None:
    town.bring(sms(a=NUMBER, b=OTHER))
    plan = town.plan(sms(b=NUMBER))
    assert {s.address.rpartition(".")[2]: s.action.value for s in plan.steps} == {"a": "forget", "b": "replace"}
    town.bring(sms(b=NUMBER))
    assert [sent.key for sent in town.took()].count("sms.unsubscribe") == 1
    assert any(NUMBER in str(row) for row in town.world("subscriptions").items())


@pytest.mark.contract("J-38")
def test_another_key_of_the_stack_is_the_same_address_whatever_key_the_state_has(town: Town) -> None:
    town.bring(sms(a=NUMBER, b=OTHER) | {"utm_metrics": {"m": {**MARKED, "number": "4315550019"}}})
    with open_state(town.home / "state.db") as state:
        state.rekey()
    town.took()
    marks = {"utm_metrics": {"n": {**MARKED, "number": "+43 1 5550019"}}}
    plan = town.bring(sms(x=OTHER, y=NUMBER) | marks)
    assert steps(plan) == {"x": "move", "y": "move", "n": "move"}
    assert town.took() == []


def test_what_was_forgotten_is_taken_for_nothing_else(town: Town) -> None:
    town.bring(sms(a=NUMBER, b=OTHER))
    Path(f"{town.home / 'state.db'}.key").unlink()
    with open_state(town.home / "state.db") as state:
        assert state.rekey() == 2
    plan = town.plan(sms(x=OTHER))
    assert [step.reason.value for step in plan.steps if step.action.value == "move"] == []
    forgotten = town.entries()["just.sms_subscriptions.a"].values
    assert secret_key(SmsSubscription(), forgotten) is None, (
        "it would equal that of whoever has no value for its secret"
    )


def test_ids_of_earlier_states_that_were_made_of_an_address_are_made_up(tmp_path: Path) -> None:
    path, made_of = tmp_path / "s.db", hashed(JUID, "sms", NUMBER)
    write_old(path, 2, ids={"just.sms_subscriptions.a": f"sms:{JUID}:{made_of}", "straas.members.v": "viewer:17"})
    with open_state(path) as state:
        records = state.records()
        found: dict[str, Record] = {record.kind: record for record in records.values() if "/" not in record.address}
    assert found["straas.member"].id == "viewer:17"
    subscription = found["just.sms_subscription"]
    assert subscription.id.startswith(f"sms:{JUID}:")
    assert len(subscription.id) == len(f"sms:{JUID}:") + 16
    aside = [record for record in records.values() if record.address.startswith("just.sms_subscriptions.a/")]
    assert [record.address for record in aside] == [f"just.sms_subscriptions.a/{record.id}" for record in aside]
    assert len(aside) == 1
    assert all(made_of.encode() not in file.read_bytes() for file in tmp_path.glob("s.db*"))


def test_ids_that_state_shares_with_pulumi_stay(tmp_path: Path) -> None:
    path, id = tmp_path / "s.db", f"sms:{JUID}:{hashed(JUID, 'sms', NUMBER)}"
    write_old(path, 2, ids={"just.sms_subscriptions.a": id})
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE entries SET secrets = '{}'")
    with open_state(path) as state:
        assert state.records()["just.sms_subscriptions.a"].id == id
