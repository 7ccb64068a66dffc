"""The input of a decision: what is wanted, recorded and live of one object.

`headend.core.reconcile.reader` fills it, and is the only code that reads. `decide` judges it without reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from headend.core.model.fields import Spec
from headend.core.model.findings import Problem
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Kind
from headend.core.model.observed import Observed
from headend.core.model.record import Digest, Digester, Record, recorded, secret_fields
from headend.core.model.stack import Lifecycle
from headend.core.reconcile.binding import Binder


@frozen_dataclass(slots=True)
class Owner:
    """The resource that an object belongs to, of this stack or of another in the store.

    leaves: this plan deletes the object or changes its key, so its natural key becomes free. stack: the other one.
    """

    address: str
    leaves: bool = False
    stack: str | None = None

    def __str__(self) -> str:
        return f"{self.address} of the stack {self.stack}" if self.stack else self.address


@frozen_dataclass(slots=True)
class Situation:
    """One resource, or one record that the stack no longer names.

    want: the spec, with known references resolved; None if the stack no longer names it.
    life: `lifecycle:`. secrets: its secret fields. last: what was last applied, None if state doesn't have it.
    live: the object with the recorded id, or with the id that `adopt` gives; None is proven absent.
    alike: objects with the same natural key or identity, other than `live`. ours: id -> its owner, if we have one.
    named: the id that `lifecycle.adopt` gives. recovering: of how many objects like this one a run was killed while it
    made them, this one among them; 0: not of this one.
    claimed: other resources now own all that the object owned, so it must not be deleted.
    replaced: id of the object that is being replaced; it is never taken for the new one.
    settle: the command to type once a person has looked whether the creation happened.
    doubt: why nobody can tell which object it is, where no state is kept; "" if somebody can. stateless: none is kept.
    findings: problems with its lookups. maybe: addresses that left the stack, one of which this one may be by another
    key. bind: makes the hashes of what is seen of it.
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
    recovering: int = 0
    claimed: bool = False
    replaced: str | None = None
    settle: str = ""
    findings: tuple[Problem, ...] = ()
    maybe: tuple[str, ...] = ()
    bind: Binder = field(default_factory=Binder, repr=False)
    doubt: str = ""
    stateless: bool = False

    @property
    def resolved(self) -> bool:
        """Whether there is a spec, and nothing in it waits for another resource or a lookup."""
        return self.want is not None and not self.want.unresolved()

    @property
    def hidden(self) -> frozenset[str]:
        """The fields whose live values are secret, also of an object that the stack no longer names."""
        last = self.last.values if self.last else {}
        model = self.kind.spec_type(last.get("variant")) if self.want is None else type(self.want)
        return secret_fields(model, [*self.secrets, *(name for name, kept in last.items() if isinstance(kept, Digest))])

    def without_state(self, doubt: str) -> Situation:
        """The same where no state is kept: what the stack wants is taken for what was last applied."""
        last = self.last
        if last is not None and self.want is not None:
            last = replace(last, values=recorded(self.want, self.secrets, self.digest))
        return replace(self, last=last, doubt=doubt, stateless=True)

    def record_of(self, id: str) -> Record:
        """What state will hold of the live object with that id, once it is taken over."""
        assert self.want is not None
        values = recorded(self.want, self.secrets, self.digest)
        life = self.life
        return Record(
            self.address, self.kind.name, id, values, {}, self.depends, protect=life.protect, retain=life.retain
        )
