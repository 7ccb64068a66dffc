"""Values of alerts, schedules, agreements, events, invitations, contacts (A-229..284)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.ateme.wire_forms import MILLISECONDS, SECONDS, START, flags, ids, needed, optional, texts, whole
from headend.core.wire.parameters import Parameter, Span

_METRICS = (
    *("net_send.rtt", "net_recv.bitrate", "net_recv.jitter", "net_recv.loss_millipercent", "arq_recv.dropped"),
    "is_connected",
)
_REPEATS = (
    *("5m", "10m", "15m", "20m", "25m", "30m", "45m", "1h", "1h30m", "2h", "2h30m", "3h", "4h", "5h", "7m30m"),
    *("10h", "15h", "20h", "24h"),
)
_DURATION: dict[str, Any] = {"form": r"(?=\d)(\d+h)?(\d+m)?(\d+s)?", "like": "1h30m"}
_ALERT = (
    *needed(
        *ids("alert_method_id"),
        Parameter("alert_on_query", choices=_METRICS),
        Parameter("query_param", choices=("gt", "lt", "outside_range", "within_range", "no_value")),
        Parameter("query_value", "number", repeated=True, most=2),
        Parameter("query_time_range", choices=("10s", "1m", "5m", "10m", "15m", "1h")),
        Parameter("alert_check_frequency", **_DURATION),
        Parameter("alert_repeat", choices=_REPEATS),
    ),
    Parameter("alert_after_time", nullable=True, **_DURATION),
)
_METHOD = (
    Parameter("name", low=1, high=65),
    Parameter("alert_type", choices=("email", "slack")),
    Parameter("notification_parameters", repeated=True, least=1, secret=True),
)
_OWN_TIMES = texts("start_time", "end_time", **MILLISECONDS)
_EVENT = (Parameter("name", low=1, high=255), *texts("start_time", "end_time", **SECONDS))
_OFFER = (*ids("input_id"), Parameter("description", high=1000), Parameter("label_ids", "id", repeated=True))
_WRITTEN: dict[str, Any] = {"form": r"[\w .,\-@+!]*", "like": "Ada, control room"}
_CONTACT = (Parameter("name", high=80, **_WRITTEN), *texts("email", "phone", high=150, **_WRITTEN))
_TOKEN = Parameter("token", secret=True)

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    "alert.create": (*_ALERT, *(Parameter(name, "id", repeated=True) for name in ("input_ids", "output_ids"))),
    "alert.update": optional(_ALERT),
    "alert.action": (Parameter("action", choices=("activate", "deactivate")),),
    "alert_method.create": needed(*_METHOD),
    "alert_method.update": _METHOD,
    "schedule.create": (
        *ids("input_id", "output_id"),
        *needed(Parameter("start_time", **START), Parameter("end_time", **MILLISECONDS)),
    ),
    "schedule.update": (Parameter("start_time", **START), Parameter("end_time", **MILLISECONDS)),
    "event_subscription.create": (*ids("event_id", "output_id"), *needed(*flags("timed_by_event_owner")), *_OWN_TIMES),
    "event_subscription.update": (*ids("output_id"), *flags("timed_by_event_owner"), *_OWN_TIMES),
    "agreement.create": whole("number_of_agreements", low=1, high=10),
    "event.create": (*needed(*_EVENT), *_OFFER),
    "event.update": (*_EVENT, *_OFFER, *flags("remove_old_image")),
    **dict.fromkeys(("label.create", "label.update"), texts("text", low=1)),
    "label_grant.create": (_TOKEN, *ids("label_id")),
    "input_grant.create": (_TOKEN, *ids("input_id")),
    **dict.fromkeys(("label_grant.delete", "input_grant.delete"), (_TOKEN,)),
    "source_invitation.create": needed(Parameter("destination_temporary_name", low=1, high=30)),
    **{
        f"source_invitation.{action}": (_TOKEN,)
        for action in ("delete", "accept", "visibility", "max_destinations", "delete_destinations")
    },
    "source_invitation.update": (
        _TOKEN,
        *flags("show_all_channels", "show_all_events", "registered"),
        Parameter("billing_source", choices=("source_owner", "destination_taker")),
        *whole("global_max_destinations", low=1, high=10),
    ),
    "shared_contact.create": (*needed(_CONTACT[0]), *_CONTACT[1:]),
    "shared_contact.update": _CONTACT,
}

SPANS: Mapping[str, tuple[Span, ...]] = dict.fromkeys(
    (
        *("schedule.create", "schedule.update", "event_subscription.create", "event_subscription.update"),
        *("event.create", "event.update"),
    ),
    (Span("start_time", "end_time"),),
)
