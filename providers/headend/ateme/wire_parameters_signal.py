"""Values of inputs and outputs (A-145..203). Bounds that the document doesn't print for a value aren't held (A-49)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.ateme.wire_forms import ids, needed, optional, secrets, texts, whole, zero_or_from
from headend.core.wire.parameters import Parameter

_DESCRIPTION = Parameter("user_description", high=255)
_ID = Parameter("id", needed=True, low=1, high=128)
_LATENCY = Parameter("latency", "integer", low=-1)
_REMOTE_LATENCY = Parameter("latency", "integer", nullable=True)


def _refuse_bitrate(value: int) -> None:
    raise ValueError("is no value of this call: max_allowed_bitrate_kbps stands for it, too (A-446)")


_LIMITED = (_DESCRIPTION, *whole("max_allowed_bitrate_kbps"))
_INPUTS: Mapping[str, tuple[Parameter, ...]] = {
    "zixi_pull": (
        *(_ID, *_LIMITED, *needed(*whole("pull_port")), _LATENCY),
        *(*texts("pull_host", "pull_stream_id"), *secrets("password")),
    ),
    "zixi_push": (
        *(_ID, *_LIMITED, *needed(*whole("port"))),
        *(*whole("latency", low=-1, high=600000), *secrets("password")),
    ),
    "srt_pull": (
        *(_ID, *_LIMITED, _LATENCY, *whole("bitrate"), *texts("host"), *whole("port", "encryption_type")),
        *secrets("password"),
    ),
    "srt_push": (
        *(_ID, *_LIMITED, _LATENCY, *whole("port", "encryption_type"), *secrets("password")),
        *whole("bitrate", check=_refuse_bitrate),
    ),
    "udp_rist": (
        *(_ID, *_LIMITED, *needed(*whole("port", low=1, high=65535)), *whole("max_latency")),
        *(*whole("max_bitrate", low=1), *whole("rist_remote_port", low=1, high=65535, nullable=True)),
    ),
}
_SRT = (
    *needed(*whole("port", low=1025, high=65535), *whole("latency", low=1, high=599999)),
    *whole("encryption_type", low=0, high=3),
    *secrets("password", low=10, high=80),
    *texts("user_description"),
)
_RTMP: dict[str, Any] = {"form": "rtmps?://.+", "like": "rtmps://live.example.com/app"}
_OUTPUTS: Mapping[str, tuple[Parameter, ...]] = {
    "pull": (
        *(*texts("id", "user_description"), *needed(*whole("port")), _REMOTE_LATENCY),
        *texts("stream_id", "remote_id", high=100),
    ),
    "push": (
        *(_ID, _DESCRIPTION, *texts("host"), *needed(*whole("port", low=0, high=65535)), _REMOTE_LATENCY),
        *(*texts("stream_id", high=100), *secrets("password")),
    ),
    "rtmp": (
        *(*needed(*secrets("url", **_RTMP)), *secrets("backup_url", **_RTMP), *whole("bitrate", low=0)),
        *(*whole("reconnect"), *secrets("stream_key"), *texts("user_description")),
    ),
    "srt_pull": _SRT,
    "srt_push": (*_SRT, *needed(*texts("host"))),
    "udp_rist": (
        *(*texts("host", "user_description"), *needed(*whole("port", low=1025, high=65534))),
        *(*whole("local_port", low=0, high=65534, check=zero_or_from(1025)), *whole("ttl", low=0, high=225)),
        *(*whole("fec", low=0, high=2), *whole("rows_d", low=4, high=20, beside="fec")),
        *whole("columns_l", low=1, high=20, beside="fec"),
    ),
}
_PLACED = (Parameter("latitude", "number"), Parameter("longitude", "number"))

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    **{f"input.create.{variant}": rules for variant, rules in _INPUTS.items()},
    # only this one's update doesn't list the id
    **{
        f"input.update.{variant}": optional(rules, *(["id"] if variant == "zixi_pull" else []))
        for variant, rules in _INPUTS.items()
    },
    "input.update.local_ts": _LIMITED,
    **{
        f"output.create.{variant}": (*rules, *ids("permanent_schedule_agreement_id"))
        for variant, rules in _OUTPUTS.items()
    },
    **{f"output.update.{variant}": optional(rules, "id") for variant, rules in _OUTPUTS.items()},
    "output.update.pull": (_DESCRIPTION, *optional(_OUTPUTS["pull"], "id", "user_description")),
    **dict.fromkeys(("input.dashboard_group", "output.dashboard_group"), ids("dashboard_group_id")),
    **dict.fromkeys(("input.location", "output.location"), _PLACED),
    "permanent_schedule.create": ids("input_id"),
}
