"""The plan as a comment on a pull request."""

from __future__ import annotations

import re

from headend.reports.sections import Told
from headend.reports.templates import render
from headend.reports.wording import SIGNS, Part

LIMIT = 65_000  # characters: what code hosts take of one comment is little more
LEVELS = 5


def markdown(document: Part, source_url: str | None = None) -> str:
    """At most LIMIT characters. What it leaves out for that is counted, and never a step that deletes, replaces, cuts
    what is on air, or is refused."""
    told = Told(document, source_url)
    for level in range(LEVELS):
        text = render("plan.md.j2", told=told, level=level, code=code, cell=cell, sign=sign)
        if len(text) <= LIMIT:
            return text
    return text[: LIMIT - 200].rpartition("\n")[0] + "\n\n**Cut here: see the plan itself for the rest.**\n"


def code(text: object) -> str:
    """A code span that holds any text, whatever backticks are in it: nothing in it is a mention, a link or HTML."""
    plain = " ".join(str(text).split("\n"))
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    space = " " if plain.startswith("`") or plain.endswith("`") or not plain else ""
    return f"{fence}{space}{plain}{space}{fence}"


def cell(text: object) -> str:
    """The same in a table."""
    return code(text).replace("|", "\\|") if str(text) else ""


def sign(action: str) -> str:
    """What stands for the action, and begins neither a list nor a quotation."""
    return f"\\{SIGNS[action]}" if SIGNS[action] in "+-<>~" else SIGNS[action]
