"""Signal paths as SVG: a picture for each environment."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element

from headend.core.model.frozen import frozen_dataclass
from headend.reports.drawing import SMALL, WIDE, alone, as_text, canvas, cells, element, shorten
from headend.reports.layout import Box, Layout, Point, lay_out
from headend.reports.picture import Edge, Node, Picture, Signal, home_of
from headend.reports.wording import SIGNS, Part

LONGEST = 26  # letters of a label; its title has them all
HIGH, LOW = 40.0, 24.0  # a box with two lines, and one with one
EDGE = 8.0  # around the picture
MOST = 40  # pictures of a page

Link = Callable[[str], str | None]
"""Address -> where to read more of it."""


@frozen_dataclass
class Drawn:
    """One environment. changes: whether the plan does something there."""

    title: str
    told: str
    svg: str
    changes: bool


@frozen_dataclass
class Paths:
    """more: environments that aren't drawn."""

    pictures: Sequence[Drawn]
    more: int


def nowhere(address: str) -> str | None:
    """Leads to nothing."""
    return None


def paths(document: Part, link: Link = nowhere) -> Paths | None:
    """The pictures, those with changes first; None where the document has no signal."""
    signal = Signal(document)
    if not signal.places:
        return None
    touched = {signal.home(address) for address in signal.changed}
    homes = sorted(signal.homes, key=lambda home: home not in touched)
    drawn = [
        Drawn(
            signal.homes[home] or "elsewhere",
            _told(signal, home),
            as_text(_drawing(signal, home, link)),
            home in touched,
        )
        for home in homes[:MOST]
    ]
    return Paths(drawn, len(homes) - len(drawn))


def svg(document: Part) -> str:
    """All of them in one file, one below the other."""
    signal, high, wide = Signal(document), EDGE, 300.0
    found = canvas(0, 0, f"signal paths of {document['stack']}")
    for home in list(signal.homes)[:MOST]:
        part = _drawing(signal, home, nowhere)
        title = f"{signal.homes[home] or 'elsewhere'}: {_told(signal, home)}"
        element(found, "text", title, class_="head", x=EDGE, y=high + 12)
        inner = element(found, "g", transform=f"translate(0 {high + 20:.1f})")
        inner.extend(part)
        high += 20 + float(part.get("height", 0)) + 12
        wide = max(wide, float(part.get("width", 0)), WIDE * cells(title) + 2 * EDGE)
    element(found, "text", LEGEND, class_="small", x=EDGE, y=high + 12)
    wide, high = max(wide, SMALL * cells(LEGEND) + 2 * EDGE), high + 24
    found.set("viewBox", f"0 0 {wide:.0f} {high:.0f}")
    found.set("width", f"{wide:.0f}")
    found.set("height", f"{high:.0f}")
    return alone(found)


LOOSE = "nothing in the stack leads to or from these:"
LEGEND = "● on air  CUT, thick: by the plan  + ~ ± - what the plan does  dotted: goes away, or leads likely there"


def _told(signal: Signal, home: str) -> str:
    """How many objects there are, and what is done with them."""
    inside = [address for address in signal.places if signal.home(address) == home]
    by = {edge["by"] for edge in signal.edges if edge.get("by") and signal.home(edge["target"]) == home}
    changed = sum(signal.action(address) != "none" for address in {*inside, *by})
    live = sum(bool(signal.nodes[address].get("on_air")) for address in inside)
    counts = [(len(inside), "objects"), (live, "on air"), (changed, "to change")]
    return ", ".join(f"{count:,} {word}" for count, word in counts if count)


def _drawing(signal: Signal, home: str, link: Link) -> Element:
    picture = signal.picture(home)
    sizes: dict[Hashable, Point] = {id(node): _size(node, home) for node in picture.nodes}
    edges: list[tuple[Hashable, Hashable]] = []
    for edge in picture.edges:
        if edge.by:
            sizes[id(edge)] = (SMALL * cells(_pill(edge)) + 20, LOW)
            edges += [(id(edge.source), id(edge)), (id(edge), id(edge.target))]
        else:
            edges.append((id(edge.source), id(edge.target)))
    layout = lay_out(sizes, edges)
    found = canvas(layout.width + 2 * EDGE, layout.height + 2 * EDGE, f"signal paths of {signal.homes[home]}")
    inner = element(found, "g", transform=f"translate({EDGE} {EDGE})")
    if layout.loose is not None:
        element(inner, "text", LOOSE, class_="small", x=0.0, y=layout.loose - 6)
    _draw_ways(inner, picture, layout)
    for edge in picture.edges:
        if edge.by:
            _draw_pill(inner, edge, layout.boxes[id(edge)], link)
    for node in picture.nodes:
        _draw_node(inner, node, layout.boxes[id(node)], home, link)
    if picture.left_out:
        y = layout.height + 2 * EDGE + 10
        element(found, "text", f"and {picture.left_out:,} more that are not drawn", class_="small", x=EDGE, y=y)
        found.set("height", f"{y + 10:.0f}")
        found.set("viewBox", f"0 0 {layout.width + 2 * EDGE:.0f} {y + 10:.0f}")
    return found


def _draw_ways(inner: Element, picture: Picture, layout: Layout) -> None:
    ways = iter(layout.ways)
    for edge in picture.edges:
        marks = [name for name in ("cut", "goes", "likely") if getattr(edge, name)]
        names = " ".join([*marks, *(["air"] if edge.on_air and not marks else []), edge.action])
        for _ in range(2 if edge.by else 1):
            way = next(ways)
            element(inner, "path", class_=names, d=_curve(way))
        x, y = way[-1]
        tip = f"M{x:.1f} {y:.1f}l-7 -4v8z"
        element(inner, "path", class_=f"tip {names}", d=tip)


def _curve(way: Sequence[Point]) -> str:
    """A line through the points, level at each."""
    x, y = way[0]
    parts = [f"M{x:.1f} {y:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(way):
        middle = (x0 + x1) / 2
        parts.append(f"C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
    return "".join(parts)


def _lines(node: Node, home: str) -> tuple[str, str, str]:
    """Its sign, its name, and what it is."""
    where = "" if node.home == home else f" elsewhere: {home_of(node.home)}"
    kind = f"{node.noun}{where}" if len(node.names) == 1 else where.strip()
    return SIGNS.get(node.action, ""), shorten(node.label, LONGEST), shorten(kind, 2 * LONGEST)


def _size(node: Node, home: str) -> Point:
    sign, name, kind = _lines(node, home)
    second = SMALL * (cells(kind) + (9 if node.on_air else 0))
    return max(WIDE * (cells(name) + (2 if sign else 0)), second) + 20, HIGH


def _draw_node(inner: Element, node: Node, box: Box, home: str, link: Link) -> None:
    sign, name, kind = _lines(node, home)
    away = " away" if node.home != home else ""
    group = _linked(inner, node.addresses, link, f"node {node.action}{away}")
    said = [node.addresses[0] if len(node.addresses) == 1 else node.label, *([node.action] if sign else [])]
    more = [f"+ {', '.join(node.names[:20])}{' …' if len(node.names) > 20 else ''}"] if len(node.names) > 1 else []
    refused = ["apply would refuse this"] if node.refused else []
    impact = [node.impact] if node.impact != "none" else []
    element(group, "title", " · ".join([*said, *impact, *(["on air"] if node.on_air else []), *refused, *more]))
    element(group, "rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=6)
    x = box.x + 10
    if sign:
        element(group, "text", sign, class_="mark", x=x, y=box.y + 17)
    element(group, "text", name, x=x + (2 * WIDE if sign else 0), y=box.y + 17)
    if node.on_air:
        element(group, "text", "● on air", class_="small air", x=x, y=box.y + 32)
    element(group, "text", kind, class_="small", x=x + (9 * SMALL if node.on_air else 0), y=box.y + 32)


def _pill(edge: Edge) -> str:
    marks = f"{SIGNS.get(edge.action, '')} {'CUT' if edge.cut else ''}".split()
    return " ".join([*marks, shorten(edge.label, LONGEST)])


def _draw_pill(inner: Element, edge: Edge, box: Box, link: Link) -> None:
    group = _linked(inner, edge.by, link, f"by {edge.action}{' cut' if edge.cut else ''}")
    said = [edge.by[0] if len(edge.by) == 1 else edge.label, *([edge.action] if edge.action != "none" else [])]
    marks = ["on air"] * edge.on_air + ["the plan cuts it"] * edge.cut + ["it goes"] * edge.goes
    element(group, "title", " · ".join([*said, *marks]))
    element(group, "rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=12)
    element(group, "text", _pill(edge), class_="pill", x=box.x + 10, y=box.y + 16)


def _linked(inner: Element, addresses: Sequence[str], link: Link, names: str) -> Element:
    """A group, in a link where one object stands for itself and there is more to read."""
    place = link(addresses[0]) if len(addresses) == 1 else None
    outer = element(inner, "a", href=place) if place else inner
    return element(outer, "g", class_=names)
