"""Inputs: the sources of an environment, in six variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from headend.ateme.endpoint import EndpointKind
from headend.ateme.input_spec import Input, LocalTs, SrtInput, SrtPull, SrtPush, UdpRist, ZixiPull, ZixiPush
from headend.ateme.rows import InputRow
from headend.ateme.viewers import is_made, resulting_input
from headend.core.model.capabilities import LeavesBehind, TakesOver
from headend.core.model.errors import Refused
from headend.core.model.fields import (
    Spec,
)
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Report
from headend.core.model.observed import Change, Observed

if TYPE_CHECKING:
    from headend.ateme.api import Ateme


class InputKind(EndpointKind[Input, InputRow], LeavesBehind[Input], TakesOver[Input]):
    """A source (channel) of an environment.

    The variants keep the platform's words: `srt_pull` calls, `srt_push` listens. An input that the bitrate limit
    has stopped is reported and left alone, unless `start_after_bitrate_stop` is set or the limit is raised.
    """

    name = "ateme.input"
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
    lines: ClassVar[Mapping[str, tuple[str, str | None, str]]] = {
        "zixi_push": ("zixi", None, "port"),
        "srt_push": ("srt", None, "port"),
        "udp_rist": ("udp", None, "port"),
        "zixi_pull": ("zixi", "pull_host", "pull_port"),
        "srt_pull": ("srt", "host", "port"),
    }
    sources = ("multi_viewer",)

    def natural_key(self, spec: Input) -> tuple[Any, ...]:
        if isinstance(spec, LocalTs):
            return (spec.environment, "local_ts", spec.multi_viewer)
        return (spec.environment, getattr(spec, "stream_name", None))

    def check(self, spec: Input, related: Mapping[str, Spec]) -> Sequence[Problem]:
        found = list(super().check(spec, related))
        limit = spec.max_allowed_bitrate_kbps
        if isinstance(spec, UdpRist) and limit is not None and limit < spec.max_bitrate:
            doubt = "max_allowed_bitrate_kbps is below max_bitrate: the input may be stopped"
            found.append(warning(doubt, field="max_allowed_bitrate_kbps", rule="contradiction"))
        if isinstance(spec, SrtInput) and spec.encryption_type in {1, 2, 3} and spec.password is None:
            found.append(warning("encryption_type without a password", field="encryption_type", rule="contradiction"))
        # what both can say of it has one owner, and a multi-viewer can't do without the limit
        viewer = related.get("multi_viewer")
        for name in ("max_allowed_bitrate_kbps", "dashboard_group"):
            if getattr(spec, name) is not None and getattr(viewer, name, None) is not None:
                found.append(Problem(f"{name}: its multi-viewer sets it, too", remedy="leave it to the multi-viewer"))
        return found

    def takes_over(self, spec: Input) -> bool:
        """No call makes a Local-TS input: its multi-viewer does (A-454)."""
        return isinstance(spec, LocalTs)

    def leaves_behind(self, last: Input) -> bool:
        """It goes with its multi-viewer (A-457)."""
        return last.variant == "local_ts"

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

    async def why_left_out(self, api: Ateme, row: InputRow) -> str:
        if row.is_transcoded_input:
            return f"transcoder {row.maker} makes it" if row.maker else "a transcoder makes it"
        maker = f"multi-viewer {row.multi_viewer_id}" if row.multi_viewer_id else "a multi-viewer"
        return f"{maker} makes it" if row.of_viewer else ""

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
        if not await is_made(api, str(last.environment), id):
            await super().delete(api, id, last, report)
