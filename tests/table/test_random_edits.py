"""Random edits, renames, kills, drift and second stacks, through both engines: each run ends in the wanted world.

HEADEND_THOROUGH=1 tries many more of them, and other ones each time.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from table.bench import ENGINES
from table.machine import People

THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))
EFFORT = settings(
    max_examples=100 if THOROUGH else 8,
    stateful_step_count=12 if THOROUGH else 6,
    derandomize=not THOROUGH,
    phases=[Phase.generate, Phase.shrink] if THOROUGH else [Phase.generate],
    report_multiple_bugs=False,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_world_becomes_what_is_wanted_whatever_happened(engine: str) -> None:
    machine = type(engine.title(), (People,), {"engine": engine})
    run_state_machine_as_test(machine, settings=EFFORT)
