"""Many objects of one kind and shape that are made, or go, as one table: what they share, and what tells them apart."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from headend.reports.wording import Part, entry_text

LEAST = 5  # as many are a table
MOST = 100  # rows that are kept; more are counted
_OWN = ("warnings", "on_air", "changes", "moved_from", "status", "hands_out", "unverifiable")


def shape(step: Part) -> Hashable:
    """The same for steps that fit in one table; None for one that has a story of its own."""
    if not step.get("values") or any(step.get(name) for name in _OWN):
        return None
    home, _, _ = step["address"].rpartition(".")
    refused = tuple((refusal["guard"], refusal["why"]) for refusal in step.get("refusals", ()))
    paths = frozenset(entry["path"] for entry in step["values"])
    return home, step["kind"], step["action"], step["reason"], step["impact"], paths, refused


def written(step: Part) -> dict[str, Part]:
    """Path -> the entry, of what somebody wrote."""
    return {entry["path"]: entry for entry in step.get("values", ()) if not entry.get("default")}


@dataclass
class Table:
    """step: the first one. shared: entries that all have. rows: steps and what was written of each, the first MOST."""

    step: Part
    shared: dict[str, Part] = field(default_factory=dict)
    rows: list[tuple[Part, dict[str, Part]]] = field(default_factory=list)
    count: int = 0

    @classmethod
    def of(cls, steps: Iterable[Part]) -> Table:
        """The table of steps of one shape."""
        kept = list(steps)
        table = cls(kept[0])
        for step in kept:
            table.add(step)
        return table

    def add(self, step: Part) -> None:
        entries = written(step)
        known = self.shared if self.count else entries
        self.shared = {path: entry for path, entry in known.items() if entries.get(path) == entry}
        self.count += 1
        if len(self.rows) < MOST:
            self.rows.append((step, entries))

    @functools.cached_property
    def columns(self) -> list[str]:
        """The paths in which they differ; to be asked once all are there."""
        return [path for path in dict.fromkeys(p for _, own in self.rows for p in own) if path not in self.shared]

    def cells(self, own: Mapping[str, Part], zone: str | None) -> list[str]:
        """What a row says in each column."""
        return [entry_text(self.step, own[path], zone) if path in own else "" for path in self.columns]

    @property
    def home(self) -> str:
        """What all the addresses begin with."""
        return str(self.step["address"].rpartition(".")[0])


def tables(steps: Iterable[Part]) -> Iterator[Part | Table]:
    """The steps in their order; those of one shape, where they are many, as a table in the place of the first."""
    kept = list(steps)
    alike: dict[Hashable, list[Part]] = {}
    for step in kept:
        if (key := shape(step)) is not None:
            alike.setdefault(key, []).append(step)
    for step in kept:
        others = alike.get(shape(step), [])
        if len(others) < LEAST:
            yield step
        elif others[0] is step:
            yield Table.of(others)
