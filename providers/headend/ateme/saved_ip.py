"""Saved IP addresses: those that environments are reached by, which move from one to another."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Self, cast

from pydantic import AfterValidator, Field, model_validator

from headend.ateme.airtime import airtimes
from headend.ateme.fields import ENVIRONMENT, Extra, check_extra, empty_is_none
from headend.ateme.listed import UNSEEN, ListedKind
from headend.ateme.rows import Row
from headend.ateme.rows_services import SavedIpRow
from headend.core.model.capabilities import CreatedInStages, LetsGo, OnAir, Selection, SelectsChanges, note_down
from headend.core.model.fields import Immutable, Impact, Interrupts, Lasting, OwnCall, Same, Spec, WriteOnly
from headend.core.model.findings import Problem, warning
from headend.core.model.hosts import IP_ADDRESS
from headend.core.model.kind import Report
from headend.core.model.observed import Airtime, Change, Observed
from headend.core.model.proposal import Proposal
from headend.core.model.references import Id
from headend.core.model.signal import HoldsAddress

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

ZONE = re.compile(r".+-[a-z]")
LEFT = "previous_cloud_details"
MAIN = "the environment that the address moves to becomes the main one (A-988)"


def _address(value: str) -> str:
    try:
        ip_address(value)
    except ValueError:
        raise ValueError("must be an IPv4 or IPv6 address") from None
    return value


def _same(value: Any) -> Any:
    """One of the spellings of an IPv6 address."""
    try:
        return str(ip_address(value))
    except ValueError:
        return value


class SavedIp(Spec):
    """One address."""

    ip_address: Annotated[
        str,
        Immutable(),
        Same(_same),
        AfterValidator(_address),
        IP_ADDRESS,
        Field(description="IPv4 or IPv6; what it is found by (A-649)"),
    ]
    name: Annotated[str | None, Same(empty_is_none), Field(description="what it is called (A-650)")] = None
    cloud_provider: Annotated[
        str, Immutable(), Field(min_length=1, examples=["aws"], description="where the address is (A-651)")
    ]
    region: Annotated[
        str,
        Immutable(),
        Field(min_length=1, examples=["eu-west-1"], description="its region there; on gcp its zone (A-652)"),
    ]
    environment: Annotated[
        Id | None,
        ENVIRONMENT,
        OwnCall(),
        Interrupts(),
        Field(
            description="what holds it, and becomes the main environment by that; no call detaches it (A-653, A-759)"
        ),
    ] = None
    previous_cloud_details: Annotated[
        str | None,
        Lasting(),
        WriteOnly("it only says where a move starts"),
        Field(
            examples=["249421"],
            description="how the cloud calls the environment that a move LEAVES, such as 249421054 (A-654, A-847)",
        ),
    ] = None
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(
            self.extra,
            {"ip_address", "name", "cloud_provider", "region", "target_c_env_id", "cloud_details"},
        )
        return self


class SavedIpKind(
    ListedKind[SavedIp],
    CreatedInStages[SavedIp, "Ateme"],
    LetsGo[SavedIp, "Ateme"],
    OnAir[SavedIp, "Ateme"],
    SelectsChanges[SavedIp],
    HoldsAddress[SavedIp],
):
    """An IP address that the organisation keeps, for one environment after the other.

    Making one registers an address that is there already; nothing says that it costs money (A-988). A move takes it
    from whatever goes out through the environment that it leaves, and needs the cloud's name of that one.
    """

    name = "ateme.saved_ip"
    collection = "saved_ips"
    noun = "saved_ip"
    shape = SavedIpRow
    model = SavedIp
    impact_of_delete = Impact.INTERRUPTS
    told_by = ("name",)

    def natural_key(self, spec: SavedIp) -> tuple[Any, ...]:
        return (_same(spec.ip_address),)

    def address_of(self, spec: SavedIp) -> tuple[str, str]:
        return "environment", spec.ip_address

    def told(self, model: type[Spec], values: Mapping[str, Any]) -> Sequence[str]:
        return super().told(model, values) or ["ip_address"]

    def fields(self) -> list[str]:
        return ["ip_address", "name", "cloud_provider", "region"]

    def check(self, spec: SavedIp, related: Mapping[str, Spec]) -> Sequence[Problem]:
        if spec.cloud_provider != "gcp" or ZONE.fullmatch(str(spec.region)):
            return ()
        remedy = f"give a zone, such as {spec.region}-b"
        return (warning("region: on gcp it is the zone that counts (A-652)", field="region", remedy=remedy),)

    async def review(self, api: Ateme, proposal: Proposal[SavedIp]) -> Sequence[Problem]:
        """A move says where it starts, and nothing detaches an address (A-759, A-654)."""
        move = next((change for change in proposal.edits if change.field == "environment"), None)
        if proposal.spec is None or not (move or (proposal.creates and proposal.spec.environment)):
            return ()
        if move and move.after is None:
            return (Problem("environment: no call detaches an address (A-759)", remedy="name another environment"),)
        holder = move and move.before
        needed = isinstance(holder, str) and await api.status(holder) != "deleted"
        if needed and proposal.spec.previous_cloud_details is None:
            said = f"{LEFT}: environment {holder} holds the address, and the cloud's name of that one is needed (A-654)"
            if isinstance(proposal.spec.environment, str):
                return (Problem(said, field=LEFT),)
            return (warning(f"{said}, unless it goes before", field=LEFT), warning(MAIN, field="environment"))
        return (warning(MAIN, field="environment"),)

    def select_changes(self, live: Observed, spec: SavedIp, changes: Sequence[Change]) -> Selection:
        """What a move starts from is sent with a move alone."""
        return note_down(changes, () if any(change.field == "environment" for change in changes) else (LEFT,))

    def observed(self, row: Row, spec: SavedIp) -> Observed:
        """With its holder, where that is shown."""
        found, held = super().observed(row, spec), cast(SavedIpRow, row)
        if not held.tells_holder:
            return replace(found, unverifiable={**found.unverifiable, "environment": UNSEEN})
        return replace(found, values={**found.values, "environment": held.holder})

    async def on_air(self, api: Ateme, id: str, spec: SavedIp, *, fresh: bool = False) -> Sequence[Airtime]:
        holder = spec.environment
        return await airtimes(api, environment=holder, fresh=fresh) if isinstance(holder, str) else ()

    # --- writing -------------------------------------------------------------------------------------------
    async def furnish(self, api: Ateme, id: str, spec: SavedIp, report: Report) -> None:
        row = (await api.listed("saved_ip.list", None, SavedIpRow)).row(id)
        if spec.environment is not None and (row is None or row.holder != spec.environment):
            await self._move(api, id, spec)

    async def update(self, api: Ateme, id: str, spec: SavedIp, changes: Sequence[Change]) -> None:
        names = {change.field for change in changes}
        if names & {"name", "extra"}:
            await self.change(api, "rename", id, {"name": spec.name or "", **(spec.extra or {})})
        if "environment" in names:
            await self._move(api, id, spec)

    async def _move(self, api: Ateme, id: str, spec: SavedIp) -> None:
        left = {"cloud_details": spec.previous_cloud_details} if spec.previous_cloud_details else {}
        await self.change(api, "move", id, {"target_c_env_id": spec.environment, **left})

    async def release(self, api: Ateme, id: str, last: SavedIp, going: Collection[str]) -> None:
        """Nothing: an environment goes without it, and the address stays."""
