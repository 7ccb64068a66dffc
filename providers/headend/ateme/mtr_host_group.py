"""Groups of hosts whose network paths are measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from headend.ateme.fields import Extra, check_extra
from headend.ateme.listed import ListedKind
from headend.ateme.rows_services import HostGroupRow
from headend.core.model.fields import Named, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.proposal import Proposal

if TYPE_CHECKING:
    from headend.ateme.api import Ateme


class MtrHostGroup(Spec):
    """One group."""

    name: Annotated[str, Named(), Field(min_length=1, description="what it is found by (A-626)")]
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"name", "hosts"})
        return self


class MtrHostGroupKind(ListedKind[MtrHostGroup]):
    """A group of hosts that network paths are measured to. Its hosts are an `ateme.mtr_host` each (A-628).

    Deleting it deletes every host in it, those that the stack doesn't know among them: the plan names them (A-300).
    """

    name = "ateme.mtr_host_group"
    noun = "mtr_host_group"
    shape = HostGroupRow
    place = "group_id"
    model = MtrHostGroup
    key = ("name",)

    async def review(self, api: Ateme, proposal: Proposal[MtrHostGroup]) -> Sequence[Problem]:
        if not proposal.deletes:
            return ()
        row = (await api.listed("mtr_host_group.list", None, HostGroupRow)).row(proposal.id)
        hosts = sorted(host.host_name or host.id for host in (row.hosts if row else None) or ())
        return [warning(f"every host in it goes, too: {', '.join(hosts)} (A-300)")] if hosts else ()
