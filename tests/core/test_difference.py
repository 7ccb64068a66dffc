"""The three-way difference as a pure function: each mark of a field, with and without a record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from headend.core.model.fields import (
    Ignored,
    Immutable,
    Lasting,
    Named,
    OwnCall,
    Parts,
    Ref,
    Same,
    Spec,
    Trigger,
    WriteOnly,
)
from headend.core.model.findings import Problem
from headend.core.model.observed import Observed, Undecoded
from headend.core.model.record import NO_DIGEST, Digest
from headend.core.model.references import Id, Reference
from headend.core.model.secrets import MissingSecret
from headend.core.model.uploads import File
from headend.core.reconcile.difference import Difference, differences, just_made


class Step(BaseModel):
    length: int
    loud: bool | None = None
    day: date | None = None


def lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class Thing(Spec):
    name: Annotated[str | None, Named()] = None
    key: Annotated[str | None, Immutable()] = None
    size: int | None = None
    mail: Annotated[str | None, Same(lower)] = None
    hint: Annotated[str | None, Ignored()] = None
    muted: Annotated[bool | None, OwnCall()] = None
    logo: Annotated[str | None, Lasting()] = None
    password: Annotated[str | None, WriteOnly("no answer has it")] = None
    email: Annotated[str | None, WriteOnly("no answer has it"), Same(lower)] = None
    intent: Annotated[str | None, WriteOnly("it is used up", used_up_by_create=True)] = None
    again: Annotated[str | None, Trigger()] = None
    home: Annotated[Id | None, Ref("fake.home")] = None
    steps: tuple[Step, ...] | None = None
    table: dict[str, Any] | None = None
    members: Annotated[tuple[str, ...] | None, Parts(lower, lambda spec, item: ("member", item))] = None
    image: Annotated[File | None, WriteOnly("no answer has it")] = None
    poster: File | None = None
    gate: Annotated[Id | None, Ref("fake.gate"), WriteOnly("no answer has it")] = None


def digest(value: Any) -> Digest:
    return Digest(f"digest of {value}")


def diff(
    want: Mapping[str, Any],
    live: Mapping[str, Any],
    last: Mapping[str, Any] | None = None,
    *,
    unverifiable: Mapping[str, str] | None = None,
    **more: Any,
) -> Difference:
    return differences(Thing(**want), Observed("7", live, unverifiable=unverifiable or {}), last, digest=digest, **more)


def told(found: Difference) -> list[tuple[str, Any, Any, str, bool]]:
    return [(".".join(c.path), _text(c.before), _text(c.after), c.cause, c.secret) for c in found.changes]


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str | list | dict | tuple) else str(value)


ONE, TWO = (File(path=f"{n}.png", sha256=n * 64) for n in "12")
FILE_1, FILE_2 = (f"{n}.png (sha256 {n * 12})" for n in "12")
KNOWN_LATER = "(known after apply)"
READ: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any] | None, list[Any]]] = {
    "equal": ({"size": 1}, {"size": 1}, {"size": 1}, []),
    "you changed it": ({"size": 2}, {"size": 1}, {"size": 1}, [("size", 1, 2, "you", False)]),
    "it drifted": ({"size": 1}, {"size": 2}, {"size": 1}, [("size", 2, 1, "drift", False)]),
    "never applied": ({"size": 1}, {"size": 2}, None, [("size", 2, 1, "you", False)]),
    "not there": ({"size": 1}, {}, {"size": 1}, [("size", None, 1, "drift", False)]),
    "not managed": ({}, {"size": 2}, {}, []),
    "not managed, never applied": ({}, {"size": 2}, None, []),
    "given up": ({}, {"size": 2}, {"size": 2}, [("size", 2, None, "you", False)]),
    "given up, and not there": ({}, {"size": None}, {"size": 2}, []),
    "given up, was null": ({}, {"size": 2}, {"size": None}, []),
    "set to null": ({"size": None}, {"size": 2}, {"size": 2}, [("size", 2, None, "you", False)]),
    "the name given up": ({}, {"name": "n"}, {"name": "n"}, []),
    "what can't change given up": ({}, {"key": "k"}, {"key": "k"}, []),
    "another spelling": ({"mail": "A@b"}, {"mail": "a@B"}, {"mail": "A@b"}, []),
    "another mail": ({"mail": "A@b"}, {"mail": "c@b"}, {"mail": "A@b"}, [("mail", "c@b", "A@b", "drift", False)]),
    "headend's own": ({"hint": "x"}, {"hint": "y"}, {"hint": "z"}, []),
    "a reference that is open": (
        {"home": Reference("fake.homes.a")},
        {"home": "h1"},
        {"home": "h1"},
        [("home", "h1", KNOWN_LATER, "you", False)],
    ),
    "a model equals its mapping": (
        {"steps": ({"length": 1, "day": "2030-01-01"},)},
        {"steps": [{"length": 1, "day": "2030-01-01"}]},
        {"steps": [{"length": 1, "day": "2030-01-01"}]},
        [],
    ),
    "a mapping, deep down": (
        {"table": {"a": {"x": 1, "y": [1, 2]}, "b": 1, "c": 1}},
        {"table": {"a": {"x": 2, "y": [1, 3]}, "b": 1, "d": 1}},
        None,
        [
            ("table.a.x", 2, 1, "you", False),
            ("table.a.y.1", 3, 2, "you", False),
            ("table.c", None, 1, "you", False),
            ("table.d", 1, None, "you", False),
        ],
    ),
    "a list in another order": (
        {"table": {"y": [1, 2]}},
        {"table": {"y": [2, 1]}},
        None,
        [("table.y.0", 2, 1, "you", False), ("table.y.1", 1, 2, "you", False)],
    ),
    "a mapping that is none": ({"table": {"a": 1}}, {"table": None}, None, [("table", None, {"a": 1}, "you", False)]),
    "a mapping with all else": (
        {"table": {"a": 1, "b": 2, "c": 3}},
        {"table": {"x": 7, "y": 8, "z": 9}},
        {"table": {"a": 1, "b": 2, "c": 3}},
        [(f"table.{n}", None, v, "drift", False) for n, v in (("a", 1), ("b", 2), ("c", 3))]
        + [(f"table.{n}", v, None, "drift", False) for n, v in (("x", 7), ("y", 8), ("z", 9))],
    ),
}
UNREAD: dict[str, tuple[Mapping[str, Any], Mapping[str, Any] | None, list[Any], Mapping[str, str]]] = {
    "as applied": ({"password": "p"}, {"password": "p"}, [], {"password": "no answer has it"}),
    "adopted": ({"password": "p"}, None, [], {"password": "no answer has it"}),
    "not managed": ({}, {}, [], {}),
    "changed": ({"password": "q"}, {"password": "p"}, [("password", "p", "q", "you", False)], {}),
    "given up": ({}, {"password": "p"}, [("password", "p", None, "you", False)], {}),
    "given now": ({"password": "p"}, {}, [("password", None, "p", "you", False)], {}),
    "another spelling": ({"email": "A@b"}, {"email": "a@B"}, [], {"email": "no answer has it"}),
    "used up, given now": ({"intent": "i"}, {}, [], {"intent": "it is used up"}),
    "used up, given up": ({}, {"intent": "i"}, [], {}),
    "used up, another": ({"intent": "j"}, {"intent": "i"}, [("intent", "i", "j", "you", False)], {}),
    "a reference that is open": (
        {"gate": Reference("fake.gates.a")},
        {"gate": "g"},
        [("gate", "g", KNOWN_LATER, "you", False)],
        {},
    ),
    "a trigger, the same": ({"again": "1"}, {"again": "1"}, [], {}),
    "a trigger, pulled": ({"again": "2"}, {"again": "1"}, [("again", "1", "2", "you", False)], {}),
    "a trigger, never applied": ({"again": "2"}, None, [], {}),
    "a file, the same": ({"image": ONE}, {"image": ONE.model_dump(mode="json")}, [], {"image": "no answer has it"}),
    "a file, another": (
        {"image": TWO},
        {"image": ONE.model_dump(mode="json")},
        [("image", FILE_1, FILE_2, "you", False)],
        {},
    ),
    "a file, moved": (
        {"image": File(path="new.png", sha256="1" * 64)},
        {"image": ONE.model_dump(mode="json")},
        [],
        {"image": "no answer has it"},
    ),
}


@pytest.mark.parametrize("name", READ)
def test_fields_that_can_be_read(name: str) -> None:
    want, live, last, changes = READ[name]
    assert told(diff(want, live, last)) == changes


@pytest.mark.parametrize("name", UNREAD)
def test_fields_that_no_answer_shows(name: str) -> None:
    want, last, changes, unverifiable = UNREAD[name]
    found = diff(want, {}, last)
    assert (told(found), found.unverifiable) == (changes, unverifiable)


def test_a_trigger_is_pulled_whatever_is_shown() -> None:
    assert told(diff({"again": "2"}, {"again": "2"}, {"again": "1"})) == [("again", "1", "2", "you", False)]


def test_a_field_of_that_sort_that_is_shown_is_compared() -> None:
    assert told(diff({"password": "p"}, {"password": "q"}, {"password": "p"})) == [
        ("password", "q", "p", "drift", False)
    ]


def test_nothing_can_be_read_of_a_blind_kind() -> None:
    found = diff({"size": 1, "mail": "m"}, {}, {"size": 1, "mail": "n"}, blind="nobody shows it")
    assert told(found) == [("mail", "n", "m", "you", False)]
    assert found.unverifiable == {"size": "nobody shows it"}
    assert told(diff({"size": 1}, {"size": 2}, {"size": 1}, blind="nobody shows it")) != []


NOW = {
    "size": "can't be read now",
    "key": "can't be read now",
    "muted": "can't be read now",
    "mail": "not now",
    "home": "not now",
}


@pytest.mark.parametrize(
    ("want", "last", "changes"),
    [
        ({"size": 1}, {"size": 1}, []),
        ({"size": 2}, {"size": 1}, [("size", 1, 2, "you", False)]),
        ({}, {"size": 1}, [("size", 1, None, "you", False)]),
        ({"mail": "A"}, {"mail": "a"}, []),
        ({"mail": "A"}, {"mail": "b"}, [("mail", "b", "A", "you", False)]),
        ({"home": Reference("fake.homes.a")}, {"home": "h"}, [("home", "h", KNOWN_LATER, "you", False)]),
        ({"size": 1}, None, [("size", None, 1, "you", False)]),
        ({"key": "k"}, None, []),
        ({"muted": True}, None, []),
        ({"key": "k"}, {"key": "j"}, [("key", "j", "k", "you", False)]),
        ({}, {"key": "j"}, []),
        ({}, None, []),
    ],
)
def test_fields_that_cannot_be_read_now(
    want: Mapping[str, Any], last: Mapping[str, Any] | None, changes: list[Any]
) -> None:
    found = diff(want, {"size": 9, "key": "z", "muted": False}, last, unverifiable=NOW)
    assert told(found) == changes
    assert found.unverifiable == {name: why for name, why in NOW.items() if name in want}


def test_what_is_garbled_is_not_written_over_when_it_is_taken_over() -> None:
    garbled = {"size": Undecoded("expected a whole number")}
    assert told(diff({"size": 1}, {}, None, unverifiable=garbled)) == []
    assert told(diff({"size": 1}, {}, {"size": 1}, unverifiable=garbled)) == []
    assert told(diff({"size": 2}, {}, {"size": 1}, unverifiable=garbled)) == [("size", 1, 2, "you", False)]


def test_what_stays_is_no_change() -> None:
    found = diff({}, {"logo": "l", "size": 1}, {"logo": "l", "size": 1})
    assert ([c.field for c in found.changes], found.lasting) == (["size"], ("logo",))
    assert diff({"logo": "m"}, {"logo": "l"}, {"logo": "l"}).lasting == ()


def test_what_cannot_change_in_place_replaces() -> None:
    found = diff({"key": "k", "size": 1}, {"key": "j", "size": 2})
    assert found.replaces == ("key",)
    size = [c for c in found.changes if c.field == "size"]
    assert (found.only(size).changes, found.only(size).replaces) == (tuple(size), ())
    assert found.only(found.changes) == found


class Flat(Spec):
    size: int | None = None
    word: str | None = None
    on: bool | None = None
    other: str | None = None


def test_what_is_equal_letter_by_letter_makes_no_digests() -> None:
    def never(value: Any) -> Digest:
        raise AssertionError(value)

    values = {"size": 1, "word": "w", "on": True}
    live = Observed("7", values | {"other": "x"})
    for last in (None, dict.fromkeys(values, digest(1)), {"other": None}):
        assert differences(Flat(**values), live, last, digest=never, hidden=Flat.model_fields) == Difference()


def test_fields_that_are_left_alone() -> None:
    assert diff({"size": 1, "mail": "m"}, {"size": 2, "mail": "n"}, ignore=("size",)).changes[0].field == "mail"


# --- secrets -----------------------------------------------------------------------------------------------------
HIDDEN = "(secret)"


def secret(want: Mapping[str, Any], live: Mapping[str, Any], last: Mapping[str, Any] | None) -> list[Any]:
    return told(diff(want, live, last, hidden=set(Thing.model_fields)))


def test_secrets_are_never_shown() -> None:
    old = digest("old")
    assert secret({"size": 1}, {"size": 2}, {"size": digest(1)}) == [("size", HIDDEN, HIDDEN, "drift", True)]
    assert secret({"size": 1}, {"size": 2}, {"size": digest(2)}) == [("size", HIDDEN, HIDDEN, "you", True)]
    assert secret({"size": 1}, {}, None) == [("size", None, HIDDEN, "you", True)]
    assert secret({}, {"size": 2}, {"size": digest(2)}) == [("size", HIDDEN, None, "you", True)]
    assert secret({"password": "p"}, {}, {"password": old}) == [("password", HIDDEN, HIDDEN, "you", True)]
    assert secret({"mail": "A"}, {}, {"mail": digest("a")}) == [("mail", None, HIDDEN, "drift", True)]
    assert secret({"table": {"a": 1}}, {"table": {"a": 2}}, None) == [("table.a", HIDDEN, HIDDEN, "you", True)]
    assert secret({"table": {"a": 1}}, {"table": 2}, None) == [("table", HIDDEN, HIDDEN, "you", True)]
    assert secret({"home": Reference("x")}, {"home": "h"}, None) == [("home", HIDDEN, KNOWN_LATER, "you", True)]
    assert secret({"image": TWO}, {}, {"image": old}) == [("image", HIDDEN, HIDDEN, "you", True)]


def test_secrets_that_cannot_be_read_now() -> None:
    def now(want: Mapping[str, Any], last: Mapping[str, Any] | None) -> list[Any]:
        found = diff(want, {}, last, hidden=("size", "mail"), unverifiable={"size": "not now", "mail": "not now"})
        return told(found)

    assert now({"size": 1}, {"size": digest(1)}) == []
    assert now({"size": 1}, {"size": digest(2)}) == [("size", HIDDEN, HIDDEN, "you", True)]
    assert now({"size": 1}, None) == [("size", None, HIDDEN, "you", True)]
    assert now({"mail": "A"}, {"mail": digest("a")}) == []


@pytest.mark.parametrize(
    ("live", "last", "drifts"),
    [
        ("new", "old", True),
        ("old", "old", False),
        ("OLD", "old", False),
        (None, "old", False),
        (5, "old", False),
        ("new", None, False),
    ],
)
def test_a_secret_without_a_value(live: Any, last: str | None, drifts: bool) -> None:
    """Its wanted value isn't there; drift still shows by the digest of what was applied."""
    spec = Thing.model_construct(
        _fields_set={"mail", "size"}, mail=MissingSecret("MAIL", Problem("not set")), size=1, **dict.fromkeys(_others())
    )
    record = None if last is None else {"mail": digest(last), "size": 1}
    found = differences(spec, Observed("7", {"mail": live, "size": 1}), record, digest=digest, hidden=("mail",))
    assert told(found) == ([("mail", HIDDEN, HIDDEN, "drift", True)] if drifts else [])
    assert found.unverifiable == {"mail": "secret `MAIL` is not set"}


def test_other_fields_are_compared_although_a_secret_has_no_value() -> None:
    mail, others = MissingSecret("MAIL", Problem("not set")), dict.fromkeys(_others())
    spec = Thing.model_construct(
        _fields_set={"mail", "size", "table"}, mail=mail, size=1, **others | {"table": {"a": 1}}
    )
    found = differences(
        spec, Observed("7", {"mail": "new", "size": 2}), {"mail": digest("old")}, digest=digest, hidden=("mail",)
    )
    assert [change.field for change in found.changes] == ["size", "mail", "table"]


def _others() -> Collection[str]:
    return Thing.model_fields.keys() - {"mail", "size"}


# --- members -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "then", "regrouped"),
    [
        (("a", "b"), ["A", "B"], False),
        (("b", "a"), ["a", "b"], False),
        (("a",), ["a", "b"], True),
        (("a",), None, True),
        (None, ["a"], True),
        (None, None, False),
        (("a",), NO_DIGEST, False),
    ],
)
def test_members_that_came_or_went(now: Any, then: Any, regrouped: bool) -> None:
    want = {} if now is None else {"members": now}
    assert diff(want, {"members": list(now or ())}, {"members": then}).regrouped is regrouped


def test_members_that_were_never_applied() -> None:
    assert not diff({"members": ("a",)}, {"members": ["a"]}).regrouped


@pytest.mark.parametrize("then", ["a", "b"])
def test_members_that_are_left_alone(then: str) -> None:
    found = diff({"members": ("a",)}, {"members": ["c"]}, {"members": [then]}, ignore=Thing.model_fields)
    assert (found.changes, found.regrouped) == ((), then == "b")


# --- what was seen, and what is just made ------------------------------------------------------------------------
def test_what_is_just_made_lacks_only_what_creation_cannot_set() -> None:
    spec = Thing(size=1, muted=True)
    for live, just in (({"size": 1, "muted": True}, True), ({"size": 1}, True), ({"size": 2, "muted": True}, False)):
        assert just_made(spec, differences(spec, Observed("7", live), None, digest=digest)) is just
