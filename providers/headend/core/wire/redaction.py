"""The second line of defence against secrets in messages; the first is that secret fields are never formatted."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from pydantic import BaseModel

MASK: Final = "(secret)"
_PREFIX = 3  # no form of a value is shorter
_ESCAPE = re.compile("%[0-9A-F]{2}")
_HTML_IN_JSON = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})  # as Go's servers write JSON
_SHORTEST = 4  # shorter values occur in ordinary words, and replacing them would only garble messages


class Redactor:
    """Knows secret values, and takes them out of text that came from elsewhere (a server's own message)."""

    def __init__(self) -> None:
        self._values: dict[str, set[str]] = {}  # by their first letters: there may be a hundred thousand
        self._new: list[str] = []  # their forms are made when a text is scrubbed: most runs scrub none

    def __repr__(self) -> str:
        return "Redactor()"

    def add(self, value: str) -> None:
        """Remembers a secret, also as it looks in a URL, in JSON, in HTML, in base64 and on one line; ignored below
        4 characters."""
        if len(value.strip()) >= _SHORTEST:
            self._new.append(value)

    def scrub(self, text: str) -> str:
        """The text with every added value replaced by "(secret)"; those that overlap are replaced together."""
        while self._new:
            for form in _forms(self._new.pop()):
                self._values.setdefault(form[:_PREFIX], set()).add(form)
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


def _forms(value: str) -> Iterator[str]:
    """The value, and how other programs write it."""
    yield value
    yield " ".join(value.split())
    for quoted in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield quoted
        yield _ESCAPE.sub(lambda escape: escape[0].lower(), quoted)
    for ascii_only in (True, False):
        plain = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        for once in (plain, plain.translate(_HTML_IN_JSON)):
            for escaped in (once, json.dumps(once, ensure_ascii=ascii_only)[1:-1]):  # a JSON text in a JSON text
                yield escaped
                yield escaped.replace("/", "\\/")
    yield html.escape(value)
    yield html.escape(value).replace("&#x27;", "&#39;")
    yield html.escape(value, quote=False)
    yield from _base64(value.encode())


def _base64(value: bytes) -> Iterator[str]:
    """What of the base64 text is the value's own, wherever it stands in what was encoded: after 0, 1 or 2 bytes."""
    for before in range(3):
        text = b64encode(bytes(before) + value).decode()
        first = (before * 8 + 5) // 6  # the characters before hold bits of what stands there
        own = text[first : (before + len(value)) * 8 // 6]
        if len(own) >= _SHORTEST:
            yield own
            yield own.replace("+", "-").replace("/", "_")


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


def texts_under(value: Any, names: Collection[str], *, under: bool = False) -> Iterator[str]:
    """All texts and numbers that stand under one of these keys, at any depth. under: whether the value does."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_under(inner, names, under=under or key in names)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_under(inner, names, under=under)
    elif under and value is not None and not isinstance(value, bool):
        yield str(value)
