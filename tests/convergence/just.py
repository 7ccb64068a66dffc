"""States that must converge: each is applied in turn, and a second plan must change nothing."""

from __future__ import annotations

from typing import Any

SETUP: dict[str, Any] = {"just": {"profiles": {"ann": {"name": "Ann"}, "ben": {}}}}

_EVENT = {"juid": "ann", "tags": [1, "derby"], "label": "login"}

CASES: dict[str, list[dict[str, Any]]] = {
    "just.profile": [
        {},
        {"ip": "192.0.2.7", "name": "Eve", "gender": "f", "birth_date": "1968-05-01"},
        {"ip": "192.0.2.7", "name": "Eve Adams", "birth_date": -52704000, "on_change": "ignore"},
        {"existing_juid": "known-juid-0001"},
    ],
    "just.email_subscription": [
        {"juid": "ann", "email": "Ann.Other@example.com", "refid": "a"},
        {"juid": "ann", "email": "ann.other@EXAMPLE.com", "refid": "b", "refidm": "c"},
        {"juid": "ann", "email": "ann@example.com", "reg_url": "https://example.com/derby", "refidm": "c"},
        {"juid": "ben", "email": "ann@example.com", "utm_source": "mail", "utm_medium": "m", "utm_campaign": "c"},
    ],
    "just.sms_subscription": [
        {"juid": "ann", "number": "+43 (1) 555-00-17"},
        {"juid": "ann", "number": "4315550017", "refid": "a"},
        {"juid": "ann", "number": "04315550017", "refid": "a", "refidm": "b"},
    ],
    "just.utm_metric": [
        {"channel": "email", "email": "guest@example.com", "refid": "a"},
        {"channel": "email", "email": "guest@example.com", "refid": "b", "refidm": "c"},
        {"channel": "sms", "number": "079998880066", "refidm": "c"},
    ],
    "just.action": [_EVENT, {**_EVENT, "triggers": {"match": "2"}}, {**_EVENT, "juid": "ben", "article": "a-17"}],
}

LASTING = {"profiles", "marks", "events"}
"""Tables with what the platform writes for itself, or nobody can delete."""

FREE: dict[str, tuple[Any, ...]] = {"save_failures": (1,)}


def WORLD(sim: Any) -> None:
    """A profile that was made elsewhere."""
    sim.sims["just"].add_profile("known-juid-0001", 35, 36)
