"""The phases of the embedded engine, each counted."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from growth.counted import Cost, counting
from growth.many import stacks, world
from headend.cli.options import Format
from headend.cli.progress import progress
from headend.cli.render import show
from headend.core.reconcile import guards
from headend.core.reconcile.apply import apply
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import platforms
from headend.core.wire.session import Session
from headend.simulator import Simulator
from virtual_time import run

PHASES = ("apply", "plan", "change", "destroy")


def costs(kind: str, number: int, *, lines: bool) -> dict[str, Cost]:
    """What each phase costs with that many objects."""
    found: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(world(kind, number), Path(folder, "stack.yaml"))
        for phase, wanted in stacks(PHASES, kind, number):
            found[phase] = bench.cost(wanted, phase, lines=lines)
    return found


@dataclass
class Bench:
    """A stack file with its state beside it, and the world that it stands for."""

    simulator: Simulator
    file: Path

    def cost(self, wanted: Mapping[str, Any], phase: str = "apply", *, lines: bool) -> Cost:
        """What it costs to plan that stack, to show the plan and, but for `plan`, to carry it out."""
        self.file.write_text(json.dumps(wanted))
        with (
            mock.patch.dict(os.environ, {"HEADEND_STATE_KEY": "ab" * 32}),
            counting(self.simulator.journal, lines=lines) as cost,
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
        ):
            run(self._work(phase))
        return cost

    async def _work(self, phase: str) -> None:
        stack, simulator = load(self.file), self.simulator
        named = platforms().items()
        waits = {name: {"poll_interval": 0} for name, p in named if "poll_interval" in p.settings.model_fields}
        where = {"transports": dict.fromkeys(simulator.sims, simulator.transport()), "extra": waits}
        session = Session({}, simulator.settings(), redactor=Redactor(), **where)
        with open_state(self.file.with_suffix(".db")) as state:
            async with session:
                plan = await make_plan(stack, state, session, destroy=phase == "destroy")
                agreed = [step.address for step in plan.steps]
                plan = guards.judge(plan, len(state.records()), guards.Consent(True, agreed, True))
                guards.raise_if_refused(plan)
                show(plan, Format.TEXT)
                if phase == "plan":
                    assert not plan.writes()
                    return
                assert plan.writes() or phase == "destroy"
                with progress(len(plan.writes())) as told:
                    outcome = await apply(plan, stack, state, session, on_event=told.event, allowed=agreed)
                assert outcome.failed == {}
            if phase == "destroy":
                assert state.records() == {}
