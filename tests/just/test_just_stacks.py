"""Whole stacks: what each change costs, in which order, and what is never sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from just_engine import ANN, JUID, SUBSCRIBED, Town, steps

from headend.core.model.errors import ApiError, GuardError, InputError

NUMBER = "+43 1 555 0017"
PERSON = {"ip": "192.0.2.77", "name": "Annabel", "gender": "female", "birth_date": "1990-05-01"}
ONE_OF_EACH: dict[str, Any] = {
    "profiles": {"ann": PERSON},
    "email_subscriptions": {"ann": {"juid": "ann", "email": ANN, "refid": "a"}},
    "sms_subscriptions": {"ann": {"juid": "ann", "number": NUMBER}},
    "utm_metrics": {"guest": {"channel": "email", "email": "guest@example.com", "refidm": "m"}},
    "actions": {"login": {"juid": "ann", "tags": [1, 2], "label": "login"}},
}
WORDS = [ANN, "guest@example.com", "5550017", "555 0017", *map(str, PERSON.values()), "641520000"]


def one(**more: Any) -> dict[str, Any]:
    return {"email_subscriptions": {"it": {**SUBSCRIBED, **more}}}


# --- a whole life ----------------------------------------------------------------------------------------------
@pytest.mark.contract("J-37", "J-49", "J-51", "J-52", "J-55")
def test_one_of_each_is_made_planned_to_nothing_and_destroyed(town: Town) -> None:
    made = town.bring(ONE_OF_EACH)
    assert set(steps(made).values()) == {"create"}
    keys = sorted(town.calls)
    assert keys == ["action.create", "email.subscribe", "profile.create", "sms.subscribe", "utm_metric.update"]
    assert town.calls.index("profile.create") < min(map(town.calls.index, ("email.subscribe", "action.create")))
    town.took()
    again = town.bring(ONE_OF_EACH)
    assert (again.writes(), again.summary()["unverifiable"], town.took()) == ((), 5, [])
    gone = town.down(ONE_OF_EACH)
    assert sorted(entry.key for entry in town.took()) == ["email.unsubscribe", "sms.unsubscribe"]
    assert town.world("subscriptions") == {}
    told = {step.address.split(".")[1]: " ".join(step.warnings) for step in gone.steps}
    assert "personal data stay at Just" in told["profiles"]
    assert "marks stay" in told["utm_metrics"]
    assert "stays counted" in told["actions"]


@pytest.mark.contract("J-51")
def test_a_plan_of_new_things_sends_nothing_at_all(town: Town) -> None:
    town.plan(ONE_OF_EACH)
    town.plan({"profiles": {"it": {"existing_juid": JUID}}, **one()})
    assert town.calls == []


@pytest.mark.contract("J-2", "J-38", "J-56")
def test_neither_state_nor_plans_hold_what_tells_who_a_person_is(town: Town) -> None:
    plans = [town.bring(ONE_OF_EACH), town.plan(ONE_OF_EACH)]
    changed = {**ONE_OF_EACH, "profiles": {"ann": {**PERSON, "name": "Bellann"}}}
    changed["email_subscriptions"] = {"ann": {"juid": "ann", "email": "new@example.com"}}
    plans += [town.plan(changed), town.plan({}), town.plan(ONE_OF_EACH, destroy=True)]
    said = json.dumps([plan.document() for plan in plans]).encode() + town.state()
    for word in [*WORDS, "Bellann", "new@example.com", "simulated-just-token"]:
        assert word.lower().encode() not in said.lower(), word
    assert b"(secret)" in said


@pytest.mark.contract("J-38", "J-44")
@pytest.mark.parametrize("gone", ["email_subscriptions", "sms_subscriptions"])
def test_who_leaves_the_stack_is_unsubscribed_by_the_address_they_had(town: Town, gone: str) -> None:
    town.bring(ONE_OF_EACH)
    town.took()
    town.bring({name: rows for name, rows in ONE_OF_EACH.items() if name != gone})
    (sent,) = town.took()
    assert sent.key == gone.replace("_subscriptions", ".unsubscribe")
    assert len(town.world("subscriptions")) == 1


def test_a_new_token_needs_the_old_one_to_unsubscribe(town: Town) -> None:
    town.bring(one())
    town.took()
    town.env["HEADEND_JUST_STATE_KEY"] = "another key"
    outcome = town.up({})
    assert "HEADEND_JUST_STATE_KEY" in outcome.failed["just.email_subscriptions.it"]
    assert (outcome.exit_code, town.calls, len(town.entries())) == (4, [], 1)
    town.env["HEADEND_JUST_STATE_KEY"] = "simulated-just-token"
    town.down({})


# --- consent ---------------------------------------------------------------------------------------------------
@pytest.mark.contract("J-40", "J-41", "J-55")
def test_unchanged_lines_never_send_anything_even_if_the_person_left(town: Town) -> None:
    first = town.bring(one(refid="a"))
    assert "subscribes a real person" in first.steps[0].warnings[0]
    town.just.world["subscriptions"].clear()  # by their own hand
    town.took()
    for options in ({}, {"refresh": True}):
        plan = town.bring(one(refid="a"), **options)
        assert (steps(plan), plan.summary()["unverifiable"]) == ({}, 1)
        assert "the person may have ended it" in str(plan.steps[0].unverifiable)
    town.bring(one(refid="a", email=ANN.upper()))
    moved = town.bring({"email_subscriptions": {"other-key": {**SUBSCRIBED, "refid": "a"}}})
    assert steps(moved) == {"other-key": "move"}
    assert (town.took(), town.world("subscriptions")) == ([], {})


@pytest.mark.contract("J-42", "J-55")
def test_new_marks_are_one_request_and_those_taken_out_stay(town: Town) -> None:
    town.bring(one(refid="a", refidm="m"))
    town.took()
    assert steps(town.bring(one(refid="b", refidm="m"))) == {"it": "update"}
    assert [entry.key for entry in town.took()] == ["utm_metric.update"]
    assert town.world("marks") == {f"email/{ANN}": {"refid": "b", "refidm": "m"}}
    plan = town.bring(one(refid="b"))
    assert (steps(plan), town.took()) == ({}, [])
    assert plan.steps[0].warnings == ("refidm can't be taken off again: it stays as it was set (J-42)",)
    town.bring(one(refid="c"))
    assert town.world("marks") == {f"email/{ANN}": {"refid": "c", "refidm": "m"}}


@pytest.mark.contract("J-55")
def test_wrapped_marks_cost_one_request_more_once_a_session(tmp_path: Path) -> None:
    town = Town(tmp_path, {"utm_data": "wrapped"})
    marks = {f"m{n}": {"channel": "email", "email": f"m{n}@example.com", "refid": "a"} for n in range(3)}
    town.bring({"utm_metrics": {"m0": marks["m0"]}})
    assert len(town.took()) == 2
    town = Town(tmp_path, {"utm_data": "wrapped"}, utm_data_form="wrapped")
    town.bring({"utm_metrics": marks})
    assert len(town.took()) == 2


@pytest.mark.contract("J-43", "J-55")
@pytest.mark.parametrize(
    "change",
    [
        {"utm_source": "mail"},
        {"reg_url": "https://example.com/derby"},
        {"email": "new@example.com"},
        {"juid": {"id": "other-juid"}},
    ],
)
def test_what_was_recorded_then_is_changed_by_leaving_first_and_coming_back(town: Town, change: dict[str, Any]) -> None:
    town.just.add_profile("other-juid")
    town.bring(one())
    town.took()
    plan = town.bring(one(**change))
    assert steps(plan) == {"it": "replace"}
    assert "unsubscribed, and subscribed again" in plan.steps[0].warnings[0]
    left, back = town.took()
    assert (left.key, left.body) == ("email.unsubscribe", {"juid": JUID, "email": ANN})
    assert back.key == "email.subscribe"
    assert len(town.world("subscriptions")) == 1
    kept = one(utm_source="elsewhere", lifecycle={"ignore_changes": ["utm_source", "reg_url", "email", "juid"]})
    assert steps(town.bring(kept)) == {}


@pytest.mark.contract("J-43")
def test_a_comeback_that_fails_says_that_the_person_has_left(town: Town) -> None:
    town.bring(one())
    town.sim.fail("email.subscribe", status=400, body=b"Not validate email")
    outcome = town.up(one(utm_source="mail"))
    assert "after the old one was deleted" in outcome.failed["just.email_subscriptions.it"]
    assert (town.entries(), town.world("subscriptions")) == ({}, {})


@pytest.mark.contract("J-39", "J-46")
def test_only_what_is_set_is_sent_and_being_subscribed_already_is_no_error(town: Town) -> None:
    town.bring(one(utm_medium="m", refid="a"))
    (sent,) = town.took()
    assert sent.body == {"juid": JUID, "email": ANN, "utmMedium": "m", "refid": "a"}
    twin = {"email_subscriptions": {"it": {**SUBSCRIBED, "refid": "b"}}}
    (town.home / "state.db").unlink()
    town.bring(twin)
    assert [entry.key for entry in town.took()] == ["email.subscribe"]  # and no marks afterwards


@pytest.mark.contract("J-44", "J-53")
@pytest.mark.parametrize("missing", ["told", "success"])
@pytest.mark.parametrize("statuses", ["by_text", "always_200"])
def test_whoever_left_already_is_no_error_on_destroy(tmp_path: Path, missing: str, statuses: str) -> None:
    town = Town(tmp_path, {"unsubscribe_missing": missing, "statuses": statuses})
    town.bring(one())
    town.just.world["subscriptions"].clear()
    town.down(one())
    town.bring(one())
    town.just.world["profiles"].clear()
    town.down(one())


@pytest.mark.contract("J-54")
def test_a_destroy_whose_fields_get_lost_keeps_what_it_knows(town: Town) -> None:
    town.bring(one())
    town.sim.fail("email.unsubscribe", status=200, body=b"Mandatory parameter is missing", times=9)
    outcome = town.up(one(), destroy=True)
    assert "the fields did not arrive" in outcome.failed["just.email_subscriptions.it"]
    assert len(town.entries()) == 1


# --- profiles --------------------------------------------------------------------------------------------------
def person(**more: Any) -> dict[str, Any]:
    subscribed = {"it": {"juid": "ann", "email": ANN}}
    return {"profiles": {"ann": {"name": "Annabel", **more}}, "email_subscriptions": subscribed}


@pytest.mark.contract("J-34", "J-43")
def test_another_name_is_another_profile_and_takes_its_subscriptions_along(town: Town) -> None:
    town.bring(person())
    town.took()
    plan = town.bring(person(gender="f"))
    assert steps(plan) == {"ann": "replace", "it": "replace"}
    assert "another profile is made" in plan.steps[0].warnings[0]
    assert [entry.key for entry in town.took()] == ["profile.create", "email.unsubscribe", "email.subscribe"]
    assert len(town.world("profiles")) == 3
    (subscribed,) = town.world("subscriptions").values()
    assert subscribed["juid"] == town.entries()["just.profiles.ann"].id


@pytest.mark.contract("J-43")
def test_whoever_can_not_be_given_another_profile_stays_subscribed(town: Town) -> None:
    town.bring(person())
    town.sim.fail("profile.create", status=400)
    outcome = town.up(person(gender="f"))
    assert (list(outcome.failed), list(outcome.skipped)) == (["just.profiles.ann"], ["just.email_subscriptions.it"])
    assert (len(town.world("subscriptions")), len(town.entries())) == (1, 2)
    assert "email.unsubscribe" not in town.calls


@pytest.mark.contract("J-34")
def test_a_changed_profile_may_be_left_alone_or_refused(town: Town) -> None:
    town.bring(person())
    town.took()
    plan = town.bring(person(gender="f", on_change="ignore"))
    assert (steps(plan), plan.steps[0].warnings[0].startswith("on_change is ignore")) == ({}, True)
    with pytest.raises(GuardError, match="on_change is fail"):
        town.bring(person(gender="f", on_change="fail"))
    assert steps(town.bring(person(on_change="fail"))) == {}
    assert town.calls == []


@pytest.mark.contract("J-33", "J-36")
def test_a_profile_that_exists_is_taken_over_once_it_was_seen(town: Town) -> None:
    known = {"profiles": {"it": {"existing_juid": JUID}}}
    town.bring(known)
    assert [entry.key for entry in town.took()] == ["segment.list"]
    assert town.entries()["just.profiles.it"].computed == {"juid": JUID, "adopted": True}
    outcome = town.up({"profiles": {"it": {"existing_juid": JUID}, "no": {"existing_juid": "unknown-juid"}}})
    assert "no such profile" in outcome.failed["just.profiles.no"]
    assert "profile.create" not in town.calls


def test_a_profile_may_be_named_by_the_juid_it_was_given(town: Town) -> None:
    town.bring(person())
    juid = town.entries()["just.profiles.ann"].id
    named = {**person(), "profiles": {"ann": {"existing_juid": juid}}}
    town.took()
    assert steps(town.bring(named)) == {}
    assert town.calls == []


@pytest.mark.contract("J-36", "J-55")
def test_refresh_asks_for_each_profile_and_for_nothing_else(town: Town) -> None:
    town.bring(ONE_OF_EACH)
    town.took()
    plan = town.plan(ONE_OF_EACH, refresh=True)
    assert ([entry.key for entry in town.took()], steps(plan)) == (["segment.list"], {})
    del town.just.world["profiles"][town.entries()["just.profiles.ann"].id]
    plan = town.plan(ONE_OF_EACH, refresh=True)
    assert [entry.key for entry in town.took()] == ["segment.list", "refid.count", "segment.list"]  # gone: looks again
    assert plan.steps[0].reason == "vanished"
    assert steps(town.bring(ONE_OF_EACH)) == {}  # without being told to look, nobody is made again


@pytest.mark.contract("J-36")
def test_the_probe_can_be_turned_off(tmp_path: Path) -> None:
    town = Town(tmp_path, profile_probe="off")
    wanted = {"profiles": {"ann": {}, "it": {"existing_juid": "never-asked"}}}
    town.bring(wanted)
    town.took()
    plan = town.plan(wanted, refresh=True)
    assert ("existence" in plan.steps[0].unverifiable, town.calls) == (True, [])


@pytest.mark.contract("J-3", "J-36", "J-54")
@pytest.mark.parametrize("statuses", ["by_text", "always_200"])
def test_a_wrong_token_drops_no_profile(tmp_path: Path, statuses: str) -> None:
    town = Town(tmp_path, {"statuses": statuses})
    wanted = {"profiles": {name: {} for name in ("a", "b", "c")}}
    town.bring(wanted)
    before = town.state()
    town.took()
    town.env["HEADEND_JUST_TOKEN"] = "another-project"
    with pytest.raises(ApiError) as caught:
        town.plan(wanted, refresh=True)
    assert caught.value.exit_code == 4
    assert len(town.entries()) == 3
    assert [entry.key for entry in town.took()].count("refid.count") <= 1
    assert before


@pytest.mark.contract("J-13", "J-37", "J-54")
@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 200, "body": b"<html>Hello</html>"}, {"status": 502}])
def test_a_profile_whose_creation_is_in_doubt_is_not_made_again(town: Town, fault: dict[str, Any]) -> None:
    wanted = {"profiles": {"ann": {"name": "Annabel"}}}
    town.sim.fail("profile.create", **fault)
    outcome = town.up(wanted)
    assert list(outcome.failed) == ["just.profiles.ann"]
    assert (town.calls, town.entries()) == (["profile.create"], {})
    with pytest.raises(GuardError, match=r"second profile.*headend state settle town just\.profiles\.ann"):
        town.up(wanted)
    assert town.calls == ["profile.create"]
    town.bring({"profiles": {"ann": {"existing_juid": JUID}}})  # somebody looked, and found it
    assert town.calls.count("profile.create") == 1


@pytest.mark.contract("J-54")
def test_a_refused_creation_leaves_nothing_behind(town: Town) -> None:
    town.sim.fail("*", status=302, times=9)
    marked = {"channel": "email", "email": ANN, "refid": "a"}
    outcome = town.up({**one(), "profiles": {"ann": {}}, "utm_metrics": {"m": marked}})
    assert len(outcome.failed) == 3
    assert town.entries() == {}


# --- marks and events ------------------------------------------------------------------------------------------
@pytest.mark.contract("J-47")
def test_marks_are_overwritten_without_being_seen_and_stay(town: Town) -> None:
    marked = {"channel": "sms", "number": NUMBER, "refid": "a"}
    plan = town.bring({"utm_metrics": {"it": marked}})
    assert "overwrites marks that can't be seen" in plan.steps[0].warnings[0]
    assert steps(town.bring({"utm_metrics": {"it": {**marked, "refid": "b"}}})) == {"it": "update"}
    assert town.world("marks") == {"sms/4315550017": {"refid": "b"}}
    town.took()
    town.down({"utm_metrics": {"it": marked}})
    assert town.took() == []
    assert town.world("marks")


EVENT = {"juid": {"id": JUID}, "tags": ["a", 2], "label": "login", "article": "x"}


@pytest.mark.contract("J-49", "J-50")
def test_an_event_is_counted_once_and_again_when_it_changes(town: Town) -> None:
    town.bring({"actions": {"it": EVENT}})
    assert town.took()[0].body == {"juid": JUID, "tags": "a,2", "label": "login", "article": "x"}
    assert steps(town.bring({"actions": {"other": EVENT}})) == {"other": "move"}
    assert town.took() == []
    plan = town.bring({"actions": {"other": {**EVENT, "triggers": {"match": "2"}}}})
    assert steps(plan) == {"other": "replace"}
    assert "another event is counted" in plan.steps[0].warnings[0]
    assert [entry.key for entry in town.took()] == ["action.create"]
    plan = town.bring({})
    assert (steps(plan), town.took()) == ({"other": "forget"}, [])
    assert len(town.world("events")) == 2


def test_an_event_is_not_counted_twice_after_a_lost_answer(town: Town) -> None:
    town.sim.fail("action.create", drop="after")
    town.up({"actions": {"it": EVENT}})
    with pytest.raises(GuardError, match="counted twice"):
        town.up({"actions": {"it": EVENT}})
    assert len(town.world("events")) == 1


# --- many ------------------------------------------------------------------------------------------------------
@pytest.mark.contract("J-41", "J-55")
def test_ten_thousand_that_can_not_be_read_are_planned_without_a_request(town: Town) -> None:
    people = {f"p{n}": {} for n in range(100)}
    subscribers = {f"s{n}": {"juid": f"p{n % 100}", "email": f"s{n}@example.com"} for n in range(9_700)}
    others: dict[str, Any] = {
        "sms_subscriptions": {f"n{n}": {"juid": f"p{n}", "number": f"43155500{n:02}"} for n in range(100)},
        "utm_metrics": {f"m{n}": {"channel": "email", "email": f"m{n}@example.org", "refid": "a"} for n in range(50)},
        "actions": {f"a{n}": {"juid": f"p{n}", "tags": ["1"], "label": "login"} for n in range(50)},
    }
    wanted = {"profiles": people, "email_subscriptions": subscribers, **others}
    town.remember(wanted)
    plan = town.plan(wanted)
    assert (plan.summary()["unverifiable"], plan.writes(), town.calls) == (10_000, (), [])


def test_nothing_is_asked_of_a_stack_that_is_refused(town: Town) -> None:
    with pytest.raises(InputError, match="no juid"):
        town.plan(one(juid={"id": "short"}))
    assert town.calls == []
