"""The phases of the embedded engine, each counted."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest import mock

from growth.counted import Cost, counting
from growth.many import MANY, tree, world
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

PARALLELISM = 4
"""Fewer than objects, as in practice."""
PHASES = ("apply", "plan", "change", "destroy")


def costs(kind: str, number: int, *, lines: bool) -> dict[str, Cost]:
    """What each phase costs with that many objects: what is told to a person, too."""
    found: dict[str, Cost] = {}
    simulator = world(kind, number)
    key = {"HEADEND_STATE_KEY": "ab" * 32}
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, key):
        for phase in PHASES:
            if phase == "change" and MANY[kind].change is None:
                continue
            file = Path(folder, "stack.yaml")
            file.write_text(json.dumps(tree(kind, number, changed=phase in {"change", "destroy"})))
            with (
                counting(simulator.journal, lines=lines) as found[phase],
                redirect_stdout(StringIO()),
                redirect_stderr(StringIO()),
            ):
                run(_phase(phase, simulator, file))
    return found


async def _phase(phase: str, simulator: Simulator, file: Path) -> None:
    stack = load(file)
    waits = {
        name: {"poll_interval": 0} for name, p in platforms().items() if "poll_interval" in p.settings.model_fields
    }
    where = {"transports": dict.fromkeys(simulator.sims, simulator.transport()), "extra": waits}
    with open_state(file.with_suffix(".db")) as state:
        async with Session({}, simulator.settings(), redactor=Redactor(), parallelism=PARALLELISM, **where) as session:
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
                outcome = await apply(
                    plan, stack, state, session, on_event=told.event, allowed=agreed, parallelism=PARALLELISM
                )
            assert outcome.failed == {}
        if phase == "destroy":
            assert state.records() == {}
