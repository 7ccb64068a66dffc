"""Where the boxes of a picture lie: from left to right as the stream goes, none over another. By grandalf."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from grandalf.graphs import Edge, Graph, Vertex, graph_core
from grandalf.layouts import SugiyamaLayout
from grandalf.routing import EdgeViewer

from headend.core.model.frozen import frozen_dataclass

GAP, BETWEEN = 14.0, 44.0  # between two boxes of a column, and between two columns
LINE = 18.0  # of text
Point = tuple[float, float]


@frozen_dataclass
class Box:
    """A place on the picture, from its left upper corner."""

    x: float
    y: float
    width: float
    height: float


@frozen_dataclass
class Layout:
    """boxes: key -> box. ways: for each edge that was given, the points that it goes through. loose: where
    those begin that hang on nothing, with room for a line above; None: there are none."""

    boxes: Mapping[Hashable, Box]
    ways: Sequence[Sequence[Point]]
    width: float
    height: float
    loose: float | None = None


class _View:
    """grandalf goes from top to bottom: here its x is our y."""

    def __init__(self, width: float, height: float) -> None:
        self.w, self.h = height, width
        self.xy = (0.0, 0.0)


def lay_out(sizes: Mapping[Hashable, Point], edges: Sequence[tuple[Hashable, Hashable]]) -> Layout:
    """sizes: key -> width and height. edges: from key to key. What hangs together lies together; what hangs on nothing
    lies below, in rows."""
    joined = {key for edge in edges for key in edge}
    vertices = {key: Vertex(key) for key in sizes if key in joined}
    for key, vertex in vertices.items():
        vertex.view = _View(*sizes[key])
    drawn = [Edge(vertices[a], vertices[b]) for a, b in edges]
    for edge in drawn:
        edge.view = EdgeViewer()
    boxes: dict[Hashable, Box] = {}
    below = 0.0
    for component in Graph(list(vertices.values()), drawn).C:
        below = _place(component, below, boxes) + GAP
    width = max((box.x + box.width for box in boxes.values()), default=0.0)
    alone = {key: size for key, size in sizes.items() if key not in joined}
    loose = below + LINE if alone else None
    height = _rows(alone, loose, max(width, 600.0), boxes) if loose is not None else below - GAP
    width = max((box.x + box.width for box in boxes.values()), default=0.0)
    ways = [_way(edge, boxes) for edge in drawn]
    return Layout(boxes, ways, width, height, loose)


def _place(component: graph_core, above: float, boxes: dict[Hashable, Box]) -> float:
    """Lays out what hangs together, below `above`. Returns its lower end."""
    layout = SugiyamaLayout(component)
    layout.xspace, layout.yspace = GAP, BETWEEN
    layout.init_all()
    layout.draw(6)
    found = {vertex: vertex.view for vertex in component.sV}
    left = min(view.xy[1] - view.h / 2 for view in found.values())
    top = min(view.xy[0] - view.w / 2 for view in found.values())
    for vertex, view in found.items():
        x, y = view.xy[1] - view.h / 2 - left, view.xy[0] - view.w / 2 - top + above
        boxes[vertex.data] = Box(round(x, 1), round(y, 1), view.h, view.w)
    for edge in component.sE:
        points = getattr(edge.view, "_pts", ())
        edge.view.bends = [(y - left, x - top + above) for x, y in points[1:-1]]
    return max(boxes[vertex.data].y + boxes[vertex.data].height for vertex in found)


def _way(edge: Edge, boxes: Mapping[Hashable, Box]) -> Sequence[Point]:
    """From the right side of one box to the left side of the other."""
    a, b = boxes[edge.v[0].data], boxes[edge.v[1].data]
    bends = getattr(edge.view, "bends", [])
    return [(a.x + a.width, a.y + a.height / 2), *bends, (b.x, b.y + b.height / 2)]


def _rows(sizes: Mapping[Hashable, Point], above: float, most: float, boxes: dict[Hashable, Box]) -> float:
    """Lays boxes side by side. Returns the lower end."""
    x, lowest = 0.0, above
    for key, (width, height) in sizes.items():
        if x and x + width > most:
            x, above = 0.0, lowest + GAP
        boxes[key] = Box(x, above, width, height)
        x, lowest = x + width + GAP, max(lowest, above + height)
    return lowest
