"""Things that are alike, for a reader: the first few of them, and how many more there are."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
MANY = 100  # as many are shown one by one; of more, those that are alike are counted
FEW = 5  # how many of those
NEWS = 20  # how many more of those that say what none before them does


@dataclass
class _Group(Generic[T]):
    """Those that are alike. kept: in their order, each with whether it is shown where there are many."""

    kept: list[tuple[T, bool]] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    count: int = 0
    news: int = 0


class Few(Generic[T]):
    """Takes things one by one, and holds no more of them than it shows."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, _Group[T]] = {}
        self._order: list[T] = []  # the first ones, as long as they are not many
        self.count = 0

    @property
    def many(self) -> bool:
        """Whether some are only counted."""
        return self.count > MANY

    def add(self, thing: T, key: Hashable, *, says: Collection[str] = (), always: bool = False) -> None:
        """key: the same for those that are alike. says: what makes it worth to be shown where none before it said so.
        always: it is shown, however many there are."""
        group = self._groups.setdefault(key, _Group())
        self.count += 1
        group.count += 1
        tells = group.news < NEWS and not group.said.issuperset(says)
        group.said.update(says if tells else ())
        group.news += tells
        shown = always or tells or group.count <= FEW
        if shown or not self.many:
            group.kept.append((thing, shown))
        if not self.many:
            self._order.append(thing)

    def __iter__(self) -> Iterator[tuple[T, int]]:
        """Each thing with 0: all in their order, or the few of each group. After these, where there are more: the first
        one of the group, and how many more there are."""
        if not self.many:
            yield from ((thing, 0) for thing in self._order)
            return
        for group in self._groups.values():
            shown = [thing for thing, chosen in group.kept if chosen]
            yield from ((thing, 0) for thing in shown)
            if group.count > len(shown):
                yield group.kept[0][0], group.count - len(shown)
