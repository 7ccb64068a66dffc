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
    ],
}


def WORLD(sim: Any) -> None:
    """An action with a field of every kind."""
    types = {"delay": "NUMBER", "clip": "BOOL", "gain": "FLOAT", "at": "DATETIME", "text": "STRING"}
    fields = [{"name": name, "value_type": f"VALUE_TYPE_{kind}"} for name, kind in types.items()]
    sim.sims["mycujoo"].add_action("act-9", "Replay", fields)
