"""What sends nothing is no step: each kind, each field that can be taken out, or set to an empty text."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convergence.test_convergence import CASES, stack_of
from headend.core.model.errors import InputError
from headend.core.model.fields import Ignored, mark
from headend.core.model.proposal import Action
from headend.core.reconcile.apply import apply
from headend.core.reconcile.plan import Step
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import kinds, platforms
from headend.core.wire.session import Session
from headend.simulator import Simulator

SENT_AS = {
    "alert_method": "alert_method_id",
    "dashboard_group": "dashboard_group_id",
    "event": "event_id",
    "input": "input_id",
    "labels": "label_ids",
    "muted": "alert.action",
    "reapply": "limit",
    "restart_trigger": "restart",
    "tile_inputs": "input_id",
    "tile_titles": "title",
}
"""Field -> what shows in a request that carries it, where that isn't the field's own name."""
WHOLE = frozenset({"rights_locker.entitlement"})  # what a write of the whole leaves out is cleared
STATES = ("start", "stop")


class Bench:
    """One kind's stack, applied again and again against one simulated world."""

    def __init__(self, module: Any, name: str, folder: Path) -> None:
        self.module, self.name, self.folder = module, name, folder
        platform = name.partition(".")[0]
        self.sim = Simulator({platform: {}})
        module.WORLD(self.sim)
        waits = "poll_interval" in platforms()[platform].settings.model_fields
        self.where: dict[str, Any] = {
            "env": self.sim.settings(),
            "transports": dict.fromkeys(self.sim.sims, self.sim.transport()),
            "extra": {platform: {"poll_interval": 0} if waits else {}},
        }

    async def apply(self, state: State, fragment: dict[str, Any]) -> Step | None:
        """The step of `it`, after it was carried out; None where the stack can't be so."""
        file = self.folder / "stack.yaml"
        file.write_text(json.dumps(stack_of(self.module, self.name, fragment | {"lifecycle": {"protect": False}})))
        try:
            stack = load(file)
            async with Session({}, redactor=Redactor(), **self.where) as session:
                plan = await make_plan(stack, state, session)
                self.sim.reset_journal()
                if (await apply(plan, stack, state, session)).failed:
                    return None  # the platform won't have it
        except InputError:
            return None
        return next(s for s in plan.steps if s.address.endswith(".it"))

    def carried(self, field: str) -> bool:
        """Whether a request carried the field."""
        if self.name in WHOLE:
            return bool(self.sim.writes())
        names = STATES if field == "state" else (SENT_AS.get(field, field),)
        told = [f"{w.key} {json.dumps(w.body, default=str)} {w!r}" for w in self.sim.writes()]
        return any(name in one for name in names for one in told)


def edits(name: str, fragment: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(field, fragment) with one field taken out, or set to an empty text."""
    model = kinds()[name].spec_type(fragment.get("variant"))
    for field, about in model.model_fields.items():
        if about.is_required() or mark(model, field, Ignored):
            continue
        if field in fragment:
            yield field, {key: value for key, value in fragment.items() if key != field}
        elif "str" in str(about.annotation) and "Literal" not in str(about.annotation):
            yield field, fragment | {field: ""}


@pytest.mark.contract("A-51", "A-744")
@pytest.mark.parametrize(("module", "name"), CASES, ids=[name for _, name in CASES])
def test_each_update_sends_what_it_names(module: Any, name: str, tmp_path: Path) -> None:
    bench = Bench(module, name, tmp_path)
    tried: set[tuple[str, str | None, bool]] = set()

    async def go() -> None:
        with open_state(tmp_path / "state.db") as state:
            for fragment in module.CASES[name]:
                await bench.apply(state, fragment)
                for field, edited in edits(name, fragment):
                    this = (field, fragment.get("variant"), field in edited)
                    if this in tried:
                        continue
                    tried.add(this)
                    for given in (edited, fragment):  # taken out, and given again
                        step = await bench.apply(state, given)
                        if step is not None and step.action is Action.UPDATE:
                            assert bench.sim.writes(), (field, step.changes)
                            assert all(bench.carried(f) for f in {c.field for c in step.changes}), step.changes
                        again = await bench.apply(state, given)
                        if again is not None:
                            assert again.action is Action.NONE, (field, again.changes)

    asyncio.run(go())
