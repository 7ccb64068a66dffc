"""Text from outside, in whatever command shows it: it begins no line, and sends nothing to a terminal but letters."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
import yaml

from cli.harness import Ran, World
from cli.test_progress import on_terminal
from headend.core.model.printable import printable
from headend.core.model.record import Record
from headend.core.reconcile.state import open_state

FORGED = "- delete mycujoo.forged"
NASTY = f"(secret)\n{FORGED}\r\x1b[2J\x1b]0;t\x07\u202e\u2066\x9b1A\u2028\x7f\U000e0041é (x"
CLEAR = printable(NASTY)
STACK: dict[str, Any] = {
    "headend": 1,
    "stack": "day",
    "mycujoo": {"action_configurations": {"one": {"action_id": "act-1", "group_id": "g", "title": NASTY}}},
    "rights_locker": {"stream_limits": {"v": {"account_id": "v", "limit": 1}}},
}


def write(world: World, title: str = NASTY) -> None:
    one = STACK["mycujoo"]["action_configurations"]["one"] | {"title": title}
    write_yaml(world, STACK | {"mycujoo": {"action_configurations": {"one": one}}})


def write_yaml(world: World, document: dict[str, Any]) -> None:
    """On one line."""
    world.write("day.yaml", yaml.safe_dump(document, default_flow_style=True, width=100_000))


@pytest.fixture
def day(world: World) -> World:
    """The stack, applied."""
    write(world)
    applied = clean(world("apply", "day.yaml", "--yes"), 0)
    assert "action_configurations.one: create done" in applied.err
    return world


def clean(ran: Ran, *codes: int) -> Ran:
    """Says what must be so of all that headend prints."""
    assert ran.code in codes, ran
    assert "Traceback" not in ran.err
    for line in (ran.out + ran.err).split("\n"):
        assert line.isprintable(), repr(line)
        assert not line.startswith(FORGED)
    return ran


def live(world: World) -> dict[str, Any]:
    (row,) = world.simulator.sims["mycujoo"].world["configurations"].values()
    found: dict[str, Any] = row
    return found


def quoted(text: str) -> str:
    return printable(json.dumps(text, ensure_ascii=False))


# --- what plans and their like tell ------------------------------------------------------------------------------
def test_a_value_of_the_stack_file(world: World) -> None:
    write(world)
    assert "+ create mycujoo.action_configurations.one" in clean(world("plan", "day.yaml"), 2).out


@pytest.mark.parametrize("command", ["plan", "drift", "apply", "destroy"])
def test_a_live_value(day: World, command: str) -> None:
    write(day, "One")
    assert clean(day("apply", "day.yaml", "--yes"), 0).out.count(f"{quoted(NASTY)} -> ") == 1
    live(day)["title"] = NASTY
    ran = clean(day(command, "day.yaml", *(["--yes"] if command in {"apply", "destroy"} else [])), 0, 2)
    assert (f'title: {quoted(NASTY)} -> "One"' in ran.out) == (command != "destroy")


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_the_names_of_live_objects(world: World, command: str) -> None:
    for action in world.simulator.sims["mycujoo"].world["actions"].values():
        action["title"] = NASTY
    one = STACK["mycujoo"]["action_configurations"]["one"] | {"action_id": {"lookup": {"title": "Goal"}}}
    write_yaml(world, STACK | {"mycujoo": {"action_configurations": {"one": one}}})
    ran = clean(world(command, "day.yaml", *(["--yes"] if command == "apply" else [])), 3)
    assert f"title {CLEAR}, is_active True" in ran.err


@pytest.mark.parametrize("command", ["plan", "apply", "status", "drift"])
def test_a_platform_s_words(day: World, command: str) -> None:
    day.simulator.fail("action_configuration.*", status=403, body={"code": 7, "message": NASTY}, times=None)
    ran = clean(day(command, "day.yaml", *(["--yes"] if command == "apply" else [])), 0, 1, 2, 4, 7)
    assert "(secret) - delete mycujoo.forged" in ran.out + ran.err


def test_a_platform_s_words_about_a_write(world: World) -> None:
    write(world)
    world.simulator.fail("action_configuration.create", status=400, body={"code": 3, "message": NASTY}, times=None)
    assert "(secret) - delete mycujoo.forged" in clean(world("apply", "day.yaml", "--yes"), 7).err


def test_what_state_holds(world: World) -> None:
    with open_state(world.home / ".headend" / "day.db", "day") as state:
        state.put(Record(f"a.{NASTY}", f"some.{NASTY}", NASTY, {}))
        state.begin("b", f"some.{NASTY}", "create")
    out = clean(world("state", "list", "day"), 0).out
    assert out == f"b  some.{CLEAR}  (a create of unknown outcome)\na.{CLEAR}  some.{CLEAR}  {CLEAR}\n"


# --- what people type, and files ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words",
    [
        ["validate", f"{NASTY}.yaml"],
        ["validate", "day.yaml", "--var", NASTY],
        ["validate", "day.yaml", f"--{NASTY}"],
        ["plan", "day.yaml", "--target", NASTY],
        ["plan", "day.yaml", "--format", NASTY],
        ["state", "list", NASTY],
        ["state", "show", "day", NASTY],
        ["doctor", NASTY],
        ["api", NASTY, "x"],
        ["api", "mycujoo", NASTY],
        ["api", "mycujoo", "action_configuration.list", NASTY],
        [NASTY],
    ],
)
def test_words_of_the_command_line(world: World, words: list[str]) -> None:
    write(world)
    with open_state(world.home / ".headend" / "day.db", "day"):
        pass
    ran = clean(world(*words), 3)
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert "delete mycujoo.forged" in ran.err


@pytest.mark.parametrize(
    "text",
    [
        {"mycujoo": {"action_configurations": {NASTY: {"title": "x"}}}},
        {"mycujoo": {"action_configurations": {"one": {NASTY: "x"}}}},
        {"mycujoo": {NASTY: {}}},
        {NASTY: {}},
        {"rights_locker": {"stream_limits": {"v": {"account_id": f"${{vars.{NASTY}}}", "limit": 1}}}},
        {"vars": {NASTY: "${vars.x}"}, "mycujoo": {"action_configurations": {"one": {"title": f"${{vars.{NASTY}}}"}}}},
        {"connections": {"mycujoo": {NASTY: "x"}}},
        {"extends": NASTY},
    ],
)
def test_a_stack_file_that_is_wrong(world: World, text: dict[str, Any]) -> None:
    write_yaml(world, {"headend": 1} | text)
    ran = clean(world("validate", "day.yaml"), 3)
    assert "delete mycujoo.forged" in ran.err
    assert all(line.startswith("day.yaml:1:") for line in ran.err.splitlines())


def test_each_problem_of_a_file_stays_a_line(world: World) -> None:
    write_yaml(world, {"headend": 1, NASTY: 1, "other": 2})
    assert len(clean(world("validate", "day.yaml"), 3).err.splitlines()) == 2


# --- answers as they are -----------------------------------------------------------------------------------------
def test_an_answer_as_a_table_and_as_csv(day: World) -> None:
    words = ["api", "mycujoo", "action_configuration.list", "group_id=g", "--format"]
    table = clean(day(*words, "table"), 0).out
    assert len(table.splitlines()) == 2
    (row,) = csv.DictReader(io.StringIO(clean(day(*words, "csv"), 0).out))
    assert row["title"] == printable(" ".join(NASTY.split()))


def test_json_means_exactly_what_came(day: World) -> None:
    answer = clean(day("api", "mycujoo", "action_configuration.list", "group_id=g"), 0).out
    assert NASTY in (row["title"] for row in json.loads(answer)["items"])
    assert "é" in answer  # what people can read stays readable
    shown = clean(day("state", "show", "day", "mycujoo.action_configurations.one"), 0).out
    assert json.loads(shown)["spec"]["title"] == NASTY
    write(day, "One")
    steps = json.loads(clean(day("plan", "day.yaml", "--format", "json"), 2).out)["steps"]
    (step,) = (step for step in steps if "changes" in step)
    assert [change["before"] for change in step["changes"]] == [NASTY]
    assert json.loads(clean(day("status", "day.yaml", "--format", "json"), 0).out)["wrong"] == 0


def test_a_plan_file_means_exactly_what_was_planned(world: World) -> None:
    write(world)
    clean(world("plan", "day.yaml", "--out", "plan.json"), 2)
    clean(world("apply", "plan.json", "--yes"), 0)
    assert live(world)["title"] == NASTY


def test_a_file_comes_as_it_is(day: World) -> None:
    clean(day("api", "mycujoo", "action_configuration.list", "group_id=g", "--out", "answer.json"), 0)
    assert json.loads((day.home / "answer.json").read_bytes())["items"][0]["title"] == NASTY


# --- doctor ------------------------------------------------------------------------------------------------------
def test_doctor_and_the_overrides_it_writes(world: World) -> None:
    world.simulator.fail("input.list", status=400, body={"code": 5, "message": NASTY}, times=None)
    world.simulator.fail("output.list", body={NASTY: [{"id": "1"}], "more": []}, times=None)
    out = clean(world("doctor", "ateme", "--out", "overrides.yaml", "--verbose"), 2).out
    assert "answered 400: (secret) - delete" in out
    assert f"list_key {CLEAR}" in out
    written = (world.home / "overrides.yaml").read_text()
    assert all(line.isprintable() for line in written.splitlines())
    operations = yaml.safe_load(written)["connections"]["ateme"]["operations"]
    assert operations == {"output.list": {"list_key": NASTY}}


# --- terminals ---------------------------------------------------------------------------------------------------
def test_a_terminal_gets_no_sequences_but_headend_s_own(day: World) -> None:
    live(day)["title"] = f"[red]Other[/red]{NASTY}"
    day.simulator.fail("action_configuration.update", status=400, body={"code": 3, "message": NASTY}, times=None)
    shown = on_terminal(day, "apply", "day.yaml", "--yes")
    assert "[red]Other[/red]" in shown
    assert "1 failed" in shown
    for sequence in ("\x1b[2J", "\x1b]0;", "\u202e", "\u2066", "\x9b", "\u2028", "\x07", f"\n{FORGED}"):
        assert sequence not in shown
