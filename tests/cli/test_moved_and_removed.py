"""`moved:` and `removed:` of a stack: what keeps its object at another address, and what is let go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.harness import World, living
from headend.core.reconcile.state import open_state

STACK = """\
headend: 1
stack: day
ateme:
  environments:
    {key}:
      name: {name}
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      lifecycle: {{protect: false}}
      inputs:
        {gate}: {{variant: srt_push, port: 5001}}
      outputs:
        cdn: {{variant: rtmp, url: "rtmp://cdn.example.com/live"}}
"""
EU, WEST = "ateme.environments.eu", "ateme.environments.west"


def stack(key: str = "eu", name: str = "eu", gate: str = "gate", more: str = "") -> str:
    return STACK.format(key=key, name=name, gate=gate) + more


@pytest.fixture
def day(world: World) -> World:
    world.write("day.yaml", stack())
    assert world("apply", "day.yaml", "--yes").code == 0
    world.simulator.reset_journal()
    return world


def steps(world: World, *words: str) -> dict[str, tuple[str, str, str | None]]:
    ran = world("plan", *(words or ("day.yaml",)), "--format", "json")
    assert ran.out, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)["steps"]
    return {s["address"]: (s["action"], s["reason"], s.get("moved_from")) for s in found if s["action"] != "none"}


# --- moved --------------------------------------------------------------------------------------------------
MOVED = f"moved:\n  - {{from: {EU}, to: {WEST}}}\n"


def test_an_address_moves_with_what_is_nested_in_it(day: World) -> None:
    before = living(day.simulator.dump())
    day.write("day.yaml", stack("west", more=MOVED))
    assert steps(day) == {
        f"{WEST}{part}": ("move", "renamed", f"{EU}{part}") for part in ("", ".inputs.gate", ".outputs.cdn")
    }
    assert day("apply", "day.yaml", "--yes").code == 0
    assert (day.simulator.writes(), living(day.simulator.dump())) == ([], before)
    assert day("plan", "day.yaml").code == 0  # and the line, which has nothing to say any more, is quiet


def test_what_no_key_tells_moves_by_the_line(day: World) -> None:
    """Its name changes as well: without the line it would be deleted, and another one made."""
    day.write("day.yaml", stack("west", "other"))
    assert {EU, WEST} <= steps(day).keys()
    day.write("day.yaml", stack("west", "other", more=MOVED))
    found = steps(day)
    assert (found[WEST][2], EU in found) == (EU, False)


def test_steps_on_the_way_are_followed_and_the_nearest_line_counts(day: World) -> None:
    more = f"""\
moved:
  - {{from: {EU}, to: ateme.environments.middle}}
  - {{from: ateme.environments.middle, to: {WEST}}}
  - {{from: {WEST}.inputs.gate, to: {WEST}.inputs.door}}
"""
    day.write("day.yaml", stack("west", gate="door", more=more))
    assert steps(day)[f"{WEST}.inputs.door"] == ("move", "renamed", f"{EU}.inputs.gate")
    assert day("apply", "day.yaml", "--yes").code == 0
    assert day.simulator.writes() == []


def test_a_write_of_unknown_outcome_moves_too(day: World) -> None:
    with open_state(day.home / ".headend" / "day.db", "day") as state:
        state.drop(f"{EU}.inputs.gate")
        state.begin(f"{EU}.inputs.gate", "ateme.input", "create")
    day.write("day.yaml", stack("west", more=MOVED))
    assert steps(day)[f"{WEST}.inputs.gate"][:2] == ("adopt", "recovered")
    assert day("apply", "day.yaml", "--yes").code == 0
    assert day.simulator.writes() == []
    with open_state(day.home / ".headend" / "day.db", "day") as state:
        assert state.intents() == {}


def test_rows_of_a_file_move_with_their_group(world: World) -> None:
    def limits(key: str, more: str = "") -> str:
        rows = f"{{stream_limits: {{{key}: {{from_file: v.csv, key: account_id}}}}}}"
        return f"headend: 1\nstack: day\nrights_locker: {rows}\n{more}"

    world.write("v.csv", "account_id,limit\na,1\nb,2\n")
    world.write("day.yaml", limits("viewers"))
    assert world("apply", "day.yaml", "--yes").code == 0
    world.simulator.reset_journal()
    old, new = "rights_locker.stream_limits.viewers", "rights_locker.stream_limits.people"
    world.write("day.yaml", limits("people", f"moved: [{{from: {old}, to: {new}}}]\n"))
    assert steps(world) == {f"{new}[{row}]": ("move", "renamed", f"{old}[{row}]") for row in "ab"}
    assert world("apply", "day.yaml", "--yes").code == 0
    assert world.simulator.writes() == []


def test_what_a_base_says_holds_in_its_overlays_beside_their_own(day: World) -> None:
    day.write("base.yaml", stack("west", gate="door", more=MOVED))
    own = f"moved: [{{from: {WEST}.inputs.gate, to: {WEST}.inputs.door}}]"
    day.write("day.yaml", f"headend: 1\nstack: day\nextends: base.yaml\n{own}\n")
    assert steps(day)[f"{WEST}.inputs.door"] == ("move", "renamed", f"{EU}.inputs.gate")


# --- removed ------------------------------------------------------------------------------------------------
def removed(then: str) -> str:
    return f"removed:\n  - {{from: {EU}, then: {then}}}\n"


EMPTY = "headend: 1\nstack: day\n"


def test_what_is_removed_is_forgotten_or_deleted_as_the_stack_says(day: World) -> None:
    before = living(day.simulator.dump())
    day.write("day.yaml", EMPTY + removed("forget"))
    assert {step[:2] for step in steps(day).values()} == {("forget", "retained")}
    day.write("day.yaml", EMPTY + removed("delete"))
    assert {step[0] for step in steps(day).values()} == {"delete"}
    day.write("day.yaml", EMPTY)
    assert {step[0] for step in steps(day).values()} == {"delete"}
    day.write("day.yaml", EMPTY + removed("forget"))
    assert day("apply", "day.yaml", "--yes").code == 0
    assert (living(day.simulator.dump()), day("state", "list", "day").out) == (before, "")
    assert day("plan", "day.yaml").code == 0


def test_removed_says_otherwise_than_retain_said_before(day: World) -> None:
    day.write("day.yaml", stack().replace("protect: false", "protect: false, retain: true"))
    assert day("apply", "day.yaml", "--yes").code == 0
    day.write("day.yaml", EMPTY)
    assert steps(day)[EU][0] == "forget"
    day.write("day.yaml", EMPTY + removed("delete"))
    assert steps(day)[EU][0] == "delete"


def test_the_nearest_of_two_lines_counts(day: World) -> None:
    day.write("day.yaml", EMPTY + removed("delete") + f"  - {{from: {EU}.inputs.gate, then: forget}}\n")
    assert {address: step[0] for address, step in steps(day).items()} == {
        EU: "delete",
        f"{EU}.inputs.gate": "forget",
        f"{EU}.outputs.cdn": "delete",
    }


# --- what is wrong ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("moved: 7", "15:8: `moved` is a list, not a number"),
        ("moved: [x]", "15:9: `moved`: an entry is a mapping (e.g. {from: ateme.environments.old"),
        (f"moved: [{{from: {WEST}}}]", "15:9: `moved`: `to` is missing"),
        (f"moved: [{{form: {WEST}, to: {EU}}}]", "15:10: `moved`: unknown key `form` (did you mean `from`?)"),
        (f"moved: [{{from: {EU}, to: {EU}}}]", f"15:9: `from`: {EU} still stands in the stack"),
        (f"moved: [{{from: {WEST}, to: {EU}x}}]", f"there is no resource `{EU}x` (did you mean `{EU}`?)"),
        (f"moved: [{{from: {WEST}.inputs.a, to: {EU}.outputs.cdn}}]", "is an address of other objects than"),
        (f"moved: [{{from: {WEST}, to: {EU}}}, {{from: {WEST}, to: {EU}}}]", "is given twice, first in line 15"),
        (f"moved: [{{from: 7, to: {EU}}}]", "15:16: `from` is an address, not a number"),
        ("moved: [{from: atem.environments.x, to: y}]", "is no address (did you mean `ateme`?)"),
        (
            f"moved: [{{from: ateme.enviroments.x, to: {EU}}}]",
            "ateme has no `enviroments` (did you mean `environments`?)",
        ),
        (
            f"moved: [{{from: {{stack: no.yaml, address: {EU}}}, to: {EU}}}]",
            "there is no file no.yaml (if the file is gone",
        ),
        (
            f"removed: [{{from: {WEST}, then: forgt}}]",
            "`then` says what becomes of the objects (did you mean `forget`?)",
        ),
        (f"removed: [{{from: {EU}.inputs.gate, then: forget}}]", f"{EU}.inputs.gate still stands in the stack"),
        (f"removed: [{{from: {{stack: night, address: {WEST}}}, then: forget}}]", "is of this stack only"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(day: World, more: str, told: str) -> None:
    day.write("day.yaml", stack(more=more))
    ran = day("validate", "day.yaml")
    assert (ran.code, told in ran.err, "day.yaml:1" in ran.err) == (3, True, True), ran.err


# --- to and from other stacks -------------------------------------------------------------------------------
def named(text: str, name: str = "night") -> str:
    return text.replace("stack: day\n", f"stack: {name}\n")


COMES = f"moved:\n  - {{from: {{stack: day.yaml, address: {EU}}}, to: {WEST}}}\n"
GOES = f"moved:\n  - {{from: {EU}, to: {{stack: night.yaml, address: {WEST}}}}}\n"
PARTS = ("", ".inputs.gate", ".outputs.cdn")


def in_states(world: World) -> tuple[list[str], list[str]]:
    found = [world("state", "list", name).out.splitlines() for name in ("day", "night")]
    day, night = ([line.split()[0] for line in lines] for lines in found)
    return day, night


def test_what_comes_from_another_stack_is_shown_as_a_move_and_taken_when_it_is_applied(day: World) -> None:
    before = living(day.simulator.dump())
    day.write("day.yaml", EMPTY)
    day.write("night.yaml", named(stack("west", more=COMES)))
    assert steps(day, "night.yaml") == {
        f"{WEST}{part}": ("move", "renamed", f"{EU}{part} of the stack day") for part in PARTS
    }
    assert in_states(day)[0] == [f"{EU}{part}" for part in PARTS]
    applied = day("apply", "night.yaml", "--yes")
    assert applied.code == 0, applied.err
    assert (day.simulator.writes(), living(day.simulator.dump())) == ([], before)
    assert in_states(day) == ([], [f"{WEST}{part}" for part in PARTS])
    assert [day("plan", f"{name}.yaml").code for name in ("day", "night")] == [0, 0]


def test_what_comes_may_change_in_the_same_run(day: World) -> None:
    day.write("day.yaml", EMPTY)
    day.write("night.yaml", named(stack("west", more=COMES).replace("port: 5001", "port: 5001, latency: 2000")))
    assert steps(day, "night.yaml")[f"{WEST}.inputs.gate"][0] == "update"
    assert day("apply", "night.yaml", "--yes").code == 0
    assert in_states(day) == ([], [f"{WEST}{part}" for part in PARTS])
    assert day("plan", "night.yaml").code == 0


def test_a_plan_file_takes_over_what_comes(day: World) -> None:
    day.write("day.yaml", EMPTY)
    day.write("night.yaml", named(stack("west", more=COMES)))
    assert day("plan", "night.yaml", "--out", "plan.json").code == 2
    applied = day("apply", "plan.json", "--yes")
    assert (applied.code, day.simulator.writes()) == (0, []), applied.err
    assert in_states(day) == ([], [f"{WEST}{part}" for part in PARTS])


def test_what_goes_to_another_stack_is_shown_as_let_go_and_given_when_it_is_applied(day: World) -> None:
    before = living(day.simulator.dump())
    day.write("night.yaml", named(stack("west")))
    day.write("day.yaml", EMPTY + GOES)
    assert {step[:2] for step in steps(day).values()} == {("forget", "retained")}
    assert f"passes to {WEST}.inputs.gate of night.yaml" in day("plan", "day.yaml").out
    applied = day("apply", "day.yaml", "--yes")
    assert applied.code == 0, applied.err
    assert in_states(day) == ([], [f"{WEST}{part}" for part in PARTS])
    assert [day("plan", f"{name}.yaml").code for name in ("day", "night")] == [0, 0]
    assert (day.simulator.writes(), living(day.simulator.dump())) == ([], before)


def test_both_stacks_may_say_the_move(day: World) -> None:
    day.write("night.yaml", named(stack("west", more=COMES)))
    day.write("day.yaml", EMPTY + GOES)
    for name in ("night", "day"):
        assert day("apply", f"{name}.yaml", "--yes").code == 0
    assert in_states(day) == ([], [f"{WEST}{part}" for part in PARTS])
    assert day.simulator.writes() == []


def test_a_stack_whose_file_is_gone_is_given_by_its_name(day: World) -> None:
    (day.home / "day.yaml").unlink()
    day.write("night.yaml", named(stack("west", more=COMES.replace("day.yaml", "day"))))
    assert day("apply", "night.yaml", "--yes").code == 0
    assert in_states(day)[1] == [f"{WEST}{part}" for part in PARTS]


def test_a_state_that_a_run_holds_stops_the_move_before_anything_is_written(day: World) -> None:
    day.write("night.yaml", named(stack("west", more=COMES)))
    with open_state(day.home / ".headend" / "day.db", "day"):
        ran = day("apply", "night.yaml", "--yes")
    assert (ran.code, "day.db is in use by another headend process" in ran.err) == (1, True)
    assert (day.simulator.writes(), in_states(day)) == ([], ([f"{EU}{part}" for part in PARTS], []))
