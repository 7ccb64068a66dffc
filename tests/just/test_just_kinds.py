"""What a stack may say of people, and what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from just_engine import ANN, JUID, SUBSCRIBED, Town
from pydantic import ValidationError

from headend.core.model.capabilities import Unasked
from headend.core.model.errors import InputError
from headend.core.model.fields import Immutable, Secret, Spec, mark, marked
from headend.core.model.kind import Can
from headend.core.wire.registry import kinds
from headend.just.action import Action, ActionSpec
from headend.just.people import NORMAL
from headend.just.profile import Profile, ProfileSpec
from headend.just.subscriptions import EmailSubscription, EmailSubscriptionSpec, SmsSubscription, SmsSubscriptionSpec
from headend.just.utm_metric import UtmMetric, UtmMetricSpec
from headend.just.wire import TABLE

EVENT = {"juid": JUID, "tags": ["1"], "label": "login"}
MARKED = {"channel": "email", "email": ANN, "refid": "a"}


def refused(model: type[Spec], **given: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        model(**given)
    return str(caught.value)


# --- what Just can't do ----------------------------------------------------------------------------------------
@pytest.mark.contract("J-19", "J-33", "J-35", "J-40", "J-47", "J-49")
def test_the_abilities_of_each_kind_are_those_of_the_ten_calls() -> None:
    reads = [op.key for op in TABLE.values() if op.method == "GET"]
    assert reads == ["segment.list", "refid.count", "refid.daily"]
    assert not any(op.method == "DELETE" or "push" in op.path for op in TABLE.values())
    abilities = {name: kind.can for name, kind in kinds().items() if kind.platform == "just"}
    assert (
        abilities.items()
        >= {
            "just.profile": Can.OBSERVE | Can.CREATE,
            "just.email_subscription": Can.CREATE | Can.UPDATE | Can.DELETE,
            "just.sms_subscription": Can.CREATE | Can.UPDATE | Can.DELETE,
            "just.utm_metric": Can.CREATE | Can.UPDATE,
            "just.action": Can.CREATE,
        }.items()
    )
    assert issubclass(Profile, Unasked)


@pytest.mark.contract("J-56")
def test_whatever_tells_who_a_person_is_is_secret() -> None:
    secret = {name: set(marked(kind.model, Secret)) for name, kind in kinds().items() if kind.platform == "just"}
    assert (
        secret.items()
        >= {
            "just.profile": {"ip", "name", "gender", "birth_date"},
            "just.email_subscription": {"email"},
            "just.sms_subscription": {"number"},
            "just.utm_metric": {"email", "number"},
            "just.action": set(),
        }.items()
    )


# --- fields ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "seconds"),
    [("1970-01-02", 86400), ("1968-05-01", -52704000), (0, 0), (-1, -1), (99_999_999_999, 99_999_999_999)],
)
def test_a_day_of_birth_is_whole_seconds_at_midnight_utc(given: Any, seconds: int) -> None:
    assert ProfileSpec(birth_date=given).birth_date == seconds


@pytest.mark.parametrize(
    "given",
    [
        {"birth_date": "1990-02-30"},
        {"birth_date": 10**11},
        {"birth_date": -(10**11)},
        {"birth_date": "631152000"},
        {"birth_date": True},
        {"birth_date": 1.5},
        {"ip": "example.com"},
        {"ip": "192.0.2.256"},
        {"name": ""},
        {"gender": ""},
        {"existing_juid": "short"},
        {"existing_juid": JUID, "name": "Ann"},
        {"existing_juid": JUID, "birth_date": 0},
        {"on_change": "merge"},
    ],
)
def test_what_can_be_no_profile_is_refused(given: dict[str, Any]) -> None:
    assert "192.0.2.256" not in refused(ProfileSpec, **given)


def test_both_families_of_addresses_are_taken() -> None:
    assert {ProfileSpec(ip=ip).ip for ip in ("192.0.2.7", "2001:db8::1")} == {"192.0.2.7", "2001:db8::1"}


@pytest.mark.contract("J-26")
@pytest.mark.parametrize(
    "email",
    ["", "a", "@example.com", "a@", "a@b@c", "a b@example.com", " a@example.com", "https://example.com/", "a@b\n"],
)
def test_an_email_has_one_at_and_no_spaces(email: str) -> None:
    refused(EmailSubscriptionSpec, juid=JUID, email=email)
    refused(UtmMetricSpec, channel="email", email=email, refid="a")


@pytest.mark.parametrize("number", ["+43 (1) 555-00-17", "4315550017", "00000000000", "1234567", "1" * 15])
def test_a_number_is_known_by_its_digits(number: str) -> None:
    assert SmsSubscriptionSpec(juid=JUID, number=number).number == number
    assert NORMAL["sms"].sent(number).isdigit()


@pytest.mark.parametrize("number", [4315550017, "123456", "1" * 16, "+", "43+15550017", "555-CALL-NOW", "٣٣٣٣٣٣٣٣", ""])
def test_what_can_be_no_number_is_refused(number: Any) -> None:
    refused(SmsSubscriptionSpec, juid=JUID, number=number)


@pytest.mark.contract("J-20")
@pytest.mark.parametrize("juid", ["short", "a" * 65, "with space", "ä" * 8, "a/b/c/d/e"])
def test_what_can_be_no_juid_is_refused(juid: str) -> None:
    refused(EmailSubscriptionSpec, juid=juid, email=ANN)
    refused(ActionSpec, **{**EVENT, "juid": juid})


@pytest.mark.parametrize("field", ["refid", "refidm", "utm_source", "utm_medium", "utm_campaign", "reg_url"])
def test_an_optional_text_is_not_empty(field: str) -> None:
    refused(EmailSubscriptionSpec, juid=JUID, email=ANN, **{field: ""})


@pytest.mark.parametrize("url", ["example.com", "ftp://example.com", "https://", "http://a b"])
def test_the_page_of_a_subscription_is_a_web_address(url: str) -> None:
    refused(EmailSubscriptionSpec, juid=JUID, email=ANN, reg_url=url)


@pytest.mark.contract("J-32")
def test_push_is_refused_with_its_reason() -> None:
    assert "undocumented (J-32)" in refused(UtmMetricSpec, channel="push", refid="a")


@pytest.mark.contract("J-47")
@pytest.mark.parametrize(
    "given",
    [
        {"channel": "email", "refid": "a"},
        {"channel": "email", "number": "4315550017", "refid": "a"},
        {"channel": "sms", "number": "4315550017", "email": ANN, "refid": "a"},
        {"channel": "sms", "number": "4315550017"},
    ],
)
def test_marks_have_the_one_address_of_their_channel_and_something_to_say(given: dict[str, str]) -> None:
    refused(UtmMetricSpec, **given)


@pytest.mark.contract("J-49")
def test_tags_are_texts_or_numbers_without_commas() -> None:
    assert ActionSpec(**{**EVENT, "tags": [1, "derby"]}).tags == ("1", "derby")
    for tags in ([], ["a,b"], [""], [True], "1,2"):
        refused(ActionSpec, **{**EVENT, "tags": tags})
    refused(ActionSpec, **{**EVENT, "label": ""})


@pytest.mark.contract("J-34", "J-43", "J-50")
def test_what_no_call_changes_replaces_the_object() -> None:
    free = {"refid", "refidm", "on_change", "triggers"}
    for kind in (Profile, EmailSubscription, SmsSubscription, UtmMetric, Action):
        for name in kind.model.model_fields:
            assert bool(mark(kind.model, name, Immutable)) is (name not in free), name


# --- identity --------------------------------------------------------------------------------------------------
@pytest.mark.contract("J-38")
def test_ids_hide_the_address_and_are_one_for_all_its_spellings() -> None:
    kind = EmailSubscription()
    ids = {kind.identity(EmailSubscriptionSpec(juid=JUID, email=email)) for email in (ANN, ANN.lower(), ANN.upper())}
    (id,) = ids
    assert id is not None
    assert id.startswith(f"email:{JUID}:")
    assert len(id.rpartition(":")[2]) == 16
    assert "ann" not in id.lower()
    numbers = {
        SmsSubscription().identity(SmsSubscriptionSpec(juid=JUID, number=n)) for n in ("+43 1 5550017", "4315550017")
    }
    assert len(numbers) == 1
    assert kind.identity(EmailSubscriptionSpec(juid="other-juid", email=ANN)) not in ids
    assert kind.identity(EmailSubscriptionSpec(juid=JUID, email="ben@example.com")) not in ids


@pytest.mark.contract("J-47")
def test_marks_are_known_by_channel_and_address() -> None:
    kind = UtmMetric()
    ids = [kind.identity(UtmMetricSpec(**{**MARKED, "email": email})) for email in (ANN, ANN.lower(), "b@example.com")]
    assert (ids[0] == ids[1], ids[0] == ids[2], str(ids[0]).startswith("utm:email:")) == (True, False, True)


# --- what stands in one stack ----------------------------------------------------------------------------------
def two(**others: Any) -> dict[str, Any]:
    return {"email_subscriptions": {"one": {**SUBSCRIBED, "refid": "a"}, "two": {**SUBSCRIBED, **others}}}


ELSEWHERE = {"id": "other-juid"}


@pytest.mark.contract("J-31", "J-45", "J-48")
@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (two(email=ANN.upper()), "two: is the same object as just.email_subscriptions.one"),
        (two(juid=ELSEWHERE, refid="b"), "two: says otherwise about what it has in common"),
        (two(juid=ELSEWHERE, refid="a", refidm="m"), "two: says otherwise"),
        ({**two(juid=ELSEWHERE), "utm_metrics": {"m": MARKED}}, r"m: says otherwise.*email_subscriptions\.one"),
        ({"utm_metrics": {"one": MARKED, "two": MARKED}}, "is the same object as just.utm_metrics.one"),
        ({"profiles": {"a": {"existing_juid": JUID}, "b": {"existing_juid": JUID}}}, "is the same object"),
    ],
)
def test_two_owners_of_one_thing_are_refused_and_nobody_is_named(town: Town, wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        town.plan(wanted)
    assert "example.com" not in str(caught.value).lower()
    assert town.calls == []


@pytest.mark.contract("J-45", "J-48")
@pytest.mark.parametrize(
    "wanted",
    [
        two(juid=ELSEWHERE, refid="a"),
        two(juid=ELSEWHERE),
        {"email_subscriptions": {"one": SUBSCRIBED}, "utm_metrics": {"m": MARKED}},
        {"utm_metrics": {"m": {"channel": "sms", "number": "4315550017", "refid": "a"}}, **two(juid=ELSEWHERE)},
    ],
)
def test_those_that_agree_stand_side_by_side(town: Town, wanted: dict[str, Any]) -> None:
    town.plan(wanted)


@pytest.mark.contract("J-33", "J-40")
@pytest.mark.parametrize("adopt", ["match", {"id": "x"}])
@pytest.mark.parametrize(
    ("wanted", "remedy"),
    [
        (("profiles", {}), "existing_juid"),
        (("email_subscriptions", SUBSCRIBED), "subscribes a person again"),
        (("utm_metrics", MARKED), "overwrites"),
    ],
)
def test_nothing_is_imported_that_can_not_be_read(town: Town, adopt: Any, wanted: Any, remedy: str) -> None:
    collection, fields = wanted
    with pytest.raises(InputError, match=f"can't be looked for.*{remedy}"):
        town.plan({collection: {"it": {**fields, "lifecycle": {"adopt": adopt}}}})


@pytest.mark.contract("J-56")
@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ({"email_subscriptions": {"it": {**SUBSCRIBED, "email": "ann at example.com"}}}, "ann at"),
        ({"sms_subscriptions": {"it": {"juid": {"id": JUID}, "number": "43155500x7"}}}, "43155500x7"),
        ({"profiles": {"it": {"ip": "192.0.2.7.example.com", "name": "Ann"}}}, "192.0.2"),
        ({"profiles": {"it": {"birth_date": "May 1990"}}}, "May"),
    ],
)
def test_refusals_name_nobody(town: Town, wanted: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=r"it: `") as caught:
        town.plan(wanted)
    assert word not in str(caught.value)
