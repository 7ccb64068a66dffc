"""Times on a line: where much happens there is room, and where nothing does for long there is little."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import median
from zoneinfo import ZoneInfo

from headend.core.model.frozen import frozen_dataclass

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS = [
    *(timedelta(minutes=minutes) for minutes in (5, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 30, 90, 365, 3650)),
]
SQUEEZED = 0.05  # of the whole line: a long time in which nothing begins, runs or ends
Span = tuple[datetime, datetime]


def zone_of(name: str | None) -> tzinfo:
    """The stack's, else UTC."""
    return ZoneInfo(name) if name else UTC


@frozen_dataclass
class Piece:
    """A part of the line, from `left` to `right` of 0 to 1."""

    start: datetime
    end: datetime
    left: float
    right: float
    squeezed: bool = False


class Scale:
    """Point in time -> place, from 0 to 1. spans: what is to be seen. now: is to be seen, too, if it is known."""

    def __init__(self, spans: Sequence[Span], now: datetime | None) -> None:
        busy = _busy(spans, now)
        total = sum((end - start for start, end in busy), timedelta())
        parts: list[tuple[datetime, datetime, bool]] = []
        for start, end in busy:
            if parts and start - parts[-1][1] > max(2 * HOUR, total / 4):
                parts.append((parts[-1][1], start, True))
                parts.append((start, end, False))
            elif parts:
                parts[-1] = (parts[-1][0], end, False)
            else:
                parts.append((start, end, False))
        gaps = sum(squeezed for *_, squeezed in parts)
        share = min(SQUEEZED, 0.5 / gaps) if gaps else 0.0
        wide = sum((end - start for start, end, squeezed in parts if not squeezed), timedelta())
        self.pieces: list[Piece] = []
        at = 0.0
        for start, end, squeezed in parts:
            width = share if squeezed else (1 - gaps * share) * ((end - start) / wide)
            self.pieces.append(Piece(start, end, at, at + width, squeezed))
            at += width

    def at(self, time: datetime | None, *, last: bool = False) -> float:
        """Its place; of None the first, or the `last`."""
        if time is None:
            return 1.0 if last else 0.0
        number = bisect_right([piece.start for piece in self.pieces], time) - 1
        if number < 0:
            return 0.0
        piece = self.pieces[number]
        return min(
            1.0, piece.left + (piece.right - piece.left) * min(1.0, (time - piece.start) / (piece.end - piece.start))
        )

    def ticks(self, zone: tzinfo, room: float) -> Iterator[tuple[float, datetime]]:
        """Round times of the zone, at least `room` apart, each with its place."""
        last = -1.0
        for piece in self.pieces:
            if piece.squeezed:
                continue
            for time in _round_times(piece, zone, room):
                if (place := self.at(time)) >= last + room:
                    last = place
                    yield place, time


def _busy(spans: Sequence[Span], now: datetime | None) -> list[Span]:
    """When something runs, with some room around. Of what runs for very long, its ends alone."""
    lengths = [(end - start).total_seconds() for start, end in spans]
    long = max(2 * DAY, timedelta(seconds=10 * median(lengths))) if lengths else DAY
    found = [(time - HOUR / 2, time + HOUR / 2) for time in ([now] if now else [])]
    for start, end in spans:
        if end - start <= long:
            found.append((start, end))
        else:
            found += [(start - HOUR, start + HOUR), (end - HOUR, end + HOUR)]
    merged: list[Span] = []
    for start, end in sorted(found or [(datetime.now(UTC) - HOUR, datetime.now(UTC) + HOUR)]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, max(end, start + HOUR / 12)))
    return merged


def _round_times(piece: Piece, zone: tzinfo, room: float) -> Iterator[datetime]:
    """Whole hours, days and so on within the piece, by the clock of the zone."""
    wide = piece.right - piece.left
    length = piece.end - piece.start
    step = next((one for one in STEPS if wide * (one / length) >= room), STEPS[-1])
    midnight = piece.start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    count = int((piece.start - midnight) / step)
    while True:
        time = _after(midnight, step * count)
        if time > piece.end:
            return
        if time >= piece.start:
            yield time
        count += 1


def _after(midnight: datetime, span: timedelta) -> datetime:
    """So much later by the clock on the wall: a day is one with 23 hours, too."""
    return (midnight + span).astimezone(UTC).astimezone(midnight.tzinfo)
