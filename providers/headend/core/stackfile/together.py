"""Two resources that nobody could tell apart, or that use one thing at a time. References stand for what they name, so
that what isn't made yet is known, too."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from headend.core.model.capabilities import (
    HasUniqueFields,
    Nameless,
    SharesKey,
    Unadoptable,
    Use,
    Uses,
    owned_by,
)
from headend.core.model.fields import Credential, Spec, marked
from headend.core.model.findings import Level, Problem, errors, remarks
from headend.core.model.kind import Can, Kind
from headend.core.model.record import frozen
from headend.core.model.secrets import MissingSecret, ask_without, missing_secrets
from headend.core.model.stack import Resource, related


def check_together(
    resources: Mapping[str, Resource], named: Mapping[str, Spec], found: Sequence[Problem]
) -> tuple[dict[str, Resource], list[Problem]]:
    """The resources with the remarks that only the whole gives, and all that is found. named: as `name_references` made
    them. found: before."""
    alike = [*_find_keys_twice(resources, named), *_find_uses_twice(resources)]
    told: dict[str, list[Problem]] = {}
    for problem in remarks(alike):
        told.setdefault(str(problem.address), []).append(problem)
    more = {
        address: replace(r, remarks=tuple(r.with_places((*r.remarks, *told.get(address, ())))))
        for address, r in resources.items()
        if r.remarks or address in told
    }
    own = [problem for r in more.values() for problem in r.remarks]
    return {**resources, **more}, [*errors(alike), *found, *own]


def _key(kind: Kind[Any, Any], spec: Spec) -> tuple[Any, ...] | None:
    """The natural key that nothing else stands for; None where it waits for a secret."""
    key = None if owned_by(kind, spec) else kind.natural_key(spec)
    return None if any(True for _ in missing_secrets(key)) else key


def _find_keys_twice(resources: Mapping[str, Resource], named: Mapping[str, Spec]) -> Iterator[Problem]:
    """Two resources that nobody could tell apart on the platform, at the one that stands later in the file."""
    seen: dict[Hashable, Resource] = {}
    for address, resource in resources.items():
        kind, spec = resource.kind, named[address]
        shares = isinstance(kind, Nameless | SharesKey | Unadoptable | HasUniqueFields) or Can.OBSERVE not in kind.can
        if shares or (key := ask_without([spec], partial(_key, kind, spec), None)) is None:
            continue
        home = getattr(spec, kind.parent_field) if kind.parent_field else None
        first = seen.setdefault((kind.name, home, frozen(key)), resource)
        if first is resource:
            continue
        names = kind.key or [n for n, value in spec.set_fields().items() if value in key]
        fields = [name for name in names if name not in {kind.parent_field, "variant"}]
        place = next((name for name in fields if name in resource.sources), None)
        said = f"{', '.join(f'`{name}`' for name in fields)}: the same as of {first.address} ({first.source})"
        apart = _apart(spec, first.spec)
        yield Problem(
            f"{said}, so that nobody can tell them apart",
            resource.sources.get(place or "", resource.source),
            address,
            "see that a lost answer isn't settled by the wrong one" if apart else "change it, or keep one of them",
            Level.WARNING if apart else Level.ERROR,
            rule="alike",
        )


def _apart(one: Spec, other: Spec) -> bool:
    """Whether two differ in what nobody can read back, as far as that is known."""
    pairs = [(getattr(one, name), getattr(other, name, None)) for name in marked(type(one), Credential)]
    return any(a is not b and (isinstance(a, MissingSecret) or a != b) for a, b in pairs)


_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _find_uses_twice(resources: Mapping[str, Resource]) -> Iterator[Problem]:
    """A warning for each resource that uses what another one uses at the time."""
    now, places = datetime.now(UTC), {address: number for number, address in enumerate(resources)}
    used: dict[Hashable, list[tuple[datetime, datetime, Resource, Use]]] = {}
    for r in resources.values():
        for use in r.kind.uses(r.spec, related(r, resources), now) if isinstance(r.kind, Uses) else ():
            used.setdefault(use.thing, []).append((use.start or _EVER, use.end or _NEVER, r, use))
    for users in used.values():
        if len(users) == 1:
            continue
        last = None  # of those that began, the one that ends last
        for one in sorted(users, key=lambda user: (user[0], places[user[2].address])):
            if last is not None and one[0] < last[1] and (one[3].among is None or one[3].among != last[3].among):
                first, second = sorted((last, one), key=lambda user: places[user[2].address])
                yield _clash(second[2], second[3], first[2])
            last = one if last is None or one[1] > last[1] else last


def _clash(resource: Resource, use: Use, other: Resource) -> Problem:
    said = f"`{use.field}`: {use.clash.format(other=f'{other.address} ({other.source})')}"
    source = resource.sources.get(use.field, resource.source)
    return Problem(said, source, resource.address, use.remedy, Level.WARNING, rule="used-twice")
