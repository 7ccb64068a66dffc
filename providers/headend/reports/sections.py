"""The plan for a reviewer: what goes off air first, then what is refused, goes, is replaced, changed and made."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headend.core.model.frozen import frozen_dataclass
from headend.reports.mermaid import mermaid
from headend.reports.tables import Table, tables
from headend.reports.wording import (
    SIGNS,
    STATELESS,
    Part,
    change_text,
    counts_text,
    cut_text,
    entry_text,
    reasons_text,
    refusal_text,
    status_text,
)

_ORDER = (
    ("Deleted", ("delete",)),
    ("Forgotten, and left where they are", ("forget",)),
    ("Replaced: deleted and made anew", ("replace",)),
    ("Changed", ("update",)),
    ("Taken over", ("adopt",)),
    ("Moved to another address", ("move",)),
    ("Made", ("create",)),
)
DANGEROUS = {"delete", "replace"}


@frozen_dataclass
class Section:
    """items: steps and tables of steps. count: of steps."""

    title: str
    items: Sequence[Part | Table]
    count: int
    dangerous: bool = False
    addresses: Sequence[str] = ()


class Told:
    """The document, and how its parts read. Templates ask nothing else."""

    def __init__(self, document: Part, source_url: str | None = None) -> None:
        self.document = document
        self.zone = document.get("time_zone")
        self.source_url = source_url
        self.steps: Sequence[Part] = list(document.get("steps", ()))
        self.writes = [step for step in self.steps if step["action"] != "none"]
        self.signs = SIGNS

    @functools.cached_property
    def mermaid(self) -> str:
        """The signal paths; "" where there are none."""
        return mermaid(self.document)

    @property
    def stateless(self) -> str:
        """What is unknown where no state is kept."""
        return STATELESS

    @property
    def title(self) -> str:
        return counts_text(self.document.get("summary", {})) or "nothing in the stack"

    @property
    def errors(self) -> Sequence[Part]:
        """Why there is no plan."""
        found: Sequence[Part] = self.document.get("errors", ())
        return found

    @property
    def cuts(self) -> Sequence[tuple[Part, list[str]]]:
        """Steps that cut what is on air, with what, those first that cut what ends last."""
        found = [step for step in self.steps if step.get("on_air")]
        return [(step, [cut_text(cut, self.zone) for cut in step["on_air"]]) for step in found]

    @property
    def refusals(self) -> Sequence[tuple[str, Part]]:
        """Address ("" of the plan as a whole), and the refusal."""
        whole = [("", refusal) for refusal in self.document.get("refusals", ())]
        return [*whole, *((step["address"], one) for step in self.steps for one in step.get("refusals", ()))]

    @property
    def wrong(self) -> Sequence[tuple[str, str]]:
        """Address of what doesn't do what the stack wants, and what it does."""
        return [(step["address"], status_text(step)) for step in self.steps if "status" in step]

    @property
    def remarks(self) -> Sequence[tuple[str, str]]:
        """Address of what is unchanged, and what there is to say of it all the same."""
        idle = (step for step in self.steps if step["action"] == "none")
        return [(step["address"], text) for step in idle for text in step.get("warnings", ())]

    @property
    def unverifiable(self) -> Sequence[tuple[str, str]]:
        """Address, and which fields nobody can check, and why."""
        return [
            (step["address"], reasons_text(step["unverifiable"])) for step in self.steps if step.get("unverifiable")
        ]

    @property
    def sections(self) -> Sequence[Section]:
        found = []
        for title, actions in _ORDER:
            steps = [step for step in self.writes if step["action"] in actions]
            if steps:
                addresses = [step["address"] for step in steps]
                dangerous = not DANGEROUS.isdisjoint(actions)
                found.append(Section(title, list(tables(steps)), len(steps), dangerous, addresses))
        return found

    @staticmethod
    def by_home(addresses: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """What the addresses begin with -> their last parts."""
        found: dict[str, list[str]] = {}
        for address in addresses:
            home, _, name = address.rpartition(".")
            found.setdefault(home, []).append(name)
        return found

    @property
    def cuts_alike(self) -> Mapping[tuple[str, str, str], Sequence[str]]:
        """Action, impact and what is cut -> the addresses."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for step, cuts in self.cuts:
            found.setdefault((step["action"], step["impact"], "; ".join(cuts)), []).append(step["address"])
        return found

    @property
    def refusals_alike(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """Guard and words -> the addresses."""
        found: dict[tuple[str, str], list[str]] = {}
        for address, refusal in self.refusals:
            found.setdefault((refusal["guard"], refusal_text(refusal)), []).append(address)
        return found

    def rows(self, step: Part) -> Sequence[tuple[str, str, str, str]]:
        """Path, before, after, and "drift" where somebody else changed it; defaults that nobody wrote left out."""
        changes = step.get("changes", ())
        rows = [
            (
                change["path"],
                change_text(step, change, "before", self.zone),
                change_text(step, change, "after", self.zone),
                change["cause"],
            )
            for change in changes
        ]
        known, goes = {change["path"] for change in changes}, step["action"] in {"delete", "forget"}
        for entry in step.get("values", ()):
            if entry["path"] not in known and not entry.get("default"):
                text = entry_text(step, entry, self.zone)
                rows.append((entry["path"], text if goes else "", "" if goes else text, "you"))
        return rows

    def defaults(self, step: Part) -> Sequence[tuple[str, str]]:
        """Path and value of what nobody wrote."""
        entries = [entry for entry in step.get("values", ()) if entry.get("default")]
        return [(entry["path"], entry_text(step, entry, self.zone)) for entry in entries]

    def fields(self, step: Part) -> str:
        """The paths that change."""
        return ", ".join(dict.fromkeys(change["path"] for change in step.get("changes", ())))

    def shared(self, table: Table) -> Sequence[tuple[str, str]]:
        """What all of a table have."""
        return [(path, entry_text(table.step, entry, self.zone)) for path, entry in table.shared.items()]

    def cells(self, table: Table, own: Mapping[str, Part]) -> Sequence[str]:
        """A row of a table."""
        return table.cells(own, self.zone)

    def link(self, step: Part) -> str | None:
        """Where the stack file says it, in the repository."""
        source = step.get("source")
        if not source or not self.source_url:
            return None
        return self.source_url.replace("{file}", source["file"]).replace("{line}", str(source["line"]))

    @staticmethod
    def is_table(item: Any) -> bool:
        return isinstance(item, Table)

    @staticmethod
    def told(refusal: Part) -> str:
        return refusal_text(refusal)
