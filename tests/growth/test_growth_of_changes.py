"""What is done with all objects of a stack at once, besides what `test_growth` plays: four times as many, four times
the cost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from growth import embedded, under_pulumi
from growth.counted import too_much
from growth.many import tree, world
from headend.core.wire.registry import kinds

Stack = dict[str, Any]
NUMBER = 4
THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))


def collection(stack: Stack, kind: str) -> dict[str, Any]:
    """Where the objects of the kind stand in the stack."""
    known = kinds()[kind]
    place = stack[known.platform]
    if known.parent:
        (place,) = place[kinds()[known.parent].collection].values()
    found: dict[str, Any] = place[known.collection]
    return found


def edited(kind: str, number: int, edit: Callable[[int, dict[str, Any]], Any]) -> Stack:
    """The stack with each object of the kind edited. edit: takes its number and the object."""
    stack = tree(kind, number)
    for n, one in enumerate(collection(stack, kind).values()):
        edit(n, one)
    return stack


def renamed(kind: str, number: int) -> Stack:
    stack = tree(kind, number)
    place = collection(stack, kind)
    for key in list(place):
        place[f"new-{key}"] = place.pop(key)
    return stack


def left(kind: str, number: int) -> Stack:
    stack = tree(kind, number)
    collection(stack, kind).clear()
    return stack


def moved(kind: str, number: int) -> Stack:
    """Their environment has another key."""
    stack = tree(kind, number)
    environments = stack["ateme"]["environments"]
    environments["elsewhere"] = {**environments.pop("matchday-eu"), "lifecycle": {"renamed_from": ENVIRONMENT}}
    environments["elsewhere"]["name"] = "matchday-eu"
    return stack


ENVIRONMENT = "ateme.environments.matchday-eu"


def titled(number: int, by: int) -> Stack:
    """Each has the title of the one that follows by that number."""
    return edited("mycujoo.action_configuration", number, lambda n, one: one.update(title=f"Replay {n + by}"))


def anew(kind: str, number: int, **values: Any) -> Stack:
    return edited(kind, number, lambda n, one: one.update({name: value.format(n=n) for name, value in values.items()}))


def chained(kind: str, number: int) -> Stack:
    """Each depends on the one before it."""
    place = f"{kinds()[kind].platform}.{kinds()[kind].collection}"
    return edited(kind, number, lambda n, one: one["lifecycle"].update(depends_on=[f"{place}.it-{n - 1}"] if n else []))


CASES: dict[str, tuple[str, Callable[[str, int], Stack], Callable[[str, int], Stack]]] = {
    "other keys, known by what they are": ("rights_locker.stream_limit", tree, renamed),
    "other keys, known by their names": ("ateme.label", tree, renamed),
    "other keys of what is made for others": ("ateme.transcoder", tree, renamed),
    "another key of what they live in": ("ateme.input", tree, moved),
    "all leave": ("rights_locker.stream_limit", tree, left),
    "all leave an environment": ("ateme.output", tree, left),
    "made anew": ("rights_locker.stream_limit", tree, lambda k, n: anew(k, n, account_id="other-{n}")),
    "names that pass on": (
        "mycujoo.action_configuration",
        lambda k, n: titled(n, 1),
        lambda k, n: titled(n, 0),
    ),
    "a chain": ("rights_locker.stream_limit", lambda k, n: {}, chained),
}


NOT_UNDER_PULUMI = {"a chain"}
"""Pulumi's state has of each object all that depends on it, by way of others, too."""
UNDER_PULUMI = CASES.keys() - NOT_UNDER_PULUMI if THOROUGH else {"names that pass on"}


@pytest.mark.parametrize(
    ("engine", "case"), [*(("embedded", case) for case in CASES), *(("pulumi", case) for case in sorted(UNDER_PULUMI))]
)
def test_a_change_of_all_grows_with_them(engine: str, case: str, tmp_path: Path) -> None:
    kind, before, after = CASES[case]
    costs = []
    for number in (NUMBER, 4 * NUMBER):
        simulator = world(kind, number)
        bench: Any = (
            embedded.Bench(simulator, tmp_path / f"{number}.yaml")
            if engine == "embedded"
            else under_pulumi.Bench(simulator.dump())
        )
        if first := before(kind, number):
            bench.cost(first, lines=False)
        costs.append(bench.cost(after(kind, number), lines=True))
    assert too_much(*costs) == []
