"""Bookings on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from headend.core.model.printable import printable
from headend.reports.drawing import cells, shorten
from headend.reports.schedule import Bar, Ends, Schedule
from headend.reports.wording import Part

WIDE, NAMES = 80, 20  # columns in all, and those before the plot
PLOT = WIDE - NAMES - 1
MOST = 40  # rows
SIGNS = {"none": "=", "create": "+", "update": "~", "replace": "±", "delete": "-", "adopt": "<", "move": ">"}
LEGEND = "= booked  + ~ ± - as the plan does  X the plan cuts it  ! clash  : maintenance"


def timeline_text(document: Part) -> str:
    """Rows of signs, what clashes, and what is cut by which step."""
    return "\n".join(printable(line).rstrip() for line in _lines(Schedule(document, MOST))) + "\n"


def _lines(schedule: Schedule) -> Iterator[str]:
    zone = schedule.document.get("time_zone")
    rows, left_out = schedule.rows
    if not rows:
        yield "nothing is booked"
        return
    yield f"times in {zone or 'UTC'}" + (f", now {_clock(schedule, schedule.now)}" if schedule.now else "")
    yield from _head(schedule)
    home = ""
    for row in rows:
        if row.home != home:
            home = row.home
            yield f"{home}:"
        for number, lane in enumerate(row.lanes or [[]]):
            label = shorten(f"{' ' if home else ''}{row.name}", NAMES - 1) if number == 0 else ""
            cuts = [cut.ends for cut in row.cuts if row.lane_of(cut) == number]
            yield label + " " * (NAMES - cells(label)) + _plot(schedule, lane, cuts)
    if left_out:
        yield f"and {left_out:,} outputs more"
    yield LEGEND + ("  ≈ long" if any(piece.squeezed for piece in schedule.scale.pieces) else "")
    yield from _told(schedule)


def _told(schedule: Schedule) -> Iterator[str]:
    for row in schedule.all_rows:
        for cut in row.cuts:
            yield f"X {row.address}"
            yield f"    {_span(schedule, cut.ends)}"
            yield from (f"    by {step}" for step in cut.by)
    for one, other in schedule.clashes:
        yield f"! {one}"
        yield f"    at the same time as {other}"


def _span(schedule: Schedule, ends: Ends) -> str:
    start, end = (_clock(schedule, time) for time in ends)
    return f"{start or 'begun long ago'} .. {end or 'for good'}"


def _clock(schedule: Schedule, time: datetime | None) -> str:
    return f"{time.astimezone(schedule.zone):%Y-%m-%d %H:%M}" if time else ""


def _column(schedule: Schedule, time: datetime | None, *, last: bool = False) -> int:
    return min(PLOT - 1, int(schedule.scale.at(time, last=last) * PLOT))


def _head(schedule: Schedule) -> Iterator[str]:
    """Days above hours; "now" where it is."""
    days, hours = [" "] * PLOT, [" "] * PLOT
    day, free = None, 0
    for place, time in schedule.scale.ticks(schedule.zone, 7 / PLOT):
        column = min(PLOT - 5, int(place * PLOT))
        hours[column : column + 5] = f"{time:%H:%M}"
        text = f"{time:%a} {time.day} {time:%b %Y}"
        if time.date() != day and column >= free and column + len(text) <= PLOT:
            days[column : column + len(text)] = text
            day, free = time.date(), column + len(text) + 1
    yield " " * NAMES + "".join(days)
    yield " " * NAMES + "".join(hours)
    if schedule.now:
        column = _column(schedule, schedule.now)
        yield " " * NAMES + (" " * column + "v now" if column < PLOT - 5 else " " * (column - 4) + "now v")


def _plot(schedule: Schedule, lane: Sequence[Bar], cuts: list[Ends]) -> str:
    line = [" "] * PLOT
    for piece in schedule.scale.pieces:
        if piece.squeezed:
            _fill(line, int(piece.left * PLOT) + 1, int(piece.right * PLOT), "≈")
    for start, end in schedule.maintenance:
        _fill(line, _column(schedule, start), _column(schedule, end), ":")
    if schedule.now:
        line[_column(schedule, schedule.now)] = "|"
    for bar in lane:
        sign = "!" if bar.clashes else "-" if bar.goes else SIGNS.get(bar.action, "=")
        _fill(line, _column(schedule, bar.ends[0]), _column(schedule, bar.ends[1], last=True), sign)
    for ends in cuts:
        _fill(line, _column(schedule, ends[0]), _column(schedule, ends[1], last=True), "X")
    return "".join(line)


def _fill(line: list[str], start: int, end: int, sign: str) -> None:
    """At least one column."""
    end = max(end, start + 1)
    line[start:end] = sign * (min(end, PLOT) - start)
