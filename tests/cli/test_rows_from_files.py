"""Thousands of viewers from a file: told of by file and line, targeted, renamed and removed like any resource."""

from __future__ import annotations

import json

import pytest

from cli.harness import World

STACK = """\
headend: 1
rights_locker:
  stream_limits:
    viewers: {from_file: viewers.csv, key: account, columns: {account_id: account, limit: streams}, limit: 3}
"""
GROUP = "rights_locker.stream_limits.viewers"
TABLE = "account,streams\nviewer-17,2\njane.doe@example.com,\n"


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
def test_each_bad_row_is_one_line_with_its_place_and_nothing_is_requested(world: World, command: str) -> None:
    world.write("s.yaml", STACK)
    world.write("viewers.csv", TABLE + "a,0\nb,many\nb,1\na&b,1\nc\n")
    ran = world(command, "s.yaml", *(["--yes"] if command == "apply" else []))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.splitlines() == [
        f"viewers.csv:4:1: {GROUP}[a]: `limit` (column `streams`): must be greater than or equal to 1",
        f"viewers.csv:5:1: {GROUP}[b]: `limit` (column `streams`): must be a whole number, without a unit",
        f"viewers.csv:6:1: {GROUP}: `b` is given twice, first in line 5 (keep one of them)",
        f"viewers.csv:7:1: {GROUP}[a&b]: `account_id` (column `account`): may not contain / & | [ ] or blanks,"
        " nor be . or .. (R-5, R-6)",
        "viewers.csv:8:1: has 1 values; the first line names 2 columns",
    ]
    assert world.simulator.journal == []
    assert not (world.home / ".headend").exists()


def test_of_very_many_problems_the_first_are_said_and_the_rest_counted(world: World) -> None:
    world.write("s.yaml", STACK)
    world.write("viewers.csv", "account,streams\n" + "".join(f"v{n},0\n" for n in range(1_060)))
    lines = world("validate", "s.yaml").err.splitlines()
    assert [line.split(":")[1] for line in lines[:-1]] == [str(n) for n in range(2, 52)]
    assert lines[-1] == "and 1,010 more problems"
    world.write("viewers.csv", "account,streams\n" + "".join(f"v{n},0\n" for n in range(51)))
    assert world("validate", "s.yaml").err.splitlines()[-1] == "and 1 more problem"


def test_rows_are_applied_targeted_renamed_and_removed(world: World) -> None:
    world.write("s.yaml", STACK)
    world.write("viewers.csv", TABLE)
    target = f"{GROUP}[jane.doe@example.com]"
    one = json.loads(world("plan", "s.yaml", "--target", target, "--format", "json").out)
    assert [step["address"] for step in one["steps"]] == [target]
    assert one["steps"][0]["source"] == {"file": "viewers.csv", "line": 3}
    assert world("apply", "s.yaml", "--yes", "--target", GROUP).code == 0
    assert world.alive()["limits"] == ["jane.doe@example.com", "viewer-17"]
    world.simulator.reset_journal()
    assert world("plan", "s.yaml").code == 0
    world.write("s.yaml", STACK.replace("viewers:", "subscribers:"))
    assert world("apply", "s.yaml", "--yes").out.splitlines()[:2] == [
        f"> move {GROUP.replace('viewers', 'subscribers')}[{key}] (renamed) from {GROUP}[{key}]"
        for key in ("viewer-17", "jane.doe@example.com")
    ]
    assert world.simulator.journal == []
    world.write("s.yaml", STACK.replace("viewers:", "old: {account_id: viewer-17, limit: 2}\n    viewers:"))
    world.write("viewers.csv", "account,streams\njane.doe@example.com,5\n")
    out = world("apply", "s.yaml", "--yes").out
    assert "> move rights_locker.stream_limits.old (renamed) from" in out
    assert "limit: 3 -> 5" in out
    assert len(world.simulator.writes()) == 1
    world.write("viewers.csv", "account,streams\n")
    assert world("apply", "s.yaml", "--yes").code == 0
    assert world.alive()["limits"] == ["viewer-17"]


def test_a_plan_of_rows_holds_until_the_file_changes(world: World) -> None:
    world.write("s.yaml", STACK)
    world.write("viewers.csv", TABLE)
    assert world("plan", "s.yaml", "--out", "plan.json").code == 2
    world.write("viewers.csv", TABLE.replace(",2", ",4"))
    refused = world("apply", "plan.json", "--yes", "--all-or-nothing")
    assert (refused.code, world.simulator.journal) == (6, [])
    assert "limit: 4 now, was 2; plan again" in refused.err
    world.write("viewers.csv", TABLE)
    assert world("apply", "plan.json", "--yes").code == 0
