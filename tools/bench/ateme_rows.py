"""Ateme+, collection by collection: paths, and what is sent of an object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

_FIXED = {"variant", "state", "permanent_schedule_agreement_id"}


class Names(Protocol):
    """Where an object finds the ids of what it refers to by name."""

    known: dict[str, Any]

    def id(self, address: str, what: str, name: str) -> str: ...

    def refer(self, address: str, wanted: dict[str, Any], *whats: str) -> dict[str, str]: ...


Body = Callable[[Names, str, dict[str, Any]], dict[str, Any]]
"""What is sent of an object: (floor, address, object)."""


def _name(address: str) -> str:
    return address.rpartition(".")[2]


def _times(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: f"{wanted[name].removesuffix('Z')}.000Z" for name in ("start_time", "end_time") if name in wanted}


def _input(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {"id": _name(address)} | {name: value for name, value in wanted.items() if name not in _FIXED}


def _output(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if name != "variant"}


def _changed_output(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if name not in _FIXED}


def _transcoder(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in wanted.items() if name != "input"}
    return own | floor.refer(address, wanted, "input") | {"extra_video_tracks": []}


def _changed_transcoder(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    sent = _transcoder(floor, address, wanted)
    del sent["number_of_audio_tracks"]
    return sent


def _wall(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return wanted | {
        "tile_inputs": {tile: floor.id(address, "input", name) for tile, name in wanted["tile_inputs"].items()}
    }


def _tiles(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    now = _wall(floor, address, wanted)["tile_inputs"]
    gone = floor.known[address][1]["tile_inputs"].keys() - now.keys()
    return {"tile_inputs": {tile: {"input_id": id} for tile, id in (dict.fromkeys(gone, "") | now).items()}}


def _event(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    of = floor.refer(address, wanted, "input") | {"name": _name(address), "label_ids": []}
    of |= {name: wanted[name].replace("Z", "+00:00") for name in ("start_time", "end_time")}
    return of | {name: wanted[name] for name in ("description",) if name in wanted}


def _changed_event(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {"description": wanted["description"], "label_ids": []}


def _subscription(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    of = floor.refer(address, wanted, "event", "output")
    return of | _times(wanted) | {"timed_by_event_owner": wanted["timed_by_event_owner"]}


def _changed_subscription(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in _subscription(floor, address, wanted).items() if name != "event_id"}


def _permanent(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return floor.refer(address, wanted, "input")


def _schedule(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return floor.refer(address, wanted, "input", "output") | _times(wanted)


def _changed_schedule(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {"end_time": _times(wanted)["end_time"]}


def _alert(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    sent = _changed_alert(floor, address, wanted)
    return sent | {"input_ids": [floor.id(address, "input", wanted["input"])]}


def _changed_alert(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in wanted.items() if name not in {"input", "alert_method"}}
    return kept | {"alert_method_id": wanted["alert_method"]["id"]}


def _named(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {"name": _name(address)} | wanted


def _changed_group(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {"name": wanted["name"]}


def _label(floor: Names, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return wanted


@dataclass(frozen=True)
class Row:
    """How the objects of a collection are called. id: its name in answers. listed: path of what shows them, if it isn't
    theirs. create, update: paths, if they aren't; {variant}, {id} and what the object refers to stand for values.
    lasting: being made and deleted takes a while. pushed: what an environment takes one at a time. anew: a change is a
    deletion and a creation.
    """

    path: str
    id: str
    body: Body
    changes: Body
    listed: str = ""
    create: str = ""
    update: str = "{id}"
    lasting: bool = False
    pushed: tuple[str, ...] = ()
    anew: bool = False


SCHEDULES = "/api/schedules"
_ALL = ("create", "update", "delete")
ROWS = {
    "alert_methods": Row("/api/alert_methods", "alert_method_id", _named, _named),
    "dashboard_groups": Row("/api/dashboard_groups", "dashboard_group_id", _label, _changed_group),
    "labels": Row("/api/access_labels", "label_id", _label, _label),
    "inputs": Row("/api/inputs", "input_id", _input, _input, create="/api/inputs/{variant}", update="{variant}/{id}"),
    "outputs": Row(
        "/api/outputs", "output_id", _output, _changed_output, create="/api/outputs/{variant}", update="{variant}/{id}"
    ),
    "transcoders": Row(
        "/api/transcoders", "transcoder_id", _transcoder, _changed_transcoder, update="{id}/without_pids", lasting=True
    ),
    "multi_viewers": Row(
        "/api/multi_viewers",
        "multi_viewer_id",
        _wall,
        _tiles,
        listed="/api/multi_viewers/{id}",
        update="{id}/tiles",
        lasting=True,
    ),
    "events": Row("/api/events", "event_id", _event, _changed_event, pushed=("update", "delete")),
    "event_subscriptions": Row(
        "/api/event_subscriptions",
        "schedule_id",
        _subscription,
        _changed_subscription,
        listed=SCHEDULES,
        pushed=_ALL,
    ),
    "permanent_schedules": Row(
        SCHEDULES,
        "schedule_id",
        _permanent,
        _permanent,
        create="/api/outputs/{output}/permanent_schedule",
        pushed=_ALL,
        anew=True,
    ),
    "schedules": Row(SCHEDULES, "schedule_id", _schedule, _changed_schedule, pushed=_ALL),
    "alerts": Row("/api/alerts", "alert_id", _alert, _changed_alert, listed="/api/inputs/{input}/alerts"),
}
OWN = ("alert_methods", "dashboard_groups", "labels")
"""Collections of the organisation; their addresses begin with a dot."""
