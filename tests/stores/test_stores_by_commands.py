"""Commands of a team over one store: files that they share, PostgreSQL, objects in S3."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World, serve
from headend.core.model.errors import StateError, StateInUse
from headend.core.reconcile.state import open_state
from headend.core.reconcile.state.places import Place, StoreUrl, place_of
from headend.core.reconcile.state.remote import connect
from headend.core.reconcile.state.sql import SQL
from headend.core.reconcile.state.storing import Change
from headend.simulator import Simulator

STACK = """\
headend: 1
stack: {stack}
mycujoo:
  action_configurations:
    goal: {{action_id: act-1, group_id: derby, title: Goal, order: 3}}
    card: {{action_id: act-1, group_id: derby, title: Card, order: 4}}
"""
GOAL = "mycujoo.action_configurations.goal"


@pytest.fixture
def team(store: str, stack: str, tmp_path: Path) -> Iterator[tuple[World, World]]:
    """Two people, each in a clone of their own, with one store."""
    simulator = Simulator()
    with serve(simulator) as url:
        clones = []
        for name in ("ada", "ben"):
            home = tmp_path / name
            home.mkdir()
            (home / "day.yaml").write_text(STACK.format(stack=stack))
            world = World(simulator, home, url)
            world.env |= {"HEADEND_STATE": store, "HEADEND_STATE_KEY": os.environ["HEADEND_STATE_KEY"]}
            clones.append(world)
        yield clones[0], clones[1]


def test_what_one_applied_the_other_sees_changes_and_destroys(team: tuple[World, World], stack: str) -> None:
    ada, ben = team
    assert ada("apply", "day.yaml", "--yes").code == 0
    assert [ben(command, "day.yaml").code for command in ("plan", "drift", "status")] == [0, 0, 0]
    assert len(ben("state", "list", stack).out.splitlines()) == 2
    rows: Any = ada.simulator.sims["mycujoo"].world["configurations"]
    for row in rows.values():
        row["order"] = 9
    drifted = ben("drift", "day.yaml")
    assert (drifted.code, drifted.out.count("(changed outside headend)")) == (2, 2)
    assert ben("apply", "day.yaml", "--yes").code == 0
    assert ada("plan", "day.yaml").code == 0
    assert ada("destroy", "day.yaml", "--yes").code == 0
    assert (ben.alive()["configurations"], ben("state", "list", stack).out) == ([], "")
    assert [sorted(path.name for path in one.home.iterdir()) for one in team] == [["day.yaml"]] * 2


def test_who_has_the_state_is_told_and_others_look_beside_it(
    team: tuple[World, World], place: Place, stack: str
) -> None:
    ada, ben = team
    assert ada("apply", "day.yaml", "--yes").code == 0
    with open_state(place, stack):
        for command in (("plan", "day.yaml"), ("apply", "day.yaml", "--yes")):
            refused = ben(*command)
            assert refused.code == StateInUse.exit_code
            assert "is in use by another headend process" in refused.err
            assert "--lock-timeout" in refused.err
        assert ben("plan", "day.yaml", "--no-lock").code == 0
        assert ben("status", "day.yaml").code == 0
    assert ben("plan", "day.yaml").code == 0


def test_a_lock_by_hand_stops_who_writes_and_nobody_else(team: tuple[World, World], stack: str) -> None:
    ada, ben = team
    assert ada("apply", "day.yaml", "--yes").code == 0
    assert ada("state", "lock", stack, "--reason", "cup final").code == 0
    refused = ben("apply", "day.yaml", "--yes")
    assert (refused.code, "cup final; `headend state unlock" in refused.err) == (StateInUse.exit_code, True), (
        refused.err
    )
    assert [ben(command, "day.yaml").code for command in ("plan", "drift", "status")] == [0, 0, 0]
    unlocked = ben("state", "unlock", stack)
    assert (unlocked.code, "is unlocked; it was locked by " in unlocked.out) == (0, True)
    assert "was not locked" in ben("state", "unlock", stack).out
    assert ben("apply", "day.yaml", "--yes").code == 0


def test_a_lock_that_a_run_left_is_taken_from_it(team: tuple[World, World], place: Place, stack: str) -> None:
    if not isinstance(place, StoreUrl):
        pytest.skip("the system itself lets go of a file")
    ada, ben = team
    assert ada("apply", "day.yaml", "--yes").code == 0
    with contextlib.closing(connect(place)) as store, contextlib.suppress(StateError), store.held(0):
        assert ben("apply", "day.yaml", "--yes").code == StateInUse.exit_code
        taken = ben("state", "unlock", stack, "--force")
        assert (taken.code, "taken from its run: " in taken.out) == (0, True), taken.err
        assert ben("apply", "day.yaml", "--yes").code == 0
        with pytest.raises(StateError):
            store.write([Change("meta", "late", None)])


def test_a_state_moves_to_a_store_and_back(team: tuple[World, World], store: str, stack: str) -> None:
    ada, ben = team
    alone = replace(ada, home=ada.home)
    alone.env = ada.env | {"HEADEND_STATE": "own.db"}
    assert alone("apply", "day.yaml", "--yes").code == 0
    other = alone("state", "migrate", stack, "own.db", store, HEADEND_STATE_KEY="cd" * 32)
    assert (other.code, "HEADEND_STATE_KEY is the key" in other.err) == (1, True), other.err
    moved = alone("state", "migrate", stack, "own.db", store)
    assert (moved.code, "2 objects; own.db is locked" in moved.out) == (0, True), moved.err + moved.out
    assert ben("plan", "day.yaml").code == 0
    late = alone("apply", "day.yaml", "--yes")
    assert (late.code, f"{stack} is in {place_of(store, stack)} by now" in late.err) == (StateInUse.exit_code, True)
    twice = alone("state", "migrate", stack, "own.db", store)
    assert (twice.code, "2 objects; own.db is locked" in twice.out) == (0, True), "it has done it already"
    copied = alone("state", "backup", stack, "--out", "own.backup", HEADEND_STATE=store)
    assert copied.code == 0, copied.err
    assert alone("state", "restore", stack, "own.backup", HEADEND_STATE="third.db").code == 0
    taken = alone("state", "migrate", stack, "third.db", store)
    assert (taken.code, "there is a state" in taken.err) == (3, True), taken.err
    nothing = alone("state", "migrate", stack, "other.db", "fourth.db")
    assert (nothing.code, "there is no state other.db" in nothing.err) == (3, True)
    assert alone("state", "migrate", stack, store, "back.db").code == 0
    alone.env["HEADEND_STATE"] = "back.db"
    assert alone("plan", "day.yaml").code == 0


def test_a_move_that_was_killed_is_finished_by_the_same_command(
    team: tuple[World, World], store: str, place: Place, stack: str
) -> None:
    ada, ben = team
    own = {"HEADEND_STATE": "own.db"}
    assert ada("apply", "day.yaml", "--yes", **own).code == 0
    with open_state(place, stack), open_state(ada.home / "own.db", stack) as old:
        old.lock(f"ada: {stack} is in {place} by now")
    late = ada("apply", "day.yaml", "--yes", **own)
    assert late.code == StateInUse.exit_code
    moved = ada("state", "migrate", stack, "own.db", store)
    assert (moved.code, "2 objects; own.db is locked" in moved.out) == (0, True), moved.err
    assert ben("plan", "day.yaml").code == 0
    assert ben("destroy", "day.yaml", "--yes").code == 0
    again = ada("state", "migrate", stack, "own.db", store)
    assert (again.code, "0 objects; own.db is locked" in again.out) == (0, True), again.err


def test_what_a_store_needs_is_printed(tmp_path: Path) -> None:
    world = World(Simulator(), tmp_path, "http://127.0.0.1:1")
    printed = world("state", "init", "postgresql://db.example.com/team")
    assert printed.out.strip() == SQL.strip()
    assert "conditional writes" in world("state", "init", "s3://bucket/team/").out
    assert "nothing has to be done" in world("state", "init", "states/").out
    unknown = world("state", "init", "ftp://host/state")
    assert (unknown.code, "there is no store ftp://; known: s3://" in unknown.err) == (3, True)
    assert list(tmp_path.iterdir()) == []
