"""The central interface: what an object is and how its API is called, never when.

A `Kind` is stateless; everything comes in as arguments. The engine (plan, apply) and the Pulumi providers own
diffing, update-or-replace, ordering, locking, intents and guards. Facts about a field stand on the field, as marks
(`headend.core.model.fields`). What only some kinds need stands beside `Kind` (`headend.core.model.capabilities`).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from headend.core.model.errors import NotFound
from headend.core.model.fields import Impact, Spec
from headend.core.model.findings import Problem
from headend.core.model.observed import Change, Observed, Status
from headend.core.model.proposal import Proposal


class Can(enum.Flag):
    """What a platform can do. No OBSERVE: write-only; no UPDATE: a change replaces; no DELETE: forgotten."""

    OBSERVE = enum.auto()
    CREATE = enum.auto()
    UPDATE = enum.auto()
    DELETE = enum.auto()
    ALL = OBSERVE | CREATE | UPDATE | DELETE


Report = Callable[[str], None]
"""Takes one short sentence about what is being waited for; must not raise."""

S = TypeVar("S", bound=Spec)
A = TypeVar("A")

kinds: dict[str, Kind[Any, Any]] = {}
"""Every kind whose module has been imported, by name; `headend.core.wire.registry` imports them all."""


def collection_of(kind: str) -> str:
    """The key that objects of the kind stand under in a stack file, by its name: "inputs" of "ateme.input"."""
    noun = kind.partition(".")[2]
    return noun if noun.endswith("s") else f"{noun}s"


class Kind(Generic[S, A]):
    """One type of object. Subclasses that set `name` register themselves; the docstring becomes the kind's page."""

    name: ClassVar[str]  # "ateme.input"; a public promise, never renamed
    parent: ClassVar[str | None] = None  # kind whose stack entry nests this one
    parent_field: ClassVar[str | None] = None  # Ref field that nesting fills: "environment"
    model: ClassVar[type[Spec]]
    variants: ClassVar[Mapping[str, type[Spec]]] = {}  # by the value of the field `variant`; empty: only `model`
    can: ClassVar[Can] = Can.ALL
    one_at_a_time_per: ClassVar[str | None] = None  # spec field: writes with the same value are serialised
    completes_in_turn: ClassVar[bool] = False  # `complete` writes what is serialised, too
    key: ClassVar[tuple[str, ...]] = ()  # fields of the natural key
    create_before_delete: ClassVar[bool] = False  # order of a replacement
    read_together: ClassVar[bool] = False  # looks at many objects want to be side by side: no list answers for all
    impact_of_delete: ClassVar[Impact] = Impact.NONE

    def __init_subclass__(cls, **kw: Any) -> None:
        super().__init_subclass__(**kw)
        if "name" in cls.__dict__:
            kinds[cls.name] = cls()

    @property
    def platform(self) -> str:
        return self.name.partition(".")[0]

    @property
    def collection(self) -> str:
        """Key in stack files: "inputs"."""
        return collection_of(self.name)

    @property
    def completes(self) -> bool:
        """Whether `complete` is called. A kind without OBSERVE that has one says so: `completes = True`."""
        return Can.OBSERVE in self.can

    def spec_type(self, variant: str | None) -> type[Spec]:
        """The model of a variant. Raises KeyError for an unknown one."""
        return self.variants[variant or ""] if self.variants else self.model

    # --- identity: pure, no requests -------------------------------------------------------------------
    def identity(self, spec: S) -> str | None:
        """The remote id where the spec alone determines it (an upsert key), else None."""
        return None

    def natural_key(self, spec: S) -> tuple[Any, ...] | None:
        """What the platform's own users would find the object by: the values of `key`; None if one isn't set, or there
        is no key. References must be resolved."""
        found = tuple(getattr(spec, name) for name in self.key)
        return None if not found or any(value is None for value in found) else found

    def check(self, spec: S, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """What is wrong with the spec by itself, and with what it refers to. No I/O.

        Called when a stack file is loaded, and for every step that is planned. Errors refuse; warnings and notes are
        shown. Whoever asks adds source and address. References may be open.
        related: field -> what the stack wants of the one object that is named there; nothing for those it doesn't hold.
        """
        return ()

    # --- reading: never writes ---------------------------------------------------------------------------
    async def observe(self, api: A, id: str, spec: S, *, fresh: bool = False) -> Observed | None:
        """The live object; None = absent, and proven so.

        Not fresh: may come from a list that this run already read (the client shares it by single-flight).
        Fresh: from a read that begins after the question, one for all that ask at that time; where a list shows as much
        as the object by itself, from the list. A step that is about to write may be answered by a look of moments ago
        (`headend.core.wire.reads`).
        Raises ApiError for anything that is not a proof; never guesses absence.
        """
        raise NotImplementedError

    async def find(self, api: A, spec: S) -> list[Observed]:
        """Live objects with the spec's natural key: adoption, and settling a create whose answer was lost."""
        return []

    async def review(self, api: A, proposal: Proposal[S]) -> Sequence[Problem]:
        """What the live platform says against a planned step: limits, what would make the write fail, what will stay
        behind. Only reads, which the run shares.

        Called for each step of a plan, and for the old object where a replacement leaves it behind. Errors refuse the
        step; warnings and notes are shown. What can be judged while references are open is judged.
        """
        return ()

    async def status(self, api: A, seen: Observed, spec: S, parent: Spec | None) -> Status:
        """What the object that was just read does; reads are shared for the look, and nothing is written.

        spec: without what `ignore_changes` leaves to others. parent: what the stack wants of the object that this one
        lives in, None where the stack doesn't hold it. Whatever isn't as wanted is wrong, in either direction. Here:
        by the kinds' custom that `computed` holds the platform's word as `status`, and that a field `state` says
        whether the object is to run ("started").
        """
        wanted, live = getattr(spec, "state", None), seen.values.get("state")
        doubt = seen.unverifiable.get("state")
        word = "unknown" if doubt else str(seen.computed.get("status") or "present")
        differs = wanted is not None and live is not None and wanted != live
        said = [*([doubt] if doubt else []), *seen.warnings, *([f"the stack wants it {wanted}"] if differs else [])]
        return Status(word, "; ".join(said), differs, "state")

    # --- writing -------------------------------------------------------------------------------------------
    async def create(self, api: A, spec: S) -> Observed:
        """The one creating request. Safe to repeat after find() came back empty. Set `incomplete` if more is needed."""
        raise NotImplementedError

    async def complete(self, api: A, id: str, spec: S, report: Report) -> Observed:
        """Brings a created or updated object to the spec: waits for it, starts or stops it, sets what create can't.
        Idempotent: the engine calls it after create and update, and again in the next run if it failed."""
        found = await self.observe(api, id, spec, fresh=True)
        if found is None:
            raise NotFound(f"{self.name} {id} is gone right after it was written", status=404)
        return found

    async def update(self, api: A, id: str, spec: S, changes: Sequence[Change]) -> None:
        """In-place change of exactly what `changes` names (the platform's own rules on what must be sent along)."""
        raise NotImplementedError

    async def delete(self, api: A, id: str, last: S, report: Report) -> None:
        """Ends when the object is gone; absent is success. `last` is what was last applied, without its secrets."""
        raise NotImplementedError
