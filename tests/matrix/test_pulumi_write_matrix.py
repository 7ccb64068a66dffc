"""Every write of Pulumi's runs with every kind of trouble: an `up`, or a destroy, again makes all right.

As in `test_write_matrix`, over the SDK's own provider server: a stack with one object of each kind is made, changed and
destroyed, each write is hit once, and the same run goes again until it has nothing to do. What counts as wrong is the
same: nothing twice, nothing lost, nothing repeated blindly, and no error but a clear one. A sample runs normally, all
cases with HEADEND_THOROUGH=1.
"""

from __future__ import annotations

import functools
import os
import re
import zlib
from collections import Counter
from functools import partial

import pytest

from cli.harness import living
from headend.core.wire.registry import platforms
from headend.simulator import Entry, Simulator
from headend.simulator.faults import Planted
from matrix.pulumi_phase import Ended, Moment, Plant, run_phase
from matrix.pulumi_world import before, converged
from matrix.test_read_matrix import NO_HIT
from matrix.test_write_matrix import FAULTS, JUST_TOO, NOT_DONE, PHASES, RUNS, judged, made, repeated

THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))
SAMPLE = 40
SAID = re.compile(r"^headend\.core\.model\.errors\.\w+: ", re.MULTILINE)  # as the SDK shows an error


def start(platform: str, phase: str) -> Moment:
    return before(platform) if phase == "create" else converged(platform)


def act(moment: Moment, phase: str, plant: Plant | None = None) -> Ended:
    return run_phase(moment, "destroy" if phase == "destroy" else "up", 1 if phase == "change" else 0, plant)


def until_done(moment: Moment, phase: str) -> tuple[Ended, list[Entry]]:
    """Runs again as long as one fails; gives the last run, and what all of them sent."""
    journal: list[Entry] = []
    for _ in range(RUNS):
        ended = act(moment, phase)
        moment, journal = ended.moment, journal + ended.journal
        if ended.ran.ok:
            break
    return ended, journal


@functools.cache
def undisturbed(platform: str, phase: str) -> tuple[tuple[str, ...], dict[str, list[str]], Counter[str]]:
    """The writes of the phase, what lives after it, and how often each creation took effect."""
    ended, journal = until_done(start(platform, phase), phase)
    assert ended.ran.ok, ended.ran.said
    writes = tuple(sorted({entry.key for entry in journal if entry.write}))
    return writes, living(ended.moment.worlds), made(journal)


def plant_trouble(operation: str, fault: str, simulator: Simulator) -> Planted:
    return simulator.fail(operation, **FAULTS[fault])


def wrong(platform: str, phase: str, operation: str, fault: str) -> str | None:
    """What is wrong with the case; None if nothing is."""
    _, wanted, once = undisturbed(platform, phase)
    was = living(start(platform, phase).worlds)
    first = act(start(platform, phase), phase, partial(plant_trouble, operation, fault))
    if not first.hits:
        return NO_HIT
    ended, journal = until_done(first.moment, phase)
    journal = first.journal + journal
    if "Traceback" in first.ran.said:
        return f"a traceback: {first.ran.said}"
    if twice := made(journal) - once:
        return f"made twice: {dict(twice)}"
    if again := repeated(journal, NOT_DONE | (JUST_TOO if platform == "just" else set())):
        return f"repeated blindly: {again}"
    failed = {} if ended.ran.ok else {"": SAID.split(ended.ran.said)[-1]}
    return judged(was, wanted, living(ended.moment.worlds), failed)


def cases(platform: str, phase: str) -> list[tuple[str, str]]:
    """(operation, fault)"""
    return [(operation, fault) for operation in undisturbed(platform, phase)[0] for fault in FAULTS]


@pytest.mark.contract("A-54", "A-742", "M-15", "J-13")
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("platform", platforms())
def test_up_again_makes_it_right(platform: str, phase: str) -> None:
    tried = [
        (operation, fault)
        for operation, fault in cases(platform, phase)
        if THOROUGH or zlib.crc32(f"{operation} {phase} {fault}".encode()) % SAMPLE == 0
    ]
    found = {one: why for one in tried if (why := wrong(platform, phase, *one))}
    print(f"{platform} {phase}: {len(tried)} cases, {len(found)} failures")
    assert found == {}


def test_the_matrix_is_large() -> None:
    """An empty loop would pass, too."""
    assert sum(len(cases(p, phase)) for p in platforms() for phase in PHASES) > 400
