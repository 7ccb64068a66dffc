"""What is seen of a live object: its values, what it does, when it goes out, and how it differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from headend.core.model.frozen import frozen_dataclass


class Undecoded(str):
    """A reason of `Observed.unverifiable`: the answer's value has another type than the field, so that the answer isn't
    to be trusted. Nothing is written for its sake, also where the object is taken over."""


@frozen_dataclass(slots=True)
class Observed:
    """A live object as read.

    id: the remote id, opaque.
    values: spec field -> live value, in the spec's own types; a field that can't be read is absent here.
    computed: what the platform adds (status, derived ids); shown and exported, never diffed. headend adds `adopted`,
    true of what was there before it; `create` sets it when it reuses an existing object.
    unverifiable: field -> why it can't be known now; such a field is neither in sync nor drifted.
    incomplete: the object exists but creation has not run to its end; `complete` goes on.
    handed_out: name -> a secret that the platform made and shows this one time; from `create` only.
    warnings: sentences for the person who applies.
    leaving: it is being deleted.
    """

    id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Any] = field(default_factory=dict)
    unverifiable: Mapping[str, str] = field(default_factory=dict)
    incomplete: bool = False
    warnings: tuple[str, ...] = ()
    handed_out: Mapping[str, str] = field(default_factory=dict, repr=False)
    leaving: bool = False


@frozen_dataclass
class Airtime:
    """A span in which something goes out. kind, id: of the schedule that says so. None: it has no such end."""

    kind: str
    id: str
    start: datetime | None
    end: datetime | None


@frozen_dataclass
class Status:
    """What a live object does now, for the person on call.

    word: the platform's own; "present" where it has none, "unknown" where it is in doubt. reason: why, as far as that
    is known. wrong: it does not do what the stack wants of it. field: of the spec, whose change mends that.
    """

    word: str
    reason: str = ""
    wrong: bool = False
    field: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"status": self.word, "reason": self.reason, "wrong": self.wrong}

    def __str__(self) -> str:
        return f"{self.word} ({self.reason})" if self.reason else self.word


@frozen_dataclass(slots=True)
class Change:
    """One difference. `path`: field, then keys below it. `cause`: you (the stack changed) or drift (the world did)."""

    path: tuple[str, ...]
    before: Any
    after: Any
    cause: str = "you"
    secret: bool = False

    @property
    def field(self) -> str:
        return self.path[0]
