"""SVG: elements with text that can't break out of them, and a page of its own where a picture stands alone."""

from __future__ import annotations

import unicodedata
from xml.etree.ElementTree import Element, SubElement, tostring

from headend.core.model.printable import printable
from headend.reports.templates import text_of

WIDE, SMALL = 7.9, 6.7  # of a letter, at 13 px and at 11 px
NAMESPACE = "http://www.w3.org/2000/svg"


def element(parent: Element, tag: str, text: str = "", **attributes: object) -> Element:
    """A new one in its parent. Numbers are rounded; of names, `class_` is `class` and _ is -."""
    given = {
        name.rstrip("_").replace("_", "-"): f"{value:.1f}" if isinstance(value, float) else str(value)
        for name, value in attributes.items()
    }
    found = SubElement(parent, tag, given)
    found.text = printable(text) or None
    return found


def cells(text: str) -> int:
    """How many letters wide it is: those of East Asia take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in printable(text))


def shorten(text: str, most: int) -> str:
    """The text, or as much of it as has room."""
    plain = printable(text)
    if cells(plain) <= most:
        return plain
    while plain and cells(plain) > most - 1:
        plain = plain[:-1]
    return f"{plain}…"


def canvas(width: float, height: float, title: str) -> Element:
    """A picture of that size, which a reader for the blind tells by its title."""
    size = f"0 0 {width:.0f} {height:.0f}"
    found = Element("svg", {"class": "picture", "viewBox": size, "role": "img", "aria-label": printable(title)})
    found.set("width", f"{width:.0f}")
    found.set("height", f"{height:.0f}")
    return found


def as_text(picture: Element) -> str:
    return tostring(picture, encoding="unicode")


def alone(picture: Element) -> str:
    """The picture as a file, with its colours."""
    picture.set("xmlns", NAMESPACE)
    style = Element("style")
    style.text = text_of("colours.css") + text_of("picture.css")
    picture.insert(0, style)
    return as_text(picture) + "\n"
