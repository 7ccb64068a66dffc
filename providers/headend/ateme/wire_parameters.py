"""What the document says of the values of calls that nothing but a person makes (A-901..A-937)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.core.wire.parameters import Parameter, Span

_STAMP: dict[str, Any] = {
    "form": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}",
    "like": "2020-09-16T12:37:00+0000",
    "time": True,
}
_DAY: dict[str, Any] = {"form": r"\d{4}-\d\d-\d\d", "like": "2020-09-16", "time": True}
_MOMENT: dict[str, Any] = {"form": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "like": "1991-09-25T13:22:18", "time": True}
_SORTED_BY = (
    *("job_id", "created_at", "job_name", "status", "job_start_time", "job_finish_time", "source_filename"),
    *("destination_filename", "duration", "cost_calculated", "job_type", "region", "deployment_name"),
)
_NEW_HOST = "create_new_mtr_host_name"


def _period(needed: bool, **form: Any) -> tuple[Parameter, ...]:
    return Parameter("time_from", needed=needed, **form), Parameter("time_to", needed=needed, **form)


def _between(name: str, **bound: Any) -> Parameter:
    return Parameter(name, "object", inner=(Parameter("gt", **bound), Parameter("lt", **bound)))


_DAYS = (Parameter("start_date", **_DAY), Parameter("end_date", **_DAY))

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    "alert.action": (Parameter("action", choices=("activate", "deactivate")),),
    "agreement.create": (Parameter("number_of_agreements", "integer", low=1, high=10),),
    "multi_viewer.active_audio": (Parameter("turn_active_input_off", "flag"),),
    "billing.payment_method": (Parameter("id", needed=True, form="pm_.+", like="pm_..."),),
    "billing.put": (
        Parameter("currency", needed=True, choices=("eur", "gbp", "usd")),
        *(Parameter(n, high=150, form=r"[\w .\-]*", like="Example Ltd.") for n in ("company_name", "first_name")),
        Parameter("last_name", high=150, form=r"[\w .\-]*", like="Example"),
        Parameter("phone", high=100, form=r"[\d \-+]*", like="+44 20 7946 0000"),
        *(Parameter(f"address_line{n}", high=300, form=r"[\w .\-,]*", like="1 Example Road") for n in (1, 2)),
        *(Parameter(f"address_{n}", high=85, form=r"[\w \-.]*", like="London") for n in ("city", "state")),
        Parameter("address_postal_code", high=20, form=r"[\w \-]*", like="W1A 1AA"),
        Parameter("address_country_code", form="[A-Z]{2}", like="GB"),
        *(Parameter(n, form=r"[\w \-]*", like="GB123456789") for n in ("org_reg_number", "org_vat_number")),
    ),
    "consumption.report": _DAYS,
    "consumption.report_v2": _DAYS,
    "consumption.hourly": (*_DAYS, Parameter("items_per_page", "integer", low=1, high=500)),
    "stats.destination_orgs": _period(False, **_STAMP),
    "stats.inputs": _period(True, **_STAMP),
    "stats.outputs": _period(True, **_STAMP),
    "stats.packets": _period(True, **_DAY),
    "tf_job.priority": (Parameter("new_priority", "integer", needed=True, low=1),),
    "tf_job_cost.query": (
        Parameter("id", "integer"),
        *(Parameter(name) for name in ("name", "region", "deployment_name", "source_filename", "destination_filename")),
        Parameter("offset", "integer", low=0),
        Parameter("limit", "integer", low=1, high=200),
        Parameter(
            "sort",
            "object",
            repeated=True,
            inner=(
                Parameter("field", needed=True, choices=_SORTED_BY),
                Parameter("direction", choices=("asc", "desc")),
            ),
        ),
        Parameter("status", choices=("finished", "aborted", "crashed")),
        Parameter("type", choices=("hd", "uhd", "sd")),
        *(_between(name, **_MOMENT) for name in ("created_at", "job_start_time", "job_finish_time")),
        *(_between(name, type="number") for name in ("duration", "cost_calculated")),
    ),
    "mtr_report.create": (
        Parameter("hostname", low=1),
        Parameter("geolocate", "flag"),
        *(Parameter(name, "flag") for name in ("ipv4_only", "ipv6_only", "udp", "tcp", "mpls", "no-dns", "show-ips")),
        Parameter("aslookup", "flag"),
        *(Parameter(name) for name in ("interface", "address")),
        *(Parameter(name, "integer") for name in ("first-ttl", "max-ttl", "max-unknown", "port", "localport", "psize")),
        *(Parameter(name, "integer") for name in ("bitpattern", "tos", "report-cycles")),
        *(Parameter(name, "number") for name in ("interval", "gracetime", "timeout")),
        Parameter(_NEW_HOST, low=3, high=50, form=r"[a-zA-Z0-9. _\-]+", like="stadium-uplink"),
        Parameter("create_new_mtr_host_group_name", beside=_NEW_HOST),
        Parameter("add_to_existing_host_group_id", beside=_NEW_HOST),
    ),
}
"""Operation -> its values, as far as they are documented."""

EXACTLY_ONE: Mapping[str, tuple[str, ...]] = {"mtr_report.create": ("hostname", "mtr_host_id", "mtr_host_group_id")}
"""Operation -> values of which there must be one, and no more."""

_PERIOD = (Span("time_from", "time_to"),)
SPANS: Mapping[str, tuple[Span, ...]] = {
    **dict.fromkeys(("stats.destination_orgs", "stats.inputs", "stats.outputs", "stats.packets"), _PERIOD),
    "cogs.create": (Span("time_from", "time_to", 365), Span("time_from", "time_to", 90, without="organisation_id")),
    **{f"consumption.{name}": (Span("start_date", "end_date"),) for name in ("report", "report_v2", "hourly")},
}
"""Operation -> pairs of times. The document leaves the names open for consumption and COGS reports."""
