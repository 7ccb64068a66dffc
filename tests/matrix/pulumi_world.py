"""One object of each kind of a platform in a Pulumi stack, to go on from as often as wanted."""

from __future__ import annotations

import functools
import importlib

from headend.simulator import Simulator
from matrix.pulumi_phase import Ended, Moment, run_phase


@functools.cache
def before(platform: str) -> Moment:
    """What the platform has before anything is applied."""
    simulator = Simulator()
    importlib.import_module(f"convergence.{platform}").WORLD(simulator)
    return Moment(platform, simulator.dump())


@functools.cache
def converged(platform: str) -> Moment:
    """One of each, as the first states of the convergence lists have it."""
    made = run_phase(before(platform), "up", 0)
    assert made.ran.ok, made.ran.said
    again = run_phase(made.moment, "up", 0)
    assert (again.ran.ok, again.ran.did()) == (True, {}), again.ran.said
    return again.moment


@functools.cache
def undisturbed(platform: str, what: str) -> Ended:
    """What a phase does with what is converged, where all is well."""
    ended = run_phase(converged(platform), what, 0)
    assert ended.ran.ok, ended.ran.said
    return ended


def reads(platform: str, what: str) -> tuple[str, ...]:
    """The operations that the phase calls and that only read."""
    sim = Simulator().sims[platform]
    journal = undisturbed(platform, what).journal
    return tuple(sorted({e.key for e in journal if e.key and not sim.is_write(sim.table[e.key])}))
