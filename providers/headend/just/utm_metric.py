"""Referral marks of addresses that the stack doesn't subscribe itself."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from headend.core.model.capabilities import (
    KnownBySecrets,
    MakesClaims,
    Selection,
    SelectsChanges,
    Unadoptable,
    Unreadable,
)
from headend.core.model.fields import Immutable, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.just.marks import Refid, Refidm, marks, select_all_but_removals
from headend.just.people import EMAIL, NORMAL, NUMBER, Channel, hashed

if TYPE_CHECKING:
    from headend.just.api import Just

_STAYS = "the marks stay at Just: it has no call that takes them off"


def _channel(value: Any) -> Any:
    if value == "push":
        raise ValueError("push: which key names a device is undocumented (J-32)")
    return value


class UtmMetricSpec(Spec):
    """The marks of one address."""

    channel: Annotated[
        Literal["email", "sms"],
        Field(description="Which kind of address it is; push is refused (J-32)"),
        BeforeValidator(_channel),
        Immutable(),
    ]
    email: Annotated[str | None, *EMAIL] = None
    number: Annotated[str | None, *NUMBER] = None
    refid: Refid = None
    refidm: Refidm = None

    @model_validator(mode="after")
    def _one_address_and_a_mark(self) -> Self:
        given = {name for name in ("email", "number") if getattr(self, name) is not None}
        wanted = NORMAL[self.channel].field
        if given != {wanted}:
            raise ValueError(f"channel {self.channel} takes `{wanted}`, and nothing else")
        if not marks(self):
            raise ValueError("give `refid`, `refidm` or both")
        return self


class UtmMetric(
    Kind[UtmMetricSpec, "Just"],
    Unreadable,
    Unadoptable,
    KnownBySecrets,
    MakesClaims[UtmMetricSpec],
    SelectsChanges[UtmMetricSpec],
):
    """Referral marks of an address, set over whatever was there. Write-only, and never taken off again.

    For addresses whose subscription is none of this stack's; one that is carries its marks itself (J-47, J-48).
    """

    name = "just.utm_metric"
    model = UtmMetricSpec
    can = Can.CREATE | Can.UPDATE
    known_by = ("channel", "email", "number")
    create_before_delete = True
    unreadable = "Just has no call that reads marks"
    unadoptable = "leave it out: creating it overwrites what is there"

    def address(self, spec: UtmMetricSpec) -> tuple[Channel, str | None]:
        return spec.channel, getattr(spec, NORMAL[spec.channel].field)

    def identity(self, spec: UtmMetricSpec) -> str | None:
        channel, address = self.address(spec)
        return f"utm:{channel}:{hashed(channel, NORMAL[channel].of(address))}" if address else None

    def natural_key(self, spec: UtmMetricSpec) -> tuple[Any, ...]:
        return spec.channel, spec.email, spec.number

    def claims(self, spec: UtmMetricSpec) -> Mapping[Hashable, Hashable]:
        """The marks of its address are its own (J-48)."""
        channel, address = self.address(spec)
        return {("marks of", channel, NORMAL[channel].of(address or "")): "utm_metric"}

    def select_changes(self, live: Observed, spec: UtmMetricSpec, changes: Sequence[Change]) -> Selection:
        return select_all_but_removals(changes)

    async def review(self, api: Just, proposal: Proposal[UtmMetricSpec]) -> Sequence[Problem]:
        if proposal.deletes:
            return [warning(f"{_STAYS} (J-47)")]
        return [warning("overwrites marks that can't be seen (J-47)")] if proposal.creates else ()

    async def create(self, api: Just, spec: UtmMetricSpec) -> Observed:
        await self._send(api, spec)
        return Observed(self.new_id("utm", spec.channel), computed={"readable": False})

    async def update(self, api: Just, id: str, spec: UtmMetricSpec, changes: Sequence[Change]) -> None:
        await self._send(api, spec)

    async def _send(self, api: Just, spec: UtmMetricSpec) -> None:
        channel, address = self.address(spec)
        assert address is not None
        await api.mark(channel, address, marks(spec))
