"""What is said while apply works and how plans look: plain lines in a log, colours and a live view on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess

import pytest

from cli.harness import COMMAND, World
from cli.test_interrupt import STACK
from headend.cli.standing import lasted
from headend.reports.text import plan_text

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")
ESCAPE = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]|\r")


def on_terminal(world: World, *words: str, typed: str = "", **env: str) -> str:
    """All that a terminal shows of a command, escapes included; typed: what waits at its keyboard."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    settings = world.env | {"TERM": "xterm", "COLUMNS": "150", "LINES": "40"} | env
    with subprocess.Popen(
        [*COMMAND, *words], cwd=world.home, env=settings, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end was closed
                break
            if not piece:
                break
            shown += piece
        process.wait(60)
    os.close(ours)
    return shown.decode()


def test_a_log_gets_each_thing_once(world: World) -> None:
    world.write("day.yaml", STACK)
    world.simulator.sims["ateme"].set_switch("polls", 6)
    applied = world("apply", "day.yaml", "--yes")
    assert applied.code == 0
    assert applied.err.count("waiting for environment matchday: creating") == 1
    assert applied.err.count("create start") == 2
    assert applied.err.count("create done after") == 2
    assert "\x1b" not in applied.err + applied.out


def test_a_long_step_gives_signs_of_life(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headend.cli.progress.HEARTBEAT", 0.1)
    world.write("day.yaml", STACK)
    world.simulator.sims["ateme"].set_switch("polls", 4)
    applied = world("apply", "day.yaml", "--yes", HEADEND_ATEME_POLL_INTERVAL="0.2")
    said = [line for line in applied.err.splitlines() if "still running" in line]
    assert len(said) >= 2
    assert re.fullmatch(
        r"ateme\.environments\.matchday: create still running after [0-9.]+ s: "
        r"waiting for environment matchday: creating",
        said[-1],
    )


def test_a_terminal_shows_the_same_plan_in_colour(world: World) -> None:
    world.write("day.yaml", STACK)
    plain = world("plan", "day.yaml").out
    shown = on_terminal(world, "plan", "day.yaml")
    assert COLOUR.search(shown)
    assert ESCAPE.sub("", shown) == plain
    without = on_terminal(world, "plan", "day.yaml", NO_COLOR="1")
    assert not COLOUR.search(without)
    assert ESCAPE.sub("", without) == plain


def test_a_terminal_shows_what_runs_and_what_it_waits_for(world: World) -> None:
    world.write("day.yaml", STACK)
    world.simulator.sims["ateme"].set_switch("polls", 4)
    shown = on_terminal(world, "apply", "day.yaml", "--yes", HEADEND_ATEME_POLL_INTERVAL="0.4")
    lines = ESCAPE.sub("", shown.replace("\r", "\n")).splitlines()
    running = [line for line in lines if re.match(r"create +ateme\.environments\.matchday ", line)]
    assert any("waiting for environment matchday: creating" in line for line in running)
    assert len({re.search(r"([0-9.]+) s", line)[1] for line in running}) >= 2, "the time runs"  # type: ignore[index]
    assert "2 done, 0 failed, 0 skipped" in lines


def test_a_terminal_keeps_warnings(world: World) -> None:
    world.write("limit.yaml", "headend: 1\nrights_locker: {stream_limits: {v: {account_id: v, limit: 3}}}\n")
    shown = ESCAPE.sub("", on_terminal(world, "apply", "limit.yaml", "--yes"))
    warned = (
        "rights_locker.stream_limits.v: create warning: any stream limit that the account had before is overwritten"
    )
    assert warned in shown
    (world.home / ".headend" / "limit.db").unlink()
    assert warned in world("apply", "limit.yaml", "--yes").err


@pytest.mark.parametrize(("typed", "writes"), [("n\n", 0), ("y\n", 2)])
def test_a_terminal_is_asked(world: World, typed: str, writes: int) -> None:
    world.write("day.yaml", STACK)
    shown = on_terminal(world, "apply", "day.yaml", typed=typed)
    assert "Apply this? [y/N]" in shown
    assert ("nothing was changed" in shown) == (writes == 0)
    assert len(world.simulator.writes()) == writes


def test_fields_with_one_reason_stand_together() -> None:
    why = {"limit": "no call", "id": "no call", "x": "unseen"}
    step = {"address": "a.b", "kind": "a.b", "action": "none", "unverifiable": why}
    document = {"stack": "s", "summary": {"unverifiable": 1}, "steps": [step]}
    assert plan_text(document) == "? a.b: can't be verified: limit, id (no call); x (unseen)\ns: 1 unverifiable"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.0 s"), (59.94, "59.9 s"), (125, "2 min 05 s"), (3720, "1 h 02 min")]
)
def test_times_are_for_people(seconds: float, text: str) -> None:
    assert lasted(seconds) == text
