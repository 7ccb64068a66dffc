"""Every kind, every state of its list: apply it, plan again, and nothing may change; at the end nothing is left."""

from __future__ import annotations

import asyncio
import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from headend.core.apply import apply
from headend.core.planner import make_plan
from headend.core.redact import Redactor
from headend.core.registry import kinds
from headend.core.stack import load
from headend.core.state import open_state
from headend.session import open_session
from headend.simulator import Simulator

LISTS = [importlib.import_module(f"convergence.{name}") for name in ("ateme", "mycujoo", "rights_locker")]
CASES = [(module, name) for module in LISTS for name in module.CASES]


def stack_of(module: Any, name: str, fragment: dict[str, Any]) -> dict[str, Any]:
    """A stack with the fragment as the one resource of its kind called `it`, in what the list says must be there."""
    kind = kinds()[name]
    stack: dict[str, Any] = json.loads(json.dumps({"headend": 1, "stack": "convergence"} | module.SETUP))
    place = stack.setdefault(kind.platform, {})
    if kind.parent:
        parents = place[kinds()[kind.parent].collection]
        place = next(iter(parents.values()))
    place.setdefault(kind.collection, {})["it"] = fragment
    return stack


def test_every_kind_has_a_list() -> None:
    assert {name for _, name in CASES} == set(kinds())


@pytest.mark.contract("R-62", "A-744", "A-51")
@pytest.mark.parametrize(("module", "name"), CASES, ids=[name for _, name in CASES])
def test_each_state_converges_and_nothing_is_left(module: Any, name: str, tmp_path: Path) -> None:
    sim = Simulator()
    module.WORLD(sim)
    file = tmp_path / "stack.yaml"

    async def converge() -> None:
        transports = dict.fromkeys(sim.sims, sim.transport())
        for fragment in module.CASES[name]:
            file.write_text(json.dumps(stack_of(module, name, fragment | {"lifecycle": {"protect": False}})))
            stack = load(file)
            with open_state(tmp_path / "state.db") as state:
                for again in (False, True):
                    settings = {"ateme": {"poll_interval": 0}}
                    where = {"env": sim.settings(), "transports": transports, "extra": settings}
                    async with open_session({}, redactor=Redactor(), **where) as session:
                        plan = await make_plan(stack, state, session)
                        if again:
                            assert [s.document() for s in plan.writes()] == [], fragment
                        else:
                            assert (await apply(plan, stack, state, session)).failed == {}
        with open_state(tmp_path / "state.db") as state:
            async with open_session({}, redactor=Redactor(), **where) as session:
                plan = await make_plan(stack, state, session, destroy=True)
                assert (await apply(plan, stack, state, session)).failed == {}
            assert state.entries() == {}

    asyncio.run(converge())
