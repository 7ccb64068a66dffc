"""A run against platforms that take 20 requests a second and refuse the others, in virtual time."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from headend.core.reconcile.apply import apply
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.simulator import Simulator
from transport.test_rates import Bucket
from virtual_time import run

GROUPS, EACH = 10, 100 if os.environ.get("HEADEND_THOROUGH") else 20
MOST_REFUSED = 20  # 2 % of 1,000 objects. To find the rate costs as much with fewer


class Busy(httpx.AsyncBaseTransport):
    """The simulated platforms, 30 ms away, behind a gate that lets 20 requests a second through."""

    def __init__(self, simulator: Simulator) -> None:
        self.behind = simulator.transport()
        self.gate, self.began = Bucket(20, 20), 0.0
        self.passed, self.refused = 0, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        taken = self.gate.takes(asyncio.get_running_loop().time() - self.began)
        await asyncio.sleep(0.03)
        if taken:
            self.passed += 1
            return await self.behind.handle_async_request(request)
        self.refused += 1
        return httpx.Response(429, json={"code": 8})


def test_hundreds_of_objects_at_a_host_that_takes_twenty_a_second(tmp_path: Path) -> None:
    rows: dict[str, Any] = {
        f"c{group}-{n}": {"action_id": "act-1", "group_id": f"group-{group}", "title": f"Replay {n}"}
        for group in range(GROUPS)
        for n in range(EACH)
    }
    (tmp_path / "season.yaml").write_text(json.dumps({"headend": 1, "mycujoo": {"action_configurations": rows}}))
    stack, simulator = load(tmp_path / "season.yaml"), Simulator()
    gate = Busy(simulator)

    async def work() -> float:
        gate.began = asyncio.get_running_loop().time()
        with open_state(tmp_path / "state.db") as state:
            async with Session({}, simulator.settings(), redactor=Redactor(), transports={"mycujoo": gate}) as session:
                outcome = await apply(await make_plan(stack, state, session), stack, state, session)
                assert outcome.failed == {}
        return asyncio.get_running_loop().time() - gate.began

    seconds = run(work())
    made = Counter(entry.key for entry in simulator.journal)
    assert made["action_configuration.create"] == GROUPS * EACH
    assert gate.refused < MOST_REFUSED
    assert seconds < 1.1 * gate.gate.ideal(gate.passed)
