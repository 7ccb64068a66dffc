"""The examples beyond the commands that their pages show (those: tests/docs)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cli.harness import serve
from commands import ROOT, headend
from headend.core.stackfile import load
from headend.simulator import Simulator

EXAMPLES = ROOT / "examples"
PROGRAM = """
import asyncio, json, runpy, sys
import pulumi

class Mocks(pulumi.runtime.Mocks):
    def __init__(self):
        self.seen = []
    def new_resource(self, args):
        given = {k: v for k, v in args.inputs.items() if k != "__provider"}
        self.seen.append({"name": args.name, "type": args.typ, "inputs": given})
        return f"{args.name}-id", args.inputs
    def call(self, args):
        return {}

asyncio.set_event_loop(asyncio.new_event_loop())
mocks = Mocks()
pulumi.runtime.set_mocks(mocks, project="channel", stack="production")
exports = {}
pulumi.export = exports.__setitem__

@pulumi.runtime.test
def program():
    runpy.run_path(sys.argv[1])
    return pulumi.Output.all(**exports).apply(lambda known: exports.update(known))

program()
print(json.dumps({"resources": mocks.seen, "exports": exports}))
"""


def test_the_first_stack_is_ten_lines() -> None:
    assert len((EXAMPLES / "01-first-stack" / "first.yaml").read_text().splitlines()) == 10


def test_environments_of_two_pull_requests_share_no_object(tmp_path: Path) -> None:
    file = EXAMPLES / "02-pull-request-environment" / "review.yaml"
    keys = []
    for name in ("pr-17", "pr-18"):
        stack = load(file, stack_name=name, variables={"commit": "3f2a9c1"})
        roots = [r for r in stack.resources.values() if r.kind.parent is None]
        keys.append({(r.kind.name, r.kind.natural_key(r.spec)) for r in roots})
        applied = headend(tmp_path, "apply", file, "--stack", name, "--var", "commit=1", "--simulator", "--yes")
        assert applied.returncode == 0, applied.stderr
    assert keys[0].isdisjoint(keys[1])
    gone = headend(tmp_path, "destroy", file, "--stack", "pr-17", "--var", "commit=1", "--simulator", "--yes")
    assert gone.returncode == 0
    left = headend(tmp_path, "plan", file, "--stack", "pr-18", "--var", "commit=1", "--simulator")
    assert left.returncode == 0, left.stdout


def test_a_lost_state_is_found_again_before_the_environment_goes(tmp_path: Path) -> None:
    file = EXAMPLES / "02-pull-request-environment" / "review.yaml"
    words = (file, "--stack", "pr-17", "--var", "commit=1", "--simulator", "--yes")
    assert headend(tmp_path, "apply", *words).returncode == 0
    (tmp_path / ".headend" / "pr-17.simulated.db").unlink()
    again = headend(tmp_path, "apply", *words)
    assert again.returncode == 0, again.stderr
    assert "4 adopt" in again.stdout
    assert headend(tmp_path, "destroy", *words).returncode == 0
    world = json.loads((tmp_path / ".headend" / "pr-17.simulated.world.json").read_text())
    assert world["mycujoo"]["configurations"] == {}
    assert all(row["is_deleted"] for row in world["ateme"]["environments"].values())


def test_the_program_declares_the_stack_and_goes_on_with_its_ids(tmp_path: Path) -> None:
    main = EXAMPLES / "03-pulumi-program" / "__main__.py"
    simulator = Simulator()
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(main)]
    with serve(simulator) as url:
        env = {"PATH": "/usr/bin:/bin", "CDN_URL": "rtmp://cdn.example.com/live"} | simulator.settings(url)
        run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    made = {resource["name"]: resource for resource in told["resources"]}
    environment = "ateme.environments.channel"
    assert set(made) == set(load(main.parent / "channel.yaml", secret=env.get).resources)
    assert made[f"{environment}.inputs.studio"]["inputs"]["environment"] == f"{environment}-id"
    assert told["exports"]["studio"] == f"send the studio's SRT to input {environment}.inputs.studio-id"
    assert told["exports"]["resources"] == len(made)
