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
    for number, (home, name) in enumerate(picture.homes.items()):
        if home:
            yield f'  subgraph e{number}["{escaped(name)}"]'
        yield from (f"    {names[id(node)]}{_shape(node)}" for node in picture.nodes if node.home == home)
        if home:
            yield "  end"
    for number, edge in enumerate(picture.edges):
        yield f"  {names[id(edge.source)]} {_arrow(edge)} {names[id(edge.target)]}"
        if colour := "#cf222e" if edge.cut or edge.goes else COLOURS.get(edge.action):
            yield f"  linkStyle {number} stroke:{colour},color:{colour}{',stroke-width:3px' if edge.cut else ''}"
    for name, style in CLASSES:
        if shown := [names[id(node)] for node in picture.nodes if node.action == name]:
            yield f"  classDef {name} {style}"
            yield f"  class {','.join(shown)} {name}"
    if picture.left_out:
        yield f'  more["and {picture.left_out} more that are not drawn"]'


def _shape(node: Node) -> str:
    marks = f"{SIGNS.get(node.action, '')} {'●' if node.on_air else ''}".strip()
    text = f"{escaped(marks)} {escaped(node.label)}".strip()
    kind = "" if len(node.names) > 1 else f"<br>{escaped(node.noun)}"
    return f'["{text}{kind}"]'


def _arrow(edge: Edge) -> str:
    marks = f"{SIGNS.get(edge.action, '')} {'✂' if edge.cut else ''} {'●' if edge.on_air and edge.by else ''}"
    text = f"{' '.join(map(escaped, marks.split()))} {escaped(edge.label)}".strip()
    line = "-.->" if edge.goes or edge.likely else "==>" if edge.cut else "-->"
    return f'{line}|"{text}"|' if text else line
