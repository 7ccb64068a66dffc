"""Where the next page of a list is: by its number, never by a link's own address (S-11..S-15)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from headend.core.model.errors import DecodeError
from headend.core.wire.invoke import Request
from headend.core.wire.operations import Operation

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

PAGE_SIZE = 100  # the most that a later generation of the API gives (S-12)
_LINK = re.compile(r"<([^>]*)>\s*((?:;[^,]*)+)")
_NEXT = re.compile(r";\s*rel\s*=\s*\"?next\"?\s*(?:;|$)", re.IGNORECASE)


def is_list(op: Operation) -> bool:
    return op.id_field is not None


def turn_page(op: Operation, request: Request, answer: Answer) -> Mapping[str, str] | None:
    """The number of the page after this answer: what the link to it says, else by what the headers count, else as
    long as pages are full (S-14). Raises DecodeError for no list, and for links that lead on and on."""
    if not is_list(op):
        return None
    if not isinstance(answer.body, list):
        raise DecodeError(f"straas {op.key}: the answer is no list", status=answer.status)
    page = _number(request.query.get("page")) or 1
    total, size = (_counted(op, answer.headers, name) for name in ("total", "per-page"))
    linked = _linked(op, answer.headers.get("link", ""))
    if linked is not None:
        if total is not None and size and page > -(-total // size):
            raise DecodeError(f"straas {op.key}: page {page} of {total} items leads to another one", status=200)
        return {"page": str(linked)}
    if total is not None and size:
        return {"page": str(page + 1)} if page * size < total else None
    asked = _number(request.query.get("per_page")) or PAGE_SIZE
    return {"page": str(page + 1)} if len(answer.body) >= asked else None


def _linked(op: Operation, header: str) -> int | None:
    """The page number in the address of rel "next", the one thing that is taken of it. Raises DecodeError where there
    is a next page and nobody can tell which: the list doesn't end there."""
    for url, parameters in _LINK.findall(header):
        if _NEXT.search(parameters):
            page = _number(parse_qs(urlsplit(url).query).get("page", [""])[0])
            if page is None:
                raise DecodeError(f"straas {op.key}: a link to a next page without its number", status=200)
            return page
    return None


def _counted(op: Operation, headers: Mapping[str, str], name: str) -> int | None:
    """What a header counts; None where it is not there. Raises DecodeError where it is no number."""
    if name not in headers:
        return None
    number = _number(headers[name])
    if number is None:
        raise DecodeError(f"straas {op.key}: the header {name} is no number", status=200)
    return number


def _number(given: object) -> int | None:
    text = str(given).strip()
    return int(text) if text.isascii() and text.isdecimal() else None
