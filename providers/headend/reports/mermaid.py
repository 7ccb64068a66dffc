"""Signal paths as Mermaid, which code hosts draw in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headend.core.model.printable import printable
from headend.reports.picture import Edge, Node, Picture, Signal
from headend.reports.wording import SIGNS, Part

LONGEST = 40  # characters of a label
CLASSES = (
    ("create", "fill:#dafbe1,stroke:#116329,color:#116329"),
    ("update", "fill:#fff8c5,stroke:#7a5200,color:#7a5200"),
    ("replace", "fill:#ffebe9,stroke:#b3261e,color:#b3261e"),
    ("delete", "fill:#ffebe9,stroke:#b3261e,color:#b3261e,stroke-dasharray:4 3"),
    ("forget", "fill:#f6f8fa,stroke:#59636e,color:#59636e,stroke-dasharray:4 3"),
    ("adopt", "fill:#ddf4ff,stroke:#0550ae,color:#0550ae"),
    ("move", "fill:#ddf4ff,stroke:#0550ae,color:#0550ae"),
)
COLOURS = {"create": "#1a7f37", "update": "#9a6700", "replace": "#cf222e", "delete": "#cf222e"}


def mermaid(document: Part) -> str:
    """A flowchart; "" where the document has no signal."""
    found = Signal(document).picture()
    return "\n".join(_lines(found)) + "\n" if found.nodes else ""


def escaped(text: str) -> str:
    """Text in a label, which can end nothing and mean nothing but itself."""
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return re.sub(r"[^\w -]|^[_ -]", lambda found: f"#{ord(found[0])};", printable(short))


def _lines(picture: Picture) -> Iterator[str]:
    yield "flowchart LR"
    names = {id(node): f"n{number}" for number, node in enumerate(picture.nodes)}
    names |= {id(edge): f"b{number}" for number, edge in enumerate(picture.edges)}
    for number, (home, name) in enumerate(picture.homes.items()):
        if home:
            yield f'  subgraph e{number}["{escaped(name)}"]'
            yield "    direction LR"
        yield from (f"    {names[id(node)]}{_shape(node)}" for node in picture.nodes if node.home == home)
        inside = [edge for edge in picture.edges if edge.by and edge.target.home == home]
        yield from (f"    {names[id(edge)]}{_pill(edge)}" for edge in inside)
        if home:
            yield "  end"
    links = 0
    for edge in picture.edges:
        arrow, source, target = _arrow(edge), names[id(edge.source)], names[id(edge.target)]
        way = f"{arrow} {names[id(edge)]} {arrow}" if edge.by else f"{arrow}{_said(edge)}"
        yield f"  {source} {way} {target}"
        more = range(links, links + (2 if edge.by else 1))
        links = more.stop
        if colour := COLOURS["delete"] if edge.cut or edge.goes else COLOURS.get(edge.action):
            thick = ",stroke-width:3px" if edge.cut else ""
            yield f"  linkStyle {','.join(map(str, more))} stroke:{colour}{thick}"
    for name, style in CLASSES:
        boxes: list[Node | Edge] = [*picture.nodes, *(edge for edge in picture.edges if edge.by)]
        if shown := [names[id(box)] for box in boxes if box.action == name]:
            yield f"  classDef {name} {style}"
            yield f"  class {','.join(shown)} {name}"
    if picture.left_out:
        yield f'  more["and {picture.left_out} more that are not drawn"]'


def _shape(node: Node) -> str:
    marks = f"{SIGNS.get(node.action, '')} {'●' if node.on_air else ''}".strip()
    text = f"{escaped(marks)} {escaped(node.label)}".strip()
    kind = "" if len(node.names) > 1 else f"<br>{escaped(node.noun)}"
    return f'["{text}{kind}"]'


def _pill(edge: Edge) -> str:
    marks = " ".join([SIGNS.get(edge.action, ""), "CUT" if edge.cut else "", "●" if edge.on_air else ""]).split()
    return f'(["{" ".join([*map(escaped, marks), escaped(edge.label)])}"])'


def _said(edge: Edge) -> str:
    return f'|"{escaped(edge.label)}"|' if edge.label else ""


def _arrow(edge: Edge) -> str:
    return "-.->" if edge.goes or edge.likely else "==>" if edge.cut else "-->"
