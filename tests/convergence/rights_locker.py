"""States that must converge: each is applied in turn, and a second plan must change nothing.

The lists are also gone through side by side: where an exclusive set wants an account for itself, others have another.
"""

from __future__ import annotations

from typing import Any

SETUP: dict[str, Any] = {}
DERBY = {"account_id": "viewer-19", "kind": "assets", "content_id": "derby 100%"}
SEASON = {"kind": "labels", "content_id": "season"}
NEWS = {"kind": "assets_offline", "content_id": "news", "num_devices_to_bind": 1}

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
    "rights_locker.entitlement": [
        {**DERBY, "start_time": "2026-8-1T00:00:00Z", "end_time": "2027-06-30T23:59:59+0200", "num_devices_to_bind": 2},
        {**DERBY, "start_time": "2026-08-01T02:00:00+02:00", "publishing_rule_id": "rule-1", "num_devices_to_bind": 2},
        {**DERBY, "kind": "labels_offline", "external_product_id": "season/pass", "on_existing": "fail"},
    ],
    "rights_locker.entitlement_set": [
        {"account_id": "viewer-17", "entries": [SEASON, NEWS | {"end_time": "2027-6-30T22:00:00Z"}]},
        {"account_id": "viewer-17", "entries": [NEWS, {**SEASON, "external_product_id": "default"}]},
        {"account_id": "viewer-17", "entries": [NEWS], "exclusive": True, "purge_on_delete": True},
        {"account_id": "viewer-17", "entries": [NEWS, {**NEWS, "external_product_id": "trial"}]},
        {"account_id": "someone@example.com", "entries": [SEASON]},
    ],
}

FREE: dict[str, tuple[Any, ...]] = {"write_failures": (1,), "page_size": (), "number_ids": ()}


def WORLD(sim: Any) -> None:
    """Accounts need no preparation: they exist by being referred to."""
