"""What several resources of a stack claim, each on its own terms, and what only one of them can be or have."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any, TypeVar

from headend.core.model.capabilities import HasUniqueFields, MakesClaims, owned_by
from headend.core.model.fields import Spec
from headend.core.model.findings import Problems
from headend.core.model.owners import Owned, Owners
from headend.core.model.secrets import ask_without
from headend.core.model.stack import Resource

T = TypeVar("T")
_NOTHING: Mapping[Any, Any] = {}


def _known(ask: Callable[[Any], T], spec: Any, otherwise: T) -> T:
    """What a kind says of a spec, as far as that can be said without secrets that it waits for."""
    return ask_without([spec], lambda: ask(spec), otherwise)


def check_claims(resources: Mapping[str, Resource], problems: Problems) -> None:
    """What several resources take for themselves, each on its own terms."""
    owners: dict[Hashable, tuple[Resource, Hashable]] = {}
    for resource in resources.values():
        kind = resource.kind
        for thing, terms in (
            _known(kind.claims, resource.spec, _NOTHING).items() if isinstance(kind, MakesClaims) else ()
        ):
            first, agreed = owners.setdefault(thing, (resource, terms))
            if agreed != terms:
                what = f"says otherwise about what it has in common with {first.address} ({first.source})"
                problems.add(what, resource.source, resource.address, "say the same, or keep one of them")


def _identity(resource: Resource, named: Spec) -> str | None:
    found: str | None = _known(resource.kind.identity, named, None)
    return found


def check_owners(resources: Mapping[str, Resource], named: Mapping[str, Spec], problems: Problems) -> None:
    """Two resources that would be one object, write the same things, or want what only one can have.
    named: as `name_references` made them."""
    owners = Owners()
    for address, resource in resources.items():
        kind, spec = resource.kind, named[address]
        found: dict[str, list[str]] = {}
        for owned in _known(partial(owned_by, kind), spec, tuple[Owned, ...]()):
            if (other := owners.add(address, owned)) is not None:
                found.setdefault(other, []).append("/".join(owned[1:]))
        for other, names in found.items():
            first = resources[other]
            same = first.kind is kind and _identity(first, named[other]) == _identity(resource, spec) is not None
            shared = f"{', '.join(names[:3])}{f' and {len(names) - 3} more' if names[3:] else ''}"
            what = "is the same object as" if same else f"has {shared} in common with"
            message = f"{what} {other} ({first.source})"
            problems.add(message, resource.source, address, "keep one of them")
        for field, value in _known(kind.unique, spec, _NOTHING).items() if isinstance(kind, HasUniqueFields) else ():
            if (other := owners.add(address, (f"{kind.name}.{field}", value))) is not None:
                said = f"`{field}`: only one can have it, and {other} ({resources[other].source}) does"
                source = resource.sources.get(field, resource.source)
                problems.add(said, source, address, "keep one of them")
