"""Policies: what a team wants to hold of its stacks, each a condition in CEL. It sees values, and no secret."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from headend.core.model.findings import Level, Source
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.printable import one_line

OF_FILE = frozenset(
    {"kind", "address", "key", "name", "spec", "secrets", "references", "dependents", "stack", "params"}
)
"""What a condition may ask of the stack file."""
OF_PLAN = frozenset({"action", "reason", "impact", "id", "live", "changes", "status", "on_air", "maintenance", "now"})
"""What it may ask of the plan: a policy that asks any of it isn't checked before there is one."""


class ConditionFailed(Exception):
    """A condition can't be evaluated, so that nobody knows whether it holds."""


@frozen_dataclass
class Allow:
    """`lifecycle.allow`: the resource may break the policy until the end of that day."""

    policy: str
    reason: str
    until: date


@frozen_dataclass
class Example:
    """given: the values of variables. expect: what comes of it, a word of EXPECTED."""

    given: Mapping[str, Any]
    expect: str
    source: Source


EXPECTED = ("holds", "broken", "skipped", "fails")


@frozen_dataclass
class Policy:
    """severity: an error refuses, a warning is shown. source: of the condition. kinds, addresses, stacks: globs, all of
    them if there are none. params: what the condition finds in `params`. program: the condition, compiled. asks: the
    names in it."""

    name: str
    message: str
    severity: Level
    source: Source
    program: Any = field(repr=False, compare=False)
    asks: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()

    @property
    def of_plan(self) -> bool:
        """Whether only a plan can tell."""
        return not OF_PLAN.isdisjoint(self.asks)

    def selects(self, kind: str, address: str, stack: str) -> bool:
        """Whether it is meant for the resource."""
        pairs = ((kind, self.kinds), (address, self.addresses), (stack, self.stacks))
        return all(not globs or _any(text, globs) for text, globs in pairs)

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Raises ConditionFailed where that can't be told."""
        import cel

        context = cel.Context(variables={**facts, "params": dict(self.params)}, functions={"sum": sum})
        try:
            answer = self.program.execute(context)
        except KeyError as error:
            raise ConditionFailed(f"there is no {error}; `has(...)` tells whether there is") from None
        except Exception as error:
            raise ConditionFailed(one_line(str(error))) from None
        if not isinstance(answer, bool):
            raise ConditionFailed("it is neither true nor false")
        return answer

    def __str__(self) -> str:
        return f"policy {self.name}: {self.message}"


def _any(text: str, globs: Collection[str]) -> bool:
    return any(fnmatchcase(text, glob) for glob in globs)


def stars(value: Any) -> Any:
    """What a condition sees of a secret: a star for each character."""
    if isinstance(value, Mapping):
        return {key: stars(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [stars(item) for item in value]
    return "*" * len(str(value))


def selected(policies: Collection[Policy], kind: str, address: str, stack: str) -> Iterator[Policy]:
    return (policy for policy in policies if policy.selects(kind, address, stack))
