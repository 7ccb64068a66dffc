"""The central interface: what an object is and how its API is called, never when.

A `Kind` is stateless; everything comes in as arguments. The engine (plan, apply) and the Pulumi providers own
diffing, update-or-replace, ordering, locking, intents and guards. Facts about a field stand on the field, as marks
(`headend.core.model.fields`).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from headend.core.model.errors import NotFound
from headend.core.model.fields import Impact, Spec
from headend.core.model.findings import Problem
from headend.core.model.observed import Airtime, Change, Observed, Status
from headend.core.model.owners import Owned
from headend.core.model.proposal import Proposal


@dataclass(frozen=True)
class Verdict:
    """What a kind makes of the changes that were found. changes: those to be made. warnings: about the others.
    refused: why none may be made."""

    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    refused: str | None = None


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


class Kind(Generic[S, A]):
    """One type of object. Subclasses that set `name` register themselves; the docstring becomes the kind's page."""

    name: ClassVar[str]  # "ateme.input"; a public promise, never renamed
    collection: ClassVar[str]  # key in stack files: "inputs"
    parent: ClassVar[str | None] = None  # kind whose stack entry nests this one
    parent_field: ClassVar[str | None] = None  # Ref field that nesting fills: "environment"
    model: ClassVar[type[Spec]]
    variants: ClassVar[Mapping[str, type[Spec]]] = {}  # by the value of the field `variant`; empty: only `model`
    can: ClassVar[Can] = Can.ALL
    one_at_a_time_per: ClassVar[str | None] = None  # spec field: writes with the same value are serialised
    create_before_delete: ClassVar[bool] = False  # order of a replacement
    several: ClassVar[bool] = False  # objects may share a natural key: only one just like the spec is in its way
    nameless: ClassVar[bool] = False  # nothing tells its objects apart: what `find` finds only settles a lost create
    guard_replacement: ClassVar[bool] = False  # refuse to replace unless lifecycle.protect is explicitly false
    destroys: ClassVar[bool] = False  # deleting it takes down all that lives in it
    impact_of_delete: ClassVar[Impact] = Impact.NONE
    hands_out: ClassVar[tuple[str, ...]] = ()  # secrets that creation makes and shows once
    unreadable: ClassVar[str | None] = None  # without OBSERVE: why the object can't be verified
    presence_only: ClassVar[bool] = False  # reading tells only that it's there: plans don't ask unless they are told to
    unadoptable: ClassVar[str | None] = None  # why no `lifecycle.adopt` is taken: what to do instead

    def __init_subclass__(cls, **kw: Any) -> None:
        super().__init_subclass__(**kw)
        if "name" in cls.__dict__:
            kinds[cls.name] = cls()

    @property
    def platform(self) -> str:
        return self.name.partition(".")[0]

    @property
    def completes(self) -> bool:
        """Whether `complete` has something to say: of what can't be read only where the kind says so itself."""
        return Can.OBSERVE in self.can or type(self).complete is not Kind.complete

    def spec_type(self, variant: str | None) -> type[Spec]:
        """The model of a variant. Raises KeyError for an unknown one."""
        return self.variants[variant or ""] if self.variants else self.model

    # --- identity: pure, no requests -------------------------------------------------------------------
    def identity(self, spec: S) -> str | None:
        """The remote id where the spec alone determines it (an upsert key), else None."""
        return None

    def takes_over(self, spec: S) -> bool:
        """Whether creation makes nothing, but takes over what is found, so that nobody has to agree to that."""
        return Can.CREATE not in self.can

    def natural_key(self, spec: S) -> tuple[Any, ...] | None:
        """What the platform's own users would find the object by; None if nothing. References must be resolved."""
        return None

    def owns(self, spec: S) -> Iterable[Owned]:
        """What no other resource of the stack may own. Wider things before their parts."""
        identity = self.identity(spec)
        return () if identity is None else ((self.name, identity),)

    def unique(self, spec: S) -> Mapping[str, str]:
        """What only one resource of a stack may have, beside its identity: {field: value}; references may be open."""
        return {}

    def handing_out(self, spec: S) -> tuple[str, ...]:
        """Which of `hands_out` the creation of this very object makes."""
        return self.hands_out

    def check(self, spec: S, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """What is wrong with the spec by itself, and with what it refers to. No I/O.

        Called when a stack file is loaded, and for every step that is planned. Errors refuse; warnings and notes are
        shown. Whoever asks adds source and address. References may be open.
        related: field -> what the stack wants of the one object that is named there; nothing for those it doesn't hold.
        """
        return ()

    def claims(self, spec: S) -> Mapping[Hashable, Hashable]:
        """What the object takes for itself in the stack: two that claim the same thing on unequal terms are refused."""
        return {}

    def once(self, spec: S) -> str | None:
        """Why creation must not be repeated by itself while nobody knows what became of the first; None if it may."""
        return None

    def weigh(self, id: str, spec: S, changes: Sequence[Change]) -> Verdict:
        """Which of the changes to the object are to be made; all, unless the spec or the API's limits say otherwise."""
        return Verdict(tuple(changes))

    # --- reading: never writes ---------------------------------------------------------------------------
    async def observe(self, api: A, id: str, spec: S, *, fresh: bool = False) -> Observed | None:
        """The live object; None = absent, and proven so.

        Not fresh: may come from a list that this run already read (the client shares it by single-flight).
        Fresh: one item read, for the look just before and just after a write.
        Raises ApiError for anything that is not a proof; never guesses absence.
        """
        raise NotImplementedError

    async def find(self, api: A, spec: S) -> list[Observed]:
        """Live objects with the spec's natural key: adoption, and settling a create whose answer was lost."""
        return []

    async def review(self, api: A, proposal: Proposal[S]) -> Sequence[Problem]:
        """What the live platform says against a planned step: catalogues, limits, what would make the write fail,
        what will stay behind. Only reads, which the run shares.

        Called for each step of a plan, and for the old object where a replacement leaves it behind. Errors refuse the
        step; warnings and notes are shown. What can be judged while references are open is judged.
        """
        return ()

    async def on_air(self, api: A, id: str, spec: S, *, fresh: bool = False) -> Sequence[Airtime]:
        """What goes out through this object, as the platform knows it: now, later, and for good.

        spec: what was last applied, without its secrets. The engine adds what depends on the object by the stack.
        """
        return ()

    async def status(self, api: A, seen: Observed, spec: S, parent: Spec | None) -> Status:
        """What the object that was just read does; reads are shared for the look, and nothing is written.

        parent: what the stack wants of the object that this one lives in, None where the stack doesn't hold it. Here:
        by the kinds' custom that `computed` holds the platform's word as `status`, and that a field `state` says
        whether the object is to run ("started").
        """
        wanted, live = getattr(spec, "state", None), seen.values.get("state")
        doubt = seen.unverifiable.get("state")
        word = "unknown" if doubt else str(seen.computed.get("status") or "present")
        differs = wanted is not None and live is not None and wanted != live
        said = [*([doubt] if doubt else []), *seen.warnings, *([f"the stack wants it {wanted}"] if differs else [])]
        return Status(word, "; ".join(said), wrong=differs and wanted == "started")

    # --- writing -------------------------------------------------------------------------------------------
    async def create(self, api: A, spec: S) -> Observed:
        """The one creating request. Safe to repeat after find() came back empty. Set `incomplete` if more is needed."""
        raise NotImplementedError

    async def furnish(self, api: A, id: str, spec: S, report: Report) -> None:
        """Sets what creation can't and nobody can read back, which `complete` could not tell from what is done.
        Called before `complete`, for what was just made and where a run that didn't end is gone on with; idempotent."""

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

    async def release(self, api: A, id: str, last: S, going: Collection[str]) -> None:
        """Lets go of objects that are deleted next, to be made anew, before `update` takes the new ones; idempotent.
        going: their ids, as the spec holds them. Only for what nobody can read back: the object must look the same."""

    async def delete(self, api: A, id: str, last: S, report: Report) -> None:
        """Ends when the object is gone; absent is success. `last` is what was last applied, without its secrets."""
        raise NotImplementedError
