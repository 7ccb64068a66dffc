"""The decision table as pure functions: each situation, and the whole of what is decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import pytest

from headend.core.model.capabilities import (
    Container,
    CreatedOnce,
    HandsOutSecrets,
    Nameless,
    Selection,
    SelectsChanges,
    SharesKey,
    Unadoptable,
    Unreadable,
)
from headend.core.model.fields import Immutable, Impact, Interrupts, Lasting, OwnCall, Parts, Ref, Spec
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Action
from headend.core.model.record import NO_DIGEST, Digest, Record
from headend.core.model.references import Id, Reference
from headend.core.model.stack import Adopt, Lifecycle
from headend.core.reconcile.binding import Binder, moved
from headend.core.reconcile.common import FORGOTTEN
from headend.core.reconcile.decide import decide, made_anew
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.refusal import Guard
from headend.core.reconcile.situation import Owner, Situation


class Thing(Spec):
    key: Annotated[str, Immutable()]
    size: Annotated[int, Interrupts()] = 1
    muted: Annotated[bool, OwnCall()] = False
    place: Annotated[str, Interrupts(Impact.DESTROYS)] = "here"
    note: str = ""
    home: Annotated[Id | None, Ref("fake.home"), Immutable()] = None
    logo: Annotated[str | None, Lasting()] = None
    members: Annotated[tuple[str, ...], Parts(str, lambda spec, item: ("member", item))] = ()


class Heavy(Thing):
    """Changing its note disturbs the stream, and its size only restarts it."""

    size: Annotated[int, Interrupts(Impact.RESTART)] = 1
    note: Annotated[str, Interrupts()] = ""


class Plain(Kind[Thing, Any]):
    model = Thing
    key = ("key",)


class Upsert(Plain):
    def identity(self, spec: Thing) -> str | None:
        return spec.key


class Unmakable(Plain):
    can = Can.ALL & ~Can.CREATE


class Fixed(Plain):
    can = Can.ALL & ~Can.UPDATE & ~Can.DELETE


class Blind(Plain):
    can = Can.ALL & ~Can.OBSERVE


class Anonymous(Plain, Nameless):
    pass


class Shared(Plain, SharesKey):
    pass


class Hidden(Plain, Unadoptable):
    unadoptable = "nothing finds it"


class Keyless(Plain):
    key = ()


class Written(Upsert):
    can = Can.ALL & ~Can.OBSERVE


class Card(Plain, CreatedOnce[Thing]):
    def why_not_again(self, spec: Thing) -> str | None:
        return f"{spec.key} would be charged twice" if spec.size < 5 else None


class Unseen(Card, Unadoptable):
    unadoptable = "nothing finds it"


class Gate(Plain, HandsOutSecrets[Thing]):
    def handed_out_by_create(self, spec: Thing) -> tuple[str, ...]:
        return ("token", f"pin of {spec.key}")


class Deaf(Plain, Unreadable):
    unreadable = "nothing shows it"


class Box(Plain, Container):
    pass


class Choosy(Plain, SelectsChanges[Thing]):
    def select_changes(self, live: Observed, spec: Thing, changes: Sequence[Change]) -> Selection:
        assert spec.key
        left = tuple(change for change in changes if change.field != "note")
        stopped = "it has ended" if live.computed.get("ended") else None
        return Selection(left, ("note is left",), stopped, ("note",)) if len(left) < len(changes) else Selection(left)


for kind in (
    Plain,
    Upsert,
    Unmakable,
    Fixed,
    Blind,
    Anonymous,
    Shared,
    Hidden,
    Keyless,
    Written,
    Unseen,
    Card,
    Gate,
    Deaf,
    Box,
    Choosy,
):
    kind.name = "fake.thing"  # set after the class was made, so that no kind is registered
THING = {"key": "a", "size": 1, "muted": False, "place": "here", "note": "", "members": []}
ALIKE, OTHER = Observed("8", THING), Observed("9", THING)
MATCH, BY_ID = Lifecycle(adopt=Adopt.MATCH), Lifecycle(adopt_id="8")
IF_FOUND, UNSEEN = Lifecycle(adopt=Adopt.IF_FOUND), "so that nobody knows whether it is there; it is made anew"
OPEN = Thing(key="b", home=Reference("fake.homes.new"))
LEAVING, STAYING = Owner("fake.things.old", leaves=True), Owner("fake.things.other")
ABROAD = Owner("fake.things.there", stack="night")


def digest(value: Any) -> Digest:
    return Digest(repr(value))


def record(**more: Any) -> Record:
    return Record(**{"address": "fake.things.it", "kind": "fake.thing", "id": "7", "values": THING} | more)


def live(**values: Any) -> Observed:
    return Observed("7", THING | values)


def given(kind: type[Plain] = Plain, **more: Any) -> Situation:
    base: dict[str, Any] = {"address": "fake.things.it", "kind": kind(), "digest": digest, "want": Thing(key="a")}
    return Situation(**base | {"settle": "state settle it"} | more)


def known(kind: type[Plain] = Plain, **more: Any) -> Situation:
    return given(kind, **{"last": record(), "live": live()} | more)


@dataclass(frozen=True)
class Expected:
    """refused: guards, each with words of the reason and of what lifts it. told: words of each finding."""

    action: Action
    reason: Reason
    id: str | None = None
    refused: tuple[tuple[Guard, str, str], ...] = ()
    told: tuple[str, ...] = ()
    errors: bool = False
    after: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    impact: Impact = Impact.NONE
    noted: tuple[str, ...] = field(default=())

    def check(self, found: Decision) -> None:
        assert (found.action, found.reason, found.id) == (self.action, self.reason, self.id)
        assert [no.guard for no in found.refused] == [guard for guard, _, _ in self.refused]
        for no, (_, why, lift) in zip(found.refused, self.refused, strict=True):
            assert why in no.why
            assert (lift in no.lift) if lift else (no.lift == "")
        texts = [problem.text for problem in found.findings]
        assert len(texts) == len(self.told), texts
        assert all(words in text for words, text in zip(self.told, texts, strict=True)), texts
        assert any(problem.refuses for problem in found.findings) is self.errors
        assert (found.after, found.impact, found.noted) == (self.after, self.impact, self.noted)
        assert tuple(change.field for change in found.changes) == self.changes
        if found.action in {Action.CREATE, Action.ADOPT}:  # what is known of another object says nothing of this one
            assert found.situation.last is None or found.reason is Reason.VANISHED


A, R, G = Action, Reason, Guard
EXISTS_8 = (G.EXISTS, "one like it exists already (8)", "lifecycle.adopt: match takes it over")
OWNED_8 = (G.EXISTS, "exists already (8), it is fake.things.other", "")
GONE = (G.EXISTS, "7 is gone, and another object has its natural key (8)", "lifecycle.adopt: match")
NEW, VANISHED = Expected(A.CREATE, R.NEW), Expected(A.CREATE, R.VANISHED)
FOUND, RECOVERED = Expected(A.ADOPT, R.FOUND, "8"), Expected(A.ADOPT, R.RECOVERED, "8")
REPLACED = Expected(A.REPLACE, R.CHANGED, "7", changes=("key",))
LEFT = Expected(A.REPLACE, R.VANISHED, "7", told=("is being deleted, and made again once it is gone",))
B = Thing(key="b")
LARGE = Thing(key="a", size=6)

KNOWN = {
    "as wanted": (known(), Expected(A.NONE, R.UNCHANGED, "7")),
    "changed by you": (
        known(want=Thing(key="a", size=2)),
        Expected(A.UPDATE, R.CHANGED, "7", changes=("size",), impact=Impact.INTERRUPTS),
    ),
    "drifted": (
        known(want=Thing(key="a", size=1), live=live(size=3)),
        Expected(A.UPDATE, R.DRIFTED, "7", changes=("size",), impact=Impact.INTERRUPTS),
    ),
    "drifted in one field, changed in another": (
        known(want=Thing(key="a", size=1, note="x"), live=live(size=3)),
        Expected(A.UPDATE, R.CHANGED, "7", changes=("size", "note"), impact=Impact.INTERRUPTS),
    ),
    "the worst of two impacts": (
        known(want=Thing(key="a", size=2, place="there")),
        Expected(A.UPDATE, R.CHANGED, "7", changes=("size", "place"), impact=Impact.DESTROYS),
    ),
    "a change without impact": (
        known(want=Thing(key="a", note="x")),
        Expected(A.UPDATE, R.CHANGED, "7", changes=("note",)),
    ),
    "its record is incomplete": (known(last=record(incomplete=True)), Expected(A.UPDATE, R.INCOMPLETE, "7")),
    "the platform calls it incomplete": (
        known(live=replace(live(), incomplete=True)),
        Expected(A.UPDATE, R.INCOMPLETE, "7"),
    ),
    "incomplete, and changed": (
        known(want=Thing(key="a", note="x"), last=record(incomplete=True)),
        Expected(A.UPDATE, R.CHANGED, "7", changes=("note",)),
    ),
    "no update": (known(Fixed, want=Thing(key="a", note="x")), replace(REPLACED, changes=("note",))),
    "no update, nothing to do": (known(Fixed), Expected(A.NONE, R.UNCHANGED, "7")),
    "another key": (known(want=B), REPLACED),
    "another key of a container": (known(Box, want=B), replace(REPLACED, impact=Impact.DESTROYS)),
    "what the live one warns of": (
        known(live=replace(live(), warnings=("it is hot",))),
        Expected(A.NONE, R.UNCHANGED, "7", told=("it is hot",)),
    ),
    "a change that isn't sent": (
        known(Choosy, want=Thing(key="a", note="x")),
        Expected(A.NONE, R.UNCHANGED, "7", told=("note is left",), noted=("note",)),
    ),
    "a change that may not be made": (
        known(Choosy, want=Thing(key="a", size=2, note="x"), live=replace(live(), computed={"ended": True})),
        Expected(
            A.UPDATE,
            R.CHANGED,
            "7",
            refused=((G.STACK, "it has ended", ""),),
            told=("note is left",),
            changes=("size",),
            impact=Impact.INTERRUPTS,
            noted=("note",),
        ),
    ),
    "a field that stays": (
        known(last=record(values=THING | {"logo": "l"}), live=live(logo="l")),
        Expected(
            A.NONE, R.UNCHANGED, "7", told=("logo: no call takes it away; it stays what it was",), noted=("logo",)
        ),
    ),
    "other members, as they are live": (
        known(want=Thing(key="a", members=("x", "y")), live=live(members=["x", "y"])),
        Expected(A.NONE, R.UNCHANGED, "7", noted=("members",)),
    ),
    "the same members": (
        known(
            want=Thing(key="a", members=("x",)),
            last=record(values=THING | {"members": ["x"]}),
            live=live(members=["x"]),
        ),
        Expected(A.NONE, R.UNCHANGED, "7"),
    ),
    "a change of another variant": (
        known(want=Heavy(key="a", size=2)),
        Expected(A.UPDATE, R.CHANGED, "7", changes=("size",), impact=Impact.RESTART),
    ),
    "a change that is left alone": (
        known(want=Thing(key="a", size=2), life=Lifecycle(ignore_changes=("size",))),
        Expected(A.NONE, R.UNCHANGED, "7"),
    ),
    "it is being deleted": (known(live=replace(live(), leaving=True)), LEFT),
    "a container is being deleted": (known(Box, live=replace(live(), leaving=True)), LEFT),
    "it is being deleted, and another has its key": (
        known(live=replace(live(), leaving=True), alike=(ALIKE,)),
        replace(LEFT, refused=(EXISTS_8,)),
    ),
    "it is being deleted, and so is another like it": (
        known(live=replace(live(), leaving=True), alike=(replace(ALIKE, leaving=True),)),
        LEFT,
    ),
    "replaced, another is in the way": (
        known(want=B, alike=(ALIKE,)),
        replace(REPLACED, refused=(EXISTS_8,)),
    ),
    "replaced, one of ours is in the way": (
        known(want=B, alike=(ALIKE,), ours={"8": STAYING}),
        replace(REPLACED, refused=(OWNED_8,)),
    ),
    "replaced, what is in the way leaves": (
        known(want=B, alike=(ALIKE,), ours={"8": LEAVING}),
        replace(REPLACED, after=("fake.things.old",)),
    ),
    "replaced by the one that adopt names": (known(want=B, alike=(ALIKE,), named="8"), REPLACED),
    "replaced, where the stack alone says which": (known(Upsert, want=B, alike=(ALIKE,)), REPLACED),
    "replaced, but none can be made": (
        known(Unmakable, want=B),
        replace(REPLACED, told=("headend can't make one (correct it, or name one",), errors=True),
    ),
    "none can be made, and its key isn't known yet": (
        known(Unmakable, want=OPEN),
        replace(REPLACED, changes=("key", "home")),
    ),
    "none can be made, but one is there": (known(Unmakable, want=B, alike=(ALIKE,)), REPLACED),
}
NOT_LIVE = {
    "gone": (known(live=None), VANISHED),
    "gone, and another has its key": (known(live=None, alike=(ALIKE,)), replace(VANISHED, refused=(GONE,))),
    "gone, and two have its key": (
        known(live=None, alike=(ALIKE, OTHER)),
        replace(VANISHED, refused=((G.EXISTS, "natural key (8, 9)", "match"),)),
    ),
    "gone, and match takes the other": (known(live=None, alike=(ALIKE,), life=MATCH), FOUND),
    "gone, and a killed run made it again": (known(live=None, alike=(ALIKE,), recovering=True), RECOVERED),
    "gone, and adopt names another": (known(live=None, alike=(OTHER, ALIKE), named="8", life=BY_ID), FOUND),
    "gone, and adopt names one that isn't there": (
        known(live=None, alike=(OTHER,), named="8", life=BY_ID),
        replace(VANISHED, refused=((G.EXISTS, "natural key (9)", "match"),)),
    ),
    "gone, and adopt names one that is another's": (
        known(live=None, alike=(ALIKE,), named="8", life=BY_ID, ours={"8": STAYING}),
        replace(NEW, refused=((G.EXISTS, "8 is fake.things.other of this stack", ""),)),
    ),
    "gone, and adopt names what it replaces": (
        known(live=None, alike=(ALIKE,), named="8", replaced="8", life=BY_ID),
        VANISHED,
    ),
    "gone, and one that leaves has its key": (
        known(live=None, alike=(ALIKE,), ours={"8": LEAVING}),
        replace(VANISHED, after=("fake.things.old",)),
    ),
    "gone, and one that stays has its key": (known(live=None, alike=(ALIKE,), ours={"8": STAYING}), VANISHED),
    "gone, and none can be made": (
        known(Unmakable, live=None),
        replace(VANISHED, told=("there is no live fake.thing like it",), errors=True),
    ),
}
UNKNOWN = {
    "new": (given(), NEW),
    "one like it": (given(alike=(ALIKE,)), replace(FOUND, refused=(EXISTS_8,))),
    "one like it, which differs": (
        given(alike=(Observed("8", THING | {"note": "x"}),)),
        replace(FOUND, refused=(EXISTS_8,), changes=("note",)),
    ),
    "one like it, which can't become so": (
        given(want=Thing(key="a", home="h1"), alike=(Observed("8", THING | {"home": "h2"}),)),
        replace(NEW, refused=(EXISTS_8,)),
    ),
    "two like it": (
        given(alike=(ALIKE, OTHER)),
        replace(NEW, told=("2 live objects have its natural key: 8, 9 (name one with lifecycle.adopt",), errors=True),
    ),
    "two like it, and match": (
        given(alike=(ALIKE, OTHER), life=MATCH),
        replace(NEW, told=("2 live objects have its natural key",), errors=True),
    ),
    "match": (given(alike=(ALIKE,), life=MATCH), FOUND),
    "match, and none": (given(life=MATCH), NEW),
    "what is found": (given(alike=(ALIKE,), life=IF_FOUND), FOUND),
    "what is found, and none": (given(life=IF_FOUND), NEW),
    "what is found, and it can't be read": (given(Blind, life=IF_FOUND), replace(NEW, told=(UNSEEN,))),
    "what is found, and nothing tells them apart": (given(Anonymous, life=IF_FOUND), replace(NEW, told=(UNSEEN,))),
    "what is found, and one of these may be it": (
        given(Anonymous, life=IF_FOUND, alike=(ALIKE, OTHER), ours={"9": STAYING}),
        replace(NEW, refused=((G.UNCERTAIN, "it may be 8: nothing tells", "if it is new, say `adopt: never`"),)),
    ),
    "what is found, and it can't be looked for": (given(Hidden, life=IF_FOUND), replace(NEW, told=(UNSEEN,))),
    "what is found, and it has no key": (given(Keyless, life=IF_FOUND), replace(NEW, told=(UNSEEN,))),
    "what is found, and to write it is to have it": (given(Written, life=IF_FOUND), NEW),
    "what is found, and it can't be looked for, once only": (
        given(Unseen, life=IF_FOUND),
        replace(NEW, refused=((G.UNCERTAIN, "is there: a would be charged twice", "say `adopt: never`"),)),
    ),
    "what is found, once only, but not of that size": (
        given(Unseen, life=IF_FOUND, want=LARGE),
        replace(NEW, told=(UNSEEN,)),
    ),
    "made by a killed run": (given(alike=(ALIKE,), recovering=True), RECOVERED),
    "made by a killed run, as was another like it": (given(alike=(ALIKE, OTHER), recovering=2), RECOVERED),
    "the stack alone says which": (given(Upsert, alike=(ALIKE,)), FOUND),
    "the stack alone says which, ours is in it": (
        given(Upsert, alike=(ALIKE,), ours={"8": STAYING}),
        replace(NEW, refused=(OWNED_8,)),
    ),
    "the stack alone says which, another lets it go": (given(Upsert, alike=(ALIKE,), ours={"8": LEAVING}), FOUND),
    "another resource has it": (given(alike=(ALIKE,), ours={"8": STAYING}), replace(NEW, refused=(OWNED_8,))),
    "another stack has it": (
        given(alike=(ALIKE,), ours={"8": ABROAD}, life=MATCH),
        replace(FOUND, refused=((G.EXISTS, "exists already (8), it is fake.things.there of the stack night", ""),)),
    ),
    "another stack has it, by id": (
        given(live=ALIKE, named="8", life=BY_ID, ours={"8": ABROAD}),
        replace(NEW, refused=((G.EXISTS, "lifecycle.adopt: 8 is fake.things.there of the stack night", ""),)),
    ),
    "another stack has it, and the stack alone says which": (
        given(Upsert, alike=(ALIKE,), ours={"8": ABROAD}),
        replace(FOUND, refused=((G.EXISTS, "it is fake.things.there of the stack night", ""),)),
    ),
    "another stack has it, and it can't be read": (
        given(Written, ours={"a": ABROAD}),
        replace(NEW, refused=((G.EXISTS, "there is one, it is fake.things.there of the stack night", ""),)),
    ),
    "another stack has one, of a shared key": (given(Shared, alike=(ALIKE,), ours={"8": ABROAD}), NEW),
    "match of what another has": (
        given(alike=(ALIKE,), ours={"8": STAYING}, life=MATCH),
        replace(NEW, refused=(OWNED_8,)),
    ),
    "another resource gives it up": (
        given(alike=(ALIKE,), ours={"8": LEAVING}),
        replace(NEW, after=("fake.things.old",)),
    ),
    "the one being replaced": (given(alike=(ALIKE,), replaced="8"), NEW),
    "taken over with a change": (
        given(alike=(Observed("8", THING | {"size": 2}),), life=MATCH),
        replace(FOUND, changes=("size",), impact=Impact.INTERRUPTS),
    ),
    "taken over, but it can't become so": (
        given(want=Thing(key="a", home="h1"), alike=(Observed("8", THING | {"key": "A", "home": "h2"}),), life=MATCH),
        replace(
            FOUND,
            changes=("key", "home"),
            told=("live object 8 differs in what can't be changed: key, home (correct",),
            errors=True,
        ),
    ),
    "its key isn't known yet": (given(want=OPEN, alike=(ALIKE,)), NEW),
    "nothing can be read": (given(Blind, alike=(ALIKE,)), NEW),
    "by id": (given(live=ALIKE, named="8", life=BY_ID), FOUND),
    "by id, made by a killed run": (given(live=ALIKE, named="8", life=BY_ID, recovering=True), RECOVERED),
    "by id, and it isn't there": (
        given(named="8", life=BY_ID),
        replace(NEW, told=("lifecycle.adopt: there is no fake.thing 8",), errors=True),
    ),
    "by id, and it is another's": (
        given(live=ALIKE, named="8", life=BY_ID, ours={"8": STAYING}),
        replace(NEW, refused=((G.EXISTS, "lifecycle.adopt: 8 is fake.things.other of this stack", ""),)),
    ),
    "none can be made": (
        given(Unmakable),
        replace(NEW, told=("there is no live fake.thing like it, and headend can't make one",), errors=True),
    ),
    "none can be made, one is there": (given(Unmakable, alike=(ALIKE,)), FOUND),
    "nothing tells them apart": (given(Anonymous, alike=(ALIKE,)), NEW),
    "nothing tells them apart, a run was killed": (given(Anonymous, alike=(ALIKE,), recovering=True), RECOVERED),
    "nothing tells them apart, and match": (
        given(Anonymous, life=MATCH),
        replace(NEW, told=("nothing tells objects of this kind apart (adopt: {id: ...})",), errors=True),
    ),
    "nothing tells them apart, match, key open": (given(Anonymous, life=MATCH, want=OPEN), NEW),
    "a shared key, another like it": (given(Shared, alike=(Observed("8", THING | {"note": "x"}),)), NEW),
    "a shared key, just what would be made": (given(Shared, alike=(ALIKE,)), replace(FOUND, refused=(EXISTS_8,))),
    "a shared key, made and then muted": (
        given(Shared, alike=(Observed("8", THING | {"muted": True}),)),
        replace(FOUND, refused=(EXISTS_8,), changes=("muted",)),
    ),
    "a shared key, match takes what is equal": (
        given(
            Shared,
            alike=(Observed("9", THING | {"muted": True}), ALIKE, Observed("6", THING | {"note": "x"})),
            life=MATCH,
        ),
        FOUND,
    ),
    "a shared key, match takes another like it": (
        given(Shared, alike=(Observed("8", THING | {"note": "x"}),), life=MATCH),
        replace(FOUND, changes=("note",)),
    ),
    "a shared key, another resource's": (given(Shared, alike=(ALIKE,), ours={"8": STAYING}), NEW),
    "its secret was lost": (
        given(Gate, alike=(ALIKE,), recovering=True),
        replace(RECOVERED, told=("its token, pin of a was shown to the run that was killed",)),
    ),
    "its secret isn't asked for": (given(Gate, alike=(ALIKE,), life=MATCH), FOUND),
    "once only, new": (given(Card), NEW),
    "once only, a run was killed": (
        given(Card, recovering=True),
        replace(NEW, refused=((G.UNCERTAIN, "nobody knows: a would be charged twice", "say `state settle it`"),)),
    ),
    "once only, but not of that size": (given(Card, recovering=True, want=LARGE), NEW),
    "once only, perhaps by another key": (
        given(Card, maybe=("fake.things.x", "fake.things.y")),
        replace(
            NEW,
            refused=((G.UNCERTAIN, "may be fake.things.x or fake.things.y by", "say which: lifecycle.renamed_from"),),
        ),
    ),
    "perhaps by another key, but harmless": (given(maybe=("fake.things.x",)), NEW),
    "perhaps by another key, not of that size": (given(Card, maybe=("fake.things.x",), want=LARGE), NEW),
}
REMOVED = {
    "removed": (known(want=None), Expected(A.DELETE, R.REMOVED, "7")),
    "a container": (known(Box, want=None), Expected(A.DELETE, R.REMOVED, "7", impact=Impact.DESTROYS)),
    "what was replaced": (
        known(want=None, address="fake.things.it/1"),
        Expected(A.DELETE, R.REPLACED, "7"),
    ),
    "another stack has it": (
        known(want=None, ours={"7": ABROAD}),
        Expected(A.FORGET, R.HELD, "7", told=("it is fake.things.there of the stack night, and stays",)),
    ),
    "gone already": (known(want=None, live=None), Expected(A.FORGET, R.GONE, "7")),
    "another has it": (known(want=None, claimed=True), Expected(A.FORGET, R.RENAMED, "7")),
    "retained": (known(want=None, last=record(retain=True)), Expected(A.FORGET, R.RETAINED, "7")),
    "it can't be deleted": (known(Fixed, want=None), Expected(A.FORGET, R.RETAINED, "7")),
}
CASES = {**KNOWN, **NOT_LIVE, **UNKNOWN, **{f"removed: {name}": case for name, case in REMOVED.items()}}


@pytest.mark.parametrize("name", CASES)
def test_what_is_decided(name: str) -> None:
    situation, expected = CASES[name]
    expected.check(decide(situation))


def test_the_plan_keeps_what_it_saw() -> None:
    bind, lives = Binder("0" * 32), (live(size=3), live(size=2), replace(live(size=3), unverifiable={"note": "x"}))
    seen = [decide(known(live=one, bind=bind)).seen for one in lives]
    assert [moved(seen[0], other) for other in seen] == [[], ["size"], ["(unreadable)"]]
    assert decide(known(live=live(), bind=bind)).seen == {}, "what isn't written isn't compared again"
    assert decide(known(live=None, bind=bind)).seen == {}


def test_secrets_are_hidden_and_compared_by_the_digest_of_the_run() -> None:
    last = record(values=THING | {"note": digest("old")})
    (change,) = decide(known(want=Thing(key="a", note="new"), last=last, secrets=frozenset({"note"}))).changes
    assert (change.field, change.secret, str(change.after), change.cause) == ("note", True, "(secret)", "you")
    kept = record(values=THING | {"note": digest("new")})
    (change,) = decide(known(want=Thing(key="a", note="new"), last=kept, secrets=frozenset({"note"}))).changes
    assert change.cause == "drift"


@pytest.mark.parametrize(
    ("kind", "lost", "seen", "doubtful"),
    [
        (Plain, "key", {}, True),  # it can't change in place
        (Plain, "note", {}, False),  # it is written again
        (Fixed, "note", {}, True),  # as nothing can be changed in place
        (Plain, "key", {"key": "a"}, False),  # it can be read
    ],
)
def test_a_secret_that_was_forgotten_is_taken_as_the_stack_has_it(
    kind: type[Plain], lost: str, seen: dict[str, Any], doubtful: bool
) -> None:
    values = {name: value for name, value in THING.items() if name != lost}
    want, last = Thing(key="a", note="n"), record(values=values | {lost: NO_DIGEST})
    unseen = {lost: "no answer shows it"} if not seen else {}
    there = Observed("7", values | {"note": "n"} | seen if lost == "key" else values, unverifiable=unseen)
    found = decide(known(kind, want=want, last=last, live=there, secrets=frozenset({lost})))
    assert (found.unverifiable.get(lost) == FORGOTTEN) is doubtful
    assert found.action is not Action.REPLACE


def test_what_nobody_can_read_back_is_said_of_every_field() -> None:
    decision = decide(known(Deaf, live=Observed("7")))
    assert (decision.action, set(decision.unverifiable.values())) == (Action.NONE, {"nothing shows it"})
    assert decide(known()).unverifiable == {}


ANEW = ("is made anew: what it refers to is deleted before its replacement",)


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (known(), replace(REPLACED, changes=(), told=ANEW)),
        (known(want=Thing(key="a", note="x")), replace(REPLACED, changes=("note",), told=ANEW)),
        (known(Box), replace(REPLACED, changes=(), told=ANEW, impact=Impact.DESTROYS)),
        (known(alike=(ALIKE,)), replace(REPLACED, changes=(), told=ANEW, refused=(EXISTS_8,))),
        (known(live=None), VANISHED),
        (known(want=B), REPLACED),
    ],
)
def test_what_refers_to_something_deleted_is_made_anew(situation: Situation, expected: Expected) -> None:
    expected.check(made_anew(decide(situation)))


def test_a_decision_stays_what_it_is_when_more_is_known_of_the_spec() -> None:
    found = decide(known(want=OPEN))
    further = found.with_want(Thing(key="b"))
    assert further.situation == replace(found.situation, want=Thing(key="b"))
    assert replace(further, situation=found.situation) == found != further
