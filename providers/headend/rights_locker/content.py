"""What the entitlements family answers, read strictly: an answer that isn't understood is never an empty account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from headend.core.model.errors import DecodeError

KINDS = ("assets", "assets_offline", "labels", "labels_offline")
"""Kinds of content; others (offers) are seen, and left alone (R-24, R-26)."""

CONTENT_TYPES: Mapping[str, str] = {
    "assets": "asset",
    "assets_offline": "assets_offline",
    "labels": "label",
    "labels_offline": "label_offline",
}
"""What E18 calls them, by no rule (R-25)."""

USERS_OF = (*CONTENT_TYPES.values(), "offer", "offer_offline")

Row = Mapping[str, Any]
"""One entitlement on the wire."""


class Grant(NamedTuple):
    """What one entitlement is known by in its account (R-42)."""

    kind: str
    content_id: str
    external_product_id: str


@dataclass(frozen=True)
class Content:
    """The entitlements of an account. others: kinds that headend doesn't know and that aren't empty."""

    rows: Mapping[Grant, Row] = field(default_factory=dict)
    others: tuple[str, ...] = ()


def content(body: Any, kinds: Iterable[str] = KINDS) -> Content:
    """What an envelope holds; missing and null kinds are empty (R-26).

    Raises DecodeError for any other shape: it must not look like an account that has nothing.
    """
    found = body.get("content") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise DecodeError("rights_locker: the answer has no content", status=200)
    rows: dict[Grant, Row] = {}
    for kind in kinds:
        items = found.get(kind)
        if items is not None and not isinstance(items, list):
            raise DecodeError(f"rights_locker: {kind} is no list in the answer's content", status=200)
        for item in items or ():
            rows[_grant(kind, item)] = item
    return Content(rows, tuple(sorted(kind for kind, items in found.items() if kind not in KINDS and items)))


def only(body: Any, grant: Grant) -> Row | None:
    """The entitlement that was asked for, of the answer about one. Raises DecodeError where another one came (R-27)."""
    rows = content(body, [grant.kind]).rows
    if rows and grant not in rows:
        other = ", ".join(str(one.content_id) for one in rows)
        raise DecodeError(f"rights_locker: asked for {shown(grant)}, and {other} was answered", status=200)
    return rows.get(grant)


def shown(grant: Grant) -> str:
    """For a person."""
    return f"{grant.kind}/{grant.content_id}/{grant.external_product_id}"


def _grant(kind: str, item: Any) -> Grant:
    if isinstance(item, dict):
        found = Grant(kind, item.get("content_id", ""), item.get("external_product_id", ""))
        if all(isinstance(part, str) and part for part in found):
            return found
    raise DecodeError(f"rights_locker: {kind}: an entitlement without its ids was answered", status=200)
