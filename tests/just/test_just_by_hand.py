"""`headend api just`, and the commands that go with what can't be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from just_engine import JUID

from cli.conftest import world as world  # the fixture
from cli.harness import World
from headend.core.wire.registry import platforms

DAY = ["start=2020-08-11 20:38:49", "end=2020-11-29 00:27:52"]


@pytest.fixture
def known(world: World) -> World:
    world.simulator.sims["just"].add_profile(JUID, 35, 36)
    return world


def asked(world: World, *words: str) -> Any:
    done = world("api", "just", *words)
    assert done.code == 0, done.err
    return json.loads(done.out) if done.out else None


def test_the_reads_say_what_they_found(known: World) -> None:
    more = ["email=a@example.com", "refid=derby"]
    asked(known, "email.subscribe", f"juid={JUID}", *more, "--dangerous", "email.subscribe")
    assert asked(known, "segment.list", f"juid={JUID}") == [35, 36]
    counts = ["refid.count", "channel=email", "startDate=2026-12-05T15:00:00Z", "endDate=1900000000"]
    assert asked(known, *counts) == [{"refid": "derby", "subscount": 1}]
    assert list(asked(known, "refid.daily", "channel=email", *DAY).values()) == [{"derby": 1}]
    assert asked(known, "refid.daily", "channel=sms", *DAY) == {}
    window = dict(next(e for e in known.simulator.journal if e.key == "refid.count").query)
    assert window == {"startDate": "1796482800", "endDate": "1900000000"}


@pytest.mark.contract("J-25")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["refid.count", "channel=email", "startDate=2", "endDate=1"], "endDate: must not lie before startDate"),
        (["refid.count", "channel=email", "startDate=1700000000000", "endDate=1"], "milliseconds"),
        (["refid.count", "channel=email", "startDate=2026-12-05T15:00:00", "endDate=1"], "with its zone"),
        (["refid.count", "channel=email", "startDate=1"], "missing: endDate"),
        (["refid.count", "channel=push", "startDate=1", "endDate=2"], "channel: must be one of sms, email"),
        (["refid.daily", "channel=sms", "start=2020-08-11", "end=2020-08-12 00:00:00"], "must be written as"),
        (["refid.daily", "channel=sms", "start=2020-02-31 00:00:00", "end=2020-08-12 00:00:00"], "must be written as"),
        (
            ["refid.daily", "channel=sms", "start=2020-11-29 00:27:52", "end=2020-08-11 20:38:49"],
            "end: must not lie before start",
        ),
    ],
)
def test_a_window_that_is_none_is_refused_before_anything_is_asked(known: World, words: list[str], said: str) -> None:
    done = known("api", "just", *words)
    assert (done.code, said in done.err) == (3, True), done.err
    assert known.simulator.journal == []


EMAIL, NUMBER = "email=ann@example.com", "number=4315550017"
WRONG = [
    (["profile.create", "birthDate=abc"], "birthDate: must be a whole number"),
    (["profile.create", "birthDate=1700000000000"], "birthDate: these are milliseconds"),
    (["profile.create", "ip=example.com"], "ip: must be an IPv4 or IPv6 address"),
    (["profile.create", "name="], "name: must be 1.. characters"),
    (["profile.create", "birth_date=5"], "birth_date: is not known; takes ip, name, gender, birthDate"),
    (["email.subscribe", f"juid={JUID}"], "missing: email=ann@example.com"),
    (["email.subscribe", f"juid={JUID}", "email=ann"], "email: must be like ann@example.com"),
    (["email.subscribe", "juid=short", EMAIL], "juid: no juid: 8 to 64 letters"),
    (["email.subscribe", f"juid={JUID}", EMAIL, "regUrl=here"], "regUrl: must be like https://"),
    (["email.subscribe", f"juid={JUID}", EMAIL, NUMBER], "number: is not known"),
    (["sms.subscribe", f"juid={JUID}", "number=+43 1 5550017"], "number: must be like 4315550017"),
    (["email.unsubscribe", f"juid={JUID}"], "missing: email="),
    (["sms.unsubscribe", NUMBER], "missing: juid="),
    (["utm_metric.update", "channel=fax", 'data={"email":"a@b"}'], "channel: must be one of sms, email, push"),
    (["utm_metric.update", "channel=push", 'data={"email":"a@b"}'], "is undocumented (J-32)"),
    (["utm_metric.update", "channel=sms", 'data={"email":"a@b"}'], "channel sms is known by number"),
    (["utm_metric.update", "channel=email", "data=derby"], "data: must be an object"),
    (["utm_metric.update", "channel=email", 'data={"refid":"x"}'], "data: exactly one of email, number is needed"),
    (["utm_metric.update", "channel=email", 'data={"email":"a@b","utmSource":"x"}'], "utmSource: is not known there"),
    (["utm_metric.update", "channel=sms", 'data={"number":true}'], "data: number: must be digits"),
    (["action.create", f"juid={JUID}", "tags=1,,2", "label=login"], "tags: must be like 1,2,3"),
    (["action.create", f"juid={JUID}", "tags=1"], "missing: label="),
    (["segment.list"], "missing: juid="),
]


@pytest.mark.contract("J-6", "J-20", "J-29", "J-32")
@pytest.mark.parametrize(("words", "said"), WRONG)
def test_a_call_that_can_not_succeed_is_not_sent(known: World, words: list[str], said: str) -> None:
    done = known("api", "just", *words, "--dangerous", words[0])
    assert (done.code, said in done.err) == (3, True), done.err
    assert known.simulator.journal == []


@pytest.mark.contract("J-28")
@pytest.mark.parametrize("form", ["plain", "wrapped"])
def test_marks_by_hand_leave_in_the_form_that_the_service_takes(known: World, form: str) -> None:
    known.simulator.sims["just"].set_switch("utm_data", form)
    asked(known, "utm_metric.update", "channel=sms", 'data={"number":4315550017,"refid":"x"}')
    assert known.simulator.sims["just"].world["marks"] == {"sms/4315550017": {"refid": "x"}}


def test_what_can_not_be_undone_must_be_named_twice(known: World) -> None:
    assert known("api", "just", "profile.create").code == 5
    assert known("api", "just", "action.create", f"juid={JUID}", "tags=1", "label=login").code == 5
    dangerous = {op.key for op in platforms()["just"].table.values() if op.danger}
    assert dangerous == {"profile.create", "email.subscribe", "sms.subscribe", "action.create"}
    assert known.simulator.journal == []
    made = known("api", "just", "profile.create", "name=Annabel", "--dangerous", "profile.create")
    assert len(json.loads(made.out)) == 32


def test_writes_by_hand_are_judged_and_written_as_all_others(known: World) -> None:
    marks = ["utm_metric.update", "channel=email", 'data={"email":"a@example.com","refid":"x"}']
    asked(known, *marks)
    assert known.simulator.sims["just"].world["marks"] == {"email/a@example.com": {"refid": "x"}}
    gone = known("api", "just", "sms.unsubscribe", f"juid={JUID}", "number=4315550017")
    assert gone.code == 1
    assert "Subscription not found" in gone.err
    refused = known("api", "just", "email.unsubscribe", "juid=other-juid", "email=ann@example.com")
    assert "ann@example.com" not in refused.err + refused.out
    assert known("api", "just", "segment.list", "juid=other-juid").code == 1


PEOPLE = """\
headend: 1
stack: people
just:
  profiles: {ann: {name: Annabel}}
  email_subscriptions: {ann: {juid: ann, email: ann@example.com}}
"""


def test_what_can_not_be_verified_is_said_by_every_command_and_is_no_change(known: World) -> None:
    known.write("people.yaml", PEOPLE)
    assert known("apply", "people.yaml", "--yes").code == 0
    known.simulator.reset_journal()
    for words, asks in (("plan",), 0), (("drift",), 1), (("plan", "--refresh"), 1), (("apply", "--yes"), 0):
        done = known(words[0], "people.yaml", *words[1:])
        assert (done.code, "people: 2 unverifiable" in done.out) == (0, True), done.out + done.err
        assert "the person may have ended it" in done.out
        assert [entry.key for entry in known.simulator.journal] == ["segment.list"] * asks
        known.simulator.reset_journal()
    document = json.loads(known("plan", "people.yaml", "--format", "json").out)
    assert all(step["unverifiable"] for step in document["steps"])
    known.simulator.sims["just"].world["profiles"].clear()
    assert known("drift", "people.yaml").code == 2
    assert known("plan", "people.yaml", "--refresh", "--out", "plan.json").code == 2
    assert known("apply", "people.yaml").code == 0
    applied = known("apply", "plan.json", "--yes")
    assert applied.code == 0, applied.err
    assert len(known.simulator.sims["just"].world["profiles"]) == 1


def test_a_creation_in_doubt_is_listed_and_settled(known: World) -> None:
    known.write("people.yaml", PEOPLE)
    known.simulator.fail("profile.create", drop="after")
    assert known("apply", "people.yaml", "--yes").code == 1
    assert "just.profiles.ann  just.profile  (a create of unknown outcome)" in known("state", "list", "people").out
    held = known("apply", "people.yaml", "--yes")
    assert (held.code, "headend state settle people just.profiles.ann" in held.err) == (5, True)
    left = known("destroy", "people.yaml", "--yes")
    assert "just.profiles.ann: nobody knows whether an earlier run made it; if it did, it stays: `apply`" in left.err
    assert "or look, and say `headend state settle people just.profiles.ann`" in left.err
    assert known("state", "settle", "people", "just.profiles.bob").code == 3
    assert known("state", "settle", "people", "just.profiles.ann").code == 0
    assert known("apply", "people.yaml", "--yes").code == 0
    assert [entry.key for entry in known.simulator.writes()].count("profile.create") == 2


def test_simulate_prints_where_just_is(known: World) -> None:
    settings = known.simulator.settings("http://127.0.0.1:8480")
    assert settings["HEADEND_JUST_URL"] == "http://127.0.0.1:8480/just"
    assert settings["HEADEND_JUST_TOKEN"]
