"""`headend state`: what it says, what it moves, and copies of it, under the lock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World
from headend.core.reconcile.state import open_state

STACK = """\
headend: 1
stack: {name}
ateme:
  environments:
    {environment}:
      name: eu
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        gate: {{variant: srt_pull, host: gate.example.com, port: 5003, encryption_type: 1, password: {{secret: PASS}}}}
      outputs:
        cdn: {{variant: rtmp, url: "rtmp://cdn.example.com/live"}}
      schedules:
        late: {{input: gate, output: cdn, start_time: 2999-01-01T00:00:00Z, end_time: 2999-01-02T00:00:00Z}}
"""
EU, WEST = "ateme.environments.eu", "ateme.environments.west"
PARTS = ("", ".inputs.gate", ".outputs.cdn", ".schedules.late")


@pytest.fixture
def day(world: World) -> World:
    world.env |= {"PASS": "canary-long-enough"}
    world.write("day.yaml", STACK.format(name="day", environment="eu"))
    applied = world("apply", "day.yaml", "--yes")
    assert applied.code == 0, applied.err
    world.simulator.reset_journal()
    return world


def state_file(world: World, stack: str = "day") -> Path:
    return world.home / ".headend" / f"{stack}.db"


def addresses(world: World, stack: str = "day") -> list[str]:
    return [line.split()[0] for line in world("state", "list", stack).out.splitlines()]


def pulled(world: World, stack: str = "day") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(world("state", "pull", stack).out)
    return document


def test_every_command_waits_for_no_run_and_says_so(day: World) -> None:
    day.write("copy.json", day("state", "pull", "day").out)
    commands = (
        ("list", "day"),
        ("show", "day", EU),
        ("settle", "day", EU),
        ("mv", "day", EU, WEST),
        ("rm", "day", EU),
        ("backup", "day"),
        ("restore", "day", "copy.json"),
        ("pull", "day"),
        ("push", "day", "copy.json"),
    )
    with open_state(state_file(day), "day"):
        for words in commands:
            ran = day("state", *words)
            assert (ran.code, "is in use by another headend process" in ran.err) == (1, True), words
    assert addresses(day) == [EU + part for part in PARTS]


def test_a_stack_is_named_by_its_file_too(day: World) -> None:
    assert day("state", "list", "day.yaml").out == day("state", "list", "day").out
    day.write("broken.yaml", "headend: [")
    assert "`headend validate broken.yaml` says why" in day("state", "list", "broken.yaml").err


# --- rm and mv ----------------------------------------------------------------------------------------------
def test_rm_drops_what_is_nested_too_and_says_each(day: World) -> None:
    ran = day("state", "rm", "day", EU)
    assert ran.out.splitlines() == [f"{EU}{part}: dropped from state; the object stays" for part in PARTS]
    assert (addresses(day), day.simulator.writes()) == ([], [])


def test_mv_moves_what_is_nested_with_what_refers_to_it(day: World) -> None:
    ran = day("state", "mv", "day", EU, WEST)
    assert ran.out.splitlines() == [f"{EU}{part}: is {WEST}{part} now" for part in PARTS]
    assert json.loads(day("state", "show", "day", f"{WEST}.schedules.late").out)["depends"] == [
        WEST,
        f"{WEST}.inputs.gate",
        f"{WEST}.outputs.cdn",
    ]
    day.write("day.yaml", STACK.format(name="day", environment="west"))
    assert day("plan", "day.yaml").code == 0


def test_mv_keeps_writes_of_unknown_outcome_and_what_was_set_aside(day: World) -> None:
    with open_state(state_file(day), "day") as state:
        state.set_aside(f"{EU}.inputs.gate")
        state.begin(f"{EU}.inputs.gate", "ateme.input", "create")
    assert day("state", "mv", "day", EU, WEST).code == 0
    with open_state(state_file(day), "day") as state:
        assert list(state.intents()) == [f"{WEST}.inputs.gate"]
        assert [a.partition("/")[0] for a in state.records() if "/" in a] == [f"{WEST}.inputs.gate"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (EU, EU, "say its new address, or --to-stack"),
        (f"{EU}.inputs.gate", f"{EU}.outputs.gate", "is an address of other objects than"),
        (f"{EU}.inputs.nobody", f"{EU}.inputs.other", "is not in the state of day"),
        (f"{EU}.inputs.gate", f"{EU}.inputs.spare", "is in the state of day already"),
        (f"{EU}.inputs.gate", f"{EU}.inputs.", "is no address that a stack can have"),
        (f"{EU}.inputs.gate", f"{EU}.inputs.a{{b}}", "is no address that a stack can have"),
    ],
)
def test_mv_refuses_what_cannot_be(day: World, old: str, new: str, said: str) -> None:
    with open_state(state_file(day), "day") as state:
        state.begin(f"{EU}.inputs.spare", "ateme.input", "create")
    before = day("state", "pull", "day").out
    ran = day("state", "mv", "day", old, new)
    assert (ran.code, said in ran.err) == (3, True), ran.err
    assert day("state", "pull", "day").out == before


def test_mv_to_another_stack_leaves_the_objects_and_their_secrets_known(day: World) -> None:
    day.write("night.yaml", STACK.format(name="night", environment="eu"))
    ran = day("state", "mv", "day", EU, "--to-stack", "night.yaml")
    assert ran.out.splitlines() == [f"{EU}{part}: is {EU}{part} of the stack night now" for part in PARTS], ran.err
    assert (addresses(day), addresses(day, "night")) == ([], [EU + part for part in PARTS])
    assert day("plan", "night.yaml").code == 0
    day.env["PASS"] = "canary-another-one"
    assert "password: (secret) -> (secret)" in day("plan", "night.yaml").out


def test_mv_without_the_secret_forgets_what_was_applied_of_it_and_says_so(day: World) -> None:
    day.write("night.yaml", STACK.format(name="night", environment="west"))
    del day.env["PASS"]
    ran = day("state", "mv", "day", EU, WEST, "--to-stack", "night.yaml")
    assert ran.code == 0, ran.err
    assert f"{WEST}.inputs.gate: what was applied of its secrets is forgotten" in ran.out
    assert addresses(day, "night") == [WEST + part for part in PARTS]


def test_mv_says_what_the_other_stack_would_delete(day: World) -> None:
    text = STACK.format(name="night", environment="eu")
    day.write("night.yaml", text[: text.index("      schedules:")])
    ran = day("state", "mv", "day", EU, "--to-stack", "night.yaml")
    told = f"{EU}.schedules.late: night.yaml doesn't have it; write it there, or its next apply deletes the object"
    assert (ran.out.splitlines()[len(PARTS) :], day("plan", "night.yaml").out.count("- delete")) == ([told], 1)


def test_mv_does_not_overwrite_what_the_other_stack_has(day: World) -> None:
    day.write("night.yaml", STACK.format(name="night", environment="eu").replace("name: eu", "name: night"))
    day("apply", "night.yaml", "--yes")
    ran = day("state", "mv", "day", EU, "--to-stack", "night.yaml")
    assert (ran.code, f"the state that it is to go to has {EU} already" in ran.err) == (3, True)
    assert len(addresses(day)) == len(addresses(day, "night")) == len(PARTS)
    assert "is the stack day itself" in day("state", "mv", "day", EU, "--to-stack", "day.yaml").err


# --- copies -------------------------------------------------------------------------------------------------
def test_a_backup_is_put_back_as_it_was(day: World) -> None:
    before = pulled(day)
    ran = day("state", "backup", "day")
    copy = ran.out.partition(": ")[0]
    assert (ran.out.partition(": ")[2], (day.home / copy).stat().st_mode & 0o777) == (
        f"4 objects, serial {before['serial']}\n",
        0o600,
    )
    assert day("destroy", "day.yaml", "--yes").code == 0
    restored = day("state", "restore", "day", copy)
    assert (restored.code, "what was there is in " in restored.out) == (0, True), restored.err
    now = pulled(day)
    assert now["serial"] > before["serial"]
    assert now | {"serial": 0} == before | {"serial": 0}


def test_a_backup_overwrites_nothing(day: World) -> None:
    day.write("kept", "mine")
    ran = day("state", "backup", "day", "--out", "kept")
    assert (ran.code, "kept is there already" in ran.err) == (3, True)
    assert (day.home / "kept").read_text() == "mine"


def test_what_belongs_to_another_stack_or_is_no_state_is_not_restored(day: World) -> None:
    day.write("night.yaml", STACK.format(name="night", environment="eu").replace("name: eu", "name: night"))
    day("apply", "night.yaml", "--yes")
    day("state", "backup", "night", "--out", "night.backup")
    before = day("state", "pull", "day").out
    ran = day("state", "restore", "day", "night.backup")
    assert (ran.code, "is a state of the stack night, not of day; nothing was restored" in ran.err) == (1, True)
    day.write("text", "no state " * 100)
    assert "text: it is not a headend state file" in day("state", "restore", "day", "text").err
    assert day("state", "restore", "day", "nowhere").code == 3
    assert day("state", "pull", "day").out == before


# --- documents ----------------------------------------------------------------------------------------------
def test_a_document_has_no_secret_and_is_written_back(day: World) -> None:
    text = day("state", "pull", "day").out
    assert "canary" not in text
    day("state", "rm", "day", f"{EU}.schedules.late")
    stale = day.write("old.json", text)
    refused = day("state", "push", "day", stale.name)
    assert (refused.code, "older than the state's" in refused.err) == (3, True)
    assert f"{EU}.schedules.late" not in addresses(day)
    ran = day("state", "push", "day", stale.name, "--force")
    assert (ran.code, "4 objects, serial " in ran.out) == (0, True), ran.err
    assert day("plan", "day.yaml").code == 0
    assert pulled(day)["lineage"] == json.loads(text)["lineage"]


def test_a_document_of_now_is_written_back_and_one_of_elsewhere_is_not(day: World) -> None:
    document = pulled(day)
    document["objects"] = [one for one in document["objects"] if one["kind"] != "ateme.schedule"]
    day.write("edited.json", json.dumps(document))
    assert day("state", "push", "day", "edited.json").code == 0
    assert f"{EU}.schedules.late" not in addresses(day)
    day.write("other.json", json.dumps(document | {"stack": "night", "serial": 99}))
    assert "it is a state of the stack night, not of day" in day("state", "push", "day", "other.json").err
    day.write("anew.json", json.dumps(document | {"lineage": "0" * 32, "serial": 99}))
    assert "it is of another lineage" in day("state", "push", "day", "anew.json").err


def test_a_document_makes_a_state_where_there_is_none(day: World) -> None:
    text = day("state", "pull", "day").out
    state_file(day).unlink()
    day.write("copy.json", text)
    assert day("state", "push", "day", "copy.json").code == 0
    assert (day("plan", "day.yaml").code, pulled(day)["lineage"]) == (0, json.loads(text)["lineage"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "headend.state/9"}, "format"),
        ({"serial": "1"}, "serial"),
        ({"objects": [{"address": "a"}]}, "objects.0.kind"),
        (
            {"objects": [{"address": "a", "kind": "k", "id": "1", "values": {}, "applied": ""}] * 2},
            "a stands in it twice",
        ),
    ],
)
def test_what_is_no_document_changes_nothing(day: World, change: dict[str, Any], said: str) -> None:
    before = day("state", "pull", "day").out
    day.write("wrong.json", json.dumps(json.loads(before) | change))
    ran = day("state", "push", "day", "wrong.json", "--force")
    assert (ran.code, "not a state: " in ran.err, said in ran.err) == (3, True, True), ran.err
    assert day("state", "pull", "day").out == before


def test_a_state_counts_its_writes_and_not_its_looks(day: World) -> None:
    before = pulled(day)["serial"]
    day("plan", "day.yaml")
    day("state", "list", "day")
    assert pulled(day)["serial"] == before
    day("state", "rm", "day", f"{EU}.schedules.late")
    assert pulled(day)["serial"] == before + 1
