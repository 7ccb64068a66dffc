"""Outputs: the destinations of an environment, in six variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from headend.ateme.answers import desired_word
from headend.ateme.endpoint import EndpointKind
from headend.ateme.output_spec import FEC_SIZES, TTL, Output, Pull, Push, Rtmp, SrtPull, SrtPush, UdpRist
from headend.ateme.rows import InputRow, OutputRow
from headend.ateme.rows_office import AgreementRow
from headend.ateme.running import BROKEN, PASSING
from headend.core.model.errors import Forbidden, Refused
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.observed import Observed
from headend.core.model.proposal import Proposal

if TYPE_CHECKING:
    from headend.ateme.api import Ateme


def _odd_ttl(spec: Output) -> bool:
    return isinstance(spec, UdpRist) and spec.ttl is not None and spec.ttl > 225


class OutputKind(EndpointKind[Output, OutputRow]):
    """A destination of an environment.

    The variants keep the platform's words: `srt_push` calls, `srt_pull` listens. What an output carries, and when,
    is said by schedules.
    """

    name = "ateme.output"
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
    lines: ClassVar[Mapping[str, tuple[str, str | None, str]]] = {
        "pull": ("zixi", None, "port"),
        "srt_pull": ("srt", None, "port"),
        "push": ("zixi", "host", "port"),
        "srt_push": ("srt", "host", "port"),
        "udp_rist": ("udp", "host", "port"),
    }

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
        return [*found, warning(TTL, field="ttl", rule="likely-range")] if _odd_ttl(spec) else found

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

    async def why_left_out(self, api: Ateme, row: OutputRow) -> str:
        derived = await self._may_be_derived(api, row, str(row.environment_id))
        return "it may be derived: a transcoder makes such an output for itself (A-974)" if derived else ""

    def told(self, model: type[Spec], values: Mapping[str, Any]) -> Sequence[str]:
        """What people call it, or where it goes to."""
        names = next((n for n in ("stream_name", "user_description", "stream_id") if values.get(n)), None)
        place = ("host", "port") if values.get("host") else ("variant", "port", "local_port")
        return [names] if names else [name for name in place if values.get(name)]

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
