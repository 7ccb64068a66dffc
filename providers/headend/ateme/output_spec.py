"""What the stack says of an output, in six variants."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from headend.ateme.endpoint_spec import Endpoint
from headend.ateme.fields import MS, empty_is_none
from headend.core.model.fields import Credential, Found, Immutable, Interrupts, Likely, Named, Same, Secret, WriteOnly
from headend.core.model.hosts import Host
from headend.core.model.references import Id

HIDDEN = WriteOnly("secrets are never read back")
DESCRIBED = frozenset({"user_description"})
FEC_SIZES = ("rows_d", "columns_l")
RTMP = r"^rtmps?://"
TTL = "ttl: the document allows 0..225"


def remote_latency(value: Any) -> Any:
    """null, missing and any negative are equal: the remote side decides (A-472, A-772)."""
    return None if value is None or (isinstance(value, int | float) and value < 0) else value


Description = Annotated[
    str | None,
    Same(empty_is_none),
    Field(max_length=255, description="what people read of it, up to 255 characters (A-460)"),
]
Remote = Annotated[
    int | None,
    Same(remote_latency),
    Likely(high=3600000),
    Interrupts(),
    MS,
    Field(
        description="the delay against network trouble, in ms; null or negative: the remote side decides (A-472, A-478)"
    ),
]


class Output(Endpoint):
    """Fields of every output. Which input it carries is said by a schedule, not here (A-469)."""

    user_description: Annotated[
        str | None,
        Same(empty_is_none),
        Likely(high=255),
        Field(description="what people read of it, likely up to 255 characters (A-460)"),
    ] = None
    permanent_schedule_agreement_id: Annotated[
        Id | None,
        Immutable(),
        Found("ateme.agreement", keep=True),
        Field(description="a bought agreement that is neither assigned nor finished; at creation only (A-461)"),
    ] = None


class Pull(Output):
    """A Zixi receiver fetches the stream from the environment."""

    variant: Annotated[Literal["pull"], Immutable()]
    user_description: Description = None
    stream_name: Annotated[
        str | None,
        Immutable(),
        Field(
            min_length=1,
            max_length=128,
            examples=["cdn"],
            description="the output's own id, 1 to 128 characters (A-470)",
        ),
    ] = None
    port: Annotated[
        int,
        Interrupts(),
        Field(description="the port that receivers fetch from, one of the predefined output ports (A-471)"),
    ]
    latency: Remote = None
    stream_id: Annotated[
        str | None,
        Interrupts(),
        Field(
            max_length=100,
            examples=["derby-clean"],
            description="the Zixi id of the stream, up to 100 characters (A-473)",
        ),
    ] = None
    remote_id: Annotated[
        str | None,
        Interrupts(),
        Field(
            max_length=100,
            examples=["derby-clean"],
            description="the Zixi id of the remote side, up to 100 characters (A-474)",
        ),
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"port", "latency", "stream_id", "remote_id"}
    absent_means_null: ClassVar[frozenset[str]] = frozenset({"latency"})
    clearable: ClassVar[frozenset[str] | None] = frozenset({*(Output.clearable or ()), "latency"})


class Push(Output):
    """The environment sends to a Zixi receiver. Its update never carries the stream id (A-475)."""

    variant: Annotated[Literal["push"], Immutable()]
    user_description: Description = None
    stream_name: Annotated[
        str,
        Named(),
        Immutable(),
        Field(
            min_length=1,
            max_length=128,
            examples=["cdn"],
            description="the output's own id, 1 to 128 characters (A-475)",
        ),
    ]
    host: Annotated[Host, Interrupts(), Field(description="host name or IP of the receiver (A-476)")]
    port: Annotated[int, Interrupts(), Field(ge=0, le=65535, description="the receiver's port, 0 to 65535 (A-477)")]
    latency: Remote = None
    stream_id: Annotated[
        str | None,
        Interrupts(),
        Field(
            max_length=100,
            examples=["derby-clean"],
            description="the Zixi id of the stream, up to 100 characters (A-479)",
        ),
    ] = None
    password: Annotated[
        str | None,
        Credential(),
        HIDDEN,
        Interrupts(),
        Field(description="the password that the receiver asks for, if any (A-480)"),
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"port", "latency", "stream_id"}
    absent_means_null: ClassVar[frozenset[str]] = frozenset({"latency"})
    clearable: ClassVar[frozenset[str] | None] = frozenset({*(Output.clearable or ()), "latency"})


class Rtmp(Output):
    """To an RTMP server. Its URLs are secrets, since they often hold the stream key (A-486)."""

    variant: Annotated[Literal["rtmp"], Immutable()]
    url: Annotated[
        str,
        Secret(),
        Interrupts(),
        Field(
            pattern=RTMP,
            examples=["rtmp://ingest.example.com/live"],
            description="where it is sent: rtmp://... or rtmps://... (A-481)",
        ),
    ]
    backup_url: Annotated[
        str | None,
        Secret(),
        Interrupts(),
        Field(
            pattern=RTMP,
            examples=["rtmp://ingest.example.com/live"],
            description="a second place of the same form (A-482)",
        ),
    ] = None
    bitrate: Annotated[
        int,
        Interrupts(),
        Field(ge=0, description="the bitrate, likely in kbit/s; what 0 means is not documented (A-483, A-811)"),
    ] = 0
    reconnect: Annotated[
        int,
        Likely(0),
        Interrupts(),
        Field(description="how it connects again; whether in seconds or attempts is not documented (A-484)"),
    ] = 5
    stream_key: Annotated[
        str | None,
        Credential(),
        HIDDEN,
        Interrupts(),
        Field(description="the key of the stream, where no URL holds it (A-485)"),
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"backup_url", "bitrate", "reconnect"}


class SrtOutput(Output):
    """Fields of both SRT variants."""

    port: Annotated[
        int,
        Interrupts(),
        Field(ge=1025, le=65535, description="the port that it listens at, or calls: 1025 to 65535 (A-487, A-492)"),
    ]
    latency: Annotated[
        int,
        Interrupts(),
        MS,
        Field(ge=1, le=599999, description="the delay against network trouble, in ms, 1 to 599999 (A-488, A-493)"),
    ]
    encryption_type: Annotated[
        int | None,
        Interrupts(),
        Field(
            ge=0, le=3, description="how it is encrypted: 0 not at all, 1 AES-128, 2 AES-192, 3 AES-256 (A-489, A-494)"
        ),
    ] = None
    password: Annotated[
        str | None,
        Credential(),
        HIDDEN,
        Interrupts(),
        Field(
            min_length=10,
            max_length=80,
            description="passphrase, 10 to 80 characters; needed with encryption, refused with type 0 (A-490, A-817)",
        ),
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"port", "latency", "encryption_type"}

    @model_validator(mode="after")
    def _password_fits(self) -> Self:
        if self.encryption_type and self.password is None:
            raise ValueError("password: required with encryption_type 1..3 (A-817)")
        if self.encryption_type == 0 and self.password is not None:
            raise ValueError("password: encryption_type 0 takes none (A-817)")
        return self


class SrtPull(SrtOutput):
    """SRT listener: the receiver calls the environment."""

    variant: Annotated[Literal["srt_pull"], Immutable()]


class SrtPush(SrtOutput):
    """SRT caller: the environment calls the receiver."""

    variant: Annotated[Literal["srt_push"], Immutable()]
    host: Annotated[Host, Interrupts(), Field(description="the receiver's host name or IP (A-491)")]

    documented: ClassVar[frozenset[str]] = SrtOutput.documented | {"host"}


class UdpRist(Output):
    """UDP or RIST to a host. The wire's odd TTL limit of 225 is kept (A-815)."""

    variant: Annotated[Literal["udp_rist"], Immutable()]
    host: Annotated[Host, Interrupts(), Field(description="the receiver's host name or IP (A-496)")]
    port: Annotated[
        int, Interrupts(), Field(ge=1025, le=65534, description="the receiver's port, 1025 to 65534 (A-497)")
    ]
    local_port: Annotated[
        int | None,
        Interrupts(),
        Field(ge=0, le=65534, description="the port that it is sent from: 1025 to 65534, or 0, likely for any (A-498)"),
    ] = None
    ttl: Annotated[
        int | None,
        Interrupts(),
        Field(
            ge=0, le=255, description="how many hops a packet may take, 0 to 225; to 255 if validation is warn (A-499)"
        ),
    ] = None
    fec: Annotated[
        int | None, Interrupts(), Field(ge=0, le=2, description="forward error correction: 0 off, 1 1D, 2 2D (A-500)")
    ] = None
    rows_d: Annotated[
        int | None,
        Interrupts(),
        Field(
            ge=4, le=20, description="rows of the error correction, 4 to 20, 10 if unset; with fec 1 or 2 only (A-501)"
        ),
    ] = None
    columns_l: Annotated[
        int | None,
        Interrupts(),
        Field(
            ge=1,
            le=20,
            description="columns of the error correction, 1 to 20, 10 if unset; with fec 1 or 2 only (A-502)",
        ),
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"port", "fec", *FEC_SIZES}

    @model_validator(mode="before")
    @classmethod
    def _fec_defaults(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("fec") in (1, 2):  # a list can stand there, too
            return {"rows_d": 10, "columns_l": 10} | given
        return given

    @model_validator(mode="after")
    def _fec_fits(self) -> Self:
        if not self.fec and (self.rows_d is not None or self.columns_l is not None):
            raise ValueError("rows_d and columns_l: only with fec 1 or 2 (A-816)")
        if self.local_port is not None and 0 < self.local_port < 1025:
            raise ValueError("local_port: the port that it is sent from: 1025 to 65534, or 0, likely for any (A-498)")
        return self
