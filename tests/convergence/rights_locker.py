"""States that must converge: each is applied in turn, and a second plan must change nothing."""

from __future__ import annotations

from typing import Any

SETUP: dict[str, Any] = {}

CASES: dict[str, list[dict[str, Any]]] = {
    "rights_locker.stream_limit": [
        {"account_id": "viewer-17", "limit": 3},
        {"account_id": "viewer-17", "limit": 5},
        {"account_id": "viewer-17", "limit": 5, "reapply": "after the outage"},
        {"account_id": "viewer-18", "limit": 5},
    ],
    "rights_locker.account_categories": [
        {"account_id": "viewer-17", "categories": ["sport", "News"]},
        {"account_id": "viewer-17", "categories": ["News", "sport"]},
        {"account_id": "viewer-17", "categories": ["sport", "news", "kids"]},
        {"account_id": "viewer-17", "categories": ["kids"], "on_existing": "fail"},
        {"account_id": "someone@example.com", "categories": ["kids"]},
    ],
}


def WORLD(sim: Any) -> None:
    """Accounts need no preparation: they exist by being referred to."""
