"""How lists are paged: by a token in the answer, never by a link or by how many rows came (M-16)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from headend.core.model.errors import DecodeError
from headend.core.wire.operations import Operation

LARGEST = 100  # rows that are asked for at once; no maximum is stated for the lists that headend reads


def next_page(op: Operation, body: Any) -> Mapping[str, str] | None:
    """What the query of the next page has more; None ends the list, a short or empty page doesn't.

    Raises DecodeError for an answer without the list.
    """
    if op.role != "paged":
        return None
    rows(op, body)
    token = body.get("next_page_token")
    return {"page_token": str(token)} if token else None


def rows(op: Operation, body: Any) -> list[Any]:
    """The rows of an answer; an absent list is an empty one (M-13). Raises DecodeError for anything else."""
    found = body.get(op.list_key or "", []) if isinstance(body, Mapping) else None
    if found is None and isinstance(body, Mapping):
        return []
    if not isinstance(found, list):
        raise DecodeError(f"mycujoo {op.key}: the answer holds no list {op.list_key}")
    return found


async def all_pages(
    op: Operation, query: Mapping[str, Any], ask: Callable[[Mapping[str, Any]], Awaitable[Any]]
) -> list[dict[str, Any]]:
    """The rows of all pages, with every other parameter repeated unchanged (M-16).

    Raises DecodeError for a token that comes twice, which would go on for ever, and for rows that are no objects.
    """
    found: list[dict[str, Any]] = []
    tokens: list[Mapping[str, str]] = [{}]
    while True:
        body = await ask({**query, "page_size": LARGEST, **tokens[-1]})
        found += rows(op, body)
        token = next_page(op, body)
        if token is None:
            break
        if token in tokens:
            raise DecodeError(f"mycujoo {op.key}: the same page comes again and again")
        tokens.append(token)
    if not all(isinstance(row, dict) for row in found):
        raise DecodeError(f"mycujoo {op.key}: the list holds something else than objects")
    return found
