"""A look at a stack as text: a table for each environment; in colour on a terminal. Reads the document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from headend.cli.echo import echo, echo_exact
from headend.cli.options import Format
from headend.cli.tables import aligned
from headend.core.model.printable import printable
from headend.core.reconcile.status import Look, Sight
from headend.reports.alike import Few

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

HEAD = ("", "status", "on air", "next", "why")
NAMED = 2  # programmes that one line names; the rest is counted
_GOOD = frozenset({"running", "started", "active"})

Document = Mapping[str, Any]
Cells = tuple[str, ...]


class Shown:
    """Prints one look after the other: JSON, or text, in colour where stdout is a terminal. every: each object, also
    where many are alike."""

    def __init__(self, format: Format, indent: int | None = 1, *, every: bool = False) -> None:
        self.format, self.indent, self.every = format, indent, every

    def show(self, look: Look) -> None:
        if self.format is Format.JSON:
            echo_exact(json.dumps(look.document(), indent=self.indent) + "\n")
        elif not sys.stdout.isatty():
            echo_exact(text(look, every=self.every) + "\n")
        else:
            from rich.console import Console

            Console().print(coloured(look, every=self.every))

    def note(self, text: str) -> None:
        """One line beside the looks."""
        echo(text, err=True)


class _InPlace(Shown):
    """Each look in place of the one before."""

    def __init__(self, live: Live, every: bool) -> None:
        super().__init__(Format.TEXT, every=every)
        self.live = live

    def show(self, look: Look) -> None:
        self.live.update(coloured(look, every=self.every), refresh=True)

    def note(self, text: str) -> None:
        self.live.console.print(printable(text), style="bold red", markup=False, highlight=False)


@contextmanager
def screen(format: Format, *, every: bool = False) -> Iterator[Shown]:
    """Where a series of looks goes: one place on a terminal; elsewhere a block each, of JSON a line each."""
    if format is Format.JSON or not sys.stdout.isatty():
        yield Shown(format, indent=None, every=every)
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(), auto_refresh=False) as live:
        yield _InPlace(live, every)


def tables(look: Look, *, every: bool = False) -> Iterator[tuple[str, list[tuple[Document, Cells]]]]:
    """(title, rows) for each group, in the stack's order; a row is an object's document and its cells. Of many rows
    the first few of those that are alike, and how many more there are; every: all."""
    groups: dict[str, list[Sight]] = {}
    for sight in look.sights:
        groups.setdefault(sight.group, []).append(sight)
    for title, members in groups.items():
        few = Few[Sight]()
        for sight in () if every else members:
            alike = sight.kind, sight.status.word, sight.status.wrong
            few.add(sight, alike, says=(sight.status.reason,), always=bool(sight.on_air))
        rows: list[tuple[Document, Cells]] = []
        for sight, more in few if not every else ((sight, 0) for sight in members):
            row = sight.document()
            shown = (f"{more:,} more of {row['kind']}", row["status"], "", "", "") if more else None
            rows.append((row, tuple(map(printable, shown or cells(row, title, look.time)))))
        yield printable(title), rows


def cells(row: Document, title: str, time: datetime) -> Cells:
    """What stands in the columns of HEAD."""
    name = row["address"].removeprefix(f"{title}.") if row["address"] != title else row["kind"].rpartition(".")[2]
    return name, row["status"], _now(row, title, time), _next(row, title, time), row["reason"]


def text(look: Look, *, every: bool = False) -> str:
    """For files and logs. A column that nothing stands in is left out."""
    blocks = []
    for title, rows in tables(look, every=every):
        lines = [cells for _, cells in rows]
        used = [n for n in range(len(HEAD)) if n < 2 or any(line[n] for line in lines)]
        blocks.append(f"{title}\n{aligned([[line[n] for n in used] for line in (HEAD, *lines)])}")
    return "\n".join([*blocks, summary(look)])


def coloured(look: Look, *, every: bool = False) -> Group:
    """For a terminal."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    parts: list[Any] = []
    for title, rows in tables(look, every=every):
        table = Table(title=Text(title, "bold"), title_justify="left", box=None, pad_edge=False, header_style="dim")
        for name in HEAD:
            table.add_column(name, overflow="fold")
        for row, cells in rows:
            name, status, on_air, coming, why = cells
            style = "bold red" if row["wrong"] else "green" if status in _GOOD else "yellow" if why else ""
            shown = (Text(name), Text(status, style), Text(on_air, "bold"), Text(coming), Text(why, "dim"))
            table.add_row(*shown)  # Text: a str would be read as markup
        parts += [table, ""]
    return Group(Text(summary(look), "bold red" if look.wrong else "bold"), "", *parts)


def summary(look: Look) -> str:
    """One line: how many, how many wrong, when."""
    wrong = f"{look.wrong} not as the stack wants" if look.wrong else "all as the stack wants"
    time = f"{look.time.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
    return f"{printable(look.stack)}: {len(look.sights):,} objects, {wrong}, {time}"


def _now(row: Document, title: str, time: datetime) -> str:
    """ "derby until 17:15Z"; of a schedule itself only until when."""
    told = []
    for cut in row["on_air"]:
        until = f"until {_moment(cut['end'], time)}" if cut["end"] else "without end"
        told.append(until if cut["address"] == row["address"] else f"{_name(cut, title)} {until}")
    return _few(told)


def _next(row: Document, title: str, time: datetime) -> str:
    cut = row["next"]
    if cut is None:
        return ""
    at = f"at {_moment(cut['start'], time)}"
    return at if cut["address"] == row["address"] else f"{_name(cut, title)} {at}"


def _name(cut: Document, title: str) -> str:
    """The key of a schedule in the same group, the address of another, kind and id of one that isn't the stack's."""
    address: str | None = cut["address"]
    if address is None:
        return f"{cut['kind'].rpartition('.')[2]} {cut['id']}"
    return address.rpartition(".")[2] if address.startswith(f"{title}.") else address


def _few(told: Sequence[str]) -> str:
    more = [f"and {len(told) - NAMED} more"] if len(told) > NAMED else []
    return ", ".join([*told[:NAMED], *more])


def _moment(iso: str, time: datetime) -> str:
    """In UTC, to the minute; with the day where it is another one."""
    moment = datetime.fromisoformat(iso).astimezone(UTC)
    same = moment.date() == time.astimezone(UTC).date()
    return f"{moment:%H:%MZ}" if same else f"{moment:%Y-%m-%d %H:%MZ}"
