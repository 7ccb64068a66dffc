"""What nobody foresaw: one line, a trace without secrets, an exit code of its own, and what was done is recorded."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World
from headend.mycujoo.action_configuration import ActionConfigurationKind

STACK = """\
headend: 1
stack: day
mycujoo:
  action_configurations:
    one: {action_id: act-1, group_id: g, title: {secret: CANARY}}
    two: {action_id: act-1, group_id: g, title: Two}
"""
CANARY = "canary-in-a-trace"


@pytest.fixture
def faulty(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """headend with a fault that shows a secret, in the creation of one of two objects."""
    create = ActionConfigurationKind.create

    async def fail(self: Any, api: Any, spec: Any) -> Any:
        if spec.title == "Two":
            return await create(self, api, spec)
        raise KeyError(spec.title)

    monkeypatch.setattr(ActionConfigurationKind, "create", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    world.write("day.yaml", STACK)
    world.env["CANARY"] = CANARY
    return world


def test_a_fault_is_one_line_and_a_trace_in_a_file_of_its_own(faulty: World, tmp_path: Path) -> None:
    ran = faulty("apply", "day.yaml", "--yes")
    (line,) = [line for line in ran.err.splitlines() if not line.startswith("mycujoo.")]
    (trace,) = tmp_path.glob("headend-*.trace")
    assert ran.code == 8
    assert line.startswith("headend itself is at fault, please report it: KeyError: ")
    assert line.endswith(f"the trace is in {trace}")
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600
    assert trace.read_text().startswith("Traceback")
    assert CANARY not in ran.err + ran.out + trace.read_text()
    assert "mycujoo.action_configurations.two" in faulty("state", "list", "day").out  # recorded all the same


def test_debug_prints_the_trace_without_secrets(faulty: World, tmp_path: Path) -> None:
    ran = faulty("apply", "day.yaml", "--yes", HEADEND_DEBUG="1")
    assert ran.code == 8
    assert "Traceback" in ran.err
    assert ran.err.rstrip().endswith("the trace stands above")
    assert CANARY not in ran.err + ran.out
    assert not list(tmp_path.glob("*.trace"))


def test_where_no_trace_can_be_written_the_line_says_how_to_see_it(
    faulty: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/there/is/no/such/folder")
    ran = faulty("apply", "day.yaml", "--yes")
    assert (ran.code, ran.err.rstrip().endswith("HEADEND_DEBUG=1 prints the trace")) == (8, True)


def test_a_file_that_fails_unforeseen_is_named(faulty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> Any:
        raise OSError(28, "No space left on device", "some.file")

    monkeypatch.setattr(ActionConfigurationKind, "create", fail)
    ran = faulty("apply", "day.yaml", "--yes")
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == "some.file: No space left on device; mend that, then run the command again"
