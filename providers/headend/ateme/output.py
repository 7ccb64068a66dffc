"""Outputs: the destinations of an environment, in six variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from headend.ateme.answers import desired_word
from headend.ateme.api import Ateme
from headend.ateme.endpoint import EndpointKind
from headend.ateme.endpoint_spec import Endpoint
from headend.ateme.fields import Likely, empty_is_none
from headend.ateme.rows import AgreementRow, InputRow, OutputRow
from headend.ateme.running import BROKEN, PASSING
from headend.core.model.errors import Forbidden, Refused
from headend.core.model.fields import Credential, Found, Immutable, Interrupts, Named, Same, Secret, Spec, WriteOnly
from headend.core.model.findings import Problem, warning
from headend.core.model.hosts import Host
from headend.core.model.observed import Observed
from headend.core.model.proposal import Proposal
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
    str | None, Same(empty_is_none), Field(max_length=255, description="up to 255 characters (A-460)")
]
Remote = Annotated[
    int | None,
    Same(remote_latency),
    Likely(high=3600000),
    Interrupts(),
    Field(description="ms; null or negative: as the remote side is configured (A-472, A-478)"),
]


class Output(Endpoint):
    """Fields of every output. Which input it carries is said by a schedule, not here (A-469)."""

    user_description: Annotated[
        str | None, Same(empty_is_none), Likely(high=255), Field(description="likely up to 255 characters (A-460)")
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
        str | None, Immutable(), Field(min_length=1, max_length=128, description="1..128 characters (A-470)")
    ] = None
    port: Annotated[int, Interrupts(), Field(description="one of the predefined output ports (A-471)")]
    latency: Remote = None
    stream_id: Annotated[
        str | None, Interrupts(), Field(max_length=100, description="up to 100 characters (A-473)")
    ] = None
    remote_id: Annotated[
        str | None, Interrupts(), Field(max_length=100, description="up to 100 characters (A-474)")
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"port", "latency", "stream_id", "remote_id"}
    absent_means_null: ClassVar[frozenset[str]] = frozenset({"latency"})
    clearable: ClassVar[frozenset[str] | None] = frozenset({*(Output.clearable or ()), "latency"})


class Push(Output):
    """The environment sends to a Zixi receiver. Its update never carries the stream id (A-475)."""

    variant: Annotated[Literal["push"], Immutable()]
    user_description: Description = None
    stream_name: Annotated[
        str, Named(), Immutable(), Field(min_length=1, max_length=128, description="1..128 characters (A-475)")
    ]
    host: Annotated[Host, Interrupts(), Field(description="host name or IP of the receiver (A-476)")]
    port: Annotated[int, Interrupts(), Field(ge=0, le=65535, description="0..65535 (A-477)")]
    latency: Remote = None
    stream_id: Annotated[
        str | None, Interrupts(), Field(max_length=100, description="up to 100 characters (A-479)")
    ] = None
    password: Annotated[str | None, Credential(), HIDDEN, Interrupts(), Field(description="(A-480)")] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"port", "latency", "stream_id"}
    absent_means_null: ClassVar[frozenset[str]] = frozenset({"latency"})
    clearable: ClassVar[frozenset[str] | None] = frozenset({*(Output.clearable or ()), "latency"})


class Rtmp(Output):
    """To an RTMP server. Its URLs are secrets, since they often hold the stream key (A-486)."""

    variant: Annotated[Literal["rtmp"], Immutable()]
    url: Annotated[
        str, Secret(), Interrupts(), Field(pattern=RTMP, description="starts with rtmp:// or rtmps:// (A-481)")
    ]
    backup_url: Annotated[str | None, Secret(), Interrupts(), Field(pattern=RTMP, description="as url (A-482)")] = None
    bitrate: Annotated[int, Interrupts(), Field(ge=0, description="kbit/s, 0: as it comes (A-483)")] = 0
    reconnect: Annotated[int, Likely(0), Interrupts(), Field(description="attempts to connect again (A-484)")] = 5
    stream_key: Annotated[str | None, Credential(), HIDDEN, Interrupts(), Field(description="(A-485)")] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"backup_url", "bitrate", "reconnect"}


class SrtOutput(Output):
    """Fields of both SRT variants."""

    port: Annotated[int, Interrupts(), Field(ge=1025, le=65535, description="1025..65535 (A-487, A-492)")]
    latency: Annotated[int, Interrupts(), Field(ge=1, le=599999, description="ms, 1..599999 (A-488, A-493)")]
    encryption_type: Annotated[
        int | None,
        Interrupts(),
        Field(ge=0, le=3, description="0 none, 1 AES-128, 2 AES-192, 3 AES-256 (A-489, A-494)"),
    ] = None
    password: Annotated[
        str | None,
        Credential(),
        HIDDEN,
        Interrupts(),
        Field(min_length=10, max_length=80, description="10..80 characters, with encryption only (A-490, A-817)"),
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
    port: Annotated[int, Interrupts(), Field(ge=1025, le=65534, description="1025..65534 (A-497)")]
    local_port: Annotated[int | None, Interrupts(), Field(ge=0, le=65534, description="0, or 1025..65534 (A-498)")] = (
        None
    )
    ttl: Annotated[
        int | None, Interrupts(), Field(ge=0, le=255, description="0..225; to 255 if validation is warn (A-499)")
    ] = None
    fec: Annotated[int | None, Interrupts(), Field(ge=0, le=2, description="0 off, 1 1D, 2 2D (A-500)")] = None
    rows_d: Annotated[
        int | None, Interrupts(), Field(ge=4, le=20, description="4..20, 10 if unset; with fec 1 or 2 only (A-501)")
    ] = None
    columns_l: Annotated[
        int | None, Interrupts(), Field(ge=1, le=20, description="1..20, 10 if unset; with fec 1 or 2 only (A-502)")
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
            raise ValueError("local_port: 0, or 1025..65534 (A-498)")
        return self


def _odd_ttl(spec: Output) -> bool:
    return isinstance(spec, UdpRist) and spec.ttl is not None and spec.ttl > 225


class OutputKind(EndpointKind[Output, OutputRow]):
    """A destination of an environment.

    The variants keep the platform's words: `srt_push` calls, `srt_pull` listens. What an output carries, and when,
    is said by schedules.
    """

    name = "ateme.output"
    collection = "outputs"
    noun = "output"
    shape = OutputRow
    model = Output
    variants = {
        "pull": Pull,
        "push": Push,
        "rtmp": Rtmp,
        "srt_pull": SrtPull,
        "srt_push": SrtPush,
        "udp_rist": UdpRist,
    }
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "pull": ("stream_id",),
        "push": ("stream_name",),
        "rtmp": ("url",),
        "srt_pull": ("port",),
        "srt_push": ("host", "port"),
        "udp_rist": ("host", "port"),
    }

    listens: ClassVar[Mapping[str, str]] = {"pull": "port", "srt_pull": "port", "udp_rist": "local_port"}
    zixi: ClassVar[frozenset[str]] = frozenset({"pull"})

    def natural_key(self, spec: Output) -> tuple[Any, ...] | None:
        key = tuple(getattr(spec, field) for field in self.keys[spec.variant])
        return None if None in key else (spec.environment, spec.variant, *key)

    def group_types(self, spec: Output) -> frozenset[str]:
        return frozenset({"destination"})

    def list_scope(self, spec: Output) -> str | None:
        return None  # the list goes by the organisation that takes the outputs, over all environments

    def matches(self, row: OutputRow, spec: Output) -> bool:
        key = self.keys[spec.variant]
        if self.natural_key(spec) is None or (row.plain and key == ("stream_id",) and spec.variant == "push"):
            return False
        return self.shows(row, spec, key)

    def check(self, spec: Output, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """The printed TTL limit looks like a misprint (A-815)."""
        found = list(super().check(spec, related))
        return [*found, warning(TTL, field="ttl")] if _odd_ttl(spec) else found

    async def observed(self, api: Ateme, row: OutputRow, spec: Output) -> Observed:
        if row.word is None:
            row = row.model_copy(update={"status": await self._state_of(api, row.id, str(spec.environment))})
        found = await super().observed(api, row, spec)
        values, unverifiable, computed = dict(found.values), dict(found.unverifiable), dict(found.computed)
        warnings = found.warnings
        if await self._may_be_derived(api, row, str(spec.environment)):
            computed["may_be_derived"] = True
            warnings = (*warnings, "it may be derived: a transcoder makes such an output for itself (A-974)")
        if row.plain and isinstance(spec, Pull | Push) and spec.stream_name is not None:
            # `stream_id` holds the submitted id or the field of that name, and the other one isn't shown
            other = "stream_id" if values.get("stream_name") == spec.stream_name != spec.stream_id else "stream_name"
            values.pop(other, None)
            if other in spec.set_fields():
                unverifiable[other] = "the answer shows either the submitted id or stream_id, not both"
        return Observed(row.id, values, computed, unverifiable, found.incomplete, warnings)

    async def find(self, api: Ateme, spec: Output) -> list[Observed]:
        """Without what a transcoder may have made for itself: that is taken over by its id only (A-769, A-974)."""
        return [one for one in await super().find(api, spec) if "may_be_derived" not in one.computed]

    async def _may_be_derived(self, api: Ateme, row: OutputRow, environment: str) -> bool:
        """Nothing marks a transcoder's own pull output but 150 ms and the stream id of the input beside it (A-537)."""
        stream = row.given.get("stream_id")
        if not stream or row.given.get("latency") != 150 or row.variant not in {None, "pull"}:
            return False
        made = [r for r in await api.listed("input.list", environment, InputRow) if r.is_transcoded_input]
        return any(stream in (r.given.get("id"), r.given.get("stream_id")) for r in made)

    async def _state_of(self, api: Ateme, id: str, environment: str) -> str | None:
        """The state from the list of states, which answers for running environments only (A-201, A-468)."""
        if not await api.is_running(environment):
            return None
        try:
            row = (await api.listed("output.states", environment, OutputRow)).row(id)
        except (Forbidden, Refused):
            return None
        word = row.word if row else None
        return word if desired_word(word) or word in BROKEN | PASSING else None

    async def create(self, api: Ateme, spec: Output) -> Observed:
        """Checks the agreement first, since it is used up by a creation (A-461, A-741)."""
        if problem := await self._taken(api, spec):
            raise Refused(f"ateme: {problem}")
        return await super().create(api, spec)

    async def review(self, api: Ateme, proposal: Proposal[Output]) -> Sequence[Problem]:
        """Under strict validation the printed TTL limit refuses (A-815). An agreement isn't free at once when its
        output goes: a replacement needs another one (A-741)."""
        found = list(await super().review(api, proposal))
        spec = proposal.spec
        if spec is not None and _odd_ttl(spec) and api.settings.validation == "strict":
            found.append(Problem(TTL, field="ttl", remedy="HEADEND_ATEME_VALIDATION=warn"))
        if spec is not None and proposal.creates and (problem := await self._taken(api, spec)):
            found.append(Problem(problem, remedy="name another free one; a replacement can't keep its own"))
        return found

    async def _taken(self, api: Ateme, spec: Output) -> str | None:
        """Why the agreement can't be used, by a list that is read anew each time; None if it can, or none is named."""
        wanted = spec.permanent_schedule_agreement_id
        if wanted is None:
            return None
        rows = await api.listed("agreement.list", None, AgreementRow, fresh=True)
        if not any(row.free for row in rows if row.id == wanted):
            return f"permanent_schedule_agreement_id: {wanted} is not there, already assigned or finished (A-461)"
        return None

    def kept(self, live: OutputRow, spec: Output) -> dict[str, Any]:
        """Without the sizes of an FEC that is off, or is switched off (A-816)."""
        found = super().kept(live, spec)
        fec = spec.set_fields().get("fec", live.given.get("fec"))
        return found if fec in {1, 2} else {name: value for name, value in found.items() if name not in FEC_SIZES}

    def forget(self, api: Ateme) -> None:
        super().forget(api)
        api.changed("output.states", "agreement.list")
