"""Timelines: who carries what when, what clashes, and what the plan cuts, at any size and over any stretch of time."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headend.core.reconcile.document import raise_if_no_plan
from headend.reports.drawing import SMALL, cells
from headend.reports.html import anchor, html
from headend.reports.schedule import Schedule
from headend.reports.timeline import svg
from headend.reports.timeline_text import WIDE, timeline_text
from headend.reports.timescale import Scale

NOON = datetime(2026, 12, 5, 12, tzinfo=UTC)
NASTY = ["</svg><script>alert(1)</script>", '" onload="x', "\u202ex", "a\nb", "&amp;"]


def at(hours: float) -> str:
    return (NOON + timedelta(hours=hours)).isoformat()


def booked(name: str, output: str, start: float | None, end: float | None, **more: Any) -> dict[str, Any]:
    home = "ateme.environments.eu"
    times = {name: at(hours) for name, hours in (("start", start), ("end", end)) if hours is not None}
    known = {"address": f"{home}.schedules.{name}", "kind": "ateme.schedule", "row": f"{home}.outputs.{output}"}
    return known | {"input": f"{home}.inputs.{more.pop('input', 'stadium')}"} | times | more


def document(
    *bookings: dict[str, Any], actions: Mapping[str, str] = {}, zone: str | None = None, **part: Any
) -> dict[str, Any]:
    steps = [
        {
            "address": one["address"],
            "kind": one["kind"],
            "action": actions.get(one["address"].rpartition(".")[2], "none"),
        }
        | {"reason": "changed", "impact": "none"}
        for one in bookings
    ]
    base = {"format": "headend.plan/2", "headend": "1", "stack": "day", "file": "day.yaml", "destroy": False}
    base |= {"at": at(0), "summary": {}, "nonce": "0" * 32, "steps": steps, "bookings": {"bookings": bookings} | part}
    found: dict[str, Any] = json.loads(json.dumps(base | ({"time_zone": zone} if zone else {})))
    raise_if_no_plan(found)
    return found


ROW = "ateme.environments.eu.outputs"
CUT = {"row": f"{ROW}.cdn", "start": at(0), "end": at(2), "by": ["ateme.environments.eu.inputs.stadium"]}
DAY = document(
    booked("derby", "cdn", -1, 2),
    booked("late", "cdn", 3, 4),
    booked("talk", "partner", 1, 3, input="studio"),
    booked("cup", "partner", 2, 4, clashes=["ateme.environments.eu.schedules.talk"]),
    actions={"talk": "create"},
    zone="Europe/Berlin",
    maintenance=[{"start": at(3), "end": at(4)}, {"start": at(500), "end": at(501)}],
    cuts=[CUT],
)


def test_the_text_tells_all_in_80_columns() -> None:
    lines = timeline_text(DAY).splitlines()
    assert max(map(len, lines)) <= WIDE
    assert lines[0] == "times in Europe/Berlin, now 2026-12-05 13:00"
    assert "Sat 5 Dec 2026" in lines[1]
    assert re.findall(r"\d\d:\d\d", lines[2])[0] == "12:00"
    cdn, first, second = (re.sub(r"(.)\1*", r"\1", line[20:].strip()) for line in lines[4:7])
    assert cdn == "=X ="
    assert first == "| +:"
    assert second == "| !"
    told = "\n".join(lines)
    assert f"X {ROW}.cdn\n    2026-12-05 13:00 .. 2026-12-05 15:00\n    by ateme.environments.eu.inputs.stadium" in told


def test_a_clash_is_told_once_and_lies_in_a_lane_of_its_own() -> None:
    both = document(
        booked("a", "cdn", 0, 2, clashes=["ateme.environments.eu.schedules.b"]),
        booked("b", "cdn", 1, 3, clashes=["ateme.environments.eu.schedules.a"]),
    )
    (row,) = Schedule(both, 9).all_rows
    assert [[bar.address.rpartition(".")[2] for bar in lane] for lane in row.lanes] == [["a"], ["b"]]
    assert timeline_text(both).count("at the same time as") == 1


def test_three_hundred_outputs_are_told_in_few_rows_with_all_that_changes() -> None:
    many = [booked(f"s{n}", f"out{n}", -1, 2) for n in range(300)]
    found = document(*many, actions={"s7": "update"})
    rows, left_out = Schedule(found, 20).rows
    assert [(row.name, row.outputs) for row in rows] == [("299 like out0", 299), ("out7", 1)]
    assert left_out == 0
    changing = document(*many, actions={f"s{n}": "update" for n in range(300)})
    rows, left_out = Schedule(changing, 20).rows
    assert (len(rows), left_out) == (20, 280)
    assert "and 260 outputs more" in timeline_text(changing)


def boxes(picture: str) -> list[tuple[float, float, float, float]]:
    """Of all text: left, top, right, bottom."""
    found = []
    for text in (one for one in ElementTree.fromstring(picture).iter() if one.tag.endswith("text")):
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        found.append((x, y - 9, x + SMALL * cells(text.text or ""), y))
    return found


@pytest.mark.parametrize("count", [5, 300])
@pytest.mark.parametrize("name", ["out{}", "第一演播室-{}", "an-output-with-a-name-that-is-longer-than-its-room-{}"])
def test_no_text_lies_over_another(count: int, name: str) -> None:
    bookings = [booked(f"s{n}", name.format(n), n % 7 - 1, n % 7 + 1 + n % 3) for n in range(count)]
    years = booked("far", "far", 90000, 90002)
    texts = boxes(svg(document(*bookings, years, booked("ever", "ever", None, None), cuts=[CUT])))
    assert len(texts) > 10
    assert not [
        (a, b)
        for a, b in itertools.combinations(texts, 2)
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]


@pytest.mark.parametrize("text", NASTY)
def test_names_are_text(text: str) -> None:
    one = booked("s", "cdn", 0, 1)
    one |= {"row": f"ateme.outputs[{text}]", "input": f"ateme.inputs[{text}]"}
    found = document(one, cuts=[CUT | {"by": [text]}])
    drawn = ElementTree.fromstring(svg(found))
    assert {one.tag.partition("}")[2] for one in drawn.iter()} <= {"svg", "style", "g", "text", "title", "rect", "path"}
    assert "\u202e" not in timeline_text(found)
    assert "<script>alert" not in html(found)


def test_bars_of_changed_bookings_lead_to_their_step() -> None:
    page = html(DAY)
    links = re.findall(r'<a href="#([^"]+)"><g', page)
    assert links == [anchor("ateme.environments.eu.schedules.talk")]
    assert page.count('class="cutting"') == 1
    assert "times in Europe/Berlin" in page


def test_a_long_time_without_anything_is_squeezed_and_all_else_keeps_its_order() -> None:
    spans = [(NOON, NOON + timedelta(hours=2)), (NOON + timedelta(days=3000), NOON + timedelta(days=3000, hours=2))]
    scale = Scale(spans, NOON)
    assert [piece.squeezed for piece in scale.pieces] == [False, True, False]
    assert scale.at(spans[0][1]) - scale.at(NOON) > 0.3
    assert scale.at(None) == 0
    assert scale.at(None, last=True) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 10**5)), max_size=8),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_places_follow_time_and_ticks_keep_apart(pairs: Sequence[tuple[int, int]], zone: str) -> None:
    spans = [(NOON + timedelta(minutes=a), NOON + timedelta(minutes=a + b)) for a, b in pairs]
    scale = Scale(spans, NOON)
    times = sorted({NOON, *(time for span in spans for time in span)})
    places = [scale.at(time) for time in times]
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)
    ticks = [place for place, _ in scale.ticks(ZoneInfo(zone), 0.06)]
    assert all(b - a >= 0.06 for a, b in itertools.pairwise(ticks))


def test_a_plan_without_bookings_has_no_timeline() -> None:
    assert "nothing is booked" in timeline_text(document())
    assert "Bookings" not in html(document())


def test_rows_of_a_file_lie_in_their_environment_too() -> None:
    two = [booked(name, "cdn", 0, 1) for name in ("a", "b")]
    for one, home in zip(two, ("eu", "us"), strict=True):
        one["row"] = f"ateme.environments.{home}.outputs[Row 1.5]"
    assert [row.label for row in Schedule(document(*two), 9).all_rows] == ["eu/Row 1.5", "us/Row 1.5"]
