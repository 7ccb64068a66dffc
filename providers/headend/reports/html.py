"""The plan as one page of HTML that needs nothing beside itself."""

from __future__ import annotations

import re

from headend.reports.sections import Told
from headend.reports.templates import render
from headend.reports.wording import Part


def html(document: Part, source_url: str | None = None) -> str:
    """A page for a browser, a phone or a printer, with a filter and a link to each step."""
    return render("plan.html.j2", told=Told(document, source_url), anchor=anchor)


def anchor(address: str) -> str:
    """The id of a step on the page."""
    return "step-" + re.sub(r"[^A-Za-z0-9_.-]", lambda found: f"_{ord(found[0]):x}", address)
