"""What the stack says of an input, in six variants."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from headend.ateme.endpoint_spec import Endpoint
from headend.ateme.fields import KBITS, MS, empty_is_none
from headend.core.model.fields import (
    Credential,
    Ignored,
    Immutable,
    Impact,
    Interrupts,
    Likely,
    Named,
    Ref,
    Same,
    WriteOnly,
)
from headend.core.model.hosts import Host
from headend.core.model.references import Id

DESCRIBED = frozenset({"user_description", "max_allowed_bitrate_kbps"})
HIDDEN = WriteOnly("secrets are never read back")


class Input(Endpoint):
    """Fields of every input."""

    max_allowed_bitrate_kbps: Annotated[
        int | None,
        Likely(1),
        KBITS,
        Field(description="the highest rate in kbit/s; above it the platform stops the input (A-415)"),
    ] = None
    start_after_bitrate_stop: Annotated[
        bool,
        Ignored(),
        Field(description="start it again when the bitrate limit has stopped it; never on the wire (A-420, A-732)"),
    ] = False

    not_sent: ClassVar[frozenset[str]] = Endpoint.not_sent | {"start_after_bitrate_stop", "multi_viewer"}
    documented: ClassVar[frozenset[str]] = DESCRIBED


class SourceInput(Input):
    """Fields of every input that is created as one."""

    stream_name: Annotated[
        str,
        Named(),
        Immutable(),
        Field(
            min_length=1,
            max_length=128,
            examples=["stadium-a"],
            description="the broadcaster's own stream id, 1 to 128 characters (A-413)",
        ),
    ]


class ZixiPull(SourceInput):
    """The environment fetches the stream from a Zixi host. Its update never carries the stream id (A-434)."""

    variant: Annotated[Literal["zixi_pull"], Immutable()]
    pull_port: Annotated[
        int, Likely(1, 65535), Interrupts(), Field(description="the port on the remote side, likely 1 to 65535 (A-429)")
    ]
    pull_host: Annotated[Host, Interrupts(), Field(description="remote host name or IP (A-431)")]
    latency: Annotated[
        int,
        Likely(high=3600000),
        Interrupts(),
        MS,
        Field(
            ge=-1,
            description="the delay against network trouble, in ms; what -1 means is unknown (A-430)",
        ),
    ] = 6000
    pull_stream_id: Annotated[
        str | None,
        Likely(high=100),
        Interrupts(),
        Field(examples=["derby-clean"], description="stream id on the remote side (A-432)"),
    ] = None
    password: Annotated[
        str | None,
        Credential(),
        HIDDEN,
        Interrupts(),
        Field(description="the password that the remote host asks for, if any (A-433)"),
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"pull_port", "latency"}


class ZixiPush(SourceInput):
    """The environment waits for a Zixi sender. Every update stops the input; headend starts it again (A-438)."""

    variant: Annotated[Literal["zixi_push"], Immutable()]
    user_description: Annotated[
        str | None,
        Same(empty_is_none),
        Interrupts(Impact.INTERRUPTS),
        Field(max_length=255, description="what people read of it, up to 255 characters (A-414)"),
    ] = None
    max_allowed_bitrate_kbps: Annotated[
        int | None,
        Likely(1),
        Interrupts(Impact.INTERRUPTS),
        KBITS,
        Field(description="the highest rate in kbit/s; above it the platform stops the input (A-415)"),
    ] = None
    port: Annotated[
        int,
        Interrupts(Impact.INTERRUPTS),
        Field(description="the port that senders connect to, one of the environment's input ports (A-435)"),
    ]
    latency: Annotated[
        int,
        Interrupts(Impact.INTERRUPTS),
        MS,
        Field(
            ge=-1,
            le=600000,
            description="the delay against network trouble, in ms, -1 to 600000; what -1 means is unknown (A-436)",
        ),
    ] = 6000
    password: Annotated[
        str | None,
        Credential(),
        HIDDEN,
        Interrupts(Impact.INTERRUPTS),
        Field(description="the password that senders need, if any (A-437)"),
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"port", "latency"}
    sent_id_on_update: ClassVar[bool] = True


class SrtInput(SourceInput):
    """Fields of both SRT variants."""

    latency: Annotated[
        int,
        Likely(high=3600000),
        Interrupts(),
        MS,
        Field(
            ge=-1,
            description="the delay against network trouble, in ms; what -1 means is unknown (A-439, A-445)",
        ),
    ] = 6000
    password: Annotated[
        str | None,
        Credential(),
        HIDDEN,
        Likely(10, 80),
        Interrupts(),
        Field(description="the passphrase of the encryption, likely 10 to 80 characters (A-443, A-448)"),
    ] = None
    encryption_type: Annotated[
        int | None,
        Likely(0, 3),
        Interrupts(),
        Field(description="how it is encrypted: 0 not at all, 1 AES-128, 2 AES-192, 3 AES-256 (A-444, A-449)"),
    ] = None

    sent_id_on_update: ClassVar[bool] = True


class SrtPull(SrtInput):
    """SRT caller: the environment calls the broadcaster's listener."""

    variant: Annotated[Literal["srt_pull"], Immutable()]
    host: Annotated[Host, Interrupts(), Field(description="host name or IP of the listener (A-441)")]
    port: Annotated[
        int, Likely(1025, 65535), Interrupts(), Field(description="port of the listener, likely 1025 to 65535 (A-442)")
    ]
    bitrate: Annotated[
        int | None, Likely(1), Interrupts(), KBITS, Field(description="the bitrate of the stream, in kbit/s (A-440)")
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"latency", "bitrate"}


class SrtPush(SrtInput):
    """SRT listener: the broadcaster calls. Its maximum bitrate is `max_allowed_bitrate_kbps`, no own field (A-446)."""

    variant: Annotated[Literal["srt_push"], Immutable()]
    port: Annotated[
        int,
        Likely(1, 65535),
        Interrupts(),
        Field(description="the port that the broadcaster calls, one of the environment's input ports (A-447)"),
    ]

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"latency"}


class UdpRist(SourceInput):
    """RIST over UDP."""

    variant: Annotated[Literal["udp_rist"], Immutable()]
    port: Annotated[
        int, Interrupts(), Field(ge=1, le=65535, description="the port that the stream comes in at, 1 to 65535 (A-450)")
    ]
    max_latency: Annotated[
        int,
        Likely(0, 3600000),
        Interrupts(),
        MS,
        Field(description="the longest delay against network trouble, in ms; likely 0 or more (A-451)"),
    ] = 1000
    max_bitrate: Annotated[
        int,
        Interrupts(),
        KBITS,
        Field(gt=0, description="the highest bitrate taken, in kbit/s; above 0 (A-452)"),
    ] = 8000
    rist_remote_port: Annotated[
        int | None,
        Interrupts(),
        Field(ge=1, le=65535, description="the sender's RIST port, 1 to 65535; null: its outbound port + 1 (A-453)"),
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"port"}
    absent_means_null: ClassVar[frozenset[str]] = frozenset({"rist_remote_port"})
    clearable: ClassVar[frozenset[str] | None] = frozenset({*(Input.clearable or ()), "rist_remote_port"})
    sent_id_on_update: ClassVar[bool] = True


class LocalTs(Input):
    """What a multi-viewer puts out. It is found, not created, and goes with its multi-viewer (A-457)."""

    variant: Annotated[Literal["local_ts"], Immutable()]
    multi_viewer: Annotated[
        Id, Ref("ateme.multi_viewer"), Immutable(), Field(description="the multi-viewer that makes it (A-454)")
    ]
    max_allowed_bitrate_kbps: Annotated[
        int | None,
        Likely(500, 30000),
        KBITS,
        Field(
            description="the highest rate, likely 500 to 30000 kbit/s; set here or on the multi-viewer (A-456, A-989)"
        ),
    ] = None
