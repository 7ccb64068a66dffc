"""What the document says of values of one call together. What isn't given isn't judged: an update keeps it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Given = Mapping[str, Any]
Check = Callable[[Given], Iterator[str]]

RATES_BY_CODEC: Mapping[str, Mapping[str, Sequence[str]]] = {
    "audio_sample_rate": {
        "MPEG AAC": [f"{n} kHz" for n in (8, 11.025, 12, 16, 22.05, 24, 32, 44.1, 48, 64, 88.2, 96)],
        "MPEG Layer2": [f"{n} kHz" for n in (32, 44.1, 48)],
    },
    "audio_bitrate": {
        "MPEG AAC": [f"{n}Kbps" for n in (64, 128, 192, 256)],
        "MPEG Layer2": [f"{n}Kbps" for n in (64, 96, 128, 160, 192, 224, 256, 320, 384)],
    },
}
PIDS = {"pmt_pid": 200, "video_pid": 201, "transcoded_audio_pid": 555, "passthrough_audio_pid": 556}
"""A multi-viewer's PIDs, and what they are where a creation names none (A-549..552)."""


def check_service(given: Given) -> Iterator[str]:
    """Codecs, rates, tracks and PIDs of a transcoder (A-511, A-513, A-514, A-517, A-523, A-527)."""
    if given.get("mpeg4_avc_encoder_profile") is not None and given.get("video_codec", "MPEG-4") != "MPEG-4":
        yield "mpeg4_avc_encoder_profile: only with video_codec MPEG-4"
    codec = given.get("audio_codec")
    for name, known in RATES_BY_CODEC.items():
        if codec is not None and given.get(name) not in (None, *known[codec]):
            yield f"{name}: with {codec} one of {', '.join(known[codec])}"
    tracks = given.get("extra_video_tracks") or ()
    numbers = [number for track in tracks if (number := track.get("video_track_number")) is not None]
    if len(set(numbers)) < len(numbers):
        yield "extra_video_tracks: each video_track_number may stand once"
    rates = [rate for holder in (given, *tracks) if (rate := holder.get("video_bitrate")) is not None]
    if rates != sorted(rates, reverse=True):
        yield f"extra_video_tracks: bitrates may not increase from track to track: {rates}"
    used = [pid for pid in given.get("audio_pid_overrides") or () if pid != 0]
    if len(set(used)) < len(used):
        yield "audio_pid_overrides: only 0 may stand more than once"


def check_frame_rate(given: Given) -> Iterator[str]:
    """The document caps the rate at 50 whenever a frame type is named, Progressive too (A-980)."""
    if given.get("video_frame_type") and float(given.get("video_frame_rate") or 0) > 50:
        yield f"video_frame_rate: {given['video_frame_rate']} with a video_frame_type; at most 50 (A-980)"


def check_pids(given: Given) -> Iterator[str]:
    """No PID of a multi-viewer stands twice, but for 0 (A-553)."""
    known = {name: given[name] for name in PIDS if given.get(name)}
    for one, other in itertools.combinations(known, 2):
        if known[one] == known[other]:
            yield f"{one} and {other} are both {known[one]}: each PID may stand once"


def check_pids_of_new(given: Given) -> Iterator[str]:
    yield from check_pids({**PIDS, **given})


def check_sizes(given: Given) -> Iterator[str]:
    """Rows and columns are for an FEC that is on (A-816)."""
    if given.get("fec") == 0 and (given.get("rows_d") is not None or given.get("columns_l") is not None):
        yield "rows_d and columns_l: only with fec 1 or 2 (A-816)"


def check_own_times(given: Given) -> Iterator[str]:
    """Both times come with a subscription that has its own (A-594, A-595)."""
    if given.get("timed_by_event_owner") is False:
        missing = [name for name in ("start_time", "end_time") if given.get(name) is None]
        yield from (f"{name}: needed where timed_by_event_owner is false" for name in missing)


def check_query(given: Given) -> Iterator[str]:
    """How many numbers a comparison takes, and which a metric has (A-564)."""
    values, needed = given.get("query_value"), {"gt": 1, "lt": 1, "outside_range": 2, "within_range": 2}
    if values is None:
        return
    if len(values) != needed.get(given.get("query_param", ""), len(values)):
        count = needed[given["query_param"]]
        yield f"query_value: {given['query_param']} takes {count} value{'s' * (count != 1)}"
    highest = {"net_recv.loss_millipercent": 100_000, "is_connected": 1}.get(given.get("alert_on_query", ""))
    if highest is not None and not all(0 <= value <= highest for value in values):
        yield f"query_value: {given['alert_on_query']} is 0..{highest}"


TOGETHER: Mapping[str, tuple[Check, ...]] = {
    **dict.fromkeys(
        ("transcoder.create", "transcoder.update", "transcoder.update_full"), (check_service, check_frame_rate)
    ),
    "transcoder.update_audio": (check_service,),
    "multi_viewer.create": (check_pids_of_new,),
    "multi_viewer.update": (check_pids,),
    **dict.fromkeys(("output.create.udp_rist", "output.update.udp_rist"), (check_sizes,)),
    **dict.fromkeys(("event_subscription.create", "event_subscription.update"), (check_own_times,)),
    **dict.fromkeys(("alert.create", "alert.update"), (check_query,)),
}
"""Operation -> what is checked of its values together, once each by itself is right."""
