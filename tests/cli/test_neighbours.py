"""An object that another stack of the store has is not taken over, made again or deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World, living
from headend.core.reconcile.state import neighbours, open_state
from headend.core.reconcile.state.store import State

STACK = """\
headend: 1
stack: {name}
ateme:
  environments:
    {key}:
      name: eu
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      lifecycle: {{protect: false, adopt: {adopt}}}
      inputs: {inputs}
"""
EU = "ateme.environments.eu"
GATE = "{gate: {variant: srt_push, port: 5001, lifecycle: {adopt: match}}}"


def stack(name: str, adopt: str = "match", key: str = "eu", inputs: str = GATE) -> str:
    return STACK.format(name=name, adopt=adopt, key=key, inputs=inputs)


@pytest.fixture
def day(world: World) -> World:
    """The stack day has made all; night says the same, and takes over what it finds."""
    world.write("day.yaml", stack("day"))
    world.write("night.yaml", stack("night"))
    assert world("apply", "day.yaml", "--yes").code == 0
    world.simulator.reset_journal()
    return world


def both(world: World) -> None:
    """As if a move between the two had been killed half-way."""
    path = world.home / ".headend"
    with open_state(path / "day.db", "day") as one, open_state(path / "night.db", "night") as other:
        other.take(list(one.records().values()), [])


def test_what_another_stack_has_is_not_taken_over_and_the_stack_is_named(day: World) -> None:
    ran = day("apply", "night.yaml", "--yes", "--adopt", "match")
    assert (ran.code, day.simulator.writes()) == (5, [])
    assert f"it is {EU} of the stack day" in ran.err
    assert f"it is {EU}.inputs.gate of the stack day" in ran.err
    assert "night: 2 refused" in ran.out
    (id,) = day.alive()["environments"]
    day.write("night.yaml", stack("night", adopt=f"{{id: {id}}}"))
    assert (
        f"lifecycle.adopt: {id} is {EU} of the stack day"
        in day("plan", "night.yaml").err + day("plan", "night.yaml").out
    )


def test_what_to_write_is_to_have_is_refused_too(world: World) -> None:
    for name in ("day", "night"):
        limit = f"{{headend: 1, stack: {name}, rights_locker: {{stream_limits: {{it: {{account_id: v, limit: 3}}}}}}}}"
        world.write(f"{name}.yaml", limit)
    assert world("apply", "day.yaml", "--yes").code == 0
    world.simulator.reset_journal()
    ran = world("apply", "night.yaml", "--yes")
    assert (ran.code, world.simulator.writes()) == (5, [])
    assert "there is one, it is rights_locker.stream_limits.it of the stack day" in ran.err


def test_the_same_id_at_another_customer_is_another_object(world: World) -> None:
    for name in ("day", "night"):
        limit = f"{{headend: 1, stack: {name}, rights_locker: {{stream_limits: {{it: {{account_id: v, limit: 3}}}}}}}}"
        world.write(f"{name}.yaml", limit)
    assert world("apply", "day.yaml", "--yes", HEADEND_RIGHTS_LOCKER_PCODE="one").code == 0
    assert world("apply", "night.yaml", "--yes", HEADEND_RIGHTS_LOCKER_PCODE="two").code == 0


def test_what_two_states_have_is_forgotten_and_not_deleted(day: World) -> None:
    both(day)
    before = living(day.simulator.dump())
    day.write("day.yaml", "{headend: 1, stack: day}")
    planned = json.loads(day("plan", "day.yaml", "--format", "json").out)
    assert {(step["action"], step["reason"]) for step in planned["steps"]} == {("forget", "held")}
    assert f"it is {EU} of the stack night, and stays" in day("apply", "day.yaml", "--yes").out
    assert (living(day.simulator.dump()), day.simulator.writes()) == (before, [])
    assert day("plan", "night.yaml").code == 0


def test_import_leaves_out_what_another_stack_has(day: World) -> None:
    ran = day("import", "ateme", "-o", "live.yaml")
    assert f"it is {EU} of the stack day" in ran.out
    assert "environments" not in day("state", "list", "live").out


def test_copies_of_a_state_are_not_other_stacks(day: World) -> None:
    for name in ("day", "night"):
        day.write(f"{name}.yaml", stack(name, adopt="never").replace("name: eu", f"name: {name}"))
        assert day("apply", f"{name}.yaml", "--yes", "--target", EU).code == 0
        assert day("state", "backup", name, "--out", f".headend/a-copy-of-{name}.db").code == 0
    assert day("destroy", "night.yaml", "--yes").code == 0
    assert day("destroy", "day.yaml", "--yes").code == 0
    assert day.alive()["environments"] == []
    day.write("day.yaml", stack("day").replace("name: eu", "name: night"))
    assert day("apply", "day.yaml", "--yes").code == 0  # an old copy of night's state has an object like that


def test_destroy_leaves_what_two_states_have(day: World) -> None:
    both(day)
    assert day("destroy", "day.yaml", "--yes").code == 0
    assert day.simulator.writes() == []
    assert day("destroy", "night.yaml", "--yes").code == 0
    assert day.alive()["environments"] == []


def test_what_two_states_have_is_not_replaced(day: World) -> None:
    both(day)
    day.write("day.yaml", stack("day").replace("name: eu", "name: other"))
    ran = day("apply", "day.yaml", "--yes")
    assert (ran.code, day.simulator.writes()) == (5, [])
    assert f"is {EU} of the stack night, too; let one of them go: `headend state rm STACK {EU}`" in ran.err


def test_a_vanished_object_is_not_made_where_another_stack_has_one_like_it(day: World) -> None:
    (id,) = day.alive()["environments"]
    with open_state(day.home / ".headend" / "night.db", "night") as state:
        record = state_of(day)[EU]
        state.take([replace(record, id="gone")], [])
    ran = day("apply", "night.yaml", "--yes", "--target", EU)
    assert (ran.code, day.alive()["environments"]) == (5, [id])
    assert f"it is {EU} of the stack day" in ran.err


def state_of(world: World) -> dict[str, Any]:
    with open_state(world.home / ".headend" / "day.db", "day") as state:
        return dict(state.records())


# --- reading them -------------------------------------------------------------------------------------------
def test_a_state_that_a_run_holds_is_read_all_the_same(day: World) -> None:
    with open_state(day.home / ".headend" / "day.db", "day") as held:
        held.begin("a", "ateme.input", "create")  # so that there is a log
        ran = day("plan", "night.yaml")
        assert f"it is {EU} of the stack day" in ran.out
        assert held.intents().keys() == {"a"}  # and nobody took the file away
    assert day("plan", "day.yaml").code == 0


def test_a_log_that_begins_anew_while_it_is_read_is_read_again(day: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read = day.home / ".headend" / "day.db", Path.read_bytes
    with open_state(path, "day") as held:
        held.begin("a", "ateme.input", "create")
        held._db.connection.execute("PRAGMA wal_checkpoint(RESTART)")
        again = iter([True])

        def read_bytes(one: Path) -> bytes:
            found = read(one)
            if one == path and next(again, False):
                held.drop(EU)  # begins the log anew, after the file was read
            return found

        monkeypatch.setattr(Path, "read_bytes", read_bytes)
        found = neighbours.held(path.with_name("night.db"), "night", {})
        assert {address for _, address in found.values()} == {f"{EU}.inputs.gate"}


@pytest.mark.parametrize("content", [b"", b"no state", b"SQLite format 3\0" + bytes(4080)])
def test_what_is_no_state_has_nothing_to_say(day: World, content: bytes) -> None:
    (day.home / ".headend" / "other.db").write_bytes(content)
    assert day("plan", "night.yaml").code == 5


def test_who_has_nothing_to_ask_reads_no_other_state(day: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(state: State) -> Any:
        raise AssertionError

    monkeypatch.setattr(State, "held_elsewhere", fail)
    assert day("plan", "day.yaml").code == 0


def test_other_states_are_read_once_however_much_is_asked(day: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    look = neighbours.look

    def count(path: Path, find: Callable[[sqlite3.Connection], Any]) -> Any:
        read.append(path)
        return look(path, find)

    monkeypatch.setattr(neighbours, "look", count)
    day("plan", "night.yaml")
    assert [path.name for path in read] == ["day.db"]


def test_a_simulated_world_is_a_stacks_own(world: World) -> None:
    for name in ("day", "night"):
        world.write(f"{name}.yaml", stack(name))
        assert world("apply", f"{name}.yaml", "--simulator", "--yes").code == 0
