"""What one run takes over, as if each resource said so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from headend.core.model.stack import Adopt, Lifecycle, Resource, Stack

EACH = "match"
"""Stands for every resource that says nothing of adoption itself."""


def adopting(stack: Stack, chosen: Collection[str]) -> Stack:
    """The stack, as if these resources said `adopt: match`. chosen: addresses, and EACH."""
    if not chosen:
        return stack
    shared: dict[Lifecycle, Lifecycle] = {}  # rows of a file share theirs

    def chosen_for(resource: Resource) -> Resource:
        life = resource.lifecycle
        if resource.address in chosen:
            return replace(resource, lifecycle=replace(life, adopt=Adopt.MATCH))
        if EACH not in chosen or life.adopt or life.adopt_id or life.adopt_query:
            return resource
        if life not in shared:
            shared[life] = replace(life, adopt=Adopt.IF_FOUND)
        return replace(resource, lifecycle=shared[life])

    return replace(stack, resources={a: chosen_for(r) for a, r in stack.resources.items()})
