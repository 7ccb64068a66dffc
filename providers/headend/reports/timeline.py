"""Bookings as SVG: outputs below each other, times from left to right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from xml.etree.ElementTree import Element

from headend.reports.drawing import SMALL, alone, as_text, canvas, cells, element, shorten
from headend.reports.schedule import Bar, Ends, Row, Schedule
from headend.reports.wording import Part, time_text

MOST = 60  # rows
PLOT = 900.0
LANE, ROW_GAP, HEAD, EDGE = 20.0, 8.0, 44.0, 8.0
LONGEST = 34  # letters of a label
Link = Callable[[str], str | None]
LEGEND = (
    "red bar: the plan cuts it; red box: clash; green band: maintenance; dotted: as it was; grey band: a long time, "
    "squeezed"
)


def timeline(document: Part, link: Link) -> str | None:
    """A picture within a page; None where nothing is booked."""
    schedule = Schedule(document, MOST)
    return as_text(_drawing(schedule, link)) if schedule.all_rows else None


def svg(document: Part) -> str:
    """The same as a file."""
    return alone(_drawing(Schedule(document, MOST), lambda address: None))


class _Sheet:
    """The picture while it is drawn. left: where the plot begins."""

    def __init__(self, schedule: Schedule, link: Link) -> None:
        rows, self.left_out = schedule.rows
        self.schedule, self.link, self.rows = schedule, link, rows
        labels = [shorten(row.label, LONGEST) for row in rows]
        self.left = EDGE + SMALL * max((cells(label) for label in labels), default=0) + 12
        self.high = HEAD + sum(_height(row) for row in rows)
        self.wide = self.left + PLOT + 4 * EDGE
        title = f"bookings of {schedule.document['stack']}"
        self.root = canvas(self.wide, self.high + 42, title)

    def x(self, time: datetime | None, *, last: bool = False) -> float:
        return self.left + PLOT * self.schedule.scale.at(time, last=last)

    def box(self, parent: Element, ends: Ends, y: float, height: float, names: str = "") -> tuple[float, float]:
        """A rectangle from start to end, and where it lies. What is short is still seen."""
        left, right = self.x(ends[0]), self.x(ends[1], last=True)
        right = max(right, left + 2)
        element(parent, "rect", x=left, y=y, width=right - left, height=height, **({"class_": names} if names else {}))
        return left, right


def _height(row: Row) -> float:
    return LANE * max(1, len(row.lanes)) + ROW_GAP


def _drawing(schedule: Schedule, link: Link) -> Element:
    sheet = _Sheet(schedule, link)
    _draw_background(sheet)
    y = HEAD
    for row in sheet.rows:
        _draw_row(sheet, row, y)
        y += _height(row)
    _draw_now(sheet)
    more = f"and {sheet.left_out:,} outputs more; " if sheet.left_out else ""
    element(sheet.root, "text", more + LEGEND, class_="small", x=EDGE, y=sheet.high + 30)
    return sheet.root


def _draw_background(sheet: _Sheet) -> None:
    """Squeezed times, maintenance, and the hours with their days."""
    schedule, high = sheet.schedule, sheet.high
    for piece in schedule.scale.pieces:
        if piece.squeezed:
            sheet.box(sheet.root, (piece.start, piece.end), HEAD - 12, high - HEAD + 12, "gap")
    for window in schedule.maintenance:
        group = element(sheet.root, "g")
        element(group, "title", f"maintenance {_span(schedule, window)}")
        sheet.box(group, window, HEAD - 12, high - HEAD + 12, "maintenance")
    day, free = None, 0.0
    for place, time in schedule.scale.ticks(schedule.zone, 56 / PLOT):
        x = sheet.left + PLOT * place
        element(sheet.root, "path", class_="line", d=f"M{x:.1f} {HEAD - 12:.1f}V{high:.1f}")
        element(sheet.root, "text", f"{time:%H:%M}", class_="small", x=x - 2.5 * SMALL, y=HEAD - 16)
        if time.date() != day and x >= free:
            text = f"{time:%a} {time.day} {time:%b %Y}"
            element(sheet.root, "text", text, class_="small head", x=x - 2.5 * SMALL, y=HEAD - 31)
            day, free = time.date(), x + SMALL * (cells(text) + 1)


def _draw_now(sheet: _Sheet) -> None:
    if sheet.schedule.now:
        x = sheet.x(sheet.schedule.now)
        element(sheet.root, "path", class_="now", d=f"M{x:.1f} {HEAD - 12:.1f}V{sheet.high:.1f}")
        element(sheet.root, "text", "now", class_="small now-text", x=x - 1.5 * SMALL, y=sheet.high + 11)


def _draw_row(sheet: _Sheet, row: Row, y: float) -> None:
    label = element(sheet.root, "g")
    element(label, "title", row.address if row.outputs == 1 else row.label)
    element(label, "text", shorten(row.label, LONGEST), class_="pill", x=EDGE, y=y + 14)
    for number, lane in enumerate(row.lanes):
        for bar in lane:
            _draw_bar(sheet, bar, y + number * LANE, row.outputs)
    for cut in row.cuts:
        group = element(sheet.root, "g")
        element(group, "title", f"cut by {', '.join(cut.by)}: {_span(sheet.schedule, cut.ends)}")
        sheet.box(group, cut.ends, y + LANE * row.lane_of(cut) + LANE - 6, 5, "cutting")


def _draw_bar(sheet: _Sheet, bar: Bar, y: float, outputs: int) -> None:
    place = sheet.link(bar.address) if outputs == 1 else None
    outer = element(sheet.root, "a", href=place) if place else sheet.root
    group = element(outer, "g", class_=f"{'delete' if bar.goes else bar.action}{' clash' if bar.clashes else ''}")
    said = [bar.address, _span(sheet.schedule, bar.ends), *([bar.action] if bar.action != "none" else [])]
    said += [f"before: {_span(sheet.schedule, bar.was)}"] if bar.was else []
    said += [f"clashes with {', '.join(bar.clashes)}"] if bar.clashes else []
    element(group, "title", " · ".join(said))
    if bar.was:
        sheet.box(group, bar.was, y, LANE - 2, "was")
    left, right = sheet.box(group, bar.ends, y, LANE - 2)
    room = int((right - left - 8) / SMALL)
    label = bar.label if outputs == 1 else f"{outputs:,} alike"
    if room >= min(4, cells(label)):
        element(group, "text", shorten(label, room), class_="pill", x=left + 5, y=y + 13)


def _span(schedule: Schedule, ends: Ends) -> str:
    zone = schedule.document.get("time_zone")
    start, end = (time_text(time.isoformat(), zone) if time else "" for time in ends)
    return f"{f'from {start}' if start else 'begun long ago'}{f' until {end}' if end else ', for good'}"
