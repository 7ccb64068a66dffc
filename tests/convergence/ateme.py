"""States that each kind of Ateme+ goes through; a second run after each must find nothing to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headend.ateme.rows_services import guest_id
from headend.core.wire.registry import kinds
from headend.simulator.app import discover

ENVIRONMENT = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
PASSWORD = "convergence-only"
NOISY = {
    "input": "stadium",
    "alert_method": {"id": "told-1"},
    "alert_on_query": "net_recv.bitrate",
    "query_param": "lt",
    "query_value": [4000],
    "query_time_range": "1m",
    "alert_check_frequency": "30s",
    "alert_repeat": "7m30m",
}
SILENT = {**NOISY, "alert_on_query": "arq_recv.dropped", "query_param": "no_value", "query_value": []}
LOSSY = {**NOISY, "alert_on_query": "net_recv.loss_millipercent", "query_param": "outside_range"}
HOOK = "https://hooks.example.com/"
TRANSCODER = {
    "input": "stadium",
    "video_codec": "MPEG-4",
    "video_frame_size": "1280x720",
    "video_frame_rate": "50",
    "video_bitrate": 5000,
    "video_gop": 50,
    "audio_codec": "MPEG AAC",
    "audio_sample_rate": "48 kHz",
    "audio_bitrate": "128Kbps",
    "number_of_audio_tracks": 2,
}
VIEWER = {"layout_id": 1, "max_allowed_bitrate_kbps": 8000}
FOUR = {"1": "stadium", "2": "spare", "4": "stadium"}
RENDITIONS = [{"video_bitrate": 3000}, {"video_bitrate": 1000, "pcr_pid": 0, "pmt_pid": 4096, "program_number": 7}]
HEVC = {**TRANSCODER, "video_codec": "HEVC", "extra_video_tracks": RENDITIONS}

EVENT = {"input": "stadium", "start_time": "2999-12-05T15:00:00Z", "end_time": "2999-12-05T17:00:00+01:00"}
POSTER = str(Path(__file__).with_name("poster.svg"))
OWN_TIMES = {"start_time": "2999-12-05T15:00:00+01:00", "end_time": "2999-12-05T15:30:00.5Z"}
SUBSCRIPTION = {"event": "derby", "output": "cdn"}

DOCUMENT = {"rate": 29.97, "preset": None, "tracks": [{"lang": "de", "on": True}, {"lang": "en", "pids": [1, 2]}]}
"""What headend keeps and compares without reading it."""
RECORDING = {
    "input": "stadium",
    "recording_bucket": {"id": "b-1"},
    "start_time": "2999-12-05T15:00:00Z",
    "stop_time": "2999-12-05T17:00:00Z",
}
ADDRESS = {"ip_address": "192.0.2.17", "cloud_provider": "aws", "region": "eu-west-1"}
GUESTS = tuple({"id": guest_id(token)} for token in ("invited.one", "invited.two"))
PER_ENVIRONMENT = {
    "environment_visibility": {"shown": ["matchday-eu"]},
    "environment_max_destinations": {"2": ["matchday-eu"]},
}

SETUP: dict[str, Any] = {
    "options": {"maintenance": [{"start": "2000-01-01T00:00:00Z", "end": "3000-01-01T00:00:00Z"}]},
    "ateme": {
        "environments": {
            "matchday-eu": {
                **ENVIRONMENT,
                "inputs": {
                    "stadium": {"variant": "srt_push", "port": 5001},
                    "spare": {"variant": "srt_push", "port": 5009},
                },
                "outputs": {"cdn": {"variant": "srt_pull", "port": 5002, "latency": 200}},
            }
        },
    },
}

BESIDE: dict[str, dict[str, Any]] = {
    "ateme.multi_viewer": {"transcoders": {"it-too": TRANSCODER}},
    "ateme.event_subscription": {
        "events": {"derby": EVENT},
        "outputs": {"spare": {"variant": "srt_pull", "port": 5011, "latency": 200}},
    },
    "ateme.permanent_schedule": {
        "outputs": {
            "tower": {"variant": "srt_pull", "port": 5010, "latency": 200, "permanent_schedule_agreement_id": "agr-1"}
        }
    },
}
"""Kind -> what else must be in the environment for it, as collection -> {name: object}."""

CASES: dict[str, list[dict[str, Any]]] = {
    "ateme.environment": [ENVIRONMENT, {**ENVIRONMENT, "state": "stopped"}, {**ENVIRONMENT, "restart_trigger": "1"}],
    "ateme.input": [
        {"variant": "srt_push", "port": 5003},
        {"variant": "srt_push", "port": 5003, "dashboard_group": {"id": "shown-1"}, "user_description": "gate 1"},
        {"variant": "srt_push", "port": 5003, "dashboard_group": {"id": "shown-2"}, "max_allowed_bitrate_kbps": 9000},
        {"variant": "srt_push", "port": 5003, "dashboard_group": {"id": "shown-2"}, "latency": -1},
        {
            "variant": "srt_push",
            "port": 5004,
            "latency": 2000,
            "encryption_type": 2,
            "password": PASSWORD,
            "dashboard_group": {"id": "shown-2"},
        },
        {
            "variant": "srt_push",
            "port": 5004,
            "state": "stopped",
            "latitude": 48.2,
            "longitude": 16.4,
            "dashboard_group": {"id": "shown-2"},
        },
        {"variant": "zixi_push", "port": 2088, "max_allowed_bitrate_kbps": 9000},
        {"variant": "zixi_push", "port": 2089, "user_description": "north stand"},
        {"variant": "zixi_push", "port": 2089},
        {"variant": "zixi_pull", "pull_port": 2077, "pull_host": "ingest.example.com"},
        {"variant": "srt_pull", "host": "venue.example.com", "port": 5005, "bitrate": 8000},
        {"variant": "udp_rist", "port": 6000, "rist_remote_port": 6001},
        {"variant": "udp_rist", "port": 6000, "rist_remote_port": None},
    ],
    "ateme.output": [
        {"variant": "pull", "port": 2078, "stream_id": "out"},
        {"variant": "pull", "port": 2078, "stream_id": "out", "latency": 500},
        {"variant": "pull", "port": 2078, "stream_id": "out", "latency": -1, "remote_id": "far"},
        {"variant": "pull", "port": 2078, "stream_id": "out", "stream_name": "a", "latitude": -1, "longitude": 0.5},
        {"variant": "push", "host": "cdn.example.com", "port": 2088},
        {"variant": "rtmp", "url": "rtmp://live.example.com/app"},
        {"variant": "rtmp", "url": "rtmp://live.example.com/app", "backup_url": "rtmp://spare.example.com/app"},
        {"variant": "rtmp", "url": "rtmp://live.example.com/app"},
        {"variant": "rtmp", "url": "rtmp://live.example.com/app", "bitrate": 4000, "state": "stopped"},
        {"variant": "srt_pull", "port": 5007, "latency": 200, "encryption_type": 1, "password": PASSWORD},
        {"variant": "srt_push", "host": "cdn.example.com", "port": 5008, "latency": 200},
        {"variant": "udp_rist", "host": "192.0.2.1", "port": 6000, "fec": 1, "ttl": 64},
        {"variant": "udp_rist", "host": "192.0.2.1", "port": 6000, "fec": 2, "rows_d": 5},
        {"variant": "udp_rist", "host": "192.0.2.1", "port": 6000, "fec": 0, "user_description": "no more FEC"},
        {"variant": "udp_rist", "host": "192.0.2.1", "port": 6001},
    ],
    "ateme.alert": [
        NOISY,
        {**NOISY, "alert_after_time": "90s", "alert_check_frequency": "1h30m"},
        {**NOISY, "alert_after_time": None, "alert_check_frequency": "90m"},
        {**NOISY, "muted": True},
        {**SILENT, "muted": True, "alert_method": {"id": "told-2"}},
        {**LOSSY, "query_value": [0, 100000], "muted": True, "alert_after_time": "5m"},
        {**LOSSY, "query_value": [0.5, 7], "query_param": "within_range", "alert_repeat": "24h"},
        {**SILENT, "input": None, "output": "cdn", "query_time_range": "1h"},
    ],
    "ateme.alert_method": [
        {"alert_type": "email", "notification_parameters": ["noc@example.com"]},
        {"alert_type": "email", "notification_parameters": ["b@example.com", "a@example.com"]},
        {"alert_type": "email", "notification_parameters": ["a@example.com", "b@example.com"], "name": "night shift"},
        {"alert_type": "slack", "notification_parameters": [f"{HOOK}{PASSWORD}"]},
        {"alert_type": "slack", "notification_parameters": [f"{HOOK}{PASSWORD}-2"]},
    ],
    "ateme.dashboard_group": [
        {"group_type": "source"},
        {"group_type": "source", "name": "Gates, north"},
        {"group_type": "destination"},
    ],
    "ateme.mtr_host": [
        {"host": "edge.example.com", "group": {"id": "paths-1"}},
        {"host": "192.0.2.1", "group": {"id": "paths-1"}},
        {"host": "192.0.2.1", "group": {"id": "paths-2"}, "host_name": "Edge, north"},
    ],
    "ateme.mtr_host_group": [{}, {"name": "Edges"}],
    "ateme.recording_bucket": [
        {"bucket_path": "example-archive/matches", "access_key": "convergence", "secret_key": PASSWORD},
        {"bucket_path": "example-archive/cups", "delivery_type": "s3", "name": "cups"},
    ],
    "ateme.shared_contact": [
        {"email": "noc@example.com"},
        {"email": "noc@example.com", "phone": "1 5550199", "name": "NOC, night"},
        {"email": "night@example.com", "phone": "1 5550100"},
        {"phone": ""},
        {"name": "Ada"},
    ],
    "ateme.recording_schedule": [
        RECORDING,
        {**RECORDING, "transcode": True, "stop_time": "2999-12-05T18:00:00+01:00"},
        {**RECORDING, "recording_bucket": {"id": "b-2"}, "start_time": "2999-12-05T15:30:00.5Z"},
        {**RECORDING, "recording_bucket": {"id": "b-2"}, "input": "spare"},
        {**RECORDING, "start_time": "2000-12-05T15:00:00Z"},
    ],
    "ateme.saved_ip": [
        ADDRESS,
        {**ADDRESS, "name": "Gate"},
        {**ADDRESS, "environment": "matchday-eu", "previous_cloud_details": "249421054"},
        {**ADDRESS, "ip_address": "2001:DB8:0::17", "environment": "matchday-eu"},
    ],
    "ateme.source_invitation": [
        {},
        {"show_all_channels": True, "show_all_events": True, "billing_source": "destination_taker"},
        {"global_max_destinations": 3, **PER_ENVIRONMENT, "environment_visibility": {"hidden": ["matchday-eu"]}},
        {"global_max_destinations": 3, **PER_ENVIRONMENT},
        {"destination_temporary_name": "Another guest", **PER_ENVIRONMENT, "registered": False},
    ],
    "ateme.input_grant": [
        {"invitation": GUESTS[0], "input": "matchday-eu/stadium"},
        {"invitation": GUESTS[0], "input": "matchday-eu/spare"},
        {"invitation": GUESTS[1], "input": "matchday-eu/spare"},
    ],
    "ateme.label_grant": [
        {"invitation": GUESTS[0], "label": {"id": "l-1"}},
        {"invitation": GUESTS[0], "label": {"id": "l-2"}},
        {"invitation": GUESTS[1], "label": {"id": "l-2"}},
    ],
    "ateme.label": [{}, {"text": "derby"}, {"text": "Derby, English commentary"}],
    "ateme.transcoder": [
        {**TRANSCODER, "mpeg4_avc_encoder_profile": "High", "audio_track_pid_list": [101]},
        {**TRANSCODER, "mpeg4_avc_encoder_profile": "High", "audio_track_pid_list": [102, 101], "state": "stopped"},
        {**HEVC, "store_preset": True, "preset_name": "hevc", "create_from_image": False},
        {**HEVC, "store_preset": True, "preset_name": "hevc", "input": "spare", "audio_pid_overrides": [201, 0, 0]},
        {**HEVC, "extra_video_tracks": RENDITIONS[:1], "audio_pid_overrides": [202, 203], "restart_trigger": "1"},
        {**TRANSCODER, "video_frame_type": "Interlaced", "video_frame_rate": 25, "first_video_pcr_pid": 256},
        {**TRANSCODER, "number_of_audio_tracks": 4, "video_track_pid": 257},
        {**TRANSCODER, "number_of_audio_tracks": 4, "dashboard_group": {"id": "made-1"}},
    ],
    "ateme.multi_viewer": [
        {**VIEWER, "tile_inputs": FOUR, "tile_titles": {"1": "Stadium", "4": "again"}},
        {**VIEWER, "tile_inputs": {"1": "spare", "3": "stadium"}, "tile_titles": {"3": "Gate"}, "is_interlaced": True},
        {**VIEWER, "encoder_frame_rate_id": 11, "store_preset": True, "preset_name": "wall", "pmt_pid": 33},
        {**VIEWER, "layout_id": 3, "tile_inputs": {"1": "it-too"}, "transcoded_audio_pid": 0, "program_number": 7},
        {**VIEWER, "layout_id": 3, "dashboard_group": {"id": "walls"}},
    ],
    "ateme.event": [
        EVENT,
        {**EVENT, "description": "The derby", "labels": [{"id": "l-1"}, {"id": "l-2"}], "image": POSTER},
        {**EVENT, "description": None, "labels": [{"id": "l-2"}, {"id": "l-1"}], "input": "spare", "name": "Derby"},
        {**EVENT, "image": POSTER, "end_time": "2999-12-05T16:30:00.5Z"},
    ],
    "ateme.event_subscription": [
        {**SUBSCRIPTION, "timed_by_event_owner": True},
        {**SUBSCRIPTION, "timed_by_event_owner": False, **OWN_TIMES},
        {**SUBSCRIPTION, "timed_by_event_owner": True, "output": "spare"},
    ],
    "ateme.permanent_schedule": [{"input": "stadium", "output": "tower"}, {"input": "spare", "output": "tower"}],
    "ateme.schedule": [
        {"input": "stadium", "output": "cdn", "start_time": "2999-12-05T15:00:00Z", "end_time": "2999-12-05T17:00:00Z"},
        {"input": "stadium", "output": "cdn", "start_time": "2999-12-05T15:30:00Z", "end_time": "2999-12-05T17:00:00Z"},
        {"input": "stadium", "output": "cdn", "start_time": "NOW", "end_time": "2999-12-05T17:00:00Z"},
    ],
}

USER = {"email": "ann@example.com", "first_name": "Ann", "permissions": ["monitor"]}
BILLED = {"currency": "eur", "company_name": "Example Ltd.", "address_country_code": "NO"}
DEPLOYMENT = {"version_id": "2.13.3", "cloud_provider": "aws", "region": "eu-west-1"}
CLUSTER = {"version_id": "2.13.4", "cloud_provider": "gcp", "region": "europe-west1"}
IN_CLUSTER = ("ateme.tf_credentials", "ateme.tf_template", "ateme.tf_job")
ALONE = (
    *("ateme.tf_deployment", "ateme.tf_job_template"),
    *("ateme.organisation", "ateme.organisation_user", "ateme.billing_details"),
)
SETUPS: dict[str, dict[str, Any]] = {
    **{name: {} for name in ALONE},
    **{name: {"ateme": {"tf_deployments": {"cluster": CLUSTER}}} for name in IN_CLUSTER},
}
"""Kind -> what must be there for it, where that is not SETUP."""
S3 = {"protocol": "s3", "access_key": "archive", "secret_key": PASSWORD}

CASES |= {
    "ateme.organisation": [
        {"name": "Third Channel", "managed": True},
        {"name": "Third Channel", "managed": True, "currency": "gbp"},
        {"name": "Third", "managed": True, "currency": "usd", "purchase_order_number": "PO 17"},
    ],
    "ateme.organisation_user": [
        USER,
        {**USER, "permissions": ["operator", "admin"]},
        {**USER, "permissions": ["admin"], "email": "Ann@Example.com"},
        {"email": "bob@example.com", "permissions": ["operator", "monitor"]},
    ],
    "ateme.billing_details": [
        BILLED,
        {**BILLED, "phone": "+44 20 7946 0000", "address_line1": "1 Example Road, Tower", "company_name": "Example"},
        {"currency": "eur", "address_country_code": "GB", "org_reg_number": "1", "org_vat_number": "GB 12-3"},
        {"currency": "usd", "company_name": "Example Inc."},
    ],
    "ateme.tf_deployment": [
        DEPLOYMENT,
        {**DEPLOYMENT, "version_id": "2.13.4"},
        {**DEPLOYMENT, "version_id": "2.13.4", "state": "stopped"},
        {**DEPLOYMENT, "region": "us-east-1"},
    ],
    "ateme.tf_credentials": [
        S3,
        {**S3, "buckets_creation_options": {"region": "us-east-1"}},
        {**S3, "secret_key": f"{PASSWORD}-2"},
    ],
    "ateme.tf_template": [
        {"configuration": DOCUMENT},
        {"configuration": {**DOCUMENT, "rate": 25}, "name": "Mezzanine"},
        {"configuration": DOCUMENT, "deployment": "cluster", "local_only": True},
        {"configuration": {"rate": 50}, "deployment": "cluster", "local_only": True, "name": "Proxy"},
    ],
    "ateme.tf_job": [
        {"configuration": DOCUMENT, "priority": 5},
        {"configuration": DOCUMENT, "priority": 7},
        {"configuration": {"rate": 25}},
    ],
    "ateme.tf_job_template": [
        {"configuration": DOCUMENT},
        {"configuration": {**DOCUMENT, "rate": 25, "tracks": DOCUMENT["tracks"][:1]}, "name": "Proxy, small"},
        {"configuration": {"rate": 50}, "name": "Proxy, small"},
    ],
}

LASTING = {"billing", "recording_buckets", "tokens", "users", "pushes", "transcoder_presets", "multi_viewer_presets"}
"""Tables with what the platform writes for itself, or nobody can delete."""

FREE: dict[str, tuple[Any, ...]] = {
    "token_calls": (6,),
    "polls": (0, 5),
    "push_seconds": (0,),
    "thumbnail": (),  # nothing that is desired hangs on these two
    "probe": (),
}
UNREACHABLE = {(name, "failed") for name in ("outcome", "transcoder_outcome", "viewer_outcome", "deployment_outcome")}
NEEDS: dict[tuple[str, Any], dict[str, Any]] = {("scoping", "row"): {"scope_mode": "session"}}
AT_ONCE = {"token_calls": 60}  # as many lists are read side by side
EVERYWHERE = frozenset(
    {"scoping", "old_tokens", "token_calls", "organisation_token", "envelope", "wrapped", "deleted", "updates"}
    | {"unknown_keys", "secrets_shown"}
)
"""Switches that any kind can feel; of the others, one that stands in no environment feels only its own."""
_PLACED = tuple(name for name in CASES if name == "ateme.environment" or kinds()[name].parent == "ateme.environment")
DEPLOYED = ("ateme.tf_deployment", *IN_CLUSTER)
_RECORDED = frozenset({"polls", "stopped_writes", "references", "times", "push_seconds", "initial_environment"})
"""Those that a recording can feel beside them."""
_SIGNAL = tuple(name for name in _PLACED if name != "ateme.recording_schedule")
GUESTED = ("ateme.source_invitation", "ateme.input_grant", "ateme.label_grant")
CONCERNS: dict[str, tuple[str, ...]] = {
    **{
        switch: _PLACED if switch in _RECORDED else _SIGNAL
        for sim in discover()
        if sim.name == "ateme"
        for switch in sim.switches
        if switch not in EVERYWHERE
    },
    "changed_contacts": ("ateme.shared_contact",),
    "invitation_ids": GUESTED,
    "invitation_maps": ("ateme.source_invitation",),
    "ip_holder": ("ateme.saved_ip",),
    "polls": (*_PLACED, *DEPLOYED, "ateme.organisation"),
    "initial_deployment": DEPLOYED,
    "template_lists": ("ateme.tf_template", "ateme.tf_job_template", "ateme.tf_job"),
    "jobs": ("ateme.tf_job",),
    "permissions_shown": ("ateme.organisation_user",),
    "organisations_shown": ("ateme.organisation",),
    "mtr_groups": ("ateme.mtr_host", "ateme.mtr_host_group"),
    "ungrouped": ("ateme.mtr_host", "ateme.mtr_host_group"),
}
TOGETHER: tuple[dict[str, Any], ...] = (
    {"input_get": "list", "envelope": "object"},
    {"ids": "plain", "envelope": "object", "wrapped": True},
    {"updates": "full", "variant_echo": False, "ids": "plain"},
)


def WORLD(sim: Any) -> None:
    """What kinds refer to: guests, buckets, groups, ways to be told of alerts, labels, an agreement that is free."""
    sim.sims["ateme"].world["users"]["user-1"]["superuser"] = True  # else nobody changes or deletes an organisation
    for id in ("l-1", "l-2"):
        sim.sims["ateme"].world["labels"][id] = {"label_id": id, "text": id, "organisation_id": "org-1"}
    free = {"organisation_id": "org-1", "is_assigned": False, "is_finished": False, "bitrate": 20}
    sim.sims["ateme"].world["agreements"]["agr-1"] = {"agreement_id": "agr-1", **free}
    for id in ("told-1", "told-2"):
        row = {
            "alert_method_id": id,
            "name": id,
            "alert_type": "email",
            "notification_parameters": [f"{id}@example.com"],
        }
        sim.sims["ateme"].world["alert_methods"][id] = row | {"organisation_id": "org-1", "is_deleted": False}
    for token in ("invited.one", "invited.two"):
        guest = {"source_invitation_token": token, "destination_temporary_name": token, "organisation_id": "org-1"}
        guest |= {"guest_organisation_id": None, "source_invitation_id": f"id of {token}"}
        sim.sims["ateme"].world["source_invitations"][token] = guest | {"input_ids": [], "label_ids": []}
    for id in ("b-1", "b-2"):
        row = {"recording_bucket_id": id, "name": id, "bucket_path": f"example/{id}", "organisation_id": "org-1"}
        sim.sims["ateme"].world["recording_buckets"][id] = row
    for id in ("paths-1", "paths-2"):
        sim.sims["ateme"].world["mtr_host_groups"][id] = {"group_id": id, "name": id, "organisation_id": "org-1"}
    for id, group_type in (("shown-1", "source"), ("shown-2", "source"), ("made-1", "transcoder"), ("walls", "mv")):
        row = {"dashboard_group_id": id, "name": id, "group_type": group_type, "organisation_id": "org-1"}
        sim.sims["ateme"].world["groups"][id] = row
