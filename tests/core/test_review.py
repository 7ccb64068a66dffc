"""What a kind, and the live platform, say against a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from headend.core.model.capabilities import Catalogued, Container
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem, note, warning
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Change, Observed, Status
from headend.core.model.proposal import Action, Proposal
from headend.core.model.record import Digest, Record
from headend.core.model.secrets import MissingSecret
from headend.core.model.stack import Lifecycle
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.refusal import Guard
from headend.core.reconcile.review import review
from headend.core.reconcile.situation import Situation


class Thing(Spec):
    size: int = 1
    word: str | None = None


class Plain(Kind[Thing, Any]):
    """Its checks say what they were asked; the api collects the proposals."""

    model: ClassVar[type[Spec]] = Thing

    def check(self, spec: Thing, related: Mapping[str, Spec]) -> Sequence[Problem]:
        if spec.word is not None:
            assert len(spec.word) > 0
        around = ", ".join(f"{name} {one.set_fields()}" for name, one in related.items())
        return [Problem(f"size {spec.size} near {around}"), warning("odd")] if related or spec.size > 8 else []

    async def review(self, api: Any, proposal: Proposal[Thing]) -> Sequence[Problem]:
        api.append(proposal)
        if proposal.spec is None:
            return [Problem(f"{proposal.id} has guests"), Problem("and more"), warning("loss"), note("bye")]
        return [warning("live")] if proposal.spec.size > 1 else []


class Running(Plain):
    """What it does is wrong unless its size is 1; `asked` keeps what was asked."""

    asked: ClassVar[list[Any]] = []

    async def status(self, api: Any, seen: Observed, spec: Thing, parent: Spec | None) -> Status:
        self.asked.append((api, seen, spec, parent))
        return Status("failed", wrong=seen.values.get("size") != 1, field="word")


class Silent(Running):
    can = Can.ALL & ~Can.OBSERVE


class Kept(Plain):
    can = Can.ALL & ~Can.DELETE


class Place(Plain, Container):
    pass


class Offered(Plain, Catalogued[Thing, Any]):
    async def check_catalogue(self, api: Any, spec: Thing) -> Sequence[Problem]:
        api.append("catalogue")
        return [Problem(f"no size {spec.size}")]


for kind in (Plain, Kept, Running, Silent, Place, Offered):
    kind.name = "fake.thing"
RECORD = Record("fake.things.it", "fake.thing", "7", {"size": 3})


def decision(action: Action, kind: type[Plain] = Plain, reason: Reason = Reason.CHANGED, **more: Any) -> Decision:
    base: dict[str, Any] = {"want": Thing(), "last": None}
    situation = Situation("fake.things.it", kind(), lambda value: Digest(str(value)), **base | more)
    return Decision(situation, action, reason, "7")


def judged(given: Decision, **more: Any) -> tuple[list[str], list[tuple[str, str]], list[Proposal[Any]]]:
    asked: list[Proposal[Any]] = []
    found = asyncio.run(review(given, asked, **more))
    assert replace(found, findings=(), refused=()) == given
    return [str(p) for p in found.findings], [(no.guard.value, no.why) for no in found.refused], asked


def test_the_kind_is_asked_about_the_spec_and_the_step() -> None:
    parent = Thing(size=5)
    told, refused, (asked,) = judged(decision(Action.UPDATE, want=Thing(size=2)), parent=parent, related={"up": parent})
    assert told == ["size 2 near up {'size': 5}", "warning: odd", "warning: live"]
    assert refused == []
    assert asked == Proposal(Action.UPDATE, Thing(size=2), "7", (), parent, related={"up": parent})


def test_of_what_is_not_written_only_errors_are_told() -> None:
    assert judged(decision(Action.NONE, want=Thing(size=9)))[0] == ["size 9 near "]


@pytest.mark.parametrize("near", [True, False])
def test_a_secret_without_a_value_asks_nothing_that_needs_it(near: bool) -> None:
    missing = Thing.model_construct(_fields_set={"word"}, size=9, word=MissingSecret("WORD", Problem("not set")))
    if near:  # then what can be judged is judged
        assert judged(decision(Action.CREATE), related={"up": missing})[0][1:] == ["warning: odd"]
    else:
        assert judged(decision(Action.CREATE, want=missing))[0] == ["warning: live"]


def test_the_catalogue_is_asked_unless_it_was_before() -> None:
    given = decision(Action.CREATE, Offered, want=Thing(size=0))
    told, _, (first, _) = judged(given)
    assert (told, first) == (["no size 0"], "catalogue")
    for said in ([], [Problem("not offered")]):
        told, _, asked = judged(given, said=said)
        assert (told, len(asked)) == ([str(problem) for problem in said], 1)


LOSS = ["warning: loss", "note: bye"]
GUESTS = [(Guard.PLATFORM.value, "7 has guests; and more")]


def test_a_deletion_is_reviewed_with_what_was_applied() -> None:
    told, refused, (asked,) = judged(decision(Action.DELETE, reason=Reason.REMOVED, want=None, last=RECORD))
    assert (told, refused) == (LOSS, GUESTS)
    assert (asked.action, asked.spec, asked.id, asked.last) == (Action.DELETE, None, "7", Thing(size=3))


def test_what_stays_behind_is_reviewed_as_forgotten() -> None:
    told, refused, (asked,) = judged(decision(Action.FORGET, Kept, Reason.RETAINED, want=None, last=RECORD))
    assert (told, refused, asked.action) == (LOSS, GUESTS, Action.FORGET)
    told, refused, asks = judged(decision(Action.REPLACE, Kept, last=RECORD))
    assert (told, refused) == (LOSS, GUESTS)
    assert [one.action for one in asks] == [Action.REPLACE, Action.FORGET]


def test_what_is_retained_may_stay_behind() -> None:
    retained = replace(RECORD, retain=True)
    assert judged(decision(Action.FORGET, Kept, Reason.RETAINED, want=None, last=retained))[:2] == (LOSS, [])
    assert judged(decision(Action.REPLACE, Kept, last=retained))[:2] == (LOSS, GUESTS)


@pytest.mark.parametrize(
    "given",
    [
        decision(Action.FORGET, reason=Reason.RETAINED, want=None, last=RECORD),
        decision(Action.FORGET, Kept, Reason.GONE, want=None, last=RECORD),
        decision(Action.REPLACE, last=RECORD),
        decision(Action.UPDATE, Kept, last=RECORD),
        decision(Action.REPLACE, Kept, last=None),
    ],
)
def test_what_loses_nothing_is_not_reviewed_as_a_loss(given: Decision) -> None:
    told, refused, asked = judged(given)
    assert (told, refused) == ([], [])
    assert not any(one.last for one in asked)


@pytest.mark.contract("A-410")
def test_protection_is_that_of_the_record_where_the_stack_names_it_no_more() -> None:
    guarded, free = Lifecycle(protect=True), Lifecycle(protect=False)
    protected = replace(RECORD, protect=True)
    why = [("protect", "delete refused: lifecycle.protect is true")]

    def refusals(action: Action, **more: Any) -> list[tuple[str, str]]:
        return [no for no in judged(decision(action, **more))[1] if no[0] == "protect"]

    assert refusals(Action.DELETE, want=None, last=protected) == why
    assert refusals(Action.DELETE, want=None, last=protected, life=free) == why
    assert refusals(Action.DELETE, want=None, last=RECORD, life=guarded) == []
    assert refusals(Action.REPLACE, last=RECORD, life=guarded) != []
    assert refusals(Action.REPLACE, last=protected, life=free) == []
    assert refusals(Action.UPDATE, last=RECORD, life=guarded) == []


LIVE = Observed("7", {"size": 2})
UNSEEN = {"word": "no answer shows it", "size": "nor this"}


def reviewed(given: Decision, api: Any, parent: Spec | None = None) -> Decision:
    return asyncio.run(review(given, api, parent))


def test_what_does_not_run_as_wanted_is_told_instead_of_the_doubt_about_it() -> None:
    Running.asked.clear()
    api: list[Any] = []
    given = decision(Action.NONE, Running, Reason.UNCHANGED, live=LIVE, life=Lifecycle(ignore_changes=("size",)))
    found = reviewed(replace(given, unverifiable=UNSEEN), api, parent := Thing(size=7))
    assert found.status == Status("failed", wrong=True, field="word")
    assert found.unverifiable == {"size": "nor this"}
    ((asked, seen, spec, around),) = Running.asked
    assert (asked is api, seen, around is parent) == (True, LIVE, True)
    assert spec.set_fields() == {}  # what is left to others is not wanted


@pytest.mark.parametrize(
    "given",
    [
        decision(Action.NONE, Running, live=Observed("7", {"size": 1})),  # it runs
        decision(Action.NONE, Silent, live=LIVE),  # nobody can know
        decision(Action.REPLACE, Running, live=LIVE),  # it goes
        decision(Action.CREATE, Running),
        replace(
            decision(Action.UPDATE, Running, live=LIVE), changes=(Change(("word",), "a", "b"),)
        ),  # the step mends it
    ],
)
def test_what_is_as_wanted_or_will_be_has_no_status(given: Decision) -> None:
    found = reviewed(replace(given, unverifiable=UNSEEN), [])
    assert (found.status, found.unverifiable) == (None, UNSEEN)


def test_what_has_vanished_is_not_protected_and_a_container_is() -> None:
    guarded = Lifecycle(protect=True)
    refused = [
        [no.guard for no in reviewed(decision(Action.REPLACE, kind, reason, life=life), []).refused]
        for kind, reason, life in (
            (Plain, Reason.CHANGED, guarded),
            (Plain, Reason.VANISHED, guarded),
            (Place, Reason.CHANGED, Lifecycle()),
        )
    ]
    assert refused == [[Guard.PROTECT], [], [Guard.PROTECT]]
