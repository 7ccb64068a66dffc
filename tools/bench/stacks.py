"""Stacks of N objects of one kind, with what they refer to, and the world that they need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Any

Stack = dict[str, Any]
Changed = Callable[[int], bool]
"""Whether the object of that number is changed."""

_PLACE = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
_ALWAYS = {"maintenance": [{"start": "2000-01-01T00:00:00Z", "end": "3000-01-01T00:00:00Z"}]}
_FEED = {"stadium": {"variant": "srt_push", "port": 2000, "latency": 200}}
_TAKER = {"cdn": {"variant": "srt_pull", "port": 2001, "latency": 200}}
_NOISY = {
    "input": "stadium",
    "alert_method": {"id": "told-1"},
    "alert_on_query": "net_recv.bitrate",
    "query_param": "lt",
    "query_time_range": "1m",
    "alert_check_frequency": "30s",
    "alert_repeat": "7m30m",
}
_TRANSCODER = {
    "input": "stadium",
    "video_codec": "MPEG-4",
    "video_frame_size": "1280x720",
    "video_frame_rate": "50",
    "video_gop": 50,
    "audio_codec": "MPEG AAC",
    "audio_sample_rate": "48 kHz",
    "audio_bitrate": "128Kbps",
    "number_of_audio_tracks": 2,
}
_WALL = {"layout_id": 1, "max_allowed_bitrate_kbps": 8000}


def _listed(size: int, one: Callable[[int], Stack]) -> Stack:
    return {f"one-{number:05}": one(number) for number in range(size)}


def _time(number: int, second: int = 0) -> str:
    """An hour of its own for each number."""
    day = f"{2900 + number // 8064}-{1 + number // 672 % 12:02}-{1 + number // 24 % 28:02}"
    return f"{day}T{number % 24:02}:00:{second:02}Z"


# --- Ateme+ -------------------------------------------------------------------------------------------------------
def _placed(**collections: Stack) -> Stack:
    """One environment with those objects."""
    return {"options": _ALWAYS, "ateme": {"environments": {"place": _PLACE | collections}}}


def _environments(size: int, changed: Changed) -> Stack:
    return {
        "options": _ALWAYS,
        "ateme": {"environments": _listed(size, lambda n: _PLACE | {"state": "stopped" if changed(n) else "started"})},
    }


def _inputs(size: int, changed: Changed) -> Stack:
    return _placed(
        inputs=_listed(size, lambda n: {"variant": "srt_push", "port": 2000 + n, "latency": 900 if changed(n) else 200})
    )


def _outputs(size: int, changed: Changed) -> Stack:
    return _placed(
        outputs=_listed(
            size, lambda n: {"variant": "srt_pull", "port": 2000 + n, "latency": 900 if changed(n) else 200}
        )
    )


def _alerts(size: int, changed: Changed) -> Stack:
    return _placed(
        inputs=_FEED,
        alerts=_listed(
            size, lambda n: {**_NOISY, "query_value": [n + 1], "alert_after_time": "90s" if changed(n) else "60s"}
        ),
    )


def _alert_methods(size: int, changed: Changed) -> Stack:
    def one(number: int) -> Stack:
        where = f"noc-{number}@example.com" if changed(number) else f"shift-{number}@example.com"
        return {"alert_type": "email", "notification_parameters": [where]}

    return {"ateme": {"alert_methods": _listed(size, one)}}


def _groups(size: int, changed: Changed) -> Stack:
    def one(number: int) -> Stack:
        return {"group_type": "source", "name": f"Gate {number}{', north' if changed(number) else ''}"}

    return {"ateme": {"dashboard_groups": _listed(size, one)}}


def _labels(size: int, changed: Changed) -> Stack:
    return {"ateme": {"labels": _listed(size, lambda n: {"text": f"Derby {n}{', English' if changed(n) else ''}"})}}


def _transcoders(size: int, changed: Changed) -> Stack:
    return _placed(
        inputs=_FEED,
        transcoders=_listed(size, lambda n: {**_TRANSCODER, "video_bitrate": 4000 if changed(n) else 5000}),
    )


def _walls(size: int, changed: Changed) -> Stack:
    return _placed(
        inputs=_FEED,
        multi_viewers=_listed(size, lambda n: {**_WALL, "tile_inputs": {"4" if changed(n) else "1": "stadium"}}),
    )


def _events(size: int, changed: Changed) -> Stack:
    def one(number: int) -> Stack:
        times = {"start_time": _time(number), "end_time": _time(number, 30)}
        return {"input": "stadium", **times, "description": f"Match {number}{', final' if changed(number) else ''}"}

    return _placed(inputs=_FEED, events=_listed(size, one))


def _subscriptions(size: int, changed: Changed) -> Stack:
    """Of as few events and outputs as give that many pairs."""
    side = isqrt(size - 1) + 1
    event = {"input": "stadium", "start_time": _time(0), "end_time": _time(9)}

    def one(number: int) -> Stack:
        pair = {"event": f"one-{number // side:05}", "output": f"one-{number % side:05}"}
        own = {"start_time": _time(1), "end_time": _time(2)} if changed(number) else {}
        return {**pair, "timed_by_event_owner": not own, **own}

    outputs = _listed(side, lambda n: {"variant": "srt_pull", "port": 2001 + n, "latency": 200})
    events = _listed(side, lambda n: event)
    return _placed(inputs=_FEED, outputs=outputs, events=events, event_subscriptions=_listed(size, one))


def _permanent(size: int, changed: Changed) -> Stack:
    """Each on an output of its own: an agreement allows one."""
    feeds = _FEED | {"spare": {"variant": "srt_push", "port": 1999, "latency": 200}}

    def output(number: int) -> Stack:
        agreed = {"permanent_schedule_agreement_id": f"agr-{number}"}
        return {"variant": "srt_pull", "port": 2001 + number, "latency": 200, **agreed}

    def one(number: int) -> Stack:
        return {"input": "spare" if changed(number) else "stadium", "output": f"one-{number:05}"}

    return _placed(inputs=feeds, outputs=_listed(size, output), permanent_schedules=_listed(size, one))


def _schedules(size: int, changed: Changed) -> Stack:
    def one(number: int) -> Stack:
        times = {"start_time": _time(number), "end_time": _time(number, 40 if changed(number) else 30)}
        return {"input": "stadium", "output": "cdn", **times}

    return _placed(inputs=_FEED, outputs=_TAKER, schedules=_listed(size, one))


def _agreements(simulator: Any, size: int) -> None:
    free = {"organisation_id": "org-1", "is_assigned": False, "is_finished": False, "bitrate": 20}
    rows = {f"agr-{number}": {"agreement_id": f"agr-{number}", **free} for number in range(size)}
    simulator.sims["ateme"].world["agreements"] |= rows


def _methods(simulator: Any, size: int) -> None:
    told = {"name": "told", "alert_type": "email", "notification_parameters": ["noc@example.com"]}
    row = {"alert_method_id": "told-1", **told, "organisation_id": "org-1", "is_deleted": False}
    simulator.sims["ateme"].world["alert_methods"]["told-1"] = row


# --- the others ---------------------------------------------------------------------------------------------------
def _just(collection: str, one: Callable[[int, bool], Stack]) -> Callable[[int, Changed], Stack]:
    """With one person whom all of them are about."""

    def stack(size: int, changed: Changed) -> Stack:
        return {"just": {"profiles": {"ann": {}}, collection: _listed(size, lambda n: one(n, changed(n)))}}

    return stack


def _profiles(size: int, changed: Changed) -> Stack:
    return {"just": {"profiles": _listed(size, lambda n: {"name": "Eve" if changed(n) else "Ann", "birth_date": n})}}


def _configurations(size: int, changed: Changed) -> Stack:
    """A hundred in each group."""

    def one(number: int) -> Stack:
        of = {"action_id": "act-1", "group_id": f"group-{number // 100}", "title": f"Replay {number}"}
        return {**of, "fields": {"delay": 9 if changed(number) else 1}}

    return {"mycujoo": {"action_configurations": _listed(size, one)}}


def _accounts(size: int, changed: Changed) -> Stack:
    def one(number: int) -> Stack:
        names = {"first_name": "Ada", "last_name": "B" if changed(number) else "A"}
        return {"email": f"ada-{number}@example.com", **names, "invite": True}  # else each has a password to be kept

    return {"mycujoo": {"accounts": _listed(size, one)}}


def _viewers(collection: str, one: Callable[[bool], Stack]) -> Callable[[int, Changed], Stack]:
    def stack(size: int, changed: Changed) -> Stack:
        of = _listed(size, lambda n: {"account_id": f"viewer-{n}"} | one(changed(n)))
        return {"rights_locker": {collection: of}}

    return stack


def _members(size: int, changed: Changed) -> Stack:
    return {"straas": {"members": _listed(size, lambda n: {"id": f"viewer-{n}", "email": f"v{n}@example.com"})}}


def _season(changed: bool) -> Stack:
    return {"kind": "labels", "content_id": "season", "end_time": f"2999-06-{20 if changed else 30}T00:00:00Z"}


# --- all ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Sort:
    """A kind as it is measured. stack: of N objects, by number changed or not. world: prepares a simulator. changes:
    whether there is something that can be changed."""

    stack: Callable[[int, Changed], Stack]
    world: Callable[[Any, int], None] = lambda simulator, size: None
    changes: bool = True


SORTS: dict[str, Sort] = {
    "ateme.input": Sort(_inputs),
    "ateme.output": Sort(_outputs),
    "ateme.environment": Sort(_environments),
    "ateme.alert": Sort(_alerts, _methods),
    "ateme.alert_method": Sort(_alert_methods),
    "ateme.dashboard_group": Sort(_groups),
    "ateme.label": Sort(_labels),
    "ateme.transcoder": Sort(_transcoders),
    "ateme.multi_viewer": Sort(_walls),
    "ateme.event": Sort(_events),
    "ateme.event_subscription": Sort(_subscriptions),
    "ateme.permanent_schedule": Sort(_permanent, _agreements),
    "ateme.schedule": Sort(_schedules),
    "just.profile": Sort(_profiles),
    "just.email_subscription": Sort(
        _just(
            "email_subscriptions",
            lambda n, c: {"juid": "ann", "email": f"a{n}@example.com", "refid": "b" if c else "a"},
        )
    ),
    "just.sms_subscription": Sort(
        _just("sms_subscriptions", lambda n, c: {"juid": "ann", "number": f"4315{n:06}", "refid": "b" if c else "a"})
    ),
    "just.utm_metric": Sort(
        _just(
            "utm_metrics", lambda n, c: {"channel": "email", "email": f"g{n}@example.com", "refid": "b" if c else "a"}
        )
    ),
    "just.action": Sort(
        _just("actions", lambda n, c: {"juid": "ann", "tags": [str(n)], "label": "login" if c else "seen"})
    ),
    "mycujoo.action_configuration": Sort(_configurations),
    "mycujoo.account": Sort(_accounts),
    "rights_locker.stream_limit": Sort(_viewers("stream_limits", lambda c: {"limit": 5 if c else 3})),
    "rights_locker.account_categories": Sort(
        _viewers("account_categories", lambda c: {"categories": ["sport", "kids" if c else "news"]})
    ),
    "rights_locker.entitlement": Sort(_viewers("entitlements", _season)),
    "rights_locker.entitlement_set": Sort(_viewers("entitlement_sets", lambda c: {"entries": [_season(c)]})),
    "straas.member": Sort(_members, changes=False),
}
"""All but organisations and payment methods of mycujoo, of which there are a handful."""


def prepare(simulator: Any, kind: str, size: int) -> None:
    SORTS[kind].world(simulator, size)


def write(kind: str, size: int, *, changed: bool) -> str:
    """The stack file; changed: one object of a hundred is otherwise."""
    stack = SORTS[kind].stack(size, lambda number: changed and number % 100 == 0)
    return "\n".join(_lines({"headend": 1, "stack": "bench"} | stack)) + "\n"


def _lines(value: Stack, indent: str = "") -> Iterator[str]:
    """YAML as people write it: a line for each key. PyYAML's own writer takes longer than all the rest."""
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield f"{indent}{json.dumps(key) if key.isdigit() else key}:"
            yield from _lines(item, indent + "  ")
        else:
            yield f"{indent}{json.dumps(key) if key.isdigit() else key}: {json.dumps(item)}"
