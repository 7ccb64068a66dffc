"""States that must converge: each is applied in turn, and a second plan must change nothing."""

from __future__ import annotations

from typing import Any

SETUP: dict[str, Any] = {}

_BASE = {"action_id": "act-9", "group_id": "derby", "title": "Goal replay"}
_ALL = {
    "delay": 0,
    "clip": False,
    "gain": {"float_value": 0.1},
    "at": {"datetime_value": "2026-12-05T16:00:00.50+01:00"},
    "text": "",
}

CASES: dict[str, list[dict[str, Any]]] = {
    "mycujoo.action_configuration": [
        {**_BASE},
        {**_BASE, "fields": {"delay": 5, "clip": True}},
        {**_BASE, "fields": _ALL},
        {**_BASE, "fields": {"text": "a", "delay": {"number_value": "9223372036854775807"}}, "order": 4},
        {**_BASE, "fields": {}, "order": 0},
        {**_BASE, "title": "Goal replay, slow"},
        {**_BASE, "group_id": "cup"},
        {**_BASE, "group_id": "cup", "action_id": "act-1", "fields": {"delay": 1}},
        {**_BASE, "action_id": {"lookup": {"title": "Replay", "category_id": {"lookup": {"title": "Highlights"}}}}},
    ],
    "mycujoo.account": [
        {"email": "Ada@Example.com"},
        {"email": "ada@example.com", "first_name": "Ada", "last_name": "Scorer"},
        {"email": "ada@example.com", "first_name": "Ada", "invite": True},
        {"email": "bob@example.com", "last_name": "Keeper", "invite": True},
    ],
    "mycujoo.organization": [
        {"org_id": "org-1"},
        {"org_id": "org-1", "name": "The Club", "is_test": True, "tax": {"city": "Basel", "address_lines": ["a", "b"]}},
        {"org_id": "org-1", "email": "money@example.com", "is_enabled": True, "tax": {"country": "AT"}},
        {"org_id": "org-2", "name": "The other club"},
    ],
    "mycujoo.payment_method": [
        {"setup_intent_id": "seti-1"},
        {"setup_intent_id": "seti-1", "is_default": True},
        {"is_default": True},
        {"setup_intent_id": "seti-2"},
    ],
}


_CONFIGURATION, _ACCOUNT = ("mycujoo.action_configuration",), ("mycujoo.account",)
CONCERNS: dict[str, tuple[str, ...]] = {
    "missing_as": _CONFIGURATION,
    "all_values": _CONFIGURATION,
    "defaults": _CONFIGURATION,
    "order": _CONFIGURATION,
    "pages": (*_CONFIGURATION, *_ACCOUNT),
    "by_email_delay": _ACCOUNT,
    "email_case": _ACCOUNT,
    "email_match": _ACCOUNT,
    "delete_unknown": _ACCOUNT,
    "org_patch": ("mycujoo.organization",),
    "setup_intent_again": ("mycujoo.payment_method",),
}
"""Switches that only some kinds can tell apart."""

FREE: dict[str, tuple[Any, ...]] = {"by_email_delay": (2,)}
UNREACHABLE = {("patch_zero", "ignored"), ("fields_patch", "merge")}


def WORLD(sim: Any) -> None:
    """An action with a field of every kind, another organisation, and two cards that somebody has entered."""
    mycujoo = sim.sims["mycujoo"]
    types = {"delay": "NUMBER", "clip": "BOOL", "gain": "FLOAT", "at": "DATETIME", "text": "STRING"}
    fields = [{"name": name, "value_type": f"VALUE_TYPE_{kind}"} for name, kind in types.items()]
    mycujoo.add_action("act-9", "Replay", fields, category_id="cat-1")
    mycujoo.world["categories"].append({"id": "cat-1", "title": "Highlights", "menu_title": "Best", "description": ""})
    mycujoo.world["organizations"]["org-2"] = {**mycujoo.world["organizations"]["org-1"], "id": "org-2"}
    for id in ("seti-1", "seti-2"):
        mycujoo.add_setup_intent(id)
