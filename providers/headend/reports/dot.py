"""Signal paths as DOT, for Graphviz and what reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from headend.core.model.printable import printable
from headend.reports.picture import Edge, Node, Signal
from headend.reports.wording import SIGNS, Part

COLOURS = {"create": "#116329", "update": "#7a5200", "adopt": "#0550ae", "move": "#0550ae"}
COLOURS |= dict.fromkeys(("replace", "delete"), "#b3261e")


def dot(document: Part) -> str:
    """A digraph with a cluster for each environment, and every object in it: who draws it has room."""
    signal = Signal(document)
    return "\n".join(_lines(signal)) + "\n"


def quoted(text: str) -> str:
    """A string of DOT, in which nothing is an escape."""
    return json.dumps(printable(text), ensure_ascii=False)


def _lines(signal: Signal) -> Iterator[str]:
    picture = signal.picture(most=len(signal.places))
    names = {id(node): f"n{number}" for number, node in enumerate(picture.nodes)}
    yield "digraph headend {"
    yield '  rankdir=LR; node [shape=box, style="rounded", fontname="monospace"]; edge [fontname="monospace"];'
    for number, (home, name) in enumerate(picture.homes.items()):
        yield f"  subgraph cluster{number} {{ label={quoted(name or 'elsewhere')};"
        yield from (f"    {names[id(node)]} [{_node(node)}];" for node in picture.nodes if node.home == home)
        yield "  }"
    for edge in picture.edges:
        yield f"  {names[id(edge.source)]} -> {names[id(edge.target)]} [{_edge(edge)}];"
    yield "}"


def _node(node: Node) -> str:
    marks = " ".join([SIGNS.get(node.action, ""), node.label, *(["(on air)"] if node.on_air else [])]).strip()
    return f"label={quoted(marks)}, tooltip={quoted(node.addresses[0])}{_colour(node.action)}"


def _edge(edge: Edge) -> str:
    marks = " ".join([SIGNS.get(edge.action, ""), edge.label, *(["(cut)"] if edge.cut else [])]).strip()
    style = ", style=dotted" if edge.goes or edge.likely else ", penwidth=3" if edge.cut else ""
    return f"label={quoted(marks)}{style}{_colour('delete' if edge.goes or edge.cut else edge.action)}"


def _colour(action: str) -> str:
    return f', color="{COLOURS[action]}", fontcolor="{COLOURS[action]}"' if action in COLOURS else ""
