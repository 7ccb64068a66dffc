"""Our frozen dataclasses behave as the library's."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from headend.core.model.frozen import frozen_dataclass


def declare(decorate: Any) -> tuple[Any, Any, Any]:
    @decorate
    class Empty:
        pass

    @decorate
    class One(Empty):
        a: Any

    @decorate
    class Pair(One):
        b: Any = field(default=2, compare=False)
        c: Any = field(default="c", repr=False)

    return Empty, One, Pair


OURS, THEIRS = declare(frozen_dataclass), declare(dataclass(frozen=True))
NAN = float("nan")  # equal to itself only in a tuple
VALUES = [
    (0, ()),
    (1, (NAN,)),
    (1, (1,)),
    (1, (2,)),
    (1, ("x",)),
    (2, (1,)),
    (2, (1, 3)),
    (2, (1, 2, "d")),
    (2, ((1, 2), 3)),
]


@pytest.mark.parametrize(("number", "given"), VALUES)
def test_they_look_alike(number: int, given: tuple[Any, ...]) -> None:
    ours, theirs = OURS[number](*given), THEIRS[number](*given)
    assert repr(ours) == repr(theirs)
    assert [f.name for f in fields(ours)] == [f.name for f in fields(theirs)]


@pytest.mark.parametrize("left", VALUES)
@pytest.mark.parametrize("right", VALUES)
def test_they_compare_alike(left: tuple[int, tuple[Any, ...]], right: tuple[int, tuple[Any, ...]]) -> None:
    (ours, our_other), (theirs, their_other) = ([kind[n](*v) for n, v in (left, right)] for kind in (OURS, THEIRS))
    assert (ours == our_other) is (theirs == their_other)
    assert len({ours, our_other}) == len({theirs, their_other})
    assert ours != left
    assert ours != theirs


@pytest.mark.parametrize("slots", [False, True])
def test_they_are_frozen_and_may_say_of_themselves_what_they_like(slots: bool) -> None:
    @frozen_dataclass(slots=slots)
    class Own:
        a: int
        b: list[Any] = field(default_factory=list)

        def __repr__(self) -> str:
            return "mine"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    own = Own(1)
    with pytest.raises(FrozenInstanceError):
        own.a = 2  # type: ignore[misc]
    assert replace(own, a=2).a == 2
    assert (repr(own), own == 3, hash(own), hasattr(own, "__dict__")) == ("mine", True, 7, not slots)


def test_one_that_holds_itself_can_be_shown() -> None:
    kind = OURS[1]
    held: list[Any] = []
    held.append(one := kind(held))
    assert repr(one) == f"{kind.__qualname__}(a=[...])"
