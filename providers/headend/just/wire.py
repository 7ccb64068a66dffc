"""Every call of Just, and the other forms that some of them may turn out to have.

Key -> contract: profile.create E1 ... refid.daily E10. The document contradicts itself on verbs and routes:
`FORMS` holds what to try next, in order. Slashes at the end are part of a path (J-5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from headend.core.wire.operations import Operation, Table
from headend.core.wire.parameters import Parameter, Span
from headend.just.checks import clock_time, epoch_seconds, ip_address, timestamp
from headend.just.people import juid

_V1 = "/api/user/v1"
_SUBSCRIBES = "subscribes a real person, whatever they have decided meanwhile (J-41)"
_JUID = Parameter("juid", needed=True, check=juid)
_EMAIL: dict[str, Any] = {"form": r"[^@\s]+@[^@\s]+", "like": "ann@example.com", "secret": True}
_NUMBER: dict[str, Any] = {"form": "[0-9]{7,15}", "like": "4315550017", "secret": True}
_STAMPS = (
    Parameter("regUrl", form=r"https?://[^\s/]\S*", like="https://example.com/news"),
    *(Parameter(name, low=1) for name in ("refid", "refidm", "utmSource", "utmMedium", "utmCampaign")),
)
_MARKS = Parameter(
    "data",
    "object",
    needed=True,
    like='{"email":"ann@example.com","refid":"derby"}',
    inner=(
        Parameter("email", **_EMAIL),
        Parameter("number", "digits", **_NUMBER),
        *(Parameter(name, low=1) for name in ("refid", "refidm")),
    ),
    exactly_one=("email", "number"),
    secret=True,
)
_ZONED, _CLOCK = "2026-12-05T15:00:00Z or 1796482800", '"2026-12-05 15:00:00"'
_CHANNEL = Parameter("channel", choices=("sms", "email"))
_PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    "profile.create": (
        Parameter("ip", check=ip_address, like="192.0.2.7", secret=True),
        *(Parameter(name, low=1, secret=True) for name in ("name", "gender")),
        Parameter("birthDate", "integer", check=timestamp, secret=True),
    ),
    "email.subscribe": (_JUID, Parameter("email", needed=True, **_EMAIL), *_STAMPS),
    "sms.subscribe": (_JUID, Parameter("number", needed=True, **_NUMBER), *_STAMPS),
    "email.unsubscribe": (_JUID, Parameter("email", needed=True, **_EMAIL)),
    "sms.unsubscribe": (_JUID, Parameter("number", needed=True, **_NUMBER)),
    "utm_metric.update": (Parameter("channel", choices=("sms", "email", "push")), _MARKS),
    "action.create": (
        _JUID,
        Parameter("tags", needed=True, form="[^,]+(,[^,]+)*", like="1,2,3"),
        Parameter("label", needed=True, low=1),
        Parameter("article", low=1),
    ),
    "segment.list": (_JUID,),
    "refid.count": (
        _CHANNEL,
        *(Parameter(name, needed=True, check=epoch_seconds, like=_ZONED) for name in ("startDate", "endDate")),
    ),
    "refid.daily": (
        _CHANNEL,
        *(Parameter(name, needed=True, check=clock_time, like=_CLOCK) for name in ("start", "end")),
    ),
}
"""What is documented of values (J-6, J-20, J-25, J-29, and the tables of the kinds). A number goes as digits alone."""
_SPANS = {"refid.count": (Span("startDate", "endDate", read=epoch_seconds),), "refid.daily": (Span("start", "end"),)}


def _call(key: str, method: str, path: str, number: str, title: str, body: str = "none", danger: str = "") -> Operation:
    role = path.strip("/").partition("/")[0]
    op = Operation(key, method, _V1 + path, number, title, mark="S", role=role, body=body, danger=danger)
    return replace(op, parameters=_PARAMETERS[key], spans=_SPANS.get(key, ()), complete=True)


TABLE = Table(
    [
        _call(
            "profile.create",
            "POST",
            "/subscription/create/profile",
            "E1",
            "make a profile",
            "multipart",
            "makes a profile that no call deletes (J-33, J-35)",
        ),
        _call(
            "email.subscribe",
            "POST",
            "/subscription/subscribe/email",
            "E2",
            "subscribe an e-mail address",
            "multipart",
            _SUBSCRIBES,
        ),
        _call(
            "sms.subscribe", "POST", "/subscription/subscribe/sms", "E3", "subscribe a number", "multipart", _SUBSCRIBES
        ),
        _call(
            "email.unsubscribe", "PUT", "/subscription/unsubscribe/email", "E4", "unsubscribe an e-mail address", "form"
        ),
        _call("sms.unsubscribe", "PUT", "/subscription/unsubscribe/sms", "E5", "unsubscribe a number", "form"),
        _call(
            "utm_metric.update",
            "PUT",
            "/subscription/update/utm-metric/channel/{channel}",
            "E6",
            "overwrite the referral marks of an address",
            "form",
        ),
        _call(
            "action.create",
            "POST",
            "/action/",
            "E7",
            "count an event of a profile",
            "multipart",
            "counts an event that nothing takes back (J-50)",
        ),
        _call("segment.list", "GET", "/info/segment/", "E8", "ids of the segments that a profile is in"),
        _call("refid.count", "GET", "/stat/get-count-refid/{channel}", "E9", "subscriptions by refid"),
        _call("refid.daily", "GET", "/stat/stat-by-refid/channel/{channel}", "E10", "subscriptions by day and refid"),
    ]
)


def _posted(key: str, path: str | None = None) -> Operation:
    return replace(TABLE[key], method="POST", body="multipart", path=path or TABLE[key].path)


FORMS: Final[Mapping[str, tuple[Operation, ...]]] = {
    "email.unsubscribe": (_posted("email.unsubscribe"),),
    "sms.unsubscribe": (_posted("sms.unsubscribe"),),
    "segment.list": (
        replace(TABLE["segment.list"], path=f"{_V1}/info/segments/"),
        _posted("segment.list", f"{_V1}/info/segments/"),
    ),
    "refid.daily": (replace(TABLE["refid.daily"], path=f"{_V1}/info/stat-by-refid/channel/{{channel}}"),),
}
"""Other forms of a call, to be tried after the table's own (J-21, J-23)."""

READS: Final = frozenset({"segment.list", "refid.count", "refid.daily"})
HARMLESS: Final = READS | {"email.unsubscribe", "sms.unsubscribe", "utm_metric.update"}
"""Calls that may be repeated whatever became of the first attempt (J-16, J-17)."""
