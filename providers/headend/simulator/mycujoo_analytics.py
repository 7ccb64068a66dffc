"""The simulated mycujoo: analytics, computed from a few views and measurements."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from headend.simulator.base import Call, Reply, handles
from headend.simulator.mycujoo import MycujooSim, instant, refuse, within
from headend.simulator.mycujoo_views import LIVE, VOD, at, measured, view
from headend.simulator.table import Row

_SPAN = ("interval.start_time", "interval.end_time")
_STEPS = {"MINUTE": 16, "HOUR": 13, "DAY": 10, "MONTH": 7, "YEAR": 4}
"""TIME_STEP_* -> how much of a written time tells the step."""
_WHO = (
    *("identity_id", "device_type", "isp", "connection_type", "country_code", "region", "state_province"),
    *("city", "os", "cdn"),
)
"""What views are filtered by."""
_ORDER = {
    "total_plays": "total_plays",
    "total_playtime": "total_playtime",
    "unique_users": "total_users",
    "title": "title",
    "average_buffer_ratio_live": "average_live_buffer_ratio",
    "average_buffer_ratio_vod": "average_vod_buffer_ratio",
    "average_play_time": "average_play_time",
}
"""What streams are ordered by -> the field that holds it (M-76)."""
_ANSWERED = (
    *("cdn", "city", "connection_type", "country_code", "device_name", "effective_time", "event_time", "event_type"),
    *("happiness_score", "has_error", "identity_id", "ip", "isp", "session_id", "stream_id", "title"),
)
"""What a watch event holds of a view, and can be ordered by."""


def _each(views: list[Row], name: str) -> list[str]:
    return list(dict.fromkeys(view[name] for view in views))


def _people(views: list[Row]) -> int:
    return len(_each(views, "identity_id"))


def _average(views: list[Row]) -> float:
    return round(_minutes(views) / len(views), 2) if views else 0


def _minutes(views: list[Row]) -> int:
    return sum(view["minutes"] for view in views)


def _points(op: str, key: str, name: str, count: Callable[[list[Row]], float]) -> Callable[..., Awaitable[Reply]]:
    """The handler of a series of points in time."""

    @handles(op)
    async def handler(sim: Analytics, call: Call) -> Reply:
        views = sim.views(call, "time_step", *_SPAN, "filter")
        return sim.reply({key: _stepped(views, _step(call), name, count), "time_step": _echo(call)})

    return handler


class Analytics(MycujooSim):
    """One project with three streams, watched from August to November; one media source."""

    def populate(self) -> None:
        super().populate()
        self.world["views"] = [view(n) for n in range(24)]
        self.world["measured"] = {"source-1": [measured(n) for n in range(3)]}
        self.world["activities"] = [
            {
                "id": f"activity-{n}",
                "name": "stream.started" if n % 2 == 0 else "stream.ended",
                "description": "",
                "source": "SOURCE_API" if n < 2 else "SOURCE_STUDIO",
                "create_time": at(n),
                "stream_id": "stream-1",
            }
            for n in range(6)
        ]

    # --- consumption -------------------------------------------------------------------------------
    @handles("project.consumption", "stream.consumption")
    async def consumption(self, call: Call) -> Reply:
        views = self.views(call, *_SPAN, "filter")
        minutes = _by_type(views, _minutes)
        average = _by_type(views, _average)
        users = _by_type(views, _people)
        return self.reply(
            {
                **call.path,
                "watch_time": _watched(minutes, _minutes(views)),
                "average_watch_time": _watched(average, _average(views)),
                "unique_users": {
                    "content_type_users": [{"content_type": t, "users_count": n} for t, n in users.items()],
                    "total_users": _people(views),
                },
            }
        )

    average_playtime = _points("project.average_playtime", "average_playtime_points", "average_playtime", _average)
    total_plays = _points("project.total_plays", "total_plays_points", "plays", len)
    total_playtime = _points("project.total_playtime", "total_playtime_points", "total_playtime", _minutes)
    unique_users = _points("project.unique_users", "unique_users_points", "unique_users", _people)
    concurrent_plays = _points("stream.concurrent_plays", "concurrent_plays", "plays", len)

    @handles("project.streams")
    async def streams(self, call: Call) -> Reply:
        views = self.views(call, *_SPAN, "filter", "order_by")
        rows = [_ranked(id, [v for v in views if v["stream_id"] == id]) for id in _each(views, "stream_id")]
        return self.page(call, _ordered(rows, call.q("order_by") or "total_plays desc", _ORDER))

    @handles("project.watch_events")
    async def watch_events(self, call: Call) -> Reply:
        views = self.views(call, *_SPAN, "filter", "order_by", known=(*_WHO, "event_type", "stream_id"))
        fields = {name: name for name in _ANSWERED}
        views = _ordered(views, call.q("order_by") or "event_time desc", fields)
        return self.page(call, [_event(view) for view in views])

    # --- streams -------------------------------------------------------------------------------
    @handles("stream.stats")
    async def stats(self, call: Call) -> Reply:
        views = self.views(call, *_SPAN, "filter")
        return self.reply(
            {
                "buffer_ratio_time_series": _buffering(views, 10),
                "concurrent_plays_time_series": _stepped(views, 10, "plays", len),
                "total_users_time_series": _users(views),
                "video_stats_time_series": self._measured(call, "source-1"),
            }
        )

    @handles("stream.activities")
    async def activities(self, call: Call) -> Reply:
        self.asked(call, "filter")
        rows = [row for row in self.world["activities"] if row["stream_id"] == call.path["stream_id"]]
        rows = _filtered(call, rows, ("create_time", "source"))
        return self.page(call, [{k: v for k, v in row.items() if k != "stream_id"} for row in rows])

    @handles("stream.buffer_ratio")
    async def buffer_ratio(self, call: Call) -> Reply:
        views, step = self.views(call, "time_step", *_SPAN, "filter"), _step(call)
        return self.reply({"time_series": _buffering(views, step), "time_step": _echo(call)})

    @handles("stream.total_users")
    async def total_users(self, call: Call) -> Reply:
        return self.reply({**call.path, "total_users": _users(self.views(call, "filter"))})

    # --- measurements -------------------------------------------------------------------------------
    @handles("media_source.stats", "stream.video_stats")
    async def measurements(self, call: Call) -> Reply:
        self.asked(call, *_SPAN)
        return self.reply({"time_series": self._measured(call, *call.path.values())})

    @handles("media_source.snapshot", "stream.snapshot")
    async def snapshot(self, call: Call) -> Reply:
        """Of a stream it is inferred from its neighbours (M-92)."""
        self.asked(call)
        return self.reply({"snapshot": (self._measured(call, *call.path.values()) or [{}])[-1]})

    @handles("media_source.snapshots", "stream.snapshots")
    async def snapshots(self, call: Call) -> Reply:
        """Several ids come as a key that is repeated (M-18)."""
        name = f"{call.op.key.partition('.')[0]}_id"
        self.asked(call, f"{name}s")
        rows = {id: self._measured(call, id) for key, id in call.query if key == f"{name}s"}
        return self.reply({"snapshots": [{name: id, "snapshot": found[-1]} for id, found in rows.items() if found]})

    def _measured(self, call: Call, source: str) -> list[Row]:
        """Any stream is the first source. The two differ in what the height of the picture is called (M-194)."""
        source, height = ("source-1", "resolution") if call.op.key.startswith("stream.") else (source, "video_height")
        start, end = (instant(call, name) for name in _SPAN)
        rows = [row for row in self.world["measured"].get(source, []) if within(row["time"], start, end)]
        return [{k: v for k, v in row.items() if k != "height"} | {height: row["height"]} for row in rows]

    # --- helpers -------------------------------------------------------------------------------
    def views(self, call: Call, *allowed: str, known: Sequence[str] = _WHO) -> list[Row]:
        self.asked(call, *allowed)
        start, end = (instant(call, name) for name in _SPAN)
        rows = [v for v in self.world["views"] if call.path.items() <= v.items()]
        return _filtered(call, [v for v in rows if within(v["event_time"], start, end)], known)


def _filtered(call: Call, rows: Iterable[Row], known: Sequence[str]) -> list[Row]:
    """By `field: "value"`, several with `and`: as much of the query language as is needed here."""
    found = list(rows)
    for term in filter(None, re.split(r"\s+and\s+", call.q("filter") or "")):
        match = re.fullmatch(r'(\w+)\s*:\s*"?([^"]*)"?', term.strip())
        if match is None or match[1] not in known:
            raise refuse(400, f"filter: {', '.join(known)}")
        found = [row for row in found if str(row.get(match[1], "")) == match[2]]
    return found


def _ordered(rows: list[Row], order: str, columns: Mapping[str, str]) -> list[Row]:
    """By the first column, then by the next; each may say ` desc` or ` asc` (M-246). columns: name -> key of a row."""
    for column in reversed(order.split(",")):
        name, *way = column.split() or [""]
        if name not in columns or way not in ([], ["asc"], ["desc"]):
            raise refuse(400, f"order_by: {', '.join(columns)}, each with ` desc` or ` asc`, or neither")
        rows = sorted(rows, key=lambda row: row[columns[name]], reverse=way == ["desc"])
    return rows


def _echo(call: Call) -> str:
    return call.q("time_step") or "TIME_STEP_UNSPECIFIED"


def _step(call: Call) -> int:
    name = _echo(call).removeprefix("TIME_STEP_")
    if name not in {*_STEPS, "UNSPECIFIED"}:
        raise refuse(400, f"time_step: TIME_STEP_{', TIME_STEP_'.join(_STEPS)}")
    return _STEPS.get(name, 10)


def _stepped(views: list[Row], step: int, name: str, count: Callable[[list[Row]], float]) -> list[Row]:
    starts = sorted({v["event_time"][:step] for v in views})
    rest = "0000-01-01T00:00:00+00:00"
    return [
        {"time": start + rest[step:], name: count([v for v in views if v["event_time"][:step] == start])}
        for start in starts
    ]


def _ratio(views: list[Row]) -> float:
    return round(sum(v["buffering"] for v in views) / len(views), 4) if views else 0


def _by_type(views: list[Row], count: Callable[[list[Row]], float]) -> dict[str, float]:
    return {t: count([v for v in views if v["type_view"] == t]) for t in sorted(_each(views, "type_view"))}


def _watched(by_type: dict[str, float], total: float) -> Row:
    rows = [{"content_type": content, "minutes": minutes} for content, minutes in by_type.items()]
    return {"content_type_watch_time": rows, "total_minutes": total}


def _users(views: list[Row]) -> list[Row]:
    return [{"content_type": t, "users_count": n} for t, n in _by_type(views, _people).items()]


def _buffering(views: list[Row], step: int) -> list[Row]:
    kinds = sorted(_each(views, "type_view"))
    mine = {t: [v for v in views if v["type_view"] == t] for t in kinds}
    return [{"content_type": t, "points": _stepped(rows, step, "ratio", _ratio)} for t, rows in mine.items()]


def _ranked(id: str, views: list[Row]) -> Row:
    return {
        "stream_id": id,
        "title": views[0]["title"],
        "total_plays": len(views),
        "total_playtime": _minutes(views),
        "total_users": _people(views),
        "average_play_time": _average(views),
        "average_live_buffer_ratio": _ratio([v for v in views if v["type_view"] == LIVE]),
        "average_vod_buffer_ratio": _ratio([v for v in views if v["type_view"] == VOD]),
    }


def _event(view: Row) -> Row:
    return {name: view[name] for name in _ANSWERED} | {
        "type_view": view["type_view"],
        "watch_duration": f"{60 * view['minutes']}s",
    }
