"""Values of billing, consumption, statistics, reports (A-346..380)."""

from __future__ import annotations

from collections.abc import Mapping

from headend.ateme.wire_forms import DAY, STAMP, flags, needed, texts, whole
from headend.core.wire.parameters import Parameter, Span


def _written(*names: str, high: int | None = None, signs: str, like: str) -> tuple[Parameter, ...]:
    """Letters, digits and these signs."""
    return texts(*names, high=high, form=rf"[\w{signs}]*", like=like)


_DAYS = texts("start_date", "end_date", **DAY)
_REPORT_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d(:?\d\d)?)?"

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    "billing.payment_method": (Parameter("id", needed=True, form="pm_.+", like="pm_..."),),
    "billing.put": (
        Parameter("currency", needed=True, choices=("eur", "gbp", "usd")),
        *_written("company_name", "first_name", "last_name", high=150, signs=r" .\-", like="Example Ltd."),
        Parameter("phone", high=100, form=r"[\d \-+]*", like="+44 20 7946 0000"),
        *_written("address_line1", "address_line2", high=300, signs=r" .\-,", like="1 Example Road"),
        *_written("address_city", "address_state", high=85, signs=r" .\-", like="London"),
        *_written("address_postal_code", high=20, signs=r" \-", like="W1A 1AA"),
        Parameter("address_country_code", form="[A-Z]{2}", like="GB"),
        *_written("org_reg_number", "org_vat_number", signs=r" \-", like="GB123456789"),
        *flags("switch_org_billing_to_account"),
    ),
    "consumption.report": _DAYS,
    "consumption.report_v2": _DAYS,
    "consumption.hourly": (*_DAYS, *whole("items_per_page", low=1, high=500)),
    "stats.destination_orgs": texts("time_from", "time_to", **STAMP),
    **dict.fromkeys(("stats.inputs", "stats.outputs"), needed(*texts("time_from", "time_to", **STAMP))),
    "stats.packets": needed(*texts("time_from", "time_to", **DAY)),
    "cogs.create": texts("time_from", "time_to", form=_REPORT_TIME, like="2023-01-01 00:00:00.00+00", time=True),
}

_BETWEEN = (Span("time_from", "time_to"),)
SPANS: Mapping[str, tuple[Span, ...]] = {
    **dict.fromkeys(("stats.destination_orgs", "stats.inputs", "stats.outputs", "stats.packets"), _BETWEEN),
    "cogs.create": (Span("time_from", "time_to", 365), Span("time_from", "time_to", 90, without="organisation_id")),
    **{f"consumption.{name}": (Span("start_date", "end_date"),) for name in ("report", "report_v2", "hourly")},
}
"""Pairs of times. The document leaves the names open for consumption and COGS reports."""
