"""What headend prints: text from outside can't forge lines or drive a terminal, and lost output loses no work."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import shlex
import subprocess
import sys

import pytest

from cli.harness import COMMAND, World
from headend.cli.echo import echo_exact
from headend.core.model.printable import printable
from headend.core.model.record import Record
from headend.core.reconcile.state import open_state
from headend.simulator.app import Entry

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


# --- output that is lost -----------------------------------------------------------------------------------------
def applied(world: World, how: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of an apply whose output goes `how`; all of its work is done."""
    world.write("day.yaml", STACK)
    command = f"{shlex.join([*COMMAND, 'apply', 'day.yaml', '--yes'])} {how}; exit ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", command], cwd=world.home, env=world.env, capture_output=True, text=True)
    assert "Traceback" not in ran.stdout + ran.stderr
    assert world("plan", "day.yaml").code == 0
    return ran


@pytest.mark.parametrize("how", ["| head -n 1", "2>&1 | true"])
def test_a_reader_that_leaves_does_not_stop_an_apply(world: World, how: str) -> None:
    assert applied(world, how).returncode == 0


def test_streams_may_be_closed_from_the_start(world: World) -> None:
    assert applied(world, "<&- >&- 2>&-").returncode == 0


def test_a_full_disk_behind_stdout_does_not_stop_an_apply(world: World) -> None:
    ran = applied(world, "> /dev/full")
    assert ran.returncode == 1
    assert ran.stderr.count("stdout can't be written to (No space left on device)") == 1


def test_a_full_disk_behind_stderr_does_not_stop_an_apply(world: World) -> None:
    ran = applied(world, "2> /dev/full")
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "1 done, 0 failed, 0 skipped")


def test_help_on_a_full_disk_is_no_traceback() -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run([*COMMAND, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1)


def test_a_terminal_that_is_closed_does_not_stop_an_apply(world: World) -> None:
    world.write("day.yaml", STACK)
    ours, theirs = pty.openpty()
    seen: list[str] = []

    def close(entry: Entry) -> None:
        if entry.write and not seen:
            seen.append(entry.key)
            os.close(ours)

    world.simulator.observers.append(close)
    with subprocess.Popen(
        [*COMMAND, "apply", "day.yaml", "--yes"], cwd=world.home, env=world.env, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        process.wait(60)
    assert seen
    assert process.returncode == 1  # nobody saw how it ended
    assert world("plan", "day.yaml").code == 0


def test_the_question_is_asked_where_it_is_seen(world: World) -> None:
    world.write("day.yaml", STACK)
    ours, theirs = pty.openpty()
    os.write(ours, b"y\n")
    with (world.home / "out").open("w") as out:
        subprocess.run(
            [*COMMAND, "apply", "day.yaml"], cwd=world.home, env=world.env, stdin=theirs, stdout=out, stderr=theirs
        )
    asked = os.read(ours, 65536).decode()
    os.close(ours)
    os.close(theirs)
    assert "Apply this?" in asked
    assert "1 done" in (world.home / "out").read_text()


def test_a_slow_reader_of_a_pipe_that_does_not_block_gets_all() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen([*COMMAND, "schema"], stdout=writer, stderr=subprocess.PIPE) as process, open(reader) as pipe:
        os.close(writer)
        assert json.loads(pipe.read())["$schema"]
        process.wait(60)
    assert process.returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_stays_json_in_every_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding))
    said = "é Ж \U0001f3c6 \U000e0041 \ud800 \x7f \x9b"
    echo_exact(json.dumps(said, ensure_ascii=False))
    assert json.loads(printed.getvalue().decode(encoding)) == said
    assert ("Ж".encode() in printed.getvalue()) == (encoding == "utf-8")
