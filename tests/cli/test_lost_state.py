"""State that fails while apply runs: the run begins nothing more, and tells what no state knows."""

from __future__ import annotations

import resource
from typing import Any

import pytest

from cli.harness import World
from headend.core.reconcile.state import State
from headend.simulator.app import Entry

STACK = """\
headend: 1
stack: day
ateme:
  environments:
    matchday:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        a: {variant: srt_push, port: 5001}
        b: {variant: srt_push, port: 5002}
"""
ACCOUNTS = """\
headend: 1
stack: day
mycujoo:
  accounts:
    ada: {email: ada@example.com, first_name: Ada}
    ben: {email: ben@example.com, first_name: Ben}
"""
ENVIRONMENT = "ateme.environments.matchday"


@pytest.fixture
def day(world: World) -> World:
    world.write("day.yaml", STACK)
    return world


def ids(world: World, table: str) -> list[str]:
    return world.alive()[table]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_state_that_is_taken_away_stops_the_run_which_tells_what_it_did(day: World, replaced: bool) -> None:
    path = day.home / ".headend" / "day.db"

    def take_away(entry: Entry) -> None:
        if entry.key == "input.create.srt_push" and path.exists():
            path.unlink()
            if replaced:
                path.write_bytes(b"something else")

    day.simulator.observers.append(take_away)
    ran = day("apply", "day.yaml", "--yes", "--parallelism", "1")
    (environment,), (made,) = ids(day, "environments"), ids(day, "inputs")
    assert ran.code == 7, ran.err
    assert f"ateme.input {made} was written, but not recorded: .headend/day.db was removed or replaced" in ran.err
    assert f"in no state file: {ENVIRONMENT}: create of ateme.environment {environment}" in ran.err
    assert "skipped: state can't be written" in ran.err
    assert "1 done, 1 failed, 1 skipped" in ran.out


def test_a_state_that_is_taken_away_at_the_end_is_noticed_too(day: World, monkeypatch: pytest.MonkeyPatch) -> None:
    put = State.put

    def take_away(state: State, record: Any) -> None:
        put(state, record)
        if len([one for one in state.records().values() if not one.incomplete]) == 3:
            (day.home / ".headend" / "day.db").unlink()

    monkeypatch.setattr(State, "put", take_away)
    ran = day("apply", "day.yaml", "--yes", "--parallelism", "1")
    assert ran.code == 7
    assert ran.err.count("in no state file: ") == 3


def test_a_disk_that_is_full_in_mid_run_stops_it_and_the_next_one_goes_on(day: World) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(entry: Entry) -> None:
        if entry.key == "input.create.srt_push":
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # no file of this process may grow

    day.simulator.observers.append(fill)
    try:
        ran = day("apply", "day.yaml", "--yes", "--parallelism", "1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    (made,) = ids(day, "inputs")
    assert ran.code == 7, ran.err
    assert f"ateme.input {made} was written, but not recorded: .headend/day.db: it can't be" in ran.err
    assert "skipped: state can't be written" in ran.err
    assert "1 done, 1 failed, 1 skipped" in ran.out
    day.simulator.observers.clear()
    again = day("apply", "day.yaml", "--yes")
    assert (again.code, "(recovered)" in again.out) == (0, True)
    assert len(ids(day, "inputs")) == 2
    assert day("plan", "day.yaml").code == 0


def test_a_disk_that_is_full_while_objects_are_deleted_is_told_with_what_is_gone(day: World) -> None:
    day("apply", "day.yaml", "--yes")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(entry: Entry) -> None:
        if entry.key == "input.delete":
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))

    day.simulator.observers.append(fill)
    try:
        ran = day("destroy", "day.yaml", "--yes", "--parallelism", "1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ran.code == 1, ran.err
    assert " is given up, but not recorded: " in ran.err
    assert len(ids(day, "inputs")) == 1
    day.simulator.observers.clear()
    assert day("destroy", "day.yaml", "--yes").code == 0


def test_a_secret_that_cannot_be_kept_stops_the_run(world: World) -> None:
    world.write("day.yaml", ACCOUNTS)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(entry: Entry) -> None:
        if entry.key == "account.create":
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))

    world.simulator.observers.append(fill)
    try:
        ran = world("apply", "day.yaml", "--yes", "--parallelism", "1", "--secrets-out", "kept")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ran.code == 1, ran.err
    assert "its password, which is shown once, is lost: " in ran.err
    assert "skipped: state can't be written" in ran.err
