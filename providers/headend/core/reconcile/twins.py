"""Resources that nothing tells apart but their addresses, and that one run was making when it was killed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from headend.core.model.fields import Spec
from headend.core.model.secrets import ask_without
from headend.core.model.stack import Resource, Stack


def alike_in_doubt(stack: Stack, intents: Collection[str], records: Collection[str], resource: Resource) -> int:
    """How many resources with this one's natural key a killed run was making, this one among them; 0 if not this one.

    As many live objects that nobody has may be theirs, and it doesn't matter which is whose."""
    if resource.address not in intents:
        return 0
    kind = resource.kind

    def key_of(spec: Spec) -> Any:
        return ask_without([spec], lambda: kind.natural_key(spec), None)

    key = key_of(resource.spec)
    others = (stack.resources.get(a) for a in intents if a != resource.address and a not in records)
    alike = (key_of(one.spec) == key for one in others if one is not None and one.kind is kind)
    return 1 + (sum(alike) if key is not None else 0)
