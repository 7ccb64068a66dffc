"""No sequence of stacks, failures and people who leave makes headend subscribe anyone again unasked, subscribe on the
way out, make a second profile in doubt, or count an event twice: the journal is checked after every step."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from just_engine import JUID, Town

from headend.core.model.errors import ApiError, GuardError, InputError
from headend.core.reconcile.state import open_state
from headend.simulator.app import Entry

ADDRESSES = ("ann@example.com", "Ann@example.com", "ben@example.com")
NUMBERS = ("4315550017", "+43 1 555 0018")
SUBSCRIBE = {"email.subscribe", "sms.subscribe"}
ONCE = SUBSCRIBE | {"profile.create", "action.create"}
COLLECTION = {
    "email.subscribe": "email_subscriptions",
    "sms.subscribe": "sms_subscriptions",
    "profile.create": "profiles",
    "action.create": "actions",
}

MAYBE_DONE = {0, 200, 500}  # of the faults below; the others say that nothing was done

optional = st.sampled_from([{}, {"refid": "a"}, {"refid": "b", "utm_source": "mail"}])
owners = st.sampled_from(["p", "q", {"id": JUID}])
profiles = st.fixed_dictionaries({"p": st.sampled_from([{}, {"name": "Ann"}, {"name": "Bella"}]), "q": st.just({})})
emails = st.dictionaries(
    st.sampled_from("xyz"),
    st.builds(lambda j, a, o: {"juid": j, "email": a, **o}, owners, st.sampled_from(ADDRESSES), optional),
    max_size=2,
)
numbers = st.dictionaries(
    st.sampled_from("xy"),
    st.builds(lambda j, n: {"juid": j, "number": n}, owners, st.sampled_from(NUMBERS)),
    max_size=1,
)
events = st.dictionaries(
    st.sampled_from("ab"),
    st.builds(lambda j, t: {"juid": j, "tags": [t], "label": "l"}, owners, st.integers(1, 2)),
    max_size=1,
)
stacks = st.fixed_dictionaries(
    {"profiles": profiles, "email_subscriptions": emails, "sms_subscriptions": numbers, "actions": events}
)
ONE_PROFILE: dict[str, Any] = {"profiles": {"q": {}}, "email_subscriptions": {}}
failures = st.sampled_from(
    [
        {"drop": "before"},
        {"drop": "after"},
        {"status": 500},
        {"status": 503, "times": 2},
        {"status": 400, "body": b"Error save data"},
        {"status": 200, "body": b"<html></html>"},
        {"status": 405},
    ]
)
faults = st.none() | st.tuples(st.sampled_from([*sorted(ONCE), "*.unsubscribe", "utm_metric.update", "*"]), failures)
turns = st.lists(
    st.one_of(
        st.tuples(faults, st.just("up"), stacks),
        st.tuples(faults, st.just("up"), stacks),
        st.tuples(faults, st.just("again"), st.booleans()),
        st.tuples(faults, st.just("down"), st.none()),
        st.tuples(st.none(), st.just("leave"), st.none()),
    ),
    min_size=2,
    max_size=7,
)


class Watched:
    """A town whose every step is checked. wanted: the stack that was brought up last, applied: wholly."""

    def __init__(self, home: Path) -> None:
        self.town = Town(home)
        self.wanted: dict[str, Any] = {"profiles": {}}
        self.applied = False

    def up(self, wanted: dict[str, Any]) -> None:
        with contextlib.suppress(InputError):  # a stack with two owners of one thing: nothing is sent
            self.go(wanted)

    def again(self, refresh: bool) -> None:
        """The same stack once more: where it was applied wholly, nothing may be written."""
        settled = self.applied
        sent = self.go(self.wanted, refresh=refresh)
        assert not settled or not [entry for entry in sent if entry.write or not refresh]

    def down(self) -> None:
        sent = self.go(self.wanted, destroy=True)
        assert not any(entry.key in ONCE for entry in sent)

    def leave(self) -> None:
        self.town.just.world["subscriptions"].clear()

    def fail(self, what: tuple[str, dict[str, Any]] | None) -> None:
        """What will go wrong next; nothing for None."""
        self.town.sim.faults.clear()
        if what:
            self.town.sim.fail(what[0], **what[1])

    def go(self, wanted: dict[str, Any], **options: Any) -> list[Entry]:
        """Applies, and checks that no more was sent than the plan said, and nothing twice that may have arrived."""
        doubtful = self.doubtful()
        try:
            plan = self.town.plan(wanted, **options)
        except ApiError:  # a refresh that gets no clear answer ends there
            return self.unread(options)
        except GuardError:
            assert doubtful
            self.look(doubtful)
            return self.go(wanted, **options)
        assert not [s.address for s in plan.writes() if s.action.value == "create" and s.address in doubtful]
        seen = self.town.took()
        assert not any(entry.write for entry in seen)
        try:
            outcome = self.town.up(wanted, **options)
        except ApiError:
            return [*seen, *self.unread(options)]
        sent = self.town.took()
        self.applied = not outcome.failed and not outcome.skipped and not options.get("destroy")
        self.wanted = wanted
        made = Counter(s.address.split(".")[1] for s in plan.writes() if s.action.value in {"create", "replace"})
        doubtful = self.doubtful()
        for key, collection in COLLECTION.items():
            maybe = sum(1 for entry in sent if entry.key == key and entry.status in MAYBE_DONE)
            assert maybe <= made[collection]
            lost = [
                address for address in outcome.failed if address in doubtful and address.split(".")[1] == collection
            ]
            assert maybe - len(lost) <= sum(address.split(".")[1] == collection for address in outcome.done)
        return [*seen, *sent]

    def unread(self, options: dict[str, Any]) -> list[Entry]:
        """What was sent for a plan that could not be made: reads only, and only where reads were asked for."""
        assert options.get("refresh")
        sent = self.town.took()
        assert not any(entry.write for entry in sent)
        return sent

    def doubtful(self) -> list[str]:
        with open_state(self.town.home / "state.db") as state:
            return list(state.intents())

    def look(self, addresses: list[str]) -> None:
        """A person looks what became of it."""
        with open_state(self.town.home / "state.db") as state:
            for address in addresses:
                state.settle(address)


@pytest.mark.contract("J-13", "J-14", "J-15", "J-22", "J-41", "J-51")
@settings(max_examples=30, deadline=None)
@given(turns)
@example([(None, "up", ONE_PROFILE), (("*", {"status": 400, "body": b"Error save data"}), "again", True)])
@example([(None, "up", ONE_PROFILE), (("*", {"status": 405}), "again", True), (None, "again", True)])
@example([(None, "up", ONE_PROFILE), (("*", {"status": 200, "body": b"<html></html>"}), "again", True)])
def test_no_sequence_does_to_a_person_what_nobody_asked_for(sequence: list[tuple[Any, str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as home:
        watched = Watched(Path(home))
        for fault, name, argument in sequence:
            watched.fail(fault)
            getattr(watched, name)(*(() if argument is None else (argument,)))
