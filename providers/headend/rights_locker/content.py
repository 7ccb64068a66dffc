"""What the entitlements family answers, read strictly: an answer that isn't understood is never an empty account."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, NamedTuple

from headend.core.model.errors import DecodeError
from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.decode import Shape, TextId, decode, decode_rows

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


def check_content_type(name: str) -> None:
    """Raises ValueError for what the one irregular list of names doesn't hold (R-25)."""
    if name not in USERS_OF:
        meant = f"; here {name} is called {CONTENT_TYPES[name]}" if name in CONTENT_TYPES else ""
        raise ValueError(f"must be one of {', '.join(USERS_OF)}{meant}")


class Item(Shape):
    """One entitlement on the wire. What is unset is left out, or null; unknown fields are left alone (R-26, R-50)."""

    content_id: TextId
    external_product_id: TextId
    publishing_rule_id: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    num_devices_to_bind: int | None = None
    updated_at: str | None = None


class Envelope(Shape):
    """What E7 and the reads of one item answer. content: kind -> items, also of kinds that headend doesn't know."""

    account_id: TextId
    content: dict[str, Any]


class Grant(NamedTuple):
    """What one entitlement is known by in its account (R-42)."""

    kind: str
    content_id: str
    external_product_id: str


@frozen_dataclass
class Content:
    """The entitlements of an account. others: kinds that headend doesn't know and that aren't empty."""

    rows: Mapping[Grant, Item] = field(default_factory=dict)
    others: tuple[str, ...] = ()


def content(op: str, account_id: str, body: Any, kinds: Iterable[str] = KINDS) -> Content:
    """What an envelope holds that the operation answered; missing and null kinds are empty (R-26).

    Raises DecodeError for any other shape, or another account: it must not look like an account that has nothing.
    """
    envelope = decode(Envelope, f"rights_locker: {op}", body)
    if envelope.account_id != account_id:
        raise DecodeError(f"rights_locker: {op}: the answer is about another account than was asked for", status=200)
    found = envelope.content
    rows: dict[Grant, Item] = {}
    for kind in kinds:
        if found.get(kind) is not None:
            for item in decode_rows(Item, f"rights_locker: {op}: {kind}", found[kind]):
                rows[Grant(kind, item.content_id, item.external_product_id)] = item
    return Content(rows, tuple(sorted(kind for kind, items in found.items() if kind not in KINDS and items)))


def only(op: str, account_id: str, body: Any, grant: Grant) -> Item | None:
    """The entitlement that was asked for, of the answer about one. Raises DecodeError where another one came (R-27)."""
    rows = content(op, account_id, body, [grant.kind]).rows
    if rows and grant not in rows:
        other = ", ".join(one.content_id for one in rows)
        raise DecodeError(f"rights_locker: {op}: asked for {shown(grant)}, and {other} was answered", status=200)
    return rows.get(grant)


def shown(grant: Grant) -> str:
    """For a person."""
    return f"{grant.kind}/{grant.content_id}/{grant.external_product_id}"
