"""What a plan may cost: as many reads as the contracts' rules allow, and not one more."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from headend.core.reconcile.apply import apply
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.simulator import Simulator


def season(groups: int, each: int, inputs: int) -> dict[str, Any]:
    configurations = {
        f"c{g}-{n}": {"action_id": "act-1", "group_id": f"group-{g}", "title": f"Replay {n}", "fields": {"delay": 1}}
        for g in range(groups)
        for n in range(each)
    }
    feeds = {f"feed-{n}": {"variant": "srt_push", "port": 5001 + n} for n in range(inputs)}
    environment = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large", "inputs": feeds}
    return {
        "headend": 1,
        "stack": "season",
        "ateme": {"environments": {"matchday": environment}},
        "mycujoo": {"action_configurations": configurations},
    }


@pytest.mark.contract("M-114")
def test_a_plan_reads_each_configuration_once_and_inputs_in_one_list(tmp_path: Path) -> None:
    sim, file = Simulator(), tmp_path / "season.yaml"
    file.write_text(json.dumps(season(10, 100, 500)))
    stack = load(file)

    async def run() -> None:
        where: dict[str, Any] = {
            "env": sim.settings(),
            "transports": dict.fromkeys(sim.sims, sim.transport()),
            "extra": {"ateme": {"poll_interval": 0}},
            "redactor": Redactor(),
        }
        with open_state(tmp_path / "state.db") as state:
            async with Session({}, **where) as session:
                outcome = await apply(await make_plan(stack, state, session), stack, state, session)
                assert outcome.failed == {}
            sim.reset_journal()
            async with Session({}, **where) as session:
                assert not (await make_plan(stack, state, session)).writes()

    asyncio.run(run())
    assert sim.writes() == []
    counts: dict[str, int] = {}
    for entry in sim.journal:
        counts[entry.key] = counts.get(entry.key, 0) + 1
    assert counts["input.list"] == 1, counts
    mycujoo = {key: n for key, n in counts.items() if key in {e.key for e in sim.journal if e.platform == "mycujoo"}}
    assert sum(mycujoo.values()) <= 1000 + 10 + 1, counts
    assert "input.get" not in counts
