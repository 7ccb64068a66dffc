"""Plan files that were edited or damaged: one line, no traceback, no write."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.harness import World, serve
from headend.cli import planfile
from headend.core.model.errors import InputError, StaleError
from headend.core.reconcile.approval import differences
from headend.core.reconcile.plan import Plan
from headend.simulator import Simulator

STACK = """\
headend: 1
stack: day
vars: {title: One}
mycujoo:
  action_configurations:
    one: {action_id: act-1, group_id: g, title: "${vars.title}", fields: {delay: 1}}
    two: {action_id: act-1, group_id: g, title: Two}
"""
EXAMPLES = 1000 if os.environ.get("HEADEND_THOROUGH") else 20
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with one object of the stack, changed since, and a plan that was made for the rest and the change."""
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path_factory.mktemp("planned"), url)
        world.write("day.yaml", STACK)
        one = ("--target", "mycujoo.action_configurations.one")
        assert world("apply", "day.yaml", "--yes", "--var", "title=Old", *one).code == 0
        assert world("plan", "day.yaml", "--out", "plan.json").code == 2
        simulator.reset_journal()
        yield world


def document(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((world.home / "plan.json").read_text())
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all values in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with something else there; without it where that is None."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    if new is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return copy


@given(data=st.data())
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_of_a_plan_file_is_refused_whole(planned: World, data: st.DataObject) -> None:
    whole = document(planned)
    path = data.draw(st.sampled_from(sorted(places(whole), key=str)))
    edited = changed(whole, path, data.draw(JSON))
    if json.dumps(edited, sort_keys=True) == json.dumps(whole, sort_keys=True):
        return
    planned.write("edited.json", json.dumps(edited))
    ran = planned("apply", "edited.json", "--yes")
    (line,) = ran.err.splitlines()
    assert ran.code in {3, 6}
    assert line.startswith("edited.json: ")
    assert planned.simulator.writes() == []


@given(data=st.data())
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_forged_plan_is_a_plan_or_an_error(planned: World, data: st.DataObject, tmp_path: Path) -> None:
    """Whoever makes the checksum fit can approve a step or none of it; nothing else comes of it."""
    whole = document(planned)
    del whole["checksum"]
    path = data.draw(st.sampled_from(sorted(places(whole), key=str)))
    forged = changed(whole, path, data.draw(JSON))
    file = tmp_path / "forged.json"
    file.write_text(json.dumps(forged | {"checksum": planfile._checksum(forged)}))
    fresh = Plan(whole["stack"], whole["file"], ())
    with contextlib.suppress(InputError, StaleError):
        read = planfile.read(file) or {}
        planfile.bind_of(read)
        planfile.raise_if_other(fresh, read)
        differences(fresh, read)


@pytest.mark.parametrize("cut", [1, 100, 500])
def test_a_plan_file_that_was_cut_off_is_none(planned: World, cut: int) -> None:
    planned.write("cut.json", (planned.home / "plan.json").read_text().rstrip()[:-cut])
    ran = planned("apply", "cut.json", "--yes")
    assert (ran.code, ran.err.startswith("cut.json: not a plan file: ")) == (3, True)


def test_another_version_is_told(planned: World) -> None:
    planned.write("old.json", json.dumps(document(planned) | {"headend": "0.1"}))
    ran = planned("apply", "old.json", "--yes")
    assert (ran.code, ran.err) == (6, "old.json: the plan was made by headend 0.1; plan again\n")


def test_the_plan_as_it_was_written_is_applied(planned: World) -> None:
    """Also with its keys in another order: tools that pass it on may sort them."""
    planned.write("sorted.json", json.dumps(document(planned), sort_keys=True))
    ran = planned("apply", "sorted.json", "--yes")
    assert (ran.code, "2 done, 0 failed" in ran.out) == (0, True), ran.err
