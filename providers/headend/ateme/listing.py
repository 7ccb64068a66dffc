"""The rows of a list answer, found by what they hold without a walk over all of them for each who asks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import TypeVar

from headend.ateme.rows import Row

R = TypeVar("R", bound=Row)


class Listing(list[R]):
    """Rows as listed. An attribute that is asked for is walked through once; nobody changes a listing."""

    def __init__(self, rows: Iterable[R] = ()) -> None:
        super().__init__(rows)
        self._made: dict[str, Listing[R]] = {}
        self._places: dict[tuple[str, ...], dict[Hashable, list[int]]] = {}

    def places(self, *names: str) -> Mapping[Hashable, Sequence[int]]:
        """Value of that attribute (a tuple of them, for several) -> where in the list the rows are that have it."""
        if names not in self._places:
            found: dict[Hashable, list[int]] = {}
            for place, value in enumerate(map(attrgetter(*names), self)):
                found.setdefault(value, []).append(place)
            self._places[names] = found
        return self._places[names]

    def once(self, name: str, make: Callable[[Listing[R]], Listing[R]]) -> Listing[R]:
        """What is made of the rows, made when it is first asked for by that name."""
        if name not in self._made:
            self._made[name] = make(self)
        return self._made[name]

    def alike(self, **values: Hashable) -> list[R]:
        """Rows that have all of these values."""
        wanted = tuple(values.values())
        return [self[n] for n in self.places(*values).get(wanted if len(wanted) > 1 else wanted[0], ())]

    def having(self, **wanted: Iterable[Hashable]) -> list[R]:
        """Rows of which one of these attributes has one of its values, in the order of the list."""
        found = {n for name, values in wanted.items() for value in values for n in self.places(name).get(value, ())}
        return [self[n] for n in sorted(found)]

    def here(self, environment: object) -> list[R]:
        """All rows but those that say that they lie in another environment (A-767)."""
        return [row for row in self if row.in_environment(environment)]

    def within(self, environment: object, **wanted: Iterable[Hashable]) -> list[R]:
        """`having` without those that say that they lie in another environment (A-767)."""
        return [row for row in self.having(**wanted) if row.in_environment(environment)]

    def row(self, id: Hashable) -> R | None:
        return next(iter(self.having(id=[id])), None)
