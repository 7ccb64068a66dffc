"""`headend api ateme`: what isn't as the platform documents it is refused before it is sent, by every operation."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World, serve
from convergence.ateme import TRANSCODER, VIEWER
from headend.ateme.invoke import invoke
from headend.cli.typed_values import fill_request
from headend.core.model.errors import InputError
from headend.core.wire.invoke import Request
from headend.core.wire.registry import platforms
from headend.simulator import Simulator
from simulator.ateme_world import BODIES

TABLE = platforms()["ateme"].table
PLACES = {"input_id": "in-1", "output_id": "out-1", "alert_id": "a-1", "token": "guest", "organisation_id": "org-1"}
SPAN = {"start_time": "2035-07-14T15:00:00.000Z", "end_time": "2035-07-14T16:00:00.000Z"}
EVENT = {"name": "derby", "start_time": "2035-07-14T15:00:00+00:00", "end_time": "2035-07-14T16:00:00z"}
ALERT = {
    **{"input_ids": ["in-1"], "alert_method_id": "m-1", "alert_on_query": "net_recv.bitrate", "query_param": "gt"},
    **{"query_value": [5], "query_time_range": "5m", "alert_check_frequency": "1m30s", "alert_repeat": "7m30m"},
}
SERVICE = {name: value for name, value in TRANSCODER.items() if name != "input"} | {"input_id": "in-1"}
TRACKS = [{"video_bitrate": 5000, "pcr_pid": 0}]
# rule, operation, values, what is said of them
WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("A-413", "input.create.srt_push", {"id": "x" * 129, "port": 1}, "id: must be 1..128 characters"),
    ("A-413", "input.create.srt_push", {"port": 1}, "missing: id=..."),
    ("A-436", "input.update.zixi_push", {"latency": 600001}, "latency: must be -1..600000"),
    ("A-436", "input.update.zixi_push", {"latency": 1.5}, "latency: must be a whole number"),
    ("A-446", "input.update.srt_push", {"bitrate": 1}, "bitrate: is no value of this call: "),
    ("A-453", "input.update.udp_rist", {"rist_remote_port": 0}, "rist_remote_port: must be 1..65535"),
    ("A-473", "output.update.pull", {"stream_id": "s" * 101}, "stream_id: must be ..100 characters"),
    ("A-481", "output.create.rtmp", {"url": "https://live.example.com"}, "url: must be like rtmps://"),
    ("A-488", "output.create.srt_pull", {"port": 1025, "latency": 600000}, "latency: must be 1..599999"),
    ("A-489", "output.update.srt_push", {"encryption_type": 4}, "encryption_type: must be 0..3"),
    ("A-490", "output.update.srt_push", {"password": "short"}, "password: must be 10..80 characters"),
    ("A-497", "output.update.udp_rist", {"port": 65535}, "port: must be 1025..65534"),
    ("A-498", "output.update.udp_rist", {"local_port": 80}, "local_port: must be 0, or at least 1025"),
    ("A-499", "output.update.udp_rist", {"ttl": 226}, "ttl: must be 0..225"),
    ("A-501", "output.update.udp_rist", {"rows_d": 5}, "rows_d: is ignored without fec"),
    ("A-505", "transcoder.create", SERVICE | {"video_codec": "AVC"}, "video_codec: must be one of HEVC, MPEG-4"),
    ("A-507", "transcoder.update", {"transcoder_id": "t", "video_frame_rate": "48"}, "video_frame_rate: must be one"),
    ("A-508", "transcoder.update", {"transcoder_id": "t", "video_bitrate": 30001}, "video_bitrate: must be 1..30000"),
    ("A-515", "transcoder.create", SERVICE | {"number_of_audio_tracks": 21}, "number_of_audio_tracks: must be 1..20"),
    ("A-517", "transcoder.create", SERVICE | {"audio_pid_overrides": [8191]}, "audio_pid_overrides: must be 0..8190"),
    ("A-522", "transcoder.create", SERVICE | {"extra_video_tracks": TRACKS * 6}, "extra_video_tracks: must be 0..5"),
    (
        *("A-525", "transcoder.create"),
        SERVICE | {"extra_video_tracks": [{"video_bitrate": 1, "pcr_pid": 31}]},
        "extra_video_tracks: pcr_pid: must be 0, or at least 32",
    ),
    ("A-542", "multi_viewer.create", VIEWER | {"max_allowed_bitrate_kbps": 499}, "max_allowed_bitrate_kbps: must be"),
    ("A-543", "multi_viewer.create", VIEWER | {"encoder_uhd_tech_type_id": 3}, "encoder_uhd_tech_type_id: must be one"),
    ("A-549", "multi_viewer.create", VIEWER | {"pmt_pid": 32}, "pmt_pid: must be 33..8190"),
    ("A-562", "alert.create", ALERT | {"alert_on_query": "bitrate"}, "alert_on_query: must be one of net_send.rtt"),
    ("A-564", "alert.update", {"query_value": 5}, "query_value: must be a list of numbers"),
    ("A-566", "alert.update", {"alert_check_frequency": "90"}, "alert_check_frequency: must be like 1h30m"),
    ("A-568", "alert.update", {"alert_repeat": "7h30m"}, "alert_repeat: must be one of 5m"),
    ("A-574", "alert_method.create", {"name": "n" * 66}, "name: must be 1..65 characters"),
    ("A-581", "schedule.create", SPAN | {"start_time": "now"}, "start_time: must be like 2020-08-25T16:30:00.000Z"),
    ("A-581", "schedule.create", SPAN | {"start_time": "2035-02-30T15:00:00.000Z"}, "start_time: must be like 2020"),
    ("A-582", "schedule.create", SPAN | {"end_time": SPAN["start_time"][:-5] + "Z"}, "end_time: must be like 2020"),
    ("A-582", "schedule.create", SPAN | {"end_time": "2035-07-14T14:00:00.000Z"}, "end_time: must not lie before"),
    ("A-593", "event_subscription.create", {"event_id": "e"}, "missing: timed_by_event_owner=..."),
    ("A-599", "recording_bucket.create", {"name": "b"}, "missing: bucket_path=..."),
    (
        *("A-606", "recording_schedule.create"),
        {"start_time": SPAN["start_time"], "stop_time": "2035-07-14T16:00:00+0000"},
        "start_time: must be like 2020-09-16T12:37:00+0000",
    ),
    ("A-614", "event.create", EVENT | {"description": "d" * 1001}, "description: must be ..1000 characters"),
    ("A-615", "event.create", EVENT | {"start_time": "2035-07-14 15:00"}, "start_time: must be like 2020-08-25T16:30"),
    ("A-617", "event.create", EVENT | {"label_ids": "l-1"}, "label_ids: must be a list of ids"),
    ("A-624", "dashboard_group.create", {"group_type": "input"}, "group_type: must be one of source, destination, mv"),
    ("A-630", "mtr_host_group.add_host", {"group_id": "g", "host_name": "far"}, "host_name: is ignored without host"),
    ("A-633", "shared_contact.create", {"name": "a;b"}, "name: must be like Ada, control room"),
    ("A-637", "source_invitation.create", {"destination_temporary_name": "d" * 31}, "must be 1..30 characters"),
    ("A-641", "source_invitation.update", {"global_max_destinations": 11}, "global_max_destinations: must be 1..10"),
    ("A-649", "saved_ip.create", {"ip_address": "203.0.113"}, "ip_address: must be an IPv4 or IPv6 address"),
    ("A-656", "tf_deployment.create", {"name": "über"}, "name: must be like stadium-uplink"),
    ("A-679", "tf_job.create", {"deployment_id": "d", "name": "n"}, "missing: configuration=..."),
    ("A-688", "org_user.permission", {"user_id": "u", "permission_type": "viewer"}, "must be one of admin, operator"),
    ("A-501", "output.update.udp_rist", {"fec": 0, "rows_d": 5}, "rows_d and columns_l: only with fec 1 or 2"),
    *(
        (rule, "transcoder.update", {"transcoder_id": "t", **given}, words)
        for rule, given, words in (
            ("A-511", {"video_codec": "HEVC", "mpeg4_avc_encoder_profile": "Main"}, "only with video_codec MPEG-4"),
            ("A-514", {"audio_codec": "MPEG AAC", "audio_bitrate": "96Kbps"}, "audio_bitrate: with MPEG AAC one of"),
            ("A-980", {"video_frame_type": "Progressive", "video_frame_rate": "60"}, "video_frame_rate: 60 with a"),
            ("A-523", {"extra_video_tracks": [{**TRACKS[0], "video_track_number": 1}] * 2}, "may stand once"),
            ("A-527", {"video_bitrate": 100, "extra_video_tracks": TRACKS}, "bitrates may not increase"),
        )
    ),
    ("A-517", "transcoder.update_audio", {"transcoder_id": "t", "audio_pid_overrides": [5, 5]}, "only 0 may stand"),
    ("A-553", "multi_viewer.create", VIEWER | {"video_pid": 200}, "pmt_pid and video_pid are both 200"),
    ("A-553", "multi_viewer.update", {"multi_viewer_id": "m", "pmt_pid": 99, "video_pid": 99}, "are both 99"),
    ("A-564", "alert.update", {"query_param": "gt", "query_value": [1, 2]}, "query_value: gt takes 1 value"),
    ("A-564", "alert.update", {"alert_on_query": "is_connected", "query_value": [2]}, "is_connected is 0..1"),
    ("A-594", "event_subscription.create", {"timed_by_event_owner": False}, "end_time: needed where timed_by_event"),
    ("A-692", "organisation.update", {"currency": "chf"}, "currency: must be one of usd, gbp, eur"),
]


def said(key: str, given: dict[str, Any]) -> str:
    """What a call with these values is refused for; "" if it isn't."""
    op = TABLE[key]
    places = {name: str(given.get(name, PLACES.get(name, "x"))) for name in op.names()}
    body = {name: value for name, value in given.items() if name not in places}
    try:
        fill_request(TABLE, op, list(places.items()), body)
    except InputError as error:
        return "; ".join(problem.message for problem in error.problems)
    return ""


@pytest.mark.parametrize(
    ("key", "given", "words"),
    [pytest.param(*row[1:], marks=pytest.mark.contract(row[0]), id=f"{row[0]}-{row[1]}") for row in WRONG],
)
def test_what_the_document_rules_out_is_refused(key: str, given: dict[str, Any], words: str) -> None:
    assert words in said(key, given)


@pytest.mark.contract("A-56", "A-986")
def test_what_the_document_allows_goes_through() -> None:
    for noun, bodies in BODIES.items():
        for name, body in bodies.items():
            variant = f"zixi_{name}" if (noun, name) in {("input", "pull"), ("input", "push")} else name
            assert said(f"{noun}.create.{variant}", body) == "", variant
    right: list[tuple[str, dict[str, Any]]] = [
        ("transcoder.create", SERVICE | {"extra_video_tracks": TRACKS, "preset_id": None}),
        ("multi_viewer.create", VIEWER | {"transcoded_audio_pid": 0, "tile_inputs": {"1": "in-1"}}),
        ("alert.create", ALERT | {"alert_after_time": None}),
        ("alert.update", {"query_param": "no_value", "query_value": []}),
        ("transcoder.update", {"transcoder_id": "t", "audio_bitrate": "96Kbps", "video_frame_rate": "60"}),
        ("multi_viewer.update", {"multi_viewer_id": "m", "video_pid": 200}),
        ("event_subscription.create", {"timed_by_event_owner": True}),
        *(("schedule.create", SPAN | more) for more in ({}, {"start_time": "NOW", "input_id": 7, "output_id": "o"})),
        ("event.create", EVENT | {"label_ids": [7, "l-2"]}),
        ("organisation.create", {"name": "ab"}),
        ("mtr_host_group.add_host", {"group_id": "g", "host_id": 7, "host_name": "x", "host": "far.example.com"}),
        ("saved_ip.move", {"saved_ip_id": "ip-1", "target_c_env_id": "env-1", "cloud_details": "249421054"}),
    ]
    assert {key: said(key, given) for key, given in right if said(key, given)} == {}
    assert said("organisation.update", {"name": "ab"}) == "organisation.update: name: must be 3..150 characters"


@pytest.mark.contract("A-848", "A-672", "A-673")
def test_a_template_is_global_unless_a_deployment_is_named() -> None:
    sent: list[dict[str, Any]] = []

    class Api:
        within = staticmethod(lambda deployment: {"Deployment-Id": deployment})

        async def call(self, key: str, **more: Any) -> None:
            sent.append({name: more[name] for name in ("headers", "body")})

    for more in ({}, {"deployment_id": "7", "local_only": True}):
        asyncio.run(invoke(Api(), TABLE["tf_template.create"], Request(body={"name": "t", **more}), None))  # type: ignore[arg-type]
    assert sent == [
        {"headers": {}, "body": {"name": "t"}},
        {"headers": {"Deployment-Id": "7"}, "body": {"name": "t", "local_only": True}},
    ]
    alone = said("tf_template.create", {"name": "t", "local_only": True})
    assert alone == "tf_template.create: local_only: is ignored without deployment_id"


@pytest.mark.contract("A-48")
def test_values_are_typed_by_the_table_and_wrong_ones_are_told_together(tmp_path: Path) -> None:
    op = TABLE["saved_ip.move"]
    given = [("saved_ip_id", "7"), ("target_c_env_id", "8"), ("cloud_details", "249421054")]
    assert fill_request(TABLE, op, given).body == {"target_c_env_id": 8, "cloud_details": "249421054"}
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        ran = world("api", "ateme", "alert_method.create", "alert_type=sms", "notification_parameters=[]")
    assert (ran.code, simulator.writes()) == (3, [])
    assert ran.err.splitlines() == [
        "alert_method.create: missing: name=...",
        "alert_method.create: alert_type: must be one of email, slack",
        "alert_method.create: notification_parameters: must be 1.. values",
    ]
