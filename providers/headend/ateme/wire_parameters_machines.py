"""Values of transcoders and multi-viewers (A-204..228)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.ateme.wire_forms import PRESETS, flags, ids, needed, optional, texts, whole, zero_or_from
from headend.core.wire.parameters import Parameter

_SIZES = ("426x240", "640x360", "720x480", "720x576", "854x480", "1280x720", "1920x1080", "3840x2160")
_SAMPLED = tuple(f"{n} kHz" for n in (8, 11.025, 12, 16, 22.05, 24, 32, 44.1, 48, 64, 88.2, 96))
_AUDIO_RATES = tuple(f"{n}Kbps" for n in (64, 96, 128, 160, 192, 224, 256, 320, 384))
_SERVICE = (
    *needed(
        Parameter("video_codec", choices=("HEVC", "MPEG-4")),
        Parameter("video_frame_size", choices=_SIZES),
        Parameter("video_frame_rate", choices=("23.98", "24", "25", "29.97", "30", "50", "59.94", "60")),
        *whole("video_bitrate", low=1, high=30000),
        *whole("video_gop", low=1, high=599),
        Parameter("audio_codec", choices=("MPEG AAC", "MPEG Layer2")),
        Parameter("audio_sample_rate", choices=_SAMPLED),
        Parameter("audio_bitrate", choices=_AUDIO_RATES),
    ),
    Parameter("video_frame_type", choices=("Progressive", "Interlaced")),
    Parameter("mpeg4_avc_encoder_profile", choices=("Baseline", "Main", "High", "High 4:2:2 10")),
    *PRESETS,
)
_TABLE_PID: dict[str, Any] = {"low": 0, "high": 8189, "check": zero_or_from(32)}
_TRACKS = (
    *whole("first_video_program_number", low=1, high=65535),
    *whole("first_video_pcr_pid", "first_video_pmt_pid", **_TABLE_PID),
    *whole("video_track_pid", low=0, high=8189),
    Parameter(
        "extra_video_tracks",
        "object",
        repeated=True,
        most=5,
        inner=(
            *whole("video_track_number", low=1, high=5),
            *whole("program_number", low=1, high=65535),
            *whole("pcr_pid", "pmt_pid", **_TABLE_PID),
            *whole("video_track_pid", low=0, high=8189),
            *needed(*whole("video_bitrate", low=1, high=30000)),
        ),
    ),
)
_OVERRIDES = whole("audio_pid_overrides", low=0, high=8190, repeated=True)
_PIDS = whole("audio_track_pid_list", repeated=True)


def _refuse_three(id: int) -> None:
    if id == 3:
        raise ValueError("must be one of 1, 2, 4, 5, 6, 7, 8")


_PICTURE = (
    *needed(*whole("max_allowed_bitrate_kbps", low=500, high=30000)),
    *whole("encoder_uhd_tech_type_id", low=1, high=8, check=_refuse_three),
    *flags("is_interlaced"),
    *whole("encoder_gop_size_id", "encoder_gop_size_mode_id", low=1, high=4),
    *whole("encoder_frame_rate_id", low=1, high=13),
    *whole("program_number", low=1, high=65535),
    *whole("pmt_pid", "video_pid", low=33, high=8190),
    *whole("transcoded_audio_pid", "passthrough_audio_pid", low=0, high=8190, check=zero_or_from(33)),
    *PRESETS,
)
_TILES = Parameter("tile_inputs", "object")

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    "transcoder.create": (
        *(*needed(*ids("input_id")), *_SERVICE, *_TRACKS, *_OVERRIDES, *flags("create_from_image")),
        *needed(*whole("number_of_audio_tracks", low=1, high=20)),
    ),
    "transcoder.update": (*ids("input_id"), *optional(_SERVICE), *_TRACKS),
    "transcoder.update_full": (*optional(_SERVICE), *_PIDS),
    "transcoder.update_audio": (*_PIDS, *_OVERRIDES),
    "transcoder_image.create": (Parameter("transcoder_size", choices=("small", "big")), *texts("region")),
    "multi_viewer.create": (*needed(*ids("layout_id")), _TILES, *_PICTURE),
    "multi_viewer.update": optional(_PICTURE),
    "multi_viewer.tiles": (_TILES,),
    "multi_viewer.active_audio": flags("turn_active_input_off"),
}
