"""A stack in which most things refer to others, to be changed so that what is referred to is made anew."""

from __future__ import annotations

from typing import Any

from convergence.ateme import ENVIRONMENT, TRANSCODER, VIEWER

CHILDREN: dict[str, Any] = {
    "inputs": {"stadium": {"variant": "srt_push", "port": 5001}, "spare": {"variant": "srt_push", "port": 5009}},
    "outputs": {"cdn": {"variant": "srt_pull", "port": 5002, "latency": 200}},
    "transcoders": {"hd": TRANSCODER},
    "multi_viewers": {"wall": {**VIEWER, "tile_inputs": {"1": "stadium", "2": "spare"}}},
    "events": {"final": {"input": "stadium", "start_time": "2999-12-05T16:00:00Z", "end_time": "2999-12-05T17:00:00Z"}},
    "event_subscriptions": {"cdn": {"event": "final", "output": "cdn", "timed_by_event_owner": True}},
}
OUTPUT = {"outputs.cdn": {"variant": "srt_push", "host": "cdn.example.com", "latency": 200}}
INPUT = {"inputs.stadium": {"variant": "srt_pull", "host": "stadium.example.com"}}
REGION = {"environment": {"region": "us-east-1"}}
ALL = {f"{collection}.{key}" for collection, entries in CHILDREN.items() for key in entries}
MADE_ANEW: dict[str, tuple[dict[str, Any], set[str]]] = {
    "output": (OUTPUT, {"outputs.cdn", "event_subscriptions.cdn"}),
    "input": (INPUT, {"inputs.stadium", "transcoders.hd", "events.final", "event_subscriptions.cdn"}),
    "input, of which an event lets go": (
        INPUT | {"events.final": {"input": "spare"}},
        {"inputs.stadium", "transcoders.hd"},
    ),
    "environment": (REGION, {"", *ALL}),
}
"""What is changed -> (the changes, what is made anew then)."""


def referring(**changes: Any) -> dict[str, Any]:
    """changes: fields by what they are of: `environment`, or `<collection>.<key>`; None leaves it out."""
    children: dict[str, Any] = {}
    for collection, entries in CHILDREN.items():
        kept = {key: changes.get(f"{collection}.{key}", {}) for key in entries}
        children[collection] = {key: {**entries[key], **more} for key, more in kept.items() if more is not None}
    around = {**ENVIRONMENT, "lifecycle": {"protect": False}, **changes.get("environment", {})}
    return {"headend": 1, "ateme": {"environments": {"eu": {**around, **children}}}}


def made_anew(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """What has another id. before, after: address -> id."""
    changed = {address for address, id in after.items() if before.get(address) != id}
    return {address.removeprefix("ateme.environments.eu").removeprefix(".") for address in changed}
