"""The second line of defence against secrets in messages; the first is that secret fields are never formatted."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import quote, quote_plus

MASK: Final = "(secret)"
_SHORTEST = 4  # shorter values occur in ordinary words, and replacing them would only garble messages


class Redactor:
    """Knows secret values, and takes them out of text that came from elsewhere (a server's own message)."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def __repr__(self) -> str:
        return "Redactor()"

    def add(self, value: str) -> None:
        """Remembers a secret, also as it looks in a URL, in JSON and on one line; ignored below 4 characters."""
        if len(value.strip()) >= _SHORTEST:
            escaped = json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
            self._values.update({value, quote(value, safe=""), quote_plus(value), " ".join(value.split()), *escaped})

    def scrub(self, text: str) -> str:
        """The text with every added value replaced by "(secret)", the longest first (one may contain another)."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, MASK)
        return text


def masked(value: Any, names: Collection[str]) -> Any:
    """The value with everything that stands under one of these keys, at any depth, replaced by "(secret)"."""
    if isinstance(value, dict):
        return {
            key: MASK if key in names and inner not in (None, "") else masked(inner, names)
            for key, inner in value.items()
        }
    return [masked(inner, names) for inner in value] if isinstance(value, list) else value
