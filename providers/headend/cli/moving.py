"""Moves between stacks, for stacks that speak of some: the others, which are most, load nothing of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from headend.core.model.stack import Stack
from headend.core.reconcile.state import State

if TYPE_CHECKING:
    from headend.core.reconcile.between import Joined


def joined(stack: Stack, state: State, simulator: bool) -> State | Joined:
    """See `between.joined`."""
    if not stack.moved:
        return state
    from headend.cli import between

    return between.joined(stack, state, simulator)


def carry_over(stack: Stack, state: State, simulator: bool, planned: Collection[str]) -> None:
    """See `between.carry_over`."""
    if stack.moved:
        from headend.cli import between

        between.carry_over(stack, state, simulator, planned)
