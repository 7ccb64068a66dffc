"""Templates of reports, and how one is filled."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["place"] = place
    return found


def place(address: str) -> str:
    """Platform, and the environment where it lies in one: "ateme matchday"."""
    platform, *parts = address.split(".")
    inside = parts[1] if parts[:1] == ["environments"] and len(parts) > 1 else ""
    return f"{platform} {inside}".strip()


def text_of(name: str) -> str:
    """A file of this folder, as it is."""
    return (Path(__file__).parent / name).read_text()


def render(template: str, **values: Any) -> str:
    """The template with the values; what is put into HTML is escaped."""
    return _environment().get_template(template).render(**values)
