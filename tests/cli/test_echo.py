"""What headend prints: text from outside can't forge lines or drive a terminal, and lost output loses no work."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.harness import COMMAND, World
from headend.core.model.printable import printable
from headend.core.model.record import Record
from headend.core.reconcile.state import open_state

NASTY = ["\x1b[2J", "a\n- delete x", "a\r", "\u202etxt", "\u2066", "\x9b1A", "\u2028", "(\x1b]0;t\x07", "\ud800"]
STACK = """\
headend: 1
stack: day
mycujoo:
  action_configurations:
    one: {action_id: act-1, group_id: g, title: One, fields: {delay: 1}}
"""


@pytest.mark.parametrize("text", NASTY)
def test_text_from_outside_becomes_one_printable_line(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(text) != text


@pytest.mark.parametrize("text", NASTY[:-1])  # the last can't stand in a state file
def test_what_a_platform_calls_its_object_forges_no_line(world: World, text: str) -> None:
    with open_state(world.home / ".headend" / "day.db", "day") as state:
        state.put(Record("a.b", "some.kind", text, {}))
    ran = world("state", "list", "day")
    assert ran.code == 0, ran.err
    assert ran.out == f"a.b  some.kind  {printable(text)}\n"


def test_a_reader_that_leaves_does_not_stop_an_apply(world: World) -> None:
    world.write("day.yaml", STACK)
    process = world.start("apply", "day.yaml", "--yes")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (0, False), err
    assert world("plan", "day.yaml").code == 0


def test_a_full_disk_behind_stdout_does_not_stop_an_apply(world: World) -> None:
    world.write("day.yaml", STACK)
    with Path("/dev/full").open("w") as full:
        words = [*COMMAND, "apply", "day.yaml", "--yes"]
        ran = subprocess.run(words, cwd=world.home, env=world.env, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ran.returncode == 1
    assert "stdout can't be written to" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert world("plan", "day.yaml").code == 0
