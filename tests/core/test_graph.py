"""The order of steps, scene by scene: all that a step waits for, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.graph import creates_first, graph, holding_on
from headend.core.reconcile.plan import Plan, Step

NONE, CREATE, UPDATE, REPLACE = Action.NONE, Action.CREATE, Action.UPDATE, Action.REPLACE
DELETE, FORGET, ADOPT = Action.DELETE, Action.FORGET, Action.ADOPT


@dataclass(frozen=True)
class Thing:
    """had, wants: what it refers to, before and after. first: the new one is made first. after: what frees its name.
    kind: of its record; a multi-viewer lets go of what it holds."""

    action: Action
    wants: tuple[str, ...] = ()
    had: tuple[str, ...] = ()
    first: bool = False
    after: tuple[str, ...] = ()
    kind: str = "ateme.input"
    reason: Reason = Reason.CHANGED


VIEWER = "ateme.multi_viewer"
Things = Mapping[str, Thing]


@dataclass
class Scene:
    things: Things
    edges: dict[str, str]
    anew: set[str] = field(default_factory=set)

    def parts(self) -> tuple[Plan, Stack, dict[str, Record]]:
        resources, records, steps = {}, {}, []
        for address, thing in self.things.items():
            if thing.action not in {DELETE, FORGET}:
                kind = SimpleNamespace(create_before_delete=thing.first)
                wants = thing.wants
                resources[address] = cast(Any, SimpleNamespace(references=lambda wants=wants: wants, kind=kind))
            if thing.action not in {CREATE, ADOPT}:
                records[address] = Record(address, thing.kind, address, {}, depends=thing.had)
            decision = cast(Any, SimpleNamespace(after=thing.after)) if thing.after else None
            steps.append(Step(address, thing.kind, thing.action, thing.reason, decision=decision))
        return Plan("day", "", tuple(steps)), Stack("day", "", resources), records


def told(edges: Any) -> dict[str, str]:
    """`put a` -> "drop b, put c"."""
    return {
        f"{part} {address}": ", ".join(sorted(f"{p} {a}" for a, p in before))
        for (address, part), before in sorted(edges.items())
    }


ON_A = {"wants": ("a",), "had": ("a",)}
SCENES = {
    "made after what it needs": Scene(
        {"a": Thing(CREATE), "b": Thing(CREATE, ("a",)), "c": Thing(ADOPT, ("a", "b"))},
        {"put a": "", "put b": "put a", "put c": "put a, put b"},
    ),
    "what stays as it is isn't waited for": Scene(
        {"a": Thing(NONE), "b": Thing(CREATE, ("a",)), "c": Thing(UPDATE, ("a", "b"), ("a",))},
        {"put b": "", "put c": "put b"},
    ),
    "deleted before what it needs": Scene(
        {"x": Thing(NONE), "a": Thing(DELETE), "b": Thing(DELETE, had=("x", "a")), "c": Thing(FORGET, had=("a", "b"))},
        {"drop a": "drop b, drop c", "drop b": "drop c", "drop c": ""},
    ),
    "the old one goes first": Scene({"a": Thing(REPLACE)}, {"drop a": "", "put a": "drop a"}),
    "the new one is made first": Scene({"a": Thing(REPLACE, first=True)}, {"drop a": "put a", "put a": ""}),
    "the new one isn't made before the old one is gone that is being deleted": Scene(
        {"a": Thing(REPLACE, first=True, reason=Reason.VANISHED)}, {"drop a": "", "put a": "drop a"}
    ),
    "what depends on it changes over in between": Scene(
        {"a": Thing(REPLACE, first=True), "b": Thing(UPDATE, **ON_A)},
        {"drop a": "put a, put b", "put a": "", "put b": "put a"},
    ),
    "what lets go of it is changed before it goes": Scene(
        {"a": Thing(DELETE), "b": Thing(UPDATE, (), ("a",))},
        {"drop a": "put b", "put b": ""},
    ),
    "what is replaced lets go of it by its old one": Scene(
        {"a": Thing(DELETE), "b": Thing(REPLACE, (), ("a",), first=True)},
        {"drop a": "drop b", "drop b": "put b", "put b": ""},
    ),
    "what holds on to it": Scene(
        {"a": Thing(REPLACE), "b": Thing(UPDATE, **ON_A)},
        {"drop a": "", "put a": "drop a", "put b": "put a"},
        anew={"b"},
    ),
    "what holds on to it by another": Scene(
        {"a": Thing(REPLACE), "m": Thing(UPDATE, ("a",)), "b": Thing(UPDATE, ("m",), ("a",))},
        {"drop a": "", "put a": "drop a", "put m": "put a", "put b": "put m"},
        anew={"b"},
    ),
    "what was made anew with it": Scene(
        {"a": Thing(REPLACE), "b": Thing(REPLACE, **ON_A)},
        {"drop a": "drop b", "drop b": "", "put a": "drop a", "put b": "drop b, put a"},
    ),
    "what lets go of it for a while": Scene(
        {"a": Thing(REPLACE), "b": Thing(UPDATE, **ON_A, kind=VIEWER)},
        {"drop a": "release b", "release b": "", "put a": "drop a", "put b": "put a, release b"},
    ),
    "what would let go has no need to": Scene(
        {"a": Thing(REPLACE, first=True), "b": Thing(UPDATE, **ON_A, kind=VIEWER)},
        {"drop a": "put a, put b", "put a": "", "put b": "put a"},
    ),
    "made first within what goes first": Scene(
        {"a": Thing(REPLACE), "b": Thing(REPLACE, **ON_A, first=True)},
        {"drop a": "drop b", "drop b": "", "put a": "drop a", "put b": "drop b, put a"},
    ),
    "made first beside what has no order": Scene(
        {"a": Thing(REPLACE), "b": Thing(REPLACE, **ON_A, first=True), "c": Thing(REPLACE, first=True)},
        {
            "drop a": "drop b",
            "drop b": "",
            "put a": "drop a",
            "put b": "drop b, put a",
            "drop c": "put c",
            "put c": "",
        },
    ),
    "made first, although what needs it goes first": Scene(
        {
            "x": Thing(NONE),
            "a": Thing(REPLACE),
            "c": Thing(REPLACE, ("a",), ("x",), first=True),
            "b": Thing(REPLACE, ("c",), ("a",), first=True),
        },
        {
            "drop a": "drop b",
            "put a": "drop a",
            "drop b": "",
            "put b": "drop b, put c",
            "drop c": "put c",
            "put c": "put a",
        },
    ),
    "made first, and what needs it goes first": Scene(
        {"a": Thing(REPLACE, first=True), "b": Thing(REPLACE, **ON_A)},
        {"drop a": "drop b, put a", "drop b": "put a", "put a": "", "put b": "drop b, put a"},
    ),
    "what needs two of them, one of each sort": Scene(
        {
            "a": Thing(REPLACE, first=True),
            "e": Thing(REPLACE),
            "b": Thing(REPLACE, ("a", "e"), ("a", "e")),
        },
        {
            "drop a": "drop b, put a",
            "put a": "",
            "drop e": "drop b",
            "put e": "drop e",
            "drop b": "",
            "put b": "drop b, put a, put e",
        },
    ),
    "a name that a deletion frees": Scene(
        {"a": Thing(DELETE), "b": Thing(CREATE, after=("a",)), "c": Thing(UPDATE, after=("x",))},
        {"drop a": "", "put b": "drop a", "put c": ""},
    ),
    "a name that a change frees": Scene(
        {"a": Thing(UPDATE), "b": Thing(UPDATE, after=("a",))},
        {"put a": "", "put b": "put a"},
    ),
    "a name that a replacement frees": Scene(
        {"a": Thing(REPLACE), "b": Thing(UPDATE, after=("a",))},
        {"drop a": "", "put a": "drop a", "put b": "drop a"},
    ),
    "what was set aside goes last": Scene(
        {"x": Thing(NONE), "a": Thing(CREATE), "a/7": Thing(DELETE), "b": Thing(UPDATE, ("a",), ("x", "a"))},
        {"put a": "", "drop a/7": "put a, put b", "put b": "put a"},
    ),
    "what was set aside, and what depended on it goes": Scene(
        {"a": Thing(CREATE), "a/7": Thing(DELETE), "b": Thing(DELETE, had=("a",)), "c": Thing(NONE, ("a",), ("a",))},
        {"put a": "", "drop a/7": "drop b, put a", "drop b": ""},
    ),
    "what was set aside has the name of the new one": Scene(
        {"a": Thing(CREATE, after=("a/7",)), "a/7": Thing(DELETE)},
        {"put a": "drop a/7", "drop a/7": ""},
    ),
    "what was set aside, and what depended on it is made anew": Scene(
        {"a": Thing(CREATE), "a/7": Thing(DELETE), "b": Thing(REPLACE, **ON_A)},
        {"put a": "", "drop a/7": "drop b, put a, put b", "drop b": "put a", "put b": "drop b, put a"},
    ),
    "what was set aside has the name of the new one, and what depended on it is made anew": Scene(
        {"a": Thing(CREATE, after=("a/7",)), "a/7": Thing(DELETE), "b": Thing(REPLACE, **ON_A)},
        {"put a": "drop a/7", "drop a/7": "drop b", "drop b": "", "put b": "drop b, put a"},
    ),
    "what was set aside, and nothing comes after it": Scene({"a/7": Thing(DELETE)}, {"drop a/7": ""}),
}


@pytest.mark.parametrize("name", SCENES)
def test_a_scene(name: str) -> None:
    scene = SCENES[name]
    plan, stack, records = scene.parts()
    assert told(graph(plan, stack, records)) == dict(sorted(scene.edges.items(), key=lambda e: e[0].split()[::-1]))
    assert holding_on(plan, stack, records) == scene.anew


def test_which_replacements_make_the_new_one_first() -> None:
    scene = Scene({"a": Thing(REPLACE, first=True), "b": Thing(REPLACE), "c": Thing(DELETE), "d": Thing(CREATE)}, {})
    edges = graph(*scene.parts())
    assert [creates_first(edges, address) for address in "abcdx"] == [True, False, False, False, False]
