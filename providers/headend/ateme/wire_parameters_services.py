"""Values of recording, groups, network probes, addresses, TitanFile (A-285..345)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from headend.ateme.wire_forms import (
    DEPLOYMENT,
    MOMENT,
    NAMES,
    STAMP,
    flags,
    ids,
    needed,
    secrets,
    texts,
    whole,
)
from headend.core.wire.parameters import Parameter, Span

_SORTED_BY = (
    *("job_id", "created_at", "job_name", "status", "job_start_time", "job_finish_time", "source_filename"),
    *("destination_filename", "duration", "cost_calculated", "job_type", "region", "deployment_name"),
)
_NEW_HOST = "create_new_mtr_host_name"


def _check_address(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("must be an IPv4 or IPv6 address") from None


def _between(name: str, **bound: Any) -> Parameter:
    return Parameter(name, "object", inner=(Parameter("gt", **bound), Parameter("lt", **bound)))


_RECORDED = (*ids("recording_bucket_id"), *flags("transcode"))
_TIMES = texts("start_time", "stop_time", **STAMP)
_S3 = (
    *needed(Parameter("protocol")),
    *secrets("access_key", "secret_key"),
    Parameter("buckets_creation_options", "object"),
)
_CONFIGURATION = Parameter("configuration", "object")
_TEMPLATE = (*texts("name"), _CONFIGURATION)
_ONE_DEPLOYMENT = needed(DEPLOYMENT)

_RECORDING: Mapping[str, tuple[Parameter, ...]] = {
    "recording_bucket.create": (
        *needed(Parameter("name", low=1, high=255), Parameter("bucket_path", low=1)),
        *(*texts("delivery_type"), *secrets("access_key", "secret_key")),
    ),
    "recording_schedule.create": (*ids("input_id"), *_RECORDED, *needed(*_TIMES)),
    "recording_schedule.update": (*_RECORDED, *_TIMES),
}
_NETWORK: Mapping[str, tuple[Parameter, ...]] = {
    "dashboard_group.create": (
        *texts("name"),
        Parameter("group_type", needed=True, choices=("source", "destination", "mv", "transcoder")),
    ),
    "dashboard_group.update": texts("name"),
    **dict.fromkeys(("mtr_host_group.create", "mtr_host_group.update"), texts("name")),
    # no length is documented for hosts that are added to a group, only for those that a report makes
    "mtr_host_group.add_host": (
        *ids("host_id"),
        Parameter("host_name", beside="host"),
        Parameter("host", beside="host_name"),
    ),
    "mtr_report.create": (
        *(Parameter("hostname", low=1), *ids("mtr_host_id", "mtr_host_group_id"), *flags("geolocate")),
        *flags("ipv4_only", "ipv6_only", "udp", "tcp", "mpls", "no-dns", "show-ips", "aslookup"),
        *texts("interface", "address"),
        *whole("first-ttl", "max-ttl", "max-unknown", "port", "localport", "psize"),
        *whole("bitpattern", "tos", "report-cycles"),
        *(Parameter(name, "number") for name in ("interval", "gracetime", "timeout")),
        Parameter(_NEW_HOST, low=3, high=50, **NAMES),
        Parameter("create_new_mtr_host_group_name", beside=_NEW_HOST),
        Parameter("add_to_existing_host_group_id", "id", beside=_NEW_HOST),
    ),
    "saved_ip.create": (*texts("ip_address", check=_check_address), *texts("name", "cloud_provider", "region")),
    "saved_ip.rename": texts("name"),
    "saved_ip.move": (*needed(*ids("target_c_env_id")), *texts("cloud_details")),
}
_TITANFILE: Mapping[str, tuple[Parameter, ...]] = {
    "tf_deployment.create": (
        Parameter("name", needed=True, low=1, high=100, **NAMES),
        *texts("version_id", "cloud_provider", "region"),
    ),
    "tf_deployment.upgrade": texts("version_id"),
    **dict.fromkeys(("tf_credentials.list", "tf_credentials.get", "tf_credentials.delete"), _ONE_DEPLOYMENT),
    "tf_credentials.create": (*_ONE_DEPLOYMENT, *needed(*texts("name")), *_S3),
    "tf_credentials.put": (*_ONE_DEPLOYMENT, *_S3),
    **dict.fromkeys(("tf_template.list", "tf_template.get", "tf_template.delete"), (DEPLOYMENT,)),
    "tf_template.create": (DEPLOYMENT, *_TEMPLATE, Parameter("local_only", "flag", beside="deployment_id")),
    "tf_template.update": (DEPLOYMENT, *_TEMPLATE),
    **dict.fromkeys(("tf_job_template.list", "tf_job_template.get", "tf_job_template.delete"), (DEPLOYMENT,)),
    **dict.fromkeys(("tf_job_template.create", "tf_job_template.update"), (DEPLOYMENT, *_TEMPLATE)),
    **{
        f"tf_job.{action}": _ONE_DEPLOYMENT
        for action in ("list", "get", "delete", "state", "start", "stop", "restart", "esam_report")
    },
    "tf_job.create": (*_ONE_DEPLOYMENT, *needed(*texts("name"), _CONFIGURATION)),
    "tf_job.priority": (*_ONE_DEPLOYMENT, *needed(*whole("new_priority", low=1))),
    "tf_job_cost.query": (
        *(DEPLOYMENT, *whole("id"), *texts("name", "region", "deployment_name")),
        *(*texts("source_filename", "destination_filename"), *whole("offset", low=0), *whole("limit", low=1, high=200)),
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
        *(_between(name, **MOMENT) for name in ("created_at", "job_start_time", "job_finish_time")),
        *(_between(name, type="number") for name in ("duration", "cost_calculated")),
    ),
}
PARAMETERS = {**_RECORDING, **_NETWORK, **_TITANFILE}

EXACTLY_ONE: Mapping[str, tuple[str, ...]] = {"mtr_report.create": ("hostname", "mtr_host_id", "mtr_host_group_id")}
SPANS: Mapping[str, tuple[Span, ...]] = dict.fromkeys(
    ("recording_schedule.create", "recording_schedule.update"), (Span("start_time", "stop_time"),)
)
