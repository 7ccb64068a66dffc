"""The second line of defence against secrets in messages; the first is that secret fields are never formatted."""

from __future__ import annotations

_SHORTEST = 4  # shorter values occur in ordinary words, and replacing them would only garble messages


class Redactor:
    """Knows secret values, and takes them out of text that came from elsewhere (a server's own message)."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def __repr__(self) -> str:
        return f"Redactor({len(self._values)} values)"

    def add(self, value: str) -> None:
        """Remembers a secret; ignored when it is shorter than 4 characters."""
        if len(value) >= _SHORTEST:
            self._values.add(value)

    def scrub(self, text: str) -> str:
        """The text with every added value replaced by "(secret)", the longest first (one may contain another)."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, "(secret)")
        return text
