"""Many objects of one kind in one parent, where squares hide: stacks, and the worlds that they need."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from convergence import ateme, just, mycujoo, rights_locker
from headend.core.wire.registry import kinds
from headend.simulator import Simulator

Fragment = Mapping[str, Any]


@dataclass(frozen=True)
class Many:
    """How there are many of a kind. one: the n-th object. change: what all of them get later; None: nothing can be
    changed. beside: collection -> the n-th object that is needed beside it. world: makes what the n-th refers to."""

    one: Callable[[int], Fragment]
    change: Callable[[int], Fragment] | None = None
    beside: Mapping[str, Callable[[int], Fragment]] = field(default_factory=dict)
    world: Callable[[Simulator, int], None] = lambda simulator, n: None


def stacks(phases: Iterable[str], kind: str, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each phase that the kind can go through, with the stack that is wanted by then."""
    for phase in phases:
        if phase != "change" or MANY[kind].change:
            yield phase, tree(kind, number, changed=phase in {"change", "destroy"})


def tree(kind: str, number: int, *, changed: bool = False) -> dict[str, Any]:
    """A stack of that many objects of the kind, all in one parent."""
    many, known = MANY[kind], kinds()[kind.partition(":")[0]]
    wanted = ateme.SETUPS.get(kind, SETUP.get(known.platform, {}))
    setup = {name: value for name, value in wanted.items() if name != "options"}
    found: dict[str, Any] = {"headend": 1, "stack": "growth", **copy.deepcopy(setup)}
    place = found.setdefault(known.platform, {})
    if known.parent:
        place = next(iter(place[kinds()[known.parent].collection].values()))
    for collection, one in many.beside.items():
        place.setdefault(collection, {}).update({f"beside-{n}": one(n) for n in range(number)})
    more = many.change if changed and many.change else lambda n: {}
    place.setdefault(known.collection, {}).update(
        {f"it-{n}": {**many.one(n), **more(n), "lifecycle": {"protect": False}} for n in range(number)}
    )
    return found


def world(kind: str, number: int) -> Simulator:
    """The platforms, with what that many objects of the kind refer to."""
    simulator = Simulator()
    for module in (ateme, just, mycujoo):
        module.WORLD(simulator)
    for n in range(number):
        MANY[kind].world(simulator, n)
    return simulator


SETUP = {"ateme": ateme.SETUP, "just": just.SETUP}


def _at(n: int, minutes: int = 0) -> str:
    return f"{datetime(2999, 1, 1, tzinfo=UTC) + timedelta(hours=n, minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def _event(n: int) -> Fragment:
    return {"input": "stadium", "start_time": _at(n), "end_time": _at(n, 30)}


def _agreement(simulator: Simulator, n: int) -> None:
    free = {"organisation_id": "org-1", "is_assigned": False, "is_finished": False, "bitrate": 20}
    simulator.sims["ateme"].world["agreements"][f"agr-it-{n}"] = {"agreement_id": f"agr-it-{n}", **free}


def _label(simulator: Simulator, n: int) -> None:
    row = {"label_id": f"l-it-{n}", "text": f"text {n}", "organisation_id": "org-1"}
    simulator.sims["ateme"].world["labels"][f"l-it-{n}"] = row


def _organization(simulator: Simulator, n: int) -> None:
    organizations = simulator.sims["mycujoo"].world["organizations"]
    organizations[f"org-it-{n}"] = {**organizations["org-1"], "id": f"org-it-{n}"}


def _setup_intent(simulator: Simulator, n: int) -> None:
    simulator.sims["mycujoo"].add_setup_intent(f"seti-it-{n}")  # type: ignore[attr-defined]  # of mycujoo's alone


def _tower(n: int) -> Fragment:
    agreement = {"permanent_schedule_agreement_id": f"agr-it-{n}"}
    return {"variant": "srt_pull", "port": 6000 + n, "latency": 200, **agreement}


def _entry(n: int) -> Fragment:
    return {"kind": "assets", "content_id": f"match-{n}"}


MANY: Mapping[str, Many] = {
    "ateme.environment": Many(lambda n: ateme.ENVIRONMENT, lambda n: {"restart_trigger": "1"}),
    "ateme.input": Many(
        lambda n: {"variant": "srt_push", "port": 6000 + n},
        lambda n: {"max_allowed_bitrate_kbps": 9000},
    ),
    "ateme.output": Many(
        lambda n: {"variant": "pull", "port": 6000 + n, "stream_id": f"out-{n}"}, lambda n: {"latency": 500}
    ),
    "ateme.alert": Many(
        lambda n: {**ateme.NOISY, "query_value": [n + 1]}, lambda n: {"alert_repeat": "24h", "muted": True}
    ),
    "ateme.alert_method": Many(
        lambda n: {"alert_type": "email", "notification_parameters": [f"{n}@example.com"]},
        lambda n: {"notification_parameters": [f"{n}@example.org"]},
    ),
    "ateme.dashboard_group": Many(lambda n: {"group_type": "source"}, lambda n: {"name": f"Gate {n}"}),
    "ateme.label": Many(lambda n: {"text": f"text {n}"}, lambda n: {"text": f"other text {n}"}),
    "ateme.mtr_host": Many(
        lambda n: {"host": f"edge-{n}.example.com", "group": {"id": "paths-1"}}, lambda n: {"group": {"id": "paths-2"}}
    ),
    "ateme.mtr_host_group": Many(lambda n: {"name": f"Edges {n}"}, lambda n: {"name": f"Other edges {n}"}),
    "ateme.recording_bucket": Many(lambda n: {"bucket_path": f"example-archive/{n}"}),
    "ateme.recording_schedule": Many(
        lambda n: {**ateme.RECORDING, "start_time": _at(n), "stop_time": _at(n, 30)}, lambda n: {"transcode": True}
    ),
    "ateme.saved_ip": Many(
        lambda n: {**ateme.ADDRESS, "ip_address": f"192.0.2.{n}"}, lambda n: {"environment": "matchday-eu"}
    ),
    "ateme.shared_contact": Many(lambda n: {"email": f"{n}@example.com"}, lambda n: {"phone": f"{n}"}),
    "ateme.source_invitation": Many(lambda n: {}, lambda n: {"show_all_channels": True}),
    "ateme.input_grant": Many(
        lambda n: {"invitation": ateme.GUESTS[0], "input": f"beside-{n}"},
        lambda n: {"invitation": ateme.GUESTS[1]},
        beside={"inputs": lambda n: {"environment": "matchday-eu", "variant": "srt_push", "port": 6000 + n}},
    ),
    "ateme.label_grant": Many(
        lambda n: {"invitation": ateme.GUESTS[0], "label": {"id": f"l-it-{n}"}},
        lambda n: {"invitation": ateme.GUESTS[1]},
        world=_label,
    ),
    "ateme.transcoder": Many(
        lambda n: {**ateme.TRANSCODER, "input": f"beside-{n}"},
        lambda n: {"number_of_audio_tracks": 4, "video_track_pid": 257},
        beside={"inputs": lambda n: {"variant": "srt_push", "port": 6000 + n}},
    ),
    "ateme.multi_viewer": Many(
        lambda n: {**ateme.VIEWER, "tile_inputs": ateme.FOUR}, lambda n: {"tile_inputs": {"1": "spare", "3": "stadium"}}
    ),
    "ateme.event": Many(_event, lambda n: {"description": f"The match {n}", "labels": [{"id": "l-1"}]}),
    "ateme.event_subscription": Many(
        lambda n: {"event": f"beside-{n}", "output": "cdn", "timed_by_event_owner": True},
        lambda n: {"timed_by_event_owner": False, "start_time": _at(n, 5), "end_time": _at(n, 25)},
        beside={"events": _event},
    ),
    "ateme.permanent_schedule": Many(
        lambda n: {"input": "stadium", "output": f"beside-{n}"},
        lambda n: {"input": "spare"},
        beside={"outputs": _tower},
        world=_agreement,
    ),
    "ateme.schedule": Many(
        lambda n: {"input": "stadium", "output": "cdn", "start_time": _at(n), "end_time": _at(n, 30)},
        lambda n: {"end_time": _at(n, 40)},
    ),
    "ateme.organisation": Many(
        lambda n: {"name": f"Channel {n}", "managed": True}, lambda n: {"purchase_order_number": f"PO {n}"}
    ),
    "ateme.organisation_user": Many(
        lambda n: {**ateme.USER, "email": f"ann-{n}@example.com"}, lambda n: {"permissions": ["operator"]}
    ),
    "ateme.tf_deployment": Many(lambda n: ateme.DEPLOYMENT, lambda n: {"version_id": "2.13.4"}),
    "ateme.tf_credentials": Many(lambda n: ateme.S3, lambda n: {"access_key": f"key-{n}"}),
    "ateme.tf_template": Many(lambda n: {"configuration": {"rate": n}}, lambda n: {"name": f"Other {n}"}),
    "ateme.tf_job": Many(lambda n: {"configuration": {"rate": n}}, lambda n: {"priority": 5}),
    "ateme.tf_job_template": Many(lambda n: {"configuration": {"rate": n}}, lambda n: {"name": f"Other {n}"}),
    "just.profile": Many(lambda n: {"name": f"Ann {n}"}, lambda n: {"gender": "f"}),
    "just.email_subscription": Many(
        lambda n: {"juid": "ann", "email": f"ann-{n}@example.com"}, lambda n: {"refid": "a", "refidm": "b"}
    ),
    "just.sms_subscription": Many(
        lambda n: {"juid": "ann", "number": f"43155500{n:03}"}, lambda n: {"refid": "a", "refidm": "b"}
    ),
    "just.utm_metric": Many(
        lambda n: {"channel": "email", "email": f"guest-{n}@example.com", "refid": "a"},
        lambda n: {"refid": "b", "refidm": "c"},
    ),
    "just.action": Many(
        lambda n: {"juid": "ann", "tags": [n], "label": "login"}, lambda n: {"triggers": {"match": "2"}}
    ),
    "mycujoo.action_configuration": Many(
        lambda n: {"action_id": "act-9", "group_id": "derby", "title": f"Replay {n}"},
        lambda n: {"fields": {"delay": 5, "clip": True}},
    ),
    "mycujoo.account": Many(
        lambda n: {"email": f"ada-{n}@example.com"}, lambda n: {"first_name": "Ada", "last_name": "Scorer"}
    ),
    "mycujoo.organization": Many(
        lambda n: {"org_id": f"org-it-{n}"}, lambda n: {"name": f"The Club {n}"}, world=_organization
    ),
    "mycujoo.payment_method": Many(lambda n: {"setup_intent_id": f"seti-it-{n}"}, world=_setup_intent),
    "rights_locker.stream_limit": Many(lambda n: {"account_id": f"viewer-{n}", "limit": 3}, lambda n: {"limit": 5}),
    "rights_locker.account_categories": Many(
        lambda n: {"account_id": f"viewer-{n}", "categories": ["sport"]}, lambda n: {"categories": ["sport", "kids"]}
    ),
    "rights_locker.entitlement": Many(
        lambda n: {**rights_locker.DERBY, "content_id": f"match-{n}"}, lambda n: {"num_devices_to_bind": 2}
    ),
    "rights_locker.entitlement_set": Many(
        lambda n: {"account_id": f"viewer-{n}", "entries": [_entry(0), _entry(1)]},
        lambda n: {"entries": [_entry(1), _entry(2)]},
    ),
    "straas.member": Many(lambda n: {"id": f"viewer-{n}", "email": f"viewer-{n}@example.com"}),
}
FEW = {"ateme.billing_details": "there is one for each of three currencies"}
"""Kinds of which there are never many, and why."""
