"""What a stack says of a multi-viewer, and what one field says about another."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from headend.ateme.fields import ENVIRONMENT, GROUP, INPUT, KBITS, Extra, check_extra
from headend.ateme.machines import ONCE, PRESET
from headend.ateme.wire_together import PIDS, check_pids
from headend.core.model.fields import Immutable, Impact, Interrupts, OwnCall, Same, Spec, WriteOnly
from headend.core.model.references import Id

CUTS = Interrupts(Impact.INTERRUPTS)
SETTINGS = (
    *("max_allowed_bitrate_kbps", "encoder_uhd_tech_type_id", "is_interlaced", "encoder_gop_size_id"),
    *("encoder_frame_rate_id", "encoder_gop_size_mode_id", "program_number", *PIDS),
)
"""What multi_viewer.update takes, all of which is sent each time (A-51)."""
TILES = ("tile_inputs", "tile_titles")
UNREAD = "no call shows what is in the tiles (A-771, A-838)"
WIRE = frozenset({*SETTINGS, *PRESET, *TILES, "layout_id"})
RATES = "1 25, 2 12.5/25, 3 5/25, 4 2.5/25, 5 2/25, 6 1/25, 7 23.976, 8 24, 9 29.97, 10 30, 11 50, 12 59.94, 13 60"
UHD = "1 HD-SDI (i), 2 HD/3G-SDI (p), 4 Quad Split (p), 5 Quad Split (i), 6 2SI (p), 7 2SI (i), 8 6G/12G-SDI"


def as_text(value: Any) -> Any:
    """The number of a tile as the key of a mapping."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def tile(value: str) -> str:
    if not value.isdecimal() or value != str(int(value)) or value == "0":
        raise ValueError("tiles are numbered from 1")
    return value


def zero_or_from_33(value: int) -> int:
    if 0 < value < 33:
        raise ValueError("0 for none, or 33..8190")
    return value


Tile = Annotated[str, BeforeValidator(as_text), AfterValidator(tile)]
Pid = Annotated[int, Field(ge=33, le=8190)]
AudioPid = Annotated[int, Field(ge=0, le=8190), AfterValidator(zero_or_from_33)]


class MultiViewer(Spec):
    """One picture of many inputs. Wherever an input is named, the multi-viewer's name stands for what it makes."""

    environment: Annotated[
        Id, ENVIRONMENT, Immutable(), Field(description="the environment it is in; it must run (A-538)")
    ]
    layout_id: Annotated[
        str | int,
        Immutable(),
        Same(str),
        Field(examples=[1], description="one of `multi_viewer.layouts`; settled at creation (A-539)"),
    ]
    tile_inputs: Annotated[
        dict[Tile, Id] | None,
        INPUT,
        WriteOnly(UNREAD),
        CUTS,
        Field(
            description="tile, from 1 on -> the input that it shows; what is taken out goes dark; never shown (A-540)"
        ),
    ] = None
    tile_titles: Annotated[
        dict[Tile, str] | None,
        WriteOnly(UNREAD),
        CUTS,
        Field(examples=[{1: "Stadium"}], description="tile, from 1 on -> its title; never shown (A-541, A-978)"),
    ] = None
    max_allowed_bitrate_kbps: Annotated[
        int,
        CUTS,
        KBITS,
        Field(
            ge=500,
            le=30000,
            description="the highest rate in kbit/s, 500 to 30000; above it the result is stopped (A-542)",
        ),
    ]
    encoder_uhd_tech_type_id: Annotated[
        Literal[1, 2, 4, 5, 6, 7, 8] | None,
        CUTS,
        Field(description=f"the SDI over IP format, by its id: {UHD} (A-543, A-839)"),
    ] = None
    is_interlaced: Annotated[bool | None, CUTS, Field(description="whether the picture is interlaced (A-544)")] = None
    encoder_gop_size_id: Annotated[
        Literal[1, 2, 3, 4] | None,
        CUTS,
        Field(description="frames in a group of pictures, by an id: 1 24, 2 50, 3 12, 4 1 (A-545, A-839)"),
    ] = None
    encoder_frame_rate_id: Annotated[
        Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] | None,
        CUTS,
        Field(description=f"frames a second, by an id: {RATES} (A-546, A-839)"),
    ] = None
    encoder_gop_size_mode_id: Annotated[
        Literal[1, 2, 3, 4] | None,
        CUTS,
        Field(
            description="their kind, by an id: 1 static IPB, 2 dynamic IPB, 3 static IP, 4 dynamic IP (A-547, A-839)"
        ),
    ] = None
    program_number: Annotated[
        int,
        CUTS,
        Field(ge=1, le=65535, description="number of the program in the transport stream, 1 to 65535 (A-548)"),
    ] = 1
    pmt_pid: Annotated[
        Pid, CUTS, Field(description="PID of the program map table, 33 to 8190; no two PIDs are alike (A-549, A-553)")
    ] = 200
    video_pid: Annotated[Pid, CUTS, Field(description="PID of the video, 33 to 8190 (A-550)")] = 201
    transcoded_audio_pid: Annotated[
        AudioPid, CUTS, Field(description="PID of the transcoded audio, 33 to 8190; 0: there is none (A-551)")
    ] = 555
    passthrough_audio_pid: Annotated[
        AudioPid, CUTS, Field(description="PID of the audio passed through, 33 to 8190; 0: there is none (A-552)")
    ] = 556
    store_preset: Annotated[
        bool | None, ONCE, CUTS, Field(description="keep the settings as a preset, once (A-554, A-760)")
    ] = None
    preset_id: Annotated[int | None, ONCE, CUTS, Field(description="the preset to overwrite (A-554)")] = None
    preset_name: Annotated[str | None, ONCE, CUTS, Field(description="the name of a new preset (A-554)")] = None
    dashboard_group: Annotated[
        Id | None,
        OwnCall(),
        GROUP,
        Field(description="of type mv: where what it makes is shown; no call takes that out again (A-977, A-990)"),
    ] = None
    extra: Extra = None

    clearable: ClassVar[frozenset[str] | None] = frozenset({*PRESET, *TILES, "dashboard_group"})

    @model_validator(mode="before")
    @classmethod
    def _nulls(cls, given: Any) -> Any:
        return {n: v for n, v in given.items() if v is not None} if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """No PID stands twice, those included that weren't given (A-553)."""
        for fault in check_pids(self.set_fields()):
            raise ValueError(fault)
        check_extra(self.extra, set(WIRE))
        return self


def is_like(live: Mapping[str, Any], spec: MultiViewer) -> bool:
    """Whether one with these values has the layout and the settings of the spec."""
    wanted = spec.set_fields()
    same_layout = str(live.get("layout_id", spec.layout_id)) == str(spec.layout_id)
    return same_layout and all(wanted[name] == live[name] for name in SETTINGS if name in live and name in wanted)
