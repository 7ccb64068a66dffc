"""The rules of a contract that a description cites: for who reads the code its source, for all others noise."""

from __future__ import annotations

import re

NUMBER = re.compile(r"[A-Z]-\d+")
_ONE = r"(?:[A-Z]-\d+|E\d+)"
_CITED = re.compile(rf"\s*\(({_ONE}(?:(?:,\s+|\s+to\s+|\.\.){_ONE})*)\)")


def without_rules(text: str) -> str:
    """The text without what is in brackets and nothing but numbers of rules (A-7, A-9 to A-12) or operations (E2)."""
    return _CITED.sub("", text).strip()


def cited_rules(text: str) -> str:
    """What `without_rules` leaves out: "A-7, A-9 to A-12"."""
    return " ".join(", ".join(_CITED.findall(text)).split())
