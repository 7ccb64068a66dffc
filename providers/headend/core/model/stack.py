"""The desired state: what a stack file says once it is loaded, overlaid, interpolated and checked."""

from __future__ import annotations

import enum
import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headend.core.model.address import dependents
from headend.core.model.capabilities import KnownBySecrets, Nameless, owned_by
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem, Source
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Kind
from headend.core.model.moved import Moved, Removed
from headend.core.model.options import NO_OPTIONS, Options
from headend.core.model.owners import Elsewhere, Owned, Owners
from headend.core.model.record import Digester, recorded, secret_fields, secret_key
from headend.core.model.references import Query, Reference
from headend.core.model.secrets import ask_without

if TYPE_CHECKING:
    from headend.core.model.policies import Allow, Policy


class Adopt(enum.StrEnum):
    """What to do when the stack's object is not in state. NEVER: refuse if one like it exists. MATCH: take exactly
    one with the same natural key. IF_FOUND: MATCH for one run, for kinds whose objects can be found. (A fixed id is
    `Lifecycle.adopt_id`, one to be found `adopt_query`.)"""

    NEVER = "never"
    MATCH = "match"
    IF_FOUND = "if_found"


@frozen_dataclass
class Lifecycle:
    """`lifecycle:` of a resource. protect None = the kind's own default. adopt None = it says nothing of adoption, and
    is as NEVER unless the run says otherwise."""

    protect: bool | None = None
    retain: bool = False
    ignore_changes: tuple[str, ...] = ()
    adopt: Adopt | None = None
    adopt_id: str | None = None
    adopt_query: Query | None = None
    renamed_from: str | None = None
    depends_on: tuple[str, ...] = ()
    allow: tuple[Allow, ...] = ()

    @property
    def takes_match(self) -> bool:
        """Whether a live object with the same natural key is taken over."""
        return self.adopt in {Adopt.MATCH, Adopt.IF_FOUND}

    def seeks(self, kind: Kind[Any, Any]) -> bool:
        """Whether objects like a new one of the kind are looked for."""
        return self.adopt is Adopt.IF_FOUND or not isinstance(kind, Nameless)


@frozen_dataclass(slots=True)
class Resource:
    """One object of the stack.

    key: its own key, the last part of the address. spec: with `Reference` where ids of other resources go.
    sources: field -> place in the file ("" = the resource itself, and all of it where it is a row of a file).
    secret_fields: marked fields and those given by {secret: ...}. defaulted: fields that took the key as their value
    (`Named`). remarks: warnings that only the whole stack file gives, which the kind's own checks can't know of.
    """

    address: str
    key: str
    kind: Kind[Any, Any]
    spec: Spec
    lifecycle: Lifecycle
    sources: Mapping[str, Source]
    secret_fields: frozenset[str] = frozenset()
    defaulted: frozenset[str] = frozenset()
    remarks: tuple[Problem, ...] = ()

    @property
    def source(self) -> Source:
        return self.sources[""]

    def with_places(self, found: Iterable[Problem]) -> list[Problem]:
        """The findings with the place of their field and the address, where they have none of their own."""
        return [
            replace(
                p,
                source=p.source or self.sources.get(p.field or "", self.source),
                address=p.address or self.address,
            )
            for p in found
        ]

    def references(self) -> frozenset[str]:
        """Addresses that must exist before this resource can be written."""
        found = {one.address for one in self.spec.unresolved() if isinstance(one, Reference)}
        return frozenset(found.union(self.lifecycle.depends_on)) if found or self.lifecycle.depends_on else _NOTHING


_NOTHING: frozenset[str] = frozenset()


def related(resource: Resource, resources: Mapping[str, Resource]) -> dict[str, Spec]:
    """field -> what the stack wants of the one resource that is named there; nothing for those it doesn't hold."""
    return {
        name: resources[value.address].spec
        for name, value in resource.spec.linked_fields().items()
        if isinstance(value, Reference) and value.address in resources
    }


@frozen_dataclass
class Wanted:
    """A lookup with a name of its own, and its place in the file."""

    query: Query
    source: Source


@frozen_dataclass
class Stack:
    """A loaded stack. name: --stack, else `stack:` of the file, else the file's stem.
    connections: platform -> the settings given in the file (none of them secret). lookups: `lookups:` of the file.
    remarks: what the kinds warn of, in file order. policies: what is to hold of it.
    files: all that it was read from."""

    name: str
    file: str
    resources: Mapping[str, Resource]
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: Options = NO_OPTIONS
    lookups: Mapping[str, Wanted] = field(default_factory=dict)
    remarks: Sequence[Problem] = ()
    policies: tuple[Policy, ...] = ()
    files: frozenset[Path] = frozenset()
    moved: tuple[Moved, ...] = ()
    removed: tuple[Removed, ...] = ()

    @functools.cached_property
    def needs(self) -> Mapping[str, frozenset[str]]:
        """address -> the addresses that it refers to, where it does."""
        found = ((address, resource.references()) for address, resource in self.resources.items())
        return {address: needed for address, needed in found if needed}

    @functools.cached_property
    def dependents(self) -> Mapping[str, Sequence[str]]:
        """address -> the resources that refer to it, in file order."""
        return dependents(self.needs)

    @functools.cached_property
    def _owners(self) -> Owners:
        owners = Owners()
        for address, resource in self.resources.items():
            if not resource.spec.unresolved():
                spec, kind, none = resource.spec, resource.kind, tuple[Owned, ...]()
                for owned in ask_without([spec], functools.partial(owned_by, kind, spec), none):
                    owners.add(address, owned)
        return owners

    def elsewhere(self, address: str) -> Elsewhere:
        """What resources other than this one own."""
        return lambda owned: self._owners.of(owned, address) is not None

    def holder(self, resource: Resource) -> Spec | None:
        """The spec of the object that the resource lives in; None if the stack doesn't have it."""
        name = resource.kind.parent_field
        value = getattr(resource.spec, name) if name else None
        parent = self.resources.get(value.address) if isinstance(value, Reference) else None
        return parent.spec if parent else None

    def secret_keys(self, digest: Digester) -> Mapping[Any, Collection[str]]:
        """What state knows them by -> addresses, of resources that are known by secrets."""
        if digest not in self._secret_keys:
            found: dict[Any, list[str]] = {}
            for address, resource in self.resources.items():
                if isinstance(resource.kind, KnownBySecrets) and not resource.spec.unresolved():
                    values = recorded(resource.spec, secret_fields(type(resource.spec), resource.secret_fields), digest)
                    found.setdefault(secret_key(resource.kind, values), []).append(address)
            self._secret_keys[digest] = found
        return self._secret_keys[digest]

    @functools.cached_property
    def _secret_keys(self) -> dict[Digester, Mapping[Any, Collection[str]]]:
        return {}

    def platforms(self) -> set[str]:
        """The platforms that are asked for what stands in the stack."""
        found = {resource.kind.platform for resource in self.resources.values()}
        return found | {wanted.query.platform for wanted in self.lookups.values()}
