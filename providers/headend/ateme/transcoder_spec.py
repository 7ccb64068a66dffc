"""What a stack says of a transcoder, and what one field says about another."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from headend.ateme.fields import ENVIRONMENT, GROUP, INPUT, KBITS, Extra, check_extra
from headend.ateme.machines import ONCE, PRESET
from headend.ateme.wire_together import check_service
from headend.core.model.fields import Ignored, Immutable, Impact, Interrupts, Likely, OwnCall, Same, Spec, Trigger
from headend.core.model.references import Id

CUTS = Interrupts(Impact.INTERRUPTS)
SETTINGS = (
    *("video_codec", "video_frame_size", "video_frame_rate", "video_bitrate", "video_gop", "video_frame_type"),
    *("mpeg4_avc_encoder_profile", "audio_codec", "audio_sample_rate", "audio_bitrate"),
    *("first_video_program_number", "first_video_pcr_pid", "first_video_pmt_pid", "video_track_pid"),
    "extra_video_tracks",
)
"""What transcoder.update takes, all of which is sent each time (A-51)."""
LISTS = ("audio_track_pid_list", "audio_pid_overrides")
FIXED = ("number_of_audio_tracks", "create_from_image")
WIRE = frozenset({*SETTINGS, *LISTS, *PRESET, *FIXED, "input_id"})


def plain_number(value: Any) -> Any:
    """25 and 29.97 as the text that the platform knows."""
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else value


def zero_or_from_32(value: int) -> int:
    if 0 < value < 32:
        raise ValueError("0, or 32..8189")
    return value


Pid = Annotated[int, Field(ge=0, le=8189)]
TablePid = Annotated[int, Field(ge=0, le=8189), AfterValidator(zero_or_from_32)]
Program = Annotated[int, Field(ge=1, le=65535)]
Kilobits = Annotated[int, Field(ge=1, le=30000)]
AudioPid = Annotated[int, Field(ge=0, le=8190)]
FrameSize = Literal["426x240", "640x360", "720x480", "720x576", "854x480", "1280x720", "1920x1080", "3840x2160"]
FrameRate = Literal["23.98", "24", "25", "29.97", "30", "50", "59.94", "60"]
Profile = Literal["Baseline", "Main", "High", "High 4:2:2 10"]


class VideoTrack(TypedDict, total=False):
    """One more rendition of the video beside the base track, which is number 0 (A-523..A-527, A-822)."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    video_track_number: Annotated[
        int, Field(ge=1, le=5, description="its number, 1 to 5; by default its place in the list")
    ]
    program_number: Annotated[Program, Field(description="number of its program, 1 to 65535")]
    pcr_pid: Annotated[TablePid, Field(description="PID of its clock, 32 to 8189, or 0")]
    pmt_pid: Annotated[TablePid, Field(description="PID of its map table, 32 to 8189, or 0")]
    video_track_pid: Annotated[Pid, Field(examples=[257], description="PID of its video, 0 to 8189")]
    video_bitrate: Annotated[
        Kilobits, KBITS, Field(description="in kbit/s, 1 to 30000, no more than that of the track before")
    ]


def numbered(value: Any) -> Any:
    """The tracks without nulls, each with its number: the place in the list where none is given."""
    if not isinstance(value, list | tuple) or not all(isinstance(track, Mapping) for track in value):
        return value
    known = ({name: v for name, v in track.items() if v is not None} for track in value)
    return [{"video_track_number": place, **track} for place, track in enumerate(known, 1)]


def in_order(value: Any) -> Any:
    """Tracks by their numbers, in which they are sent and compared; null is none."""
    tracks = numbered(value or [])
    return sorted(tracks, key=lambda track: str(track.get("video_track_number"))) if tracks is not value else value


class Transcoder(Spec):
    """One transcoder of an input. Wherever an input is named, the transcoder's name stands for what it makes."""

    environment: Annotated[
        Id, ENVIRONMENT, Immutable(), Field(description="the environment it is in; it must run (A-503)")
    ]
    input: Annotated[Id, INPUT, CUTS, Field(description="the source; another one is switched to in place (A-504)")]
    video_codec: Annotated[
        Literal["HEVC", "MPEG-4"], CUTS, Field(description="the codec of the video; MPEG-4 is AVC (A-505, A-819)")
    ]
    video_frame_size: Annotated[FrameSize, CUTS, Field(description="width and height of the picture in pixels (A-506)")]
    video_frame_rate: Annotated[
        FrameRate,
        BeforeValidator(plain_number, json_schema_input_type=FrameRate | float),
        Same(plain_number),
        CUTS,
        Field(description="frames a second; up to 50 with a video_frame_type (A-507, A-818, A-980)"),
    ]
    video_bitrate: Annotated[
        int,
        CUTS,
        KBITS,
        Field(ge=1, le=30000, description="bitrate of the video in kbit/s, 1 to 30000 (A-508)"),
    ]
    video_gop: Annotated[
        int,
        CUTS,
        Field(
            ge=1, le=599, examples=[50], description="length of a group of pictures, likely in frames, 1 to 599 (A-509)"
        ),
    ]
    video_frame_type: Annotated[
        Literal["Progressive", "Interlaced"] | None,
        CUTS,
        Field(description="whole frames or interlaced ones; not sent if unset (A-510)"),
    ] = None
    mpeg4_avc_encoder_profile: Annotated[
        Profile | None, CUTS, Field(description="the encoder's profile; only with video_codec MPEG-4 (A-511)")
    ] = None
    audio_codec: Annotated[
        Literal["MPEG AAC", "MPEG Layer2"], CUTS, Field(description="the codec of all audio tracks (A-512)")
    ]
    audio_sample_rate: Annotated[
        str, CUTS, Field(examples=["48 kHz"], description="like `48 kHz`; which ones, the audio codec says (A-513)")
    ]
    audio_bitrate: Annotated[
        str, CUTS, Field(examples=["128Kbps"], description="like `128Kbps`; which ones, the audio codec says (A-514)")
    ]
    number_of_audio_tracks: Annotated[
        int,
        Immutable(),
        Field(ge=1, le=20, description="how many audio tracks it has, 1 to 20; settled at creation (A-515, A-824)"),
    ]
    audio_track_pid_list: Annotated[
        list[int] | None,
        OwnCall(),
        CUTS,
        Likely(0, 8190),
        Field(
            examples=[[257]],
            description="which audio PIDs of the source, in order; a probe of the transcoder finds them (A-516)",
        ),
    ] = None
    audio_pid_overrides: Annotated[
        list[AudioPid] | None,
        CUTS,
        Field(
            examples=[[258]], description="audio PIDs that the output is to have, 0 to 8190; only 0 may repeat (A-517)"
        ),
    ] = None
    first_video_program_number: Annotated[
        Program | None, CUTS, Field(description="number of the first program, 1 to 65535 (A-518)")
    ] = None
    first_video_pcr_pid: Annotated[
        TablePid | None,
        CUTS,
        Field(examples=[256], description="PID of the first program's clock, 32 to 8189, or 0 (A-519)"),
    ] = None
    first_video_pmt_pid: Annotated[
        TablePid | None,
        CUTS,
        Field(examples=[4096], description="PID of the first program's map table, 32 to 8189, or 0 (A-520)"),
    ] = None
    video_track_pid: Annotated[
        Pid | None, CUTS, Field(examples=[257], description="PID of the base video track, 0 to 8189 (A-521)")
    ] = None
    extra_video_tracks: Annotated[
        list[VideoTrack],
        BeforeValidator(numbered),
        AfterValidator(in_order),
        Same(in_order),
        CUTS,
        Field(
            max_length=5,
            examples=[[{"video_bitrate": 2000}]],
            description="up to 5; bitrates from `video_bitrate` on never increase (A-522)",
        ),
    ] = []
    create_from_image: Annotated[
        bool | None, Ignored(), Field(description="a hint for creation; the platform's default is true (A-528)")
    ] = None
    store_preset: Annotated[
        bool | None, ONCE, CUTS, Field(description="keep the settings as a preset, once (A-529, A-760)")
    ] = None
    preset_id: Annotated[int | None, ONCE, CUTS, Field(description="the preset to overwrite (A-530)")] = None
    preset_name: Annotated[str | None, ONCE, CUTS, Field(description="the name of a new preset (A-531)")] = None
    state: Annotated[
        Literal["started", "stopped"], OwnCall(), CUTS, Field(description="whether it is to run (A-532)")
    ] = "started"
    restart_trigger: Annotated[
        str | None,
        Trigger(),
        Interrupts(Impact.RESTART),
        Field(description="any change of the text restarts the transcoder (A-533)"),
    ] = None
    dashboard_group: Annotated[
        Id | None,
        OwnCall(),
        GROUP,
        Field(
            description="of type transcoder: where what it makes is shown; no call takes that out again (A-977, A-990)"
        ),
    ] = None
    extra: Extra = None

    clearable: ClassVar[frozenset[str] | None] = frozenset({*PRESET, "restart_trigger", "dashboard_group"})

    @model_validator(mode="before")
    @classmethod
    def _nulls(cls, given: Any) -> Any:
        return {n: v for n, v in given.items() if v is not None} if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """What one field says about another (A-818..820)."""
        for fault in check_service(self.set_fields()):
            raise ValueError(fault)
        if any("video_bitrate" not in track for track in self.extra_video_tracks):
            raise ValueError("extra_video_tracks: each track needs a video_bitrate")
        check_extra(self.extra, set(WIRE))
        return self
