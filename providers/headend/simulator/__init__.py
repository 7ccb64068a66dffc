"""Simulators of the platforms: one ASGI app, strict per contract, all state in the instance."""

from headend.simulator.app import Entry, Simulator
from headend.simulator.base import Call, PlatformSim, Refusal, Reply, handles
from headend.simulator.faults import Fault

__all__ = ["Call", "Entry", "Fault", "PlatformSim", "Refusal", "Reply", "Simulator", "handles"]
