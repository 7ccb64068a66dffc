"""What is documented of the values of mycujoo's operations: types, times, steps, orders (M-6, M-16, M-18, M-31..M-92).

The document says of no body which of its keys it needs (M-234). So only those are needed here without which a call
means nothing: ids of what is to be made or listed (M-195, M-201), and who is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.core.wire.parameters import Parameter, Span

_TIME: dict[str, Any] = {
    "form": r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
    "like": "2026-08-01T00:00:00Z",
    "time": True,
}
_INTERVAL = (Parameter("interval.start_time", **_TIME), Parameter("interval.end_time", **_TIME))
_STEPS = tuple(f"TIME_STEP_{step}" for step in ("UNSPECIFIED", "MINUTE", "HOUR", "DAY", "MONTH", "YEAR"))
_STEP = Parameter("time_step", choices=_STEPS)
_FILTER = Parameter("filter")
_PAGES = (Parameter("page_size", "int32", low=1), Parameter("page_token"))
_PERIOD = (Parameter("start_time", **_TIME), Parameter("end_time", **_TIME))
_RANKED = (
    *("total_plays", "total_playtime", "unique_users", "title"),
    *("average_buffer_ratio_live", "average_buffer_ratio_vod", "average_play_time"),
)


def _ordered(column: str, like: str) -> Parameter:
    """Columns with commas between them, each with ` desc` or ` asc`, or neither (M-246)."""
    one = f"({column})( +(desc|asc))?"
    return Parameter("order_by", form=f" *{one}( *, *{one})* *", like=like)


_EMAIL: dict[str, Any] = {"needed": True, "form": r"[^@\s]+@[^@\s]+", "like": "ada@example.com"}
_NAMES = (Parameter("first_name"), Parameter("last_name"))
_ORG = Parameter("org_id", needed=True)
_NEW_PASSWORD = Parameter("new_password", needed=True, secret=True)
_RESET_CODE = Parameter("reset_code", needed=True, secret=True)
_FIELDS = Parameter(
    "fields",
    "object",
    repeated=True,
    inner=(
        Parameter("field", needed=True),
        Parameter("bool_value", "flag"),
        Parameter("datetime_value", **_TIME),
        Parameter("float_value", "number"),
        Parameter("number_value", "int64"),
        Parameter("string_value"),
    ),
    exactly_one=("bool_value", "datetime_value", "float_value", "number_value", "string_value"),
    secret=True,
)
_TAX = Parameter(
    "tax",
    "object",
    inner=(
        Parameter("address_lines", repeated=True),
        *(Parameter(name) for name in ("city", "id", "name", "phone_number", "province", "zip_code")),
        Parameter("country", form="([A-Za-z]{2})?", like="CH"),
    ),
)

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    # accounting
    "invoice.list": _PERIOD,
    "organization.update": (
        *(Parameter(name) for name in ("email", "id", "invoice_template_id", "name")),
        *(Parameter(name, "flag") for name in ("is_enabled", "is_test")),
        _TAX,
    ),
    "payment.list": (Parameter("invoice_id"),),
    "payment_method.create": (Parameter("setup_intent_id", needed=True, low=1, secret=True),),
    "payment_method.update": (Parameter("is_default", "flag"),),
    "usage.list": (Parameter("aggregate", "flag"), *_PERIOD, *_PAGES),
    "vat.validate": (Parameter("vat_number"),),
    # accounts
    "account.list": _PAGES,
    "account.create": (Parameter("email", **_EMAIL), *_NAMES),
    "account.invite": (Parameter("email", **_EMAIL), *_NAMES),
    "account.update": _NAMES,
    "account.batch": (Parameter("account_ids", needed=True, repeated=True),),
    "account.batch_by_email": (Parameter("email_addresses", needed=True, repeated=True),),
    "account.delete": (Parameter("ids", needed=True, repeated=True),),
    "account.get": (Parameter("account_id", words=("myself",)),),
    "account.change_password": (_NEW_PASSWORD, Parameter("old_password", needed=True, secret=True)),
    "account.check_password_reset": (_RESET_CODE,),
    "account.resend_verification": (Parameter("email", **_EMAIL), _ORG),
    "account.reset_password": (_NEW_PASSWORD, _RESET_CODE),
    "account.send_password_reset": (Parameter("email", **_EMAIL), _ORG),
    "account.verify": (
        Parameter("account_id", needed=True),
        _ORG,
        Parameter("verification_code", needed=True, secret=True),
    ),
    # actions
    "action.list": (Parameter("service_id"), Parameter("category_id"), *_PAGES),
    "action_call.list": (Parameter("group_id"),),
    "action_call.update": (Parameter("data", "object", secret=True),),
    "action_category.list": (Parameter("hide_empty", "flag"), *_PAGES),
    "action_configuration.list": (Parameter("group_id", needed=True, low=1),),
    "action_configuration.create": (
        *(Parameter(name, needed=True, low=1) for name in ("action_id", "group_id")),
        Parameter("title"),
        _FIELDS,
    ),
    "action_configuration.update": (
        Parameter("title"),
        Parameter("order", "int32"),
        _FIELDS,
    ),
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
        _ordered("|".join(_RANKED), "total_plays desc,title; or by " + ", ".join(_RANKED)),
        *_INTERVAL,
        _FILTER,
        *_PAGES,
    ),
    "project.watch_events": (_ordered("[a-z_.]+", "event_time desc"), *_INTERVAL, _FILTER, *_PAGES),
    "media_source.stats": _INTERVAL,
    "media_source.snapshots": (Parameter("media_source_ids", repeated=True),),
    "stream.activities": (_FILTER, *_PAGES),
    "stream.snapshots": (Parameter("stream_ids", repeated=True),),
    "stream.total_users": (_FILTER,),
    "stream.video_stats": _INTERVAL,
}
"""operation -> what it takes; others take nothing but what is in their paths."""

SPANS: Mapping[str, tuple[Span, ...]] = {
    key: (Span(*names),)
    for names in (("interval.start_time", "interval.end_time"), ("start_time", "end_time"))
    for key, parameters in PARAMETERS.items()
    if set(names) <= {one.name for one in parameters}
}
