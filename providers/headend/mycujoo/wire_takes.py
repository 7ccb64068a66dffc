"""What is documented of the values of mycujoo's operations: types, times, steps, orders (M-6, M-16, M-18, M-31..M-92).

The document says of no body which of its keys it needs (M-234). So only those are needed here without which a call
means nothing: ids of what is to be made or listed (M-195, M-201), and who is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.core.wire.takes import Span, Takes

_TIME: dict[str, Any] = {
    "form": r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
    "like": "2026-08-01T00:00:00Z",
    "time": True,
}
_INTERVAL = (Takes("interval.start_time", **_TIME), Takes("interval.end_time", **_TIME))
_STEPS = tuple(f"TIME_STEP_{step}" for step in ("UNSPECIFIED", "MINUTE", "HOUR", "DAY", "MONTH", "YEAR"))
_STEP = Takes("time_step", choices=_STEPS)
_FILTER = Takes("filter")
_PAGES = (Takes("page_size", "integer", low=1), Takes("page_token"))
_PERIOD = (Takes("start_time", **_TIME), Takes("end_time", **_TIME))
_RANKED = (
    *("total_plays", "total_playtime", "unique_users", "title"),
    *("average_buffer_ratio_live", "average_buffer_ratio_vod", "average_play_time"),
)
_YES_OR_NO: dict[str, Any] = {"choices": ("true", "false")}  # in a query it is text
_EMAIL: dict[str, Any] = {"needed": True, "form": r"[^@\s]+@[^@\s]+", "like": "ada@example.com"}
_NAMES = (Takes("first_name"), Takes("last_name"))
_ORG = Takes("org_id", needed=True)
_FIELDS = Takes(
    "fields",
    "list",
    inner=(
        Takes("field", needed=True),
        Takes("bool_value", "flag"),
        Takes("datetime_value", **_TIME),
        Takes("float_value", "number"),
        Takes("number_value", form="-?[0-9]{1,19}", like='"5", an int64 as text'),
        Takes("string_value"),
    ),
)
_TAX = Takes(
    "tax",
    "object",
    inner=(
        *(Takes(name) for name in ("address_lines", "city", "id", "name", "phone_number", "province", "zip_code")),
        Takes("country", form="([A-Za-z]{2})?", like="CH"),
    ),
)

TAKES: Mapping[str, tuple[Takes, ...]] = {
    # accounting
    "invoice.list": _PERIOD,
    "organization.update": (
        *(Takes(name) for name in ("email", "id", "invoice_template_id", "name")),
        *(Takes(name, "flag") for name in ("is_enabled", "is_test")),
        _TAX,
    ),
    "payment_method.create": (Takes("setup_intent_id", needed=True, low=1),),
    "payment_method.update": (Takes("is_default", "flag"),),
    "usage.list": (Takes("aggregate", **_YES_OR_NO), *_PERIOD, *_PAGES),
    # accounts
    "account.list": _PAGES,
    "account.create": (Takes("email", **_EMAIL), *_NAMES),
    "account.invite": (Takes("email", **_EMAIL), *_NAMES),
    "account.update": _NAMES,
    "account.batch": (Takes("account_ids", needed=True),),
    "account.batch_by_email": (Takes("email_addresses", needed=True),),
    "account.delete": (Takes("ids", needed=True),),
    "account.change_password": (Takes("new_password", needed=True), Takes("old_password", needed=True)),
    "account.check_password_reset": (Takes("reset_code", needed=True),),
    "account.resend_verification": (Takes("email", **_EMAIL), _ORG),
    "account.reset_password": (Takes("new_password", needed=True), Takes("reset_code", needed=True)),
    "account.send_password_reset": (Takes("email", **_EMAIL), _ORG),
    "account.verify": (Takes("account_id", needed=True), _ORG, Takes("verification_code", needed=True)),
    # actions
    "action.list": _PAGES,
    "action_category.list": (Takes("hide_empty", **_YES_OR_NO), *_PAGES),
    "action_configuration.list": (Takes("group_id", needed=True, low=1),),
    "action_configuration.create": (
        *(Takes(name, needed=True, low=1) for name in ("action_id", "group_id")),
        Takes("title"),
        _FIELDS,
    ),
    "action_configuration.update": (Takes("title"), Takes("order", "integer", low=-(2**31), high=2**31 - 1), _FIELDS),
    # analytics
    **dict.fromkeys(("project.consumption", "stream.consumption", "stream.stats"), (*_INTERVAL, _FILTER)),
    **dict.fromkeys(
        (
            *("project.average_playtime", "project.total_plays", "project.total_playtime", "project.unique_users"),
            *("stream.buffer_ratio", "stream.concurrent_plays"),
        ),
        (_STEP, *_INTERVAL, _FILTER),
    ),
    "project.streams": (
        Takes("order_by", form=f"({'|'.join(_RANKED)})( desc)?", like="total_plays desc; or by " + ", ".join(_RANKED)),
        *_INTERVAL,
        _FILTER,
        *_PAGES,
    ),
    "project.watch_events": (Takes("order_by"), *_INTERVAL, _FILTER, *_PAGES),
    "media_source.stats": _INTERVAL,
    "media_source.snapshots": (Takes("media_source_ids"),),
    "stream.activities": (_FILTER, *_PAGES),
    "stream.snapshots": (Takes("stream_ids"),),
    "stream.total_users": (_FILTER,),
    "stream.video_stats": _INTERVAL,
}
"""operation -> what it takes; the values of others are nowhere described."""

SPANS: Mapping[str, tuple[Span, ...]] = {
    key: (Span(*names),)
    for names in (("interval.start_time", "interval.end_time"), ("start_time", "end_time"))
    for key, takes in TAKES.items()
    if set(names) <= {one.name for one in takes}
}
