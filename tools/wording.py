"""How a page of docs/kinds says what there is to say, and links the rules behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headend.core.model.rules import NUMBER, cited_rules, without_rules


def plain(text: str | None) -> str:
    """A docstring as paragraphs of Markdown."""
    return re.sub(r"\n +", "\n", without_rules(text or ""))


def contract(platform: str) -> str:
    """The page of a platform's rules, as the pages of kinds see it."""
    return f"../contract/{platform}.md"


def linked(platform: str, text: str | None) -> str:
    """The rules that a description cites, each a link to where it stands."""
    where = contract(platform)
    return NUMBER.sub(lambda rule: f"[{rule[0]}]({where}#{rule[0].lower()})", cited_rules(text or ""))


def sourced(platform: str, *texts: str) -> tuple[str, ...]:
    """The last cells of a row: texts, and the rules that they cite."""
    return *map(without_rules, texts), linked(platform, " ".join(texts))


def sources(platform: str, text: str | None) -> Iterator[str]:
    """A sentence with those of a docstring, if it cites any."""
    if links := linked(platform, text):
        yield f"Rules: {links}."


def row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
