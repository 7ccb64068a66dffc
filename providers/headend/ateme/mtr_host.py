"""Hosts whose network paths are measured."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from headend.ateme.fields import Extra, check_extra, unlikely
from headend.ateme.listed import UNSEEN, ListedKind
from headend.ateme.rows_services import HostGroupRow, HostRow
from headend.core.model.fields import Immutable, Likely, Named, Ref, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.hosts import Host
from headend.core.model.kind import Can
from headend.core.model.observed import Observed
from headend.core.model.references import Id

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

WRITTEN = re.compile(r"[a-zA-Z0-9. _-]*")


class MtrHost(Spec):
    """One host, in one group."""

    host_name: Annotated[
        str,
        Named(),
        Immutable(),
        Likely(3, 50),
        Field(min_length=1, description="what it is found by; 3..50 of a-z, A-Z, 0-9, . _ - and spaces (A-629, A-986)"),
    ]
    host: Annotated[Host, Immutable(), Field(description="host name or IP address (A-630)")]
    group: Annotated[Id, Ref("ateme.mtr_host_group"), Immutable(), Field(description="where it is listed (A-631)")]
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"host_name", "host", "host_id"})
        return self


class MtrHostKind(ListedKind[MtrHost]):
    """A host that network paths are measured to. It is made in a group, for no other call makes one (A-842).

    No call changes it, so that every change makes it anew. It goes with its group.
    """

    name = "ateme.mtr_host"
    noun = "mtr_host"
    shape = HostRow
    place = "host_id"
    model = MtrHost
    key = ("host_name",)
    can = Can.OBSERVE | Can.CREATE | Can.DELETE

    def check(self, spec: MtrHost, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """The limits of a name are documented for hosts that a report makes (A-986)."""
        signs = "host_name: other signs than a-z, A-Z, 0-9, . _ - and spaces may be refused"
        odd = isinstance(spec.host_name, str) and not WRITTEN.fullmatch(spec.host_name)
        return [*unlikely(spec), *([warning(signs, field="host_name", rule="likely-range")] if odd else [])]

    def fields(self) -> list[str]:
        return ["host_name", "host"]

    async def observe(self, api: Ateme, id: str, spec: MtrHost, *, fresh: bool = False) -> Observed | None:
        found = await super().observe(api, id, spec, fresh=fresh)
        return found and await self._placed(api, found, spec, fresh=fresh)

    async def find(self, api: Ateme, spec: MtrHost) -> list[Observed]:
        return [await self._placed(api, found, spec) for found in await super().find(api, spec)]

    async def _placed(self, api: Ateme, host: Observed, spec: MtrHost, *, fresh: bool = False) -> Observed:
        """With its group: the stack's, if it is in several. One that no group shows may be in any."""
        groups = await api.listed("mtr_host_group.list", None, HostGroupRow, fresh=fresh)
        inside = [group.id for group in groups if host.id in group.held]
        if not inside:
            return replace(host, unverifiable={**host.unverifiable, "group": UNSEEN})
        group = spec.group if spec.group in inside else inside[0]
        return replace(host, values={**host.values, "group": group})

    async def create(self, api: Ateme, spec: MtrHost) -> Observed:
        return await self.make(api, "mtr_host_group.add_host", spec, {"group_id": str(spec.group)})
