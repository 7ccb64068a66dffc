"""What only some kinds need: small classes that a kind inherits beside `Kind`, and that are found by `isinstance`.

Each says when its members are called. The functions at the end give an answer for every kind.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic

from headend.core.model.fields import Impact, Spec
from headend.core.model.findings import Problem
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import A, Can, Kind, Report, S
from headend.core.model.observed import Airtime, Change, Observed
from headend.core.model.owners import Owned


# --- what can't be read, or found ----------------------------------------------------------------------------
class Unreadable:
    """Nothing of the object can be read back; its `can` has no OBSERVE.

    Plans compare the spec with what was last applied, and say of every field why nobody can verify it.
    """

    unreadable: ClassVar[str]  # why


class Unasked:
    """Reading tells only that the object is there, so plans don't ask: `drift`, `--refresh` and adoption do."""

    unasked: ClassVar[str]  # what asking would cost: "one request each"


class Unadoptable:
    """The object can't be looked for. The stack file is checked for it: `lifecycle.adopt` is an error."""

    unadoptable: ClassVar[str]  # what to do instead


class KnownBySecrets:
    """Only secrets tell its objects apart. State knows them by the digests of those, for an id that is made of a phone
    number gives the number away. So `create` makes up an id, which nothing is asked for by.
    """

    known_by: ClassVar[tuple[str, ...]]  # fields, secret ones among them

    @staticmethod
    def new_id(*words: str) -> str:
        """An id that tells nothing but these words. Called by `create`."""
        return ":".join((*words, secrets.token_hex(8)))


class Nameless:
    """Nothing tells the kind's objects apart.

    They are adopted by id only. What `find` finds settles a creation whose answer was lost, and nothing else.
    """


class SharesKey:
    """Objects may share a natural key: only one that is just what creation would make is in a new object's way."""


class TakesOver(Generic[S]):
    """What the stack wants may be there already, made by something else: then it is found and not made.

    Kinds that can't create always take over; they don't need this.
    """

    def takes_over(self, spec: S) -> bool:
        """Asked when a live object is found for a resource that is new to the state. True: it is adopted, and nobody
        has to agree to that."""
        raise NotImplementedError


# --- what the platform offers --------------------------------------------------------------------------------
class Catalogued(Generic[S, A]):
    """What the spec may name stands in a catalogue of the platform."""

    async def check_catalogue(self, api: A, spec: S) -> Sequence[Problem]:
        """What the catalogue says against the spec, whatever is done with the object. Only reads, which the run shares.

        Called for each resource of a plan, beside the look at the object: references may be open, and so may lookups
        whose result the object keeps. The findings count as those of `review`."""
        raise NotImplementedError


# --- what the stack file is checked for ----------------------------------------------------------------------
class OwnsParts(Generic[S]):
    """The object is made of things that another resource could hold just as well. Others own just their identity."""

    def owns(self, spec: S) -> Iterable[Owned]:
        """What no other resource of the stack may own, wider things before their parts.

        Asked when the stack file is checked, and before a deletion: what another resource owns by now is left to it.
        """
        raise NotImplementedError


class MakesClaims(Generic[S]):
    """The object sets something that it has in common with other resources."""

    def claims(self, spec: S) -> Mapping[Hashable, Hashable]:
        """Thing -> the terms on which the object claims it. Asked when the stack file is checked: two resources that
        claim a thing on unequal terms are refused."""
        raise NotImplementedError


class HasUniqueFields(Generic[S]):
    """There is something that only one resource of a stack may have, beside its identity."""

    def unique(self, spec: S) -> Mapping[str, str]:
        """Field -> value. Asked when the stack file is checked, so that references may be open."""
        raise NotImplementedError


@frozen_dataclass
class Use:
    """A thing that serves one object at a time.

    thing: what it is. field: of the spec, that says so. clash: what to say of another object that uses it; `{other}`
    stands for that one. remedy: what to do. start, end: when; None: since ever, or for good. among: what of the same
    sort can share it.
    """

    thing: Hashable
    field: str
    clash: str
    remedy: str
    start: datetime | None = None
    end: datetime | None = None
    among: Hashable = None


class Uses(Generic[S]):
    """The object needs something for itself, which no platform promises to refuse to a second one."""

    def uses(self, spec: S, related: Mapping[str, Spec], now: datetime) -> Iterable[Use]:
        """What it uses, and when. Asked when the stack file is checked, so that references may be open: who uses a
        thing while another resource does is warned of. related: as for `check`."""
        raise NotImplementedError


# --- changes -------------------------------------------------------------------------------------------------
@frozen_dataclass
class Selection:
    """changes: those to be made. warnings: about the others. refused: why none may be made.
    noted: fields of which nothing is sent, and whose new value only state takes note of."""

    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    refused: str | None = None
    noted: tuple[str, ...] = ()


class SelectsChanges(Generic[S]):
    """Some differences must not, or can't, be written."""

    def select_changes(self, live: Observed, spec: S, changes: Sequence[Change]) -> Selection:
        """Which of the changes to make. Called whenever the live object was compared with the spec, without I/O.

        A change of which `update` and `complete` would send nothing is none: what sends nothing is no step."""
        raise NotImplementedError


# --- writing -------------------------------------------------------------------------------------------------
class HandsOutSecrets(Generic[S]):
    """Creation makes secrets, which are shown once: `Observed.handed_out`."""

    def handed_out_by_create(self, spec: S) -> tuple[str, ...]:
        """Names of the secrets that creating this very object makes. Asked of a planned creation, which is refused
        while there is no place to keep them."""
        raise NotImplementedError


class CreatedOnce(Generic[S]):
    """Creating the object twice does harm that nothing undoes."""

    def why_not_again(self, spec: S) -> str | None:
        """The harm; None if this one may be created again. Asked when a run was killed while it made the object and
        nobody knows whether it did: the plan then refuses to create it until a person has looked."""
        raise NotImplementedError


class CreatedInStages(Generic[S, A]):
    """Creation can't set all of the object, and nobody can read the rest back, so that `complete` can't tell it from
    what is done."""

    async def furnish(self, api: A, id: str, spec: S, report: Report) -> None:
        """Sets the rest; idempotent. Called before `complete`, for what was just made and where a run that didn't end
        is gone on with."""
        raise NotImplementedError


class LetsGo(Generic[S, A]):
    """The object holds on to others, which nobody can read back, and which can't be deleted while it does."""

    async def release(self, api: A, id: str, last: S, going: Collection[str]) -> None:
        """Lets go of objects that are deleted next, to be made anew; idempotent, and the object must look the same.

        Called before they are deleted, and before `update` takes the new ones. going: their ids, as the spec holds
        them. last: what was last applied, without its secrets.
        """
        raise NotImplementedError


class LeavesBehind(Generic[S]):
    """Some objects of the kind aren't headend's to delete."""

    def leaves_behind(self, last: S) -> bool:
        """Whether the object stays on the platform: headend forgets it, as it does where no call deletes. Asked when it
        leaves the stack. last: what was last applied, without its secrets."""
        raise NotImplementedError


# --- streams -------------------------------------------------------------------------------------------------
class OnAir(Generic[S, A]):
    """Something goes out through the object."""

    async def on_air(self, api: A, id: str, spec: S, *, fresh: bool = False) -> Sequence[Airtime]:
        """What goes out through it, as the platform knows it: now, later, and for good.

        Called for a planned change that disturbs a stream, again just before the write (fresh), and by `status`.
        spec: what was last applied, without its secrets. The engine adds what depends on the object by the stack.
        """
        raise NotImplementedError


class Container:
    """Other objects live in it: deleting it destroys them all. It is replaced only where `lifecycle.protect: false`
    allows that by name."""


# --- answers for every kind ----------------------------------------------------------------------------------
def owned_by(kind: Kind[Any, Any], spec: Spec) -> tuple[Owned, ...]:
    """What no other resource of the stack may own: the object's parts, or else its identity, where the spec has one."""
    if isinstance(kind, OwnsParts):
        return tuple(kind.owns(spec))
    identity = kind.identity(spec)
    return () if identity is None else ((kind.name, identity),)


def takes_over(kind: Kind[Any, Any], spec: Spec) -> bool:
    """Whether nothing is made, but what is found is taken over, so that nobody has to agree to that."""
    return Can.CREATE not in kind.can or (isinstance(kind, TakesOver) and kind.takes_over(spec))


def identifies(kind: Kind[Any, Any], spec: Spec) -> bool:
    """Whether the spec alone names one live object, and to write it is to have it. It is taken over without `adopt`."""
    return kind.identity(spec) is not None or takes_over(kind, spec)


def why_unreadable(kind: Kind[Any, Any]) -> str | None:
    """Why nothing can be read back; None where it can."""
    return kind.unreadable if isinstance(kind, Unreadable) else None


def handed_out_by_create(kind: Kind[Any, Any], spec: Spec) -> tuple[str, ...]:
    """Names of the secrets that creating the object makes and shows once."""
    return kind.handed_out_by_create(spec) if isinstance(kind, HandsOutSecrets) else ()


def select_changes(kind: Kind[Any, Any], live: Observed, spec: Spec, changes: Sequence[Change]) -> Selection:
    """Which of the changes to make: all, unless the kind selects."""
    if isinstance(kind, SelectsChanges):
        return kind.select_changes(live, spec, changes)
    return Selection(tuple(changes))


def note_down(changes: Sequence[Change], fields: Collection[str]) -> Selection:
    """All changes but those of the fields, of which nothing is sent."""
    left = tuple(c for c in changes if c.field not in fields)
    return Selection(left, noted=tuple(dict.fromkeys(c.field for c in changes if c.field in fields)))


def impact_of_delete(kind: Kind[Any, Any]) -> Impact:
    """What deleting the object does to running streams."""
    return Impact.DESTROYS if isinstance(kind, Container) else kind.impact_of_delete
