"""Inputs: the sources of an environment, in six variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from headend.ateme.api import Ateme
from headend.ateme.endpoint import EndpointKind
from headend.ateme.endpoint_spec import Endpoint
from headend.ateme.fields import Likely, empty_is_none
from headend.ateme.rows import InputRow
from headend.ateme.viewers import input_rows, resulting_input, viewer_inputs
from headend.core.model.capabilities import TakesOver
from headend.core.model.errors import Refused
from headend.core.model.fields import (
    Credential,
    Ignored,
    Immutable,
    Impact,
    Interrupts,
    Named,
    Ref,
    Same,
    Spec,
    WriteOnly,
)
from headend.core.model.findings import Problem, warning
from headend.core.model.hosts import Host
from headend.core.model.kind import Report
from headend.core.model.observed import Change, Observed
from headend.core.model.references import Id

DESCRIBED = frozenset({"user_description", "max_allowed_bitrate_kbps"})
HIDDEN = WriteOnly("secrets are never read back")


class Input(Endpoint):
    """Fields of every input."""

    max_allowed_bitrate_kbps: Annotated[
        int | None, Likely(1), Field(description="kbit/s; above it the platform stops the input (A-415)")
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
        Field(min_length=1, max_length=128, description="the broadcaster's own stream id, 1..128 characters (A-413)"),
    ]


class ZixiPull(SourceInput):
    """The environment fetches the stream from a Zixi host. Its update never carries the stream id (A-434)."""

    variant: Annotated[Literal["zixi_pull"], Immutable()]
    pull_port: Annotated[int, Likely(1, 65535), Interrupts(), Field(description="port on the remote side (A-429)")]
    pull_host: Annotated[Host, Interrupts(), Field(description="remote host name or IP (A-431)")]
    latency: Annotated[int, Likely(high=3600000), Interrupts(), Field(ge=-1, description="ms (A-430)")] = 6000
    pull_stream_id: Annotated[
        str | None, Likely(high=100), Interrupts(), Field(description="stream id on the remote side (A-432)")
    ] = None
    password: Annotated[str | None, Credential(), HIDDEN, Interrupts(), Field(description="(A-433)")] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"pull_port", "latency"}


class ZixiPush(SourceInput):
    """The environment waits for a Zixi sender. Every update stops the input; headend starts it again (A-438)."""

    variant: Annotated[Literal["zixi_push"], Immutable()]
    user_description: Annotated[
        str | None,
        Same(empty_is_none),
        Interrupts(Impact.INTERRUPTS),
        Field(max_length=255, description="up to 255 characters (A-414)"),
    ] = None
    max_allowed_bitrate_kbps: Annotated[
        int | None, Likely(1), Interrupts(Impact.INTERRUPTS), Field(description="kbit/s (A-415)")
    ] = None
    port: Annotated[
        int, Interrupts(Impact.INTERRUPTS), Field(description="one of the environment's input ports (A-435)")
    ]
    latency: Annotated[
        int, Interrupts(Impact.INTERRUPTS), Field(ge=-1, le=600000, description="ms, -1..600000 (A-436)")
    ] = 6000
    password: Annotated[
        str | None, Credential(), HIDDEN, Interrupts(Impact.INTERRUPTS), Field(description="(A-437)")
    ] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"port", "latency"}
    sent_id_on_update: ClassVar[bool] = True


class SrtInput(SourceInput):
    """Fields of both SRT variants."""

    latency: Annotated[int, Likely(high=3600000), Interrupts(), Field(ge=-1, description="ms (A-439, A-445)")] = 6000
    password: Annotated[
        str | None,
        Credential(),
        HIDDEN,
        Likely(10, 80),
        Interrupts(),
        Field(description="passphrase, likely 10..80 characters (A-443, A-448)"),
    ] = None
    encryption_type: Annotated[
        int | None,
        Likely(0, 3),
        Interrupts(),
        Field(description="0 none, 1 AES-128, 2 AES-192, 3 AES-256 (A-444, A-449)"),
    ] = None

    sent_id_on_update: ClassVar[bool] = True


class SrtPull(SrtInput):
    """SRT caller: the environment calls the broadcaster's listener."""

    variant: Annotated[Literal["srt_pull"], Immutable()]
    host: Annotated[Host, Interrupts(), Field(description="host name or IP of the listener (A-441)")]
    port: Annotated[int, Likely(1025, 65535), Interrupts(), Field(description="port of the listener (A-442)")]
    bitrate: Annotated[int | None, Likely(1), Interrupts(), Field(description="kbit/s (A-440)")] = None

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"latency", "bitrate"}


class SrtPush(SrtInput):
    """SRT listener: the broadcaster calls. Its maximum bitrate is `max_allowed_bitrate_kbps`, no own field (A-446)."""

    variant: Annotated[Literal["srt_push"], Immutable()]
    port: Annotated[
        int, Likely(1, 65535), Interrupts(), Field(description="one of the environment's input ports (A-447)")
    ]

    documented: ClassVar[frozenset[str]] = DESCRIBED | {"latency"}


class UdpRist(SourceInput):
    """RIST over UDP."""

    variant: Annotated[Literal["udp_rist"], Immutable()]
    port: Annotated[int, Interrupts(), Field(ge=1, le=65535, description="1..65535 (A-450)")]
    max_latency: Annotated[int, Likely(0, 3600000), Interrupts(), Field(description="ms (A-451)")] = 1000
    max_bitrate: Annotated[int, Interrupts(), Field(gt=0, description="kbit/s (A-452)")] = 8000
    rist_remote_port: Annotated[
        int | None,
        Interrupts(),
        Field(ge=1, le=65535, description="1..65535; null: the sender's outbound port + 1 (A-453)"),
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
        Field(description="kbit/s; the range is that of the multi-viewer; set it here or there (A-456, A-989)"),
    ] = None


class InputKind(EndpointKind[Input, InputRow], TakesOver[Input]):
    """A source (channel) of an environment.

    The variants keep the platform's words: `srt_pull` calls, `srt_push` listens. An input that the bitrate limit
    has stopped is reported and left alone, unless `start_after_bitrate_stop` is set or the limit is raised.
    """

    name = "ateme.input"
    collection = "inputs"
    noun = "input"
    shape = InputRow
    model = Input
    variants = {
        "zixi_pull": ZixiPull,
        "zixi_push": ZixiPush,
        "srt_pull": SrtPull,
        "srt_push": SrtPush,
        "udp_rist": UdpRist,
        "local_ts": LocalTs,
    }

    listens: ClassVar[Mapping[str, str]] = {"zixi_push": "port", "srt_push": "port", "udp_rist": "port"}
    zixi: ClassVar[frozenset[str]] = frozenset({"zixi_push"})

    def natural_key(self, spec: Input) -> tuple[Any, ...]:
        if isinstance(spec, LocalTs):
            return (spec.environment, "local_ts", spec.multi_viewer)
        return (spec.environment, getattr(spec, "stream_name", None))

    def check(self, spec: Input, related: Mapping[str, Spec]) -> Sequence[Problem]:
        found = list(super().check(spec, related))
        limit = spec.max_allowed_bitrate_kbps
        if isinstance(spec, UdpRist) and limit is not None and limit < spec.max_bitrate:
            doubt = "max_allowed_bitrate_kbps is below max_bitrate: the input may be stopped"
            found.append(warning(doubt, field="max_allowed_bitrate_kbps"))
        if isinstance(spec, SrtInput) and spec.encryption_type in {1, 2, 3} and spec.password is None:
            found.append(warning("encryption_type without a password", field="encryption_type"))
        # what both can say of it has one owner, and a multi-viewer can't do without the limit
        viewer = related.get("multi_viewer")
        for name in ("max_allowed_bitrate_kbps", "dashboard_group"):
            if getattr(spec, name) is not None and getattr(viewer, name, None) is not None:
                found.append(Problem(f"{name}: its multi-viewer sets it, too", remedy="leave it to the multi-viewer"))
        return found

    def takes_over(self, spec: Input) -> bool:
        """No call makes a Local-TS input: its multi-viewer does (A-454)."""
        return isinstance(spec, LocalTs)

    def group_types(self, spec: Input) -> frozenset[str]:
        if isinstance(spec, LocalTs):
            return frozenset({"mv"})
        # what a transcoder feeds is a Zixi push input, and in a group for transcoders
        return frozenset({"source", "transcoder"} if isinstance(spec, ZixiPush) else {"source"})

    def list_scope(self, spec: Input) -> str | None:
        return str(spec.environment)

    def matches(self, row: InputRow, spec: Input) -> bool:
        """By the broadcaster's id; what a transcoder or a multi-viewer made is never taken (A-769)."""
        if isinstance(spec, LocalTs):
            return row.multi_viewer_id == spec.multi_viewer
        if row.is_transcoded_input or row.multi_viewer_id or row.variant == "local_ts":
            return False
        return self.shows(row, spec, ("stream_name",))

    async def find(self, api: Ateme, spec: Input) -> list[Observed]:
        """What a multi-viewer makes is found through it, whichever of both says so."""
        if not isinstance(spec, LocalTs):
            return await super().find(api, spec)
        made = await resulting_input(api, str(spec.environment), str(spec.multi_viewer), fresh=True)
        row = await self.row(api, made, spec, fresh=True) if made is not None else None
        return [] if row is None else [await self.observed(api, row, spec)]

    async def observed(self, api: Ateme, row: InputRow, spec: Input) -> Observed:
        found = await super().observed(api, row, spec)
        values = dict(found.values)
        if isinstance(spec, LocalTs):
            values["multi_viewer"] = row.multi_viewer_id or spec.multi_viewer
        unverifiable = {name: why for name, why in found.unverifiable.items() if name not in values}
        told = ("input_stopped", "warning_sent", "is_transcoded_input", "associated_transcoder_id")
        computed = {**found.computed, **{name: row.given[name] for name in told if name in row.given}}
        return Observed(row.id, values, computed, unverifiable, found.incomplete, found.warnings)

    def warnings(self, row: InputRow) -> tuple[str, ...]:
        return ("stopped by its bitrate limit",) if row.input_stopped else ()

    def may_switch(self, seen: Observed, spec: Input) -> bool:
        held = seen.computed.get("input_stopped") is True and spec.state == "started"
        return super().may_switch(seen, spec) and (not held or spec.start_after_bitrate_stop)

    async def create(self, api: Ateme, spec: Input) -> Observed:
        if not isinstance(spec, LocalTs):
            return await super().create(api, spec)
        found = await self.find(api, spec)
        if len(found) != 1:
            raise Refused(f"ateme: multi-viewer {spec.multi_viewer} has {len(found)} Local-TS inputs, not one")
        await self.update(api, found[0].id, spec, [Change(("user_description",), None, spec.user_description)])
        return Observed(id=found[0].id, incomplete=True)

    async def after_update(self, api: Ateme, id: str, spec: Input, changes: Sequence[Change], live: InputRow) -> None:
        """A limit that was raised is the answer to the stop that it caused: the input starts again (A-732)."""
        if not live.input_stopped or spec.state != "started":
            return
        before, after = live.given.get("max_allowed_bitrate_kbps"), spec.max_allowed_bitrate_kbps
        if isinstance(before, int) and after is not None and after > before:
            await api.call("input.start", scope=str(spec.environment), path={"input_id": id})

    async def delete(self, api: Ateme, id: str, last: Input, report: Report) -> None:
        """What a multi-viewer or a transcoder makes is only forgotten: it goes with its maker (A-457, A-537)."""
        environment = str(last.environment)
        if last.variant == "local_ts" or id in await viewer_inputs(api, environment):
            return
        row = (await input_rows(api, environment)).row(id)
        if row is not None and row.maker is not None:
            return
        await super().delete(api, id, last, report)
