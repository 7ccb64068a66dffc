"""How lists are paged: by a token in the answer, never by a link or by how many rows came (M-16)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from headend.core.model.errors import DecodeError
from headend.core.wire.operations import Operation
from headend.mycujoo.answers import next_token, rows_of

LARGEST = 100  # rows that are asked for at once; no maximum is stated for the lists that headend reads


def next_page(op: Operation, body: Any) -> Mapping[str, str] | None:
    """What the query of the next page has more; None ends the list, a short or empty page doesn't.

    Raises DecodeError for an answer without the list.
    """
    if op.role != "paged":
        return None
    rows_of(op, body)
    token = next_token(op, body)
    return {"page_token": token} if token else None


async def all_pages(
    op: Operation, query: Mapping[str, Any], ask: Callable[[Mapping[str, Any]], Awaitable[Any]]
) -> list[Any]:
    """The rows of all pages, with every other parameter repeated unchanged (M-16).

    Raises DecodeError for a token that comes twice, which would go on for ever.
    """
    found: list[Any] = []
    tokens: list[Mapping[str, str]] = [{}]
    while True:
        body = await ask({**query, "page_size": LARGEST, **tokens[-1]})
        found += rows_of(op, body)
        token = next_page(op, body)
        if token is None:
            return found
        if token in tokens:
            raise DecodeError(f"mycujoo {op.key}: the same page comes again and again")
        tokens.append(token)
