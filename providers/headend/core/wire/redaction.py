"""The second line of defence against secrets in messages; the first is that secret fields are never formatted."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from pydantic import BaseModel

MASK: Final = "(secret)"
_PREFIX = 3  # no form of a value is shorter
_SHORTEST = 4  # shorter values occur in ordinary words, and replacing them would only garble messages


class Redactor:
    """Knows secret values, and takes them out of text that came from elsewhere (a server's own message)."""

    def __init__(self) -> None:
        self._values: dict[str, set[str]] = {}  # by their first letters: there may be a hundred thousand

    def __repr__(self) -> str:
        return "Redactor()"

    def add(self, value: str) -> None:
        """Remembers a secret, also as it looks in a URL, in JSON and on one line; ignored below 4 characters."""
        if len(value.strip()) >= _SHORTEST:
            escaped = json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
            for form in (value, quote(value, safe=""), quote_plus(value), " ".join(value.split()), *escaped):
                self._values.setdefault(form[:_PREFIX], set()).add(form)

    def scrub(self, text: str) -> str:
        """The text with every added value replaced by "(secret)"; those that overlap are replaced together."""
        spans: list[list[int]] = []
        for at in range(len(text) - _PREFIX + 1):
            forms = self._values.get(text[at : at + _PREFIX], ())
            end = at + max((len(form) for form in forms if text.startswith(form, at)), default=0)
            if spans and at < spans[-1][1]:
                spans[-1][1] = max(spans[-1][1], end)
            elif end > at:
                spans.append([at, end])
        parts, done = [], 0
        for start, end in spans:
            parts += [text[done:start], MASK]
            done = end
        return "".join([*parts, text[done:]])


def find_texts(value: Any) -> list[str]:
    """All strings at or below a value."""
    if isinstance(value, BaseModel):
        return find_texts(vars(value))
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in find_texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in find_texts(item)]
    return [value] if isinstance(value, str) else []


def mask_keys(value: Any, names: Collection[str]) -> Any:
    """The value with everything that stands under one of these keys, at any depth, replaced by "(secret)"."""
    if isinstance(value, dict):
        return {
            key: MASK if key in names and inner not in (None, "") else mask_keys(inner, names)
            for key, inner in value.items()
        }
    return [mask_keys(inner, names) for inner in value] if isinstance(value, list) else value
