"""For the process that forks the phases: what is made at first use is made here once, and not in each of them."""

from __future__ import annotations

import gc

import matrix.pulumi_phase  # noqa: F401
from headend.core.wire.registry import platforms
from matrix.world import converged

for platform in platforms():
    converged(platform)
gc.freeze()
