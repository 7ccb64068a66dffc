"""What a timeline shows: a row for each output, with what it carries, and what the plan cuts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, tzinfo
from functools import cached_property

from headend.core.model.address import last_key
from headend.core.model.frozen import frozen_dataclass
from headend.reports.picture import home_of
from headend.reports.timescale import Scale, Span, zone_of
from headend.reports.wording import SIGNS, Part

Ends = tuple[datetime | None, datetime | None]


@frozen_dataclass
class Bar:
    """One booking. was: its span before, where the plan changes it."""

    address: str
    name: str
    ends: Ends
    action: str
    goes: bool
    was: Ends | None
    clashes: Sequence[str]

    @property
    def label(self) -> str:
        return f"{SIGNS.get(self.action, '')} {self.name}".strip()


@frozen_dataclass
class Cut:
    """What the plan cuts, and by which steps."""

    ends: Ends
    by: Sequence[str]


@frozen_dataclass
class Row:
    """home: the environment, "" where there is but one. lanes: bars that don't overlap in each. outputs: how many are
    like this."""

    address: str
    name: str
    home: str
    lanes: Sequence[Sequence[Bar]]
    cuts: Sequence[Cut] = ()
    outputs: int = 1

    @property
    def label(self) -> str:
        return f"{self.home}/{self.name}" if self.home else self.name

    def lane_of(self, cut: Cut) -> int:
        """The one whose booking is cut."""
        ends = [[(bar.was or bar.ends)[1] for bar in lane] for lane in self.lanes]
        return next((number for number, lane in enumerate(ends) if cut.ends[1] in lane), 0)

    @property
    def bars(self) -> Iterator[Bar]:
        return (bar for lane in self.lanes for bar in lane)

    @property
    def changes(self) -> bool:
        return bool(self.cuts) or any(bar.action != "none" or bar.goes or bar.clashes for bar in self.bars)


@frozen_dataclass
class Schedule:
    """The part `bookings` of a document, to be drawn. most: rows; where there are more, what is alike is one."""

    document: Part
    most: int
    now: datetime | None = field(init=False)
    zone: tzinfo = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", _time(self.document.get("at")))
        object.__setattr__(self, "zone", zone_of(self.document.get("time_zone")))

    @cached_property
    def part(self) -> Part:
        found: Part = self.document.get("bookings") or {"bookings": []}
        return found

    @cached_property
    def maintenance(self) -> list[Span]:
        """Windows that are seen: those that end before all else, or begin after it, would only make it small."""
        ends = [
            ends for row in self.all_rows for ends in (*(bar.ends for bar in row.bars), *(cut.ends for cut in row.cuts))
        ]
        times = [time for pair in ends for time in pair if time] + ([self.now] if self.now else [])
        windows = [_ends(window) for window in self.part.get("maintenance", ())] if times else []
        found = [(max(start, min(times)), min(end, max(times))) for start, end in windows if start and end]
        return [(start, end) for start, end in found if start < end]

    @cached_property
    def scale(self) -> Scale:
        ends = [pair for row in self.all_rows for bar in row.bars for pair in (bar.ends, bar.was) if pair]
        spans = [(start or end, end or start) for start, end in ends]
        return Scale([(start, end) for start, end in spans if start and end], self.now)

    @cached_property
    def all_rows(self) -> Sequence[Row]:
        """In the order of the document; in each environment those that are cut first."""
        actions = {step["address"]: step["action"] for step in self.document.get("steps", ())}
        bars, cuts = defaultdict[str, list[Bar]](list), defaultdict[str, list[Cut]](list)
        for entry in self.part["bookings"]:
            bars[entry["row"]].append(_bar(entry, actions))
        for entry in self.part.get("cuts", ()):
            cuts[entry["row"]].append(Cut(_ends(entry), entry["by"]))
        addresses = [*dict.fromkeys([*cuts, *bars])]
        homes = list(dict.fromkeys(map(_home, addresses)))
        addresses.sort(key=lambda address: homes.index(_home(address)))
        home = _home if len(homes) > 1 else lambda address: ""
        return [Row(a, last_key(a), home(a), _lanes(bars[a]), cuts[a]) for a in addresses]

    @cached_property
    def rows(self) -> tuple[Sequence[Row], int]:
        """At most so many, and how many outputs have none."""
        rows = list(self.all_rows)
        if len(rows) > self.most:
            alike = defaultdict[Hashable, list[Row]](list)
            for row in rows:
                alike[row.address if row.changes else _likeness(row)].append(row)
            rows = [_together(few) for few in alike.values()]
        kept = {row.address for row in sorted(rows, key=lambda row: not row.changes)[: self.most]}
        shown = [row for row in rows if row.address in kept]
        return shown, sum(row.outputs for row in rows if row.address not in kept)

    @property
    def clashes(self) -> list[tuple[str, str]]:
        """Bookings that one output is to carry at the same time, each pair once."""
        pairs = ((one["address"], other) for one in self.part["bookings"] for other in one.get("clashes", ()))
        return [(a, b) for a, b in pairs if a < b]


def _bar(entry: Part, actions: Mapping[str, str]) -> Bar:
    was = _ends(entry["was"]) if entry.get("was") else None
    name = last_key(entry.get("input") or entry["address"])
    action = actions.get(entry["address"], "none")
    return Bar(entry["address"], name, _ends(entry), action, entry.get("goes", False), was, entry.get("clashes", ()))


def _ends(entry: Part) -> Ends:
    return _time(entry.get("start")), _time(entry.get("end"))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _home(address: str) -> str:
    """The environment that it lies in."""
    group = address.partition("[")[0] if "[" in address else address.rpartition(".")[0]
    return home_of(group.rpartition(".")[0])


def _lanes(bars: Sequence[Bar]) -> Sequence[Sequence[Bar]]:
    """Bars side by side where they can be, and what overlaps below."""
    lanes: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda bar: (bar.ends[0] is not None, bar.ends[0] and bar.ends[0].timestamp())):
        start = bar.ends[0]
        free = (lane for lane in lanes if start and (end := lane[-1].ends[1]) and end <= start)
        lane = next(free, None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes


def _likeness(row: Row) -> Hashable:
    return _home(row.address), tuple(bar.ends for bar in row.bars)


def _together(rows: Sequence[Row]) -> Row:
    """One row for all of them."""
    first = rows[0]
    if len(rows) == 1:
        return first
    return replace(first, name=f"{len(rows):,} like {first.name}", outputs=len(rows))
