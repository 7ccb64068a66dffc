"""A new key for a card, a person, or their subscriptions is no new card and no new person."""

from __future__ import annotations

from typing import Any

import pytest

from table.bench import ENGINES, Bench, Side

BOTH = pytest.mark.parametrize("engine", ENGINES)
CARDS, PROFILES = "mycujoo.payment_methods", "just.profiles"
PERSON: dict[str, Any] = {"name": {"secret": "NAME"}, "birth_date": "1990-05-01"}


def cards(**methods: Any) -> dict[str, Any]:
    return {"headend": 1, "mycujoo": {"payment_methods": methods}}


def people(**collections: Any) -> dict[str, Any]:
    return {"headend": 1, "just": collections}


def person(bench: Bench) -> Side:
    side = bench.side()
    side.env |= {"NAME": "Annabel", "INTENT": "seti-1", "OTHER": "seti-2"}
    for intent in ("seti-1", "seti-2"):
        bench.simulator.sims["mycujoo"].add_setup_intent(intent)  # type: ignore[attr-defined]
    return side


@BOTH
@pytest.mark.contract("M-137")
def test_a_card_with_another_key_is_the_same_card(bench: Bench) -> None:
    side, card = person(bench), {"setup_intent_id": {"secret": "INTENT"}}
    side.done(cards(visa=card, spare={"setup_intent_id": {"secret": "OTHER"}}))
    known = side.ids()
    with bench.nothing_written():
        side.done(cards(spare={"setup_intent_id": {"secret": "OTHER"}}, main=card))
    assert side.ids() == {f"{CARDS}.main": known[f"{CARDS}.visa"], f"{CARDS}.spare": known[f"{CARDS}.spare"]}
    side.done(cards(spare={"setup_intent_id": {"secret": "OTHER"}}, best={**card, "is_default": True}))
    assert side.ids()[f"{CARDS}.best"] == known[f"{CARDS}.visa"]
    assert len(bench.live(CARDS)) == 2


@BOTH
@pytest.mark.contract("M-137")
def test_a_card_that_was_adopted_by_its_id_is_so_under_another_key_too(bench: Bench) -> None:
    side = person(bench)
    (id,) = bench.table(CARDS)
    adopted = {"lifecycle": {"adopt": {"id": id}}}
    side.done(cards(visa=adopted))
    with bench.nothing_written():
        side.done(cards(main={**adopted, "is_default": True}))
    assert side.ids() == {f"{CARDS}.main": id}


@BOTH
@pytest.mark.contract("J-33", "J-38", "J-41")
def test_a_person_and_their_subscriptions_with_other_keys_are_the_same(bench: Bench) -> None:
    side = person(bench)

    def stack(who: str, mail: str, text: str) -> dict[str, Any]:
        return people(
            profiles={who: PERSON},
            email_subscriptions={mail: {"juid": who, "email": "ann@example.com"}},
            sms_subscriptions={text: {"juid": who, "number": "+43 1 555 0017"}},
            actions={f"{text}-login": {"juid": who, "tags": [1], "label": "login"}},
        )

    side.done(stack("ann", "news", "alerts"))
    known = side.ids()
    with bench.nothing_written():
        side.done(stack("annabel", "newsletter", "messages"))
    assert sorted(side.ids().values()) == sorted(known.values())
    assert side.ids()[f"{PROFILES}.annabel"] == known[f"{PROFILES}.ann"]
    assert len(bench.live(PROFILES)) == 1


@BOTH
@pytest.mark.contract("J-33", "J-34")
def test_who_of_several_nobody_can_tell_is_asked_for_and_nobody_is_made_twice(bench: Bench) -> None:
    side = person(bench)
    side.done(people(profiles={"a": {}, "b": {}}))
    known = side.ids()
    for wanted in ({"c": {}, "d": {}}, {"c": {}}, {"b": {}, "c": {}, "d": {}}):
        side.refused(people(profiles=wanted), "lifecycle.renamed_from", "a second profile of the person")
    named = {"c": {"lifecycle": {"renamed_from": f"{PROFILES}.a"}}, "d": {}}
    with bench.nothing_written():
        side.done(people(profiles=named))
    assert side.ids() == {f"{PROFILES}.c": known[f"{PROFILES}.a"], f"{PROFILES}.d": known[f"{PROFILES}.b"]}
    assert len(bench.live(PROFILES)) == 2


@BOTH
@pytest.mark.contract("J-34", "M-134")
def test_another_person_or_card_is_no_renamed_one(bench: Bench) -> None:
    side = person(bench)
    side.done(people(profiles={"a": PERSON}))
    side.done(people(profiles={"b": {"name": "Ben"}}))
    assert len(bench.live(PROFILES)) == 2
    side.done(cards(visa={"setup_intent_id": {"secret": "INTENT"}}))
    side.done(cards(visa={"setup_intent_id": {"secret": "INTENT"}}, more={"setup_intent_id": {"secret": "OTHER"}}))
    side.done(cards(more={"setup_intent_id": {"secret": "OTHER"}}))
    assert len(bench.live(CARDS)) == 1
