"""Plan documents as lines of text, and their style on a terminal."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain, islice

from headend.reports import alike
from headend.reports.alike import Few
from headend.reports.tables import LEAST, Table, shape, tables
from headend.reports.wording import (
    STATELESS,
    Part,
    change_text,
    counts_text,
    cut_text,
    entry_text,
    head_text,
    reasons_text,
    refusal_text,
    status_text,
)

TAKEN_OVER = "lifecycle.adopt: match"
STYLES = {"create": "green", "update": "yellow", "replace": "red", "delete": "red", "adopt": "cyan"}

Line = tuple[str, str]
"""Text, and its style on a terminal."""


def plan_text(document: Part) -> str:
    """The document for a reader: each step, its changes, what it interrupts, and the summary."""
    return "\n".join(text for text, _ in lines(document))


def lines(document: Part, *, every: bool = False, full: bool = False) -> Iterator[Line]:
    """The same, line by line. every: each step, also where many are alike. full: defaults, too.
    Steps are taken one by one, and not kept."""
    teller = _Teller(document.get("time_zone"), full)
    steps = teller.noting(step for step in document["steps"] if every or _likeness(step))
    first = list(islice(steps, alike.MANY + 1))
    told: Iterable[Iterable[Line]]
    if every:
        told = (teller.step(step) for step in chain(first, steps))
    elif len(first) <= alike.MANY:
        told = (teller.table(one) if isinstance(one, Table) else teller.step(one) for one in tables(first))
    else:
        told = teller.few(chain(first, steps))
    for block in told:
        yield from block
    if document.get("stateless"):
        yield f"without state: {STATELESS}", "dim"
    for name, id in document.get("lookups", {}).items():
        if name.startswith("lookups."):
            yield f"= {name}: {id}", "dim"
    yield from ((f"refused: {refusal_text(one)}", "bold red") for one in document.get("refusals", ()))
    if teller.counted:
        yield "(some are only counted; --verbose shows each)", "dim"
    if teller.found:
        yield "`headend apply --adopt match` takes over what is live and like the stack, for one run", "dim"
    yield f"{document['stack']}: {counts_text(document['summary']) or 'nothing in the stack'}", "bold"


def _likeness(step: Part) -> tuple[Hashable, ...] | None:
    """The same for steps that a reader needn't tell apart; None for one that there is nothing to say of."""
    kind, guards = step["kind"], tuple(refusal["guard"] for refusal in step.get("refusals", ()))
    if step["action"] != "none":
        return kind, step["action"], step["reason"], step["impact"], "moved_from" in step, guards
    told = step.get("status", {}).get("status"), reasons_text(step.get("unverifiable", {})), guards
    return (kind, *told) if any(told) or "warnings" in step else None


def _news(step: Part) -> set[str]:
    """What a step says that others like it may not say."""
    fields = {f"{change['path'].partition('.')[0]} {change['cause']}" for change in step.get("changes", ())}
    status = {f"{step['status']['reason']}"} if "status" in step else set()
    return {*step.get("warnings", ()), *fields, *status}


class _Teller:
    """zone: of the stack. full: defaults are told."""

    def __init__(self, zone: str | None, full: bool) -> None:
        self.zone = zone
        self.full = full
        self.counted = False  # something
        self.found = False  # what could be taken over

    def noting(self, steps: Iterable[Part]) -> Iterator[Part]:
        for step in steps:
            self.found |= any(TAKEN_OVER in refusal.get("lift", "") for refusal in step.get("refusals", ()))
            yield step

    def few(self, steps: Iterable[Part]) -> Iterator[Iterable[Line]]:
        """Of many steps the tables, and the first of those that are alike."""
        few, found = Few[Part](), dict[Hashable, Table]()
        for step in steps:
            if (key := shape(step)) is None:
                few.add(step, _likeness(step), says=_news(step), always="on_air" in step)
            elif table := found.get(key):
                table.add(step)
            else:
                found[key] = Table.of([step])
        for step, more in few:
            yield self.more(step, more) if more else self.step(step)
        for table in found.values():
            yield self.table(table)

    def step(self, step: Part) -> Iterator[Line]:
        if step["action"] != "none":
            yield from self._write(step)
            return
        if "status" in step:
            yield f"! {step['address']}: {status_text(step)}", "bold red"
        if "unverifiable" in step:
            yield f"? {step['address']}: can't be verified: {reasons_text(step['unverifiable'])}", "dim"
        yield from ((f"! {step['address']}: {text}", "yellow") for text in step.get("warnings", ()))
        if "refused" in step:
            yield f"! {step['address']}: refused: {step['refused']}", "bold red"

    def more(self, step: Part, count: int) -> Iterator[Line]:
        """Those like the step, in one line."""
        self.counted = True
        several = f"{count:,} more of {step['kind']}"
        if step["action"] != "none":
            like = {name: value for name, value in step.items() if name != "moved_from"}
            yield f"{head_text(like, several)}{self._guards(step)}", STYLES.get(step["action"], "")
        elif "status" in step:
            yield f"! {several}: {step['status']['status']}", "bold red"
        elif "refusals" in step or "warnings" in step:
            yield f"! {several}{self._guards(step)}", "bold red"
        else:
            yield f"? {several}: can't be verified: {reasons_text(step['unverifiable'])}", "dim"

    def table(self, table: Table) -> Iterator[Line]:
        """What all share, and a row for each."""
        step, style = table.step, STYLES.get(table.step["action"], "")
        if table.count < LEAST:
            for one, _ in table.rows:
                yield from self._write(one)
            return
        defaults = [entry for entry in step.get("values", ()) if entry.get("default")]
        several = f"{table.count:,} of {step['kind']} in {table.home}"
        yield f"{head_text(step, several)}{self._guards(step)}", style
        yield from self._entries(step, [*table.shared.values(), *defaults], "all have ")
        rows = [[one["address"].rpartition(".")[2], *table.cells(own, self.zone)] for one, own in table.rows]
        cells = [["", *table.columns], *rows]
        widths = [min(40, max(len(row[n]) for row in cells)) for n in range(len(cells[0]))]
        for row in cells:
            yield "    " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip(), ""
        if table.count > len(rows):
            self.counted = True
            yield f"    and {table.count - len(rows):,} more like these", "dim"

    @staticmethod
    def _guards(step: Part) -> str:
        refused = ", ".join(dict.fromkeys(refusal["guard"] for refusal in step.get("refusals", ())))
        return f"  refused: {refused}" if refused else ""

    def _write(self, step: Part) -> Iterator[Line]:
        yield head_text(step, step["address"]), STYLES.get(step["action"], "")
        for change in step.get("changes", ()):
            cause = "  (changed outside headend)" if change["cause"] == "drift" else ""
            before, after = (change_text(step, change, side, self.zone) for side in ("before", "after"))
            yield f"    {change['path']}: {before} -> {after}{cause}", ""
        known = {change["path"] for change in step.get("changes", ())}
        values = [entry for entry in step.get("values", ()) if entry["path"] not in known]
        yield from self._entries(step, values, "was " if step["action"] in {"delete", "forget"} else "")
        if "status" in step:
            yield f"    ! {status_text(step)}", "bold red"
        yield from ((f"    ! {text}", "yellow") for text in step.get("warnings", ()))
        for cut in step.get("on_air", ()):
            yield f"    on air: {cut_text(cut, self.zone)}", "bold red"
        if "refused" in step:
            yield f"    refused: {step['refused']}", "bold red"

    def _entries(self, step: Part, values: Iterable[Part], word: str) -> Iterator[Line]:
        """A line for each value, the defaults folded."""
        folded = 0
        for entry in values:
            if entry.get("default") and not self.full:
                folded += 1
                continue
            default = "  (default)" if entry.get("default") else ""
            yield f"    {word}{entry['path']}: {entry_text(step, entry, self.zone)}{default}", ""
        if folded:
            yield f"    + {folded} default{'s' if folded > 1 else ''}", "dim"
