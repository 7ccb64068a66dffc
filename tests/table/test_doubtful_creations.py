"""What nobody can look for is never made twice: a creation in doubt stays so until a person has looked."""

from __future__ import annotations

from typing import Any

import pytest

from headend.simulator.app import Entry
from table.bench import ENGINES, Bench, Kill, Side
from table.samples import SAMPLES

BOTH = pytest.mark.parametrize("engine", ENGINES)
CARD = {"headend": 1, "mycujoo": {"payment_methods": {"visa": {"setup_intent_id": {"secret": "INTENT"}}}}}
TABLE = "mycujoo.payment_methods"
DESK = {"headend": 1, "just": {"profiles": {"desk": {}}}}
HALF = {"status": 200, "body": b"de6f0132ea9e4125"}
CUT = {"status": 200, "body": b'{"id": "cabc'}


def card_holder(bench: Bench) -> Side:
    bench.simulator.sims["mycujoo"].add_setup_intent("seti-1")  # type: ignore[attr-defined]
    side = bench.side()
    side.env["INTENT"] = "seti-1"
    return side


def count(bench: Bench, key: str) -> int:
    return sum(entry.key == key for entry in bench.simulator.journal)


@BOTH
@pytest.mark.contract("M-15", "M-137")
@pytest.mark.parametrize(
    "fault",
    [{"drop": "before"}, CUT, {"status": 200, "body": {"id": 7}}, {"status": 200, "body": {}}, {"status": 500}],
    ids=["lost", "cut", "number", "without", "failed"],
)
def test_a_card_whose_registration_is_in_doubt_is_registered_once(bench: Bench, fault: dict[str, Any]) -> None:
    side = card_holder(bench)
    bench.simulator.fail("payment_method.create", **fault)
    first = side.up(CARD)
    assert not first.ok
    assert "no new payment method yet" in first.said
    side.refused(CARD, "an earlier run may have made it", "the card could be registered a second time", "state settle")
    assert count(bench, "payment_method.create") == 1


@BOTH
@pytest.mark.contract("M-15", "M-137")
def test_a_card_in_doubt_goes_on_once_somebody_has_named_it(bench: Bench) -> None:
    side = card_holder(bench)
    bench.simulator.fail("payment_method.create", drop="after")

    def blind(entry: Entry) -> None:
        if entry.key == "payment_method.create":
            bench.simulator.fail("payment_method.list", status=500, times=20)

    with bench.watching(blind):
        assert not side.up(CARD).ok
    bench.simulator.faults.clear()
    side.refused(CARD, "the card could be registered a second time")
    named = {"setup_intent_id": {"secret": "INTENT"}, "lifecycle": {"adopt": {"id": bench.only(TABLE)}}}
    side.done({"headend": 1, "mycujoo": {"payment_methods": {"visa": named}}})
    assert len(bench.live(TABLE)) == 1


@BOTH
@pytest.mark.contract("M-15")
@pytest.mark.parametrize("fault", [{"status": 500}, CUT], ids=["failed", "cut"])
def test_a_list_that_fails_before_the_registration_leaves_no_doubt(bench: Bench, fault: dict[str, Any]) -> None:
    side = card_holder(bench)
    bench.simulator.fail("payment_method.list", times=20, **fault)
    ran = side.up(CARD, preview=False)
    assert not ran.ok
    assert "nothing was registered" in ran.said
    bench.simulator.faults.clear()
    side.done(CARD)


@BOTH
@pytest.mark.contract("M-15")
def test_a_lost_registration_that_the_list_shows_is_taken(bench: Bench) -> None:
    side = card_holder(bench)
    bench.simulator.fail("payment_method.create", drop="after")
    side.done(CARD)
    assert side.ids() == {"mycujoo.payment_methods.visa": bench.only(TABLE)}
    assert count(bench, "payment_method.create") == 1


@BOTH
@pytest.mark.contract("M-15")
def test_a_registration_that_was_turned_away_leaves_no_doubt(bench: Bench) -> None:
    side = card_holder(bench)
    bench.simulator.fail("payment_method.create", status=429, times=20, headers={"Retry-After": "3600"})
    assert not side.up(CARD).ok
    bench.simulator.faults.clear()
    side.done(CARD)


@BOTH
@pytest.mark.contract("J-13", "J-20", "J-33")
def test_half_a_juid_is_no_profiles_id(bench: Bench) -> None:
    side = bench.side()
    bench.simulator.fail("profile.create", **HALF)
    first = side.up(DESK)
    assert not first.ok
    assert "may be only part of its juid" in first.said
    assert "de6f0132ea9e4125" in first.said
    assert side.ids() == {}
    side.refused(DESK, "an earlier run may have made it", "a second profile of the person would stay for good")
    assert count(bench, "profile.create") == 1


@BOTH
@pytest.mark.contract("J-20")
def test_a_juid_of_another_form_is_kept_where_a_profile_goes_by_it(bench: Bench) -> None:
    side = bench.side()
    bench.simulator.sims["just"].add_profile("known-juid-0001")  # type: ignore[attr-defined]
    bench.simulator.fail("profile.create", status=200, body=b"known-juid-0001")
    assert side.up(DESK).ok
    assert side.ids() == {"just.profiles.desk": "known-juid-0001"}


@pytest.mark.parametrize("engine", ["pulumi"])
@pytest.mark.parametrize("key", ["transcoder.create", "transcoder.update_audio"])
def test_one_that_is_alike_is_not_kept_from_being_made_by_what_a_killed_run_made(bench: Bench, key: str) -> None:
    sample, side = SAMPLES["transcoder"], bench.side()
    wanted = sample.stack(it=sample.fields(audio_track_pid_list=[101]), too=sample.fields())
    side.killed(wanted, Kill(key))
    side.done(wanted)
    assert len(bench.live(sample.table)) == 2
