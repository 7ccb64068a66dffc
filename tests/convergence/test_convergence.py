"""Every kind, every state of its list: apply it, plan again, and nothing may change; at the end nothing is left."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from headend.core.reconcile.apply import apply
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import kinds, platforms
from headend.core.wire.session import Session
from headend.simulator import Simulator
from headend.simulator.app import discover

LISTS = [importlib.import_module(f"convergence.{name}") for name in platforms()]
CASES = [(module, name) for module in LISTS for name in module.CASES]

THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))


def stack_of(module: Any, name: str, fragment: dict[str, Any]) -> dict[str, Any]:
    """A stack with the fragment as the one resource of its kind called `it`, in what the list says must be there."""
    kind = kinds()[name]
    setup = said(module, "SETUPS").get(name, module.SETUP)
    stack: dict[str, Any] = json.loads(json.dumps({"headend": 1, "stack": "convergence"} | setup))
    place = stack.setdefault(kind.platform, {})
    if kind.parent:
        parents = place[kinds()[kind.parent].collection]
        place = next(iter(parents.values()))
        for collection, objects in getattr(module, "BESIDE", {}).get(name, {}).items():
            place.setdefault(collection, {}).update(objects)
    place.setdefault(kind.collection, {})["it"] = fragment
    return stack


def side_by_side(module: Any, number: int) -> dict[str, Any]:
    """One stack with the state of that number of each list of the platform that is long enough."""
    stack: dict[str, Any] = {}
    for name, cases in module.CASES.items():
        if number < len(cases):
            merge(stack, stack_of(module, name, cases[number] | {"lifecycle": {"protect": False}}))
    return stack


def merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def test_every_kind_has_a_list() -> None:
    assert {name for _, name in CASES} == set(kinds())


def converge(module: Any, name: str, tmp_path: Path, switches: dict[str, Any], **settings: Any) -> None:
    """Applies each state of the list, and plans again: no writes. Destroys at the end: nothing stays in the state."""
    platform = name.partition(".")[0]
    sim = Simulator({platform: switches})
    module.WORLD(sim)
    file, where = (
        tmp_path / "stack.yaml",
        {"env": sim.settings(), "transports": dict.fromkeys(sim.sims, sim.transport())},
    )
    waits = "poll_interval" in platforms()[platform].settings.model_fields
    extra = {platform: ({"poll_interval": 0} if waits else {}) | settings}

    async def go() -> None:
        for fragment in module.CASES[name]:
            file.write_text(json.dumps(stack_of(module, name, fragment | {"lifecycle": {"protect": False}})))
            stack = load(file)
            with open_state(tmp_path / "state.db") as state:
                for again in (False, True):
                    async with Session({}, redactor=Redactor(), **where, extra=extra) as session:
                        plan = await make_plan(stack, state, session)
                        if again:
                            assert [s.document() for s in plan.writes()] == [], fragment
                        else:
                            assert (await apply(plan, stack, state, session)).failed == {}
        with open_state(tmp_path / "state.db") as state:
            async with Session({}, redactor=Redactor(), **where, extra=extra) as session:
                plan = await make_plan(stack, state, session, destroy=True)
                assert (await apply(plan, stack, state, session)).failed == {}
            assert state.records() == {}

    asyncio.run(go())


@pytest.mark.contract("R-62", "A-744", "A-51")
@pytest.mark.parametrize(("module", "name"), CASES, ids=[name for _, name in CASES])
def test_each_state_converges_and_nothing_is_left(module: Any, name: str, tmp_path: Path) -> None:
    converge(module, name, tmp_path, {})


def said(module: Any, what: str) -> Any:
    """What a list says of its platform's switches, if anything.

    FREE: values to try of a switch that takes any. UNREACHABLE: (switch, value) with which no state can be reached, and
    which is told as an error (held by the platforms' own tests). NEEDS: (switch, value) -> settings that a person has
    to make for such a platform. CONCERNS: switch -> the kinds that can tell its values apart. TOGETHER: what may well
    come together. AT_ONCE: switch -> its value where all kinds are in one stack.
    """
    return getattr(module, what, {})


def needed(module: Any, switches: dict[str, Any]) -> dict[str, Any]:
    """Settings that such a platform needs."""
    return {key: value for item in switches.items() for key, value in said(module, "NEEDS").get(item, {}).items()}


def matrix() -> list[Any]:
    """(module, kind, switches): every value of every switch but the default, and some together. A third of them; all
    with HEADEND_THOROUGH=1."""
    sims = {cls.name: cls for cls in discover()}
    one = [
        pytest.param(module, name, {switch: value}, id=f"{name}-{switch}-{value}")
        for module, name in CASES
        for switch, values in sims[name.partition(".")[0]].switches.items()
        for value in (values[1:] or said(module, "FREE")[switch])
        if (switch, value) not in said(module, "UNREACHABLE") and name in said(module, "CONCERNS").get(switch, (name,))
    ]
    several = [
        pytest.param(module, name, switches, id=f"{name}-{'-'.join(switches)}")
        for module, name in CASES
        for switches in said(module, "TOGETHER")
    ]
    return [case for case in one + several if THOROUGH or zlib.crc32(str(case.id).encode()) % 3 == 0]


@pytest.mark.contract("A-774", "R-60")
@pytest.mark.parametrize(("module", "name", "switches"), matrix())
def test_each_state_converges_however_the_platform_behaves(
    module: Any, name: str, switches: dict[str, Any], tmp_path: Path
) -> None:
    converge(module, name, tmp_path, switches, **needed(module, switches))
