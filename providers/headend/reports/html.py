"""The plan as one page of HTML that needs nothing beside itself."""

from __future__ import annotations

import re

from markupsafe import Markup

from headend.reports.paths import paths
from headend.reports.sections import Told
from headend.reports.templates import render
from headend.reports.timeline import timeline
from headend.reports.wording import Part


def html(document: Part, source_url: str | None = None) -> str:
    """A page for a browser, a phone or a printer, with a filter and a link to each step."""
    told = Told(document, source_url)
    on_page = {step["address"] for step in told.writes}

    def link(address: str) -> str | None:
        return f"#{anchor(address)}" if address in on_page else None

    return render(
        "plan.html.j2",
        told=told,
        anchor=anchor,
        paths=paths(document, link),
        times=timeline(document, link),
        safe=Markup,
    )


def anchor(address: str) -> str:
    """The id of a step on the page."""
    return "step-" + re.sub(r"[^A-Za-z0-9_.-]", lambda found: f"_{ord(found[0]):x}", address)
