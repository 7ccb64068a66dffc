"""The token of a guest: no apply without a place for it, and a place that only its owner can look into."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cli.harness import World, serve
from headend.simulator import Simulator

STACK = '{"headend": 1, "ateme": {"source_invitations": {"partner": {}}}}'


@pytest.mark.contract("A-645", "A-22")
def test_it_goes_into_a_file_of_its_owner_and_nowhere_else(tmp_path: Path) -> None:
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.write("guests.yaml", STACK)
        refused = world("apply", "guests.yaml", "--yes")
        assert (refused.code, simulator.writes()) == (5, [])
        assert "--secrets-out" in refused.out + refused.err
        kept = tmp_path / "tokens.json"
        kept.write_text("what was there\n")
        kept.chmod(0o600)
        done = world("apply", "guests.yaml", "--yes", "--secrets-out", "tokens.json")
        assert done.code == 0, done.err
        (token,) = simulator.sims["ateme"].world["source_invitations"]
        first, line = kept.read_text().splitlines()
        at = "ateme.source_invitations.partner"
        assert json.loads(line) == {"address": at, "name": "source_invitation_token", "value": token}
        assert (first, os.stat(kept).st_mode & 0o777) == ("what was there", 0o600)
        told = [world("plan", "guests.yaml"), world("status", "guests.yaml"), world("state", "list", "guests")]
        held = b"".join(file.read_bytes() for file in tmp_path.rglob("*.db*")).decode("latin-1")
        assert token not in "".join([done.out, done.err, held, *(one.out + one.err for one in told)])
