"""The demo stack by the commands a newcomer types, against the simulated platforms."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headend.core.model.capabilities import Unasked
from headend.core.model.kind import Can
from headend.core.stackfile import load

DEMO = Path(__file__).parents[2] / "stacks" / "demo.yaml"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def headend(tmp_path: Path) -> Run:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "headend.cli.main", *words]
        env = os.environ | {"HEADEND_STATE": f"{tmp_path}/.headend/"}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120)

    return run


def test_a_match_day_from_nothing_and_back(headend: Run, tmp_path: Path) -> None:
    assert headend("validate", str(DEMO)).returncode == 0
    assert headend("plan", str(DEMO), "--simulator").returncode == 2
    applied = headend("apply", str(DEMO), "--simulator", "--yes")
    assert applied.returncode == 0, applied.stderr
    again = headend("plan", str(DEMO), "--simulator", "--format", "json")
    assert again.returncode == 0, again.stdout
    summary = json.loads(again.stdout)["summary"]
    made = [resource.kind for resource in load(DEMO).resources.values()]
    blind = sum(1 for kind in made if Can.OBSERVE not in kind.can or isinstance(kind, Unasked))
    assert {name: n for name, n in summary.items() if n} == {"unchanged": len(made) - blind, "unverifiable": blind}
    listed = headend("state", "list", "demo", "--simulator")
    assert len(listed.stdout.splitlines()) == len(made)
    assert headend("destroy", str(DEMO), "--simulator", "--yes").returncode == 0
    assert headend("state", "list", "demo", "--simulator").stdout == ""


def test_a_change_behind_its_back_is_named_and_repaired(headend: Run, tmp_path: Path) -> None:
    headend("apply", str(DEMO), "--simulator", "--yes")
    (world,) = (tmp_path / ".headend").glob("*.world.json")
    world.write_text(world.read_text().replace('"Goal replay"', '"Own goal"'))
    drifted = headend("drift", str(DEMO), "--simulator")
    assert drifted.returncode == 2
    assert "goal-replay" in drifted.stdout
    assert "changed outside headend" in drifted.stdout
    assert headend("apply", str(DEMO), "--simulator", "--yes").returncode == 0
    assert headend("drift", str(DEMO), "--simulator").returncode == 0


def test_without_a_terminal_apply_wants_yes(headend: Run, tmp_path: Path) -> None:
    refused = headend("apply", str(DEMO), "--simulator")
    assert refused.returncode == 3
    assert "--yes" in refused.stderr


def test_bad_input_is_one_line_with_its_place_and_no_traceback(headend: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(DEMO.read_text().replace("latency: 6000", "latnecy: 6000"))
    refused = headend("plan", str(bad), "--simulator")
    assert refused.returncode == 3
    assert "did you mean" in refused.stderr
    assert "bad.yaml:" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list(tmp_path.glob("**/*.world.json"))


def test_missing_credentials_are_named_with_their_variables(
    headend: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADEND_ATEME_URL", "http://127.0.0.1:1/ateme")
    refused = headend("plan", str(DEMO))
    assert refused.returncode == 4
    assert "HEADEND_ATEME_PASSWORD" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_plan_file_applies_what_was_approved_and_nothing_that_moved(headend: Run, tmp_path: Path) -> None:
    assert headend("plan", str(DEMO), "--simulator", "--out", "first.json").returncode == 2
    assert headend("apply", "first.json", "--simulator", "--yes").returncode == 0
    assert headend("plan", str(DEMO), "--simulator").returncode == 0
    stale = headend("apply", "first.json", "--simulator", "--yes")
    assert stale.returncode == 6
    assert "plan again" in stale.stderr


def test_what_the_stack_changed_since_the_plan_is_refused_by_name(headend: Run, tmp_path: Path) -> None:
    stack = tmp_path / "demo.yaml"
    stack.write_text(DEMO.read_text())
    assert headend("plan", "demo.yaml", "--simulator", "--out", "plan.json").returncode == 2
    stack.write_text(DEMO.read_text().replace("latency: 6000", "latency: 5000"))
    stale = headend("apply", "plan.json", "--simulator", "--yes")
    told = [line for line in stale.stderr.splitlines() if "moved since the plan" in line]
    assert (stale.returncode, len(told)) == (7, 2), stale.stderr
    assert all(line.endswith("latency: 5000 now, was 6000; plan again") for line in told)


def test_a_json_file_that_is_no_plan_is_refused(headend: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    assert headend("apply", "x.json", "--simulator", "--yes").returncode == 3
