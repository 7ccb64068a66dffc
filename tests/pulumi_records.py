"""What an engine of the tests keeps of a Pulumi stack, and how its phases end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """What state has of one resource. reborn: it was deleted to be made anew, and was not yet."""

    address: str
    kind: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    protect: bool = False
    retain: bool = False
    reborn: bool = False
    depends: dict[str, frozenset[str]] = field(default_factory=dict)  # field -> addresses


@dataclass(frozen=True)
class Did:
    """A step that the engine took, or would take: same, create, update, replace, delete, read. id: before the step."""

    what: str
    address: str
    id: str | None


@dataclass
class Ran:
    """How a phase ended. said: all that the program and the provider said."""

    ok: bool = True
    killed: bool = False
    said: str = ""
    steps: list[Did] = field(default_factory=list)

    def did(self) -> dict[str, str]:
        """address -> what was done, without what stayed the same."""
        return {step.address: step.what for step in self.steps if step.what not in {"same", "read"}}


class Failed(Exception):
    """The engine gives up: what it was told, in one text."""


class Killed(Exception):
    """The engine is gone."""
