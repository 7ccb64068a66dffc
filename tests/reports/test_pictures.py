"""Pictures of signal paths: few boxes however many channels, all that changes in them, and nothing that breaks out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headend.core.reconcile.document import raise_if_no_plan
from headend.reports.dot import dot
from headend.reports.drawing import SMALL, WIDE, cells
from headend.reports.html import anchor, html
from headend.reports.layout import lay_out
from headend.reports.many import merged
from headend.reports.markdown import LIMIT, markdown
from headend.reports.mermaid import escaped, mermaid
from headend.reports.paths import paths, svg
from headend.reports.picture import MOST, Signal

NASTY = [
    '"]; click n0 "javascript:alert(1)"',
    "</script><b>",
    "```\n# x",
    "end",
    "a-->b",
    "1. one",
    "#quot;&lt;",
    "\u202ex",
]


def channels(count: int, actions: Mapping[str, str] = {}, *, homes: int = 1, name: str = "{}") -> dict[str, Any]:
    """So many inputs, each on an output. actions: what is done, by the last part of an address."""
    nodes, edges, steps = [], [], []

    def add(address: str, kind: str) -> None:
        action = actions.get(address.rpartition(".")[2], "none")
        steps.append({"address": address, "kind": kind, "action": action, "reason": "changed", "impact": "none"})

    for home in (f"ateme.environments.e{n}" for n in range(homes)):
        nodes.append({"address": home, "kind": "ateme.environment", "name": home.rpartition(".")[2]})
        add(home, "ateme.environment")
        for n in range(count):
            source, target, by = (f"{home}.{part}{n}" for part in ("inputs.in", "outputs.out", "schedules.show"))
            for address, kind in ((source, "ateme.input"), (target, "ateme.output")):
                called = name.format(address.rpartition(".")[2])
                nodes.append({"address": address, "kind": kind, "name": called, "environment": home})
                add(address, kind)
            add(by, "ateme.schedule")
            edges.append({"source": source, "target": target, "by": by})
    base = {"format": "headend.plan/2", "headend": "1", "stack": "day", "file": "day.yaml", "destroy": False}
    more = {"summary": {}, "nonce": "0" * 32, "steps": steps, "signal": {"nodes": nodes, "edges": edges}}
    raise_if_no_plan(base | more)
    return base | more


def test_few_are_drawn_each() -> None:
    picture = Signal(channels(5)).picture()
    assert [node.label for node in picture.nodes][:2] == ["in0", "out0"]
    assert [edge.label for edge in picture.edges] == [f"show{n}" for n in range(5)]


@pytest.mark.parametrize("homes", [1, 3])
def test_of_many_the_changed_and_their_neighbours_are_drawn_and_the_rest_is_counted(homes: int) -> None:
    document = channels(300, {"in7": "update", "out9": "delete", "show20": "replace"}, homes=homes)
    picture = Signal(document).picture()
    assert len(picture.nodes) <= MOST
    assert picture.left_out == 0
    labels = [node.label for node in picture.nodes]
    for name in ("in7", "out7", "in9", "out9", "in20", "out20"):
        assert labels.count(name) == homes
    assert labels.count("297 inputs like this") == labels.count("297 outputs like this") == homes
    assert [edge.count for edge in picture.edges if edge.label == "297 bookings"] == [297] * homes
    assert sum(len(node.addresses) for node in picture.nodes) == 600 * homes


def test_where_much_changes_what_is_alike_is_one_too() -> None:
    document = channels(300, {f"in{n}": "update" for n in range(200)})
    picture = Signal(document).picture()
    assert len(picture.nodes) <= MOST
    assert sum(len(node.addresses) for node in picture.nodes) == 600
    assert {node.action for node in picture.nodes} == {"update", "none"}


def test_what_has_no_room_is_counted() -> None:
    picture = Signal(channels(1, homes=100)).picture()
    assert len(picture.nodes) == MOST
    assert sum(len(node.addresses) for node in picture.nodes) + picture.left_out == 200
    assert picture.left_out > 0
    assert f"and {picture.left_out} more that are not drawn" in mermaid(channels(1, homes=100))


def test_one_environment_is_drawn_with_its_neighbours_elsewhere() -> None:
    document = channels(2, homes=3)
    away = {
        "source": "ateme.environments.e0.outputs.out1",
        "target": "ateme.environments.e1.inputs.in0",
        "likely": True,
    }
    document["signal"]["edges"].append(away)
    picture = Signal(document).picture("ateme.environments.e1")
    assert [node.addresses[0].partition("environments.")[2] for node in picture.nodes if "e1" not in node.home] == [
        "e0.outputs.out1"
    ]
    assert len(picture.edges) == 3


@pytest.mark.parametrize("text", NASTY)
def test_no_name_breaks_out_of_its_label(text: str) -> None:
    document = channels(1, name=text.replace("{", "{{").replace("}", "}}"))
    drawn = mermaid(document)
    plain = mermaid(channels(1, name="x"))
    assert [re.sub(r'".*"', '""', line) for line in drawn.splitlines()] == [
        re.sub(r'".*"', '""', line) for line in plain.splitlines()
    ]
    assert "```" not in drawn


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_labels_hold_words_and_codes_alone(text: str) -> None:
    assert re.fullmatch(r"(?:[\w -]|#\d+;)*", escaped(text))


def test_the_comment_has_the_picture_and_leaves_it_out_before_anything_dangerous() -> None:
    document = channels(5, {"in0": "update"})
    assert f"```mermaid\n{mermaid(document)}```" in markdown(document)
    change = {"path": "latency", "before": "x" * 300, "after": 1, "cause": "you"}
    for step in (many := channels(300, {f"out{n}": "update" for n in range(300)}))["steps"]:
        step["changes"] = [change] if step["action"] == "update" else []
    text = markdown(many)
    assert len(text) <= LIMIT
    assert "mermaid" not in text
    assert "out299" in text


def test_a_plan_without_streams_has_no_picture() -> None:
    document = {name: value for name, value in channels(0).items() if name != "signal"}
    assert mermaid(document) == ""
    assert "mermaid" not in markdown(document)


def drawn_boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right, bottom of each box, in the picture's own measure."""
    rects = [one for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("rect")]
    edges = [tuple(float(rect.attrib[name]) for name in ("x", "y", "width", "height")) for rect in rects]
    return [(x, y, x + width, y + height) for x, y, width, height in edges]


def no_two_overlap(boxes: list[tuple[float, float, float, float]]) -> bool:
    return not any(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for a, b in itertools.combinations(boxes, 2)
    )


def texts_fit(svg: str) -> bool:
    """Whether each text ends before its box does."""
    for group in ElementTree.fromstring(svg).iter():
        rect = next((one for one in group if one.tag.endswith("rect")), None)
        if rect is not None:
            right = float(rect.attrib["x"]) + float(rect.attrib["width"])
            for text in (one for one in group if one.tag.endswith("text")):
                small = {"small", "pill"} & set(text.attrib.get("class", "").split())
                if float(text.attrib["x"]) + cells(text.text or "") * (SMALL if small else WIDE) > right:
                    return False
    return True


@pytest.mark.parametrize("count", [5, 300])
@pytest.mark.parametrize("name", ["{}", "第一演播室-{}", "a-very-long-name-that-has-no-room-in-any-box-{}"])
def test_no_box_lies_over_another_and_each_holds_its_text(count: int, name: str) -> None:
    document = channels(count, {"in0": "update", "out1": "delete", "show2": "replace"}, name=name)
    cuts = {"source": "ateme.environments.e0.inputs.in1", "target": "ateme.environments.e0.outputs.out0"}
    document["signal"]["edges"] += [{**cuts, "by": "ateme.environments.e0.schedules.show1", "cut": True}]
    found = paths(document)
    assert found is not None
    (picture,) = found.pictures
    assert no_two_overlap(drawn_boxes(picture.svg))
    assert texts_fit(picture.svg)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30))
def test_boxes_keep_apart_whatever_joins_them(edges: list[tuple[int, int]]) -> None:
    sizes = {key: (40.0 + 10 * (key % 4), 24.0 + 16 * (key % 2)) for key in range(13)}
    layout = lay_out(sizes, edges)
    boxes = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in layout.boxes.values()]
    assert len(boxes) == len(sizes)
    assert no_two_overlap(boxes)
    assert all(box[2] <= layout.width and box[3] <= layout.height + 0.1 for box in boxes)


@pytest.mark.parametrize("text", NASTY)
def test_names_are_text_in_svg_and_in_dot(text: str) -> None:
    document = channels(1, name=text.replace("{", "{{").replace("}", "}}"))
    drawn = ElementTree.fromstring(svg(document))
    assert {one.tag.partition("}")[2] for one in drawn.iter()} <= {"svg", "style", "g", "text", "title", "rect", "path"}
    assert not any(name.startswith("on") for one in drawn.iter() for name in one.attrib)
    lines = [re.sub(r'"(?:[^"\\]|\\.)*"', '""', line) for line in dot(document).splitlines()]
    assert lines == [re.sub(r'"(?:[^"\\]|\\.)*"', '""', line) for line in dot(channels(1, name="x")).splitlines()]


def test_boxes_of_what_changes_lead_to_their_step_and_others_to_nothing() -> None:
    page = html(channels(3, {"in0": "update", "show1": "delete"}))
    links = re.findall(r'<a href="#([^"]+)"><g', page)
    assert links == [anchor("ateme.environments.e0.schedules.show1"), anchor("ateme.environments.e0.inputs.in0")]
    assert all(f'id="{link}"' in page for link in links)


def test_environments_with_changes_come_first_and_the_rest_is_counted() -> None:
    document = channels(1, homes=50)
    document["steps"][-2]["action"] = "update"
    found = paths(document)
    assert found is not None
    assert (found.pictures[0].title, found.pictures[0].changes, found.pictures[1].changes) == ("e49", True, False)
    assert len(found.pictures) + found.more == 50


def test_environments_of_several_stacks_are_told_apart() -> None:
    """Of one name in both, as of copies of a stack."""
    stacks = [channels(1) | {"stack": name} for name in ("day", "night")]
    document = merged({"format": "headend.plans/1", "headend": "1", "summary": {}, "stacks": stacks})
    found = paths(document)
    assert found is not None
    assert [picture.title for picture in found.pictures] == ["day/e0", "night/e0"]
    assert mermaid(document).count("subgraph") == 2
