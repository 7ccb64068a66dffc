"""What a decision goes by: all that is wanted, recorded and live of one object. `headend.core.reconcile.reader` fills
it, the only code that reads; `decide` judges it, and asks for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headend.core.model.fields import Spec
from headend.core.model.findings import Problem
from headend.core.model.kind import Kind
from headend.core.model.observed import Observed
from headend.core.model.record import Digester, Record
from headend.core.model.stack import Lifecycle


@dataclass(frozen=True, slots=True)
class Owner:
    """The resource of this stack, or of another of the store, that an object belongs to.

    leaves: by this very plan it will be gone, or known by another key, so that it frees what it has.
    """

    address: str
    leaves: bool = False


@dataclass(frozen=True)
class Situation:
    """One resource, or one record that the stack no longer names.

    want: the spec, references resolved as far as they are known; None where the stack doesn't name it any more.
    life: `lifecycle:`. secrets: its secret fields. last: what was last applied, None if state doesn't know it.
    live: the object with the recorded id, or with the one that `adopt` names; None is proven absent.
    alike: objects with the same natural key or identity, other than `live`. ours: id -> whose of them it is.
    named: the id that `lifecycle.adopt` gives. recovering: a run was killed while it made this object.
    claimed: all that the object owned is owned by other resources by now, so that it must not be deleted.
    replaced: id of the object that is being replaced, which is never taken for the new one.
    settle: what to say once a person has looked whether a creation of unknown outcome was done.
    findings: what went wrong with its lookups.
    """

    address: str
    kind: Kind[Any, Any]
    digest: Digester
    want: Spec | None = None
    life: Lifecycle = field(default_factory=Lifecycle)
    secrets: frozenset[str] = frozenset()
    depends: tuple[str, ...] = ()
    last: Record | None = None
    live: Observed | None = None
    alike: tuple[Observed, ...] = ()
    ours: Mapping[str, Owner] = field(default_factory=dict)
    named: str | None = None
    recovering: bool = False
    claimed: bool = False
    replaced: str | None = None
    settle: str = ""
    findings: tuple[Problem, ...] = ()

    @property
    def resolved(self) -> bool:
        """Whether nothing that is wanted waits for another resource or a lookup."""
        return self.want is not None and not self.want.unresolved()
