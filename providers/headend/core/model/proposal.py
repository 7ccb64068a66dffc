"""A planned step, as a kind reviews it before anything is sent."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field
from typing import Generic, TypeVar

from headend.core.model.fields import Spec
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.observed import Change

S = TypeVar("S", bound=Spec)


class Action(enum.StrEnum):
    """What is done to the object (NONE: nothing)."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    ADOPT = "adopt"
    MOVE = "move"
    NONE = "none"


@frozen_dataclass
class Proposal(Generic[S]):
    """What a step would do to one object.

    action: what is to be done; a replacement that leaves the old object behind is reviewed twice, as REPLACE and, for
    the old object, as FORGET.
    spec: what is wanted; references may be open. None for a removal.
    id: of the live object. changes: how the live object differs from the spec.
    parent: what the stack wants of the object that this one lives in; None where the stack doesn't hold it.
    last: what was last applied, without its secrets; set for a removal.
    related: field -> what the stack wants of the one object that is named there; nothing for those it doesn't hold.
    """

    action: Action
    spec: S | None
    id: str | None = None
    changes: tuple[Change, ...] = ()
    parent: Spec | None = None
    last: S | None = None
    related: Mapping[str, Spec] = field(default_factory=dict)

    @property
    def resolved(self) -> bool:
        """Whether there is a spec, and nothing in it waits for another resource or a lookup."""
        return self.spec is not None and not self.spec.unresolved()

    @property
    def creates(self) -> bool:
        return self.action in {Action.CREATE, Action.REPLACE}

    @property
    def replaces(self) -> bool:
        return self.action is Action.REPLACE

    @property
    def deletes(self) -> bool:
        """Whether the object goes, or is left behind because no call deletes it."""
        return self.action in {Action.DELETE, Action.FORGET}

    @property
    def edits(self) -> tuple[Change, ...]:
        """The changes that are made in place; none where the object is made anew."""
        return () if self.creates or self.deletes else self.changes

    @property
    def writes(self) -> bool:
        """Whether the spec is written: the object is made, or changed in place."""
        return self.creates or bool(self.edits)
