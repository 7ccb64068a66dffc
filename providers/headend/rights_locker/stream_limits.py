"""How many streams a viewer may watch at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from headend.core.model.capabilities import Unreadable
from headend.core.model.fields import Spec, Trigger, WriteOnly
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.observed import Change, Observed
from headend.rights_locker.account import AccountId

if TYPE_CHECKING:
    from headend.rights_locker.api import RightsLocker

_UNREADABLE = "Rights Locker has no call that reads a stream limit"


class StreamLimitSpec(Spec):
    """The stream limit of one account."""

    account_id: AccountId
    limit: Annotated[
        int,
        Field(
            strict=True,
            ge=1,
            description="Concurrent streams, 1 or more. 0 is refused: whether it blocks or frees is unknown (R-33)",
        ),
        WriteOnly(_UNREADABLE),
    ]
    reapply: Annotated[
        str | int | float | bool | None,
        Field(
            description="Any value; changing it sends the limit again, the only cure for a suspected change by"
            " someone else (R-31)",
        ),
        Trigger(),
    ] = None


class StreamLimit(Kind[StreamLimitSpec, "RightsLocker"], Unreadable):
    """The number of streams that one viewer may watch at once. Deleting it leaves the provider-wide limit.

    Write-only: headend knows what it sent last and nothing more. Creating it overwrites any earlier limit, which
    can be neither seen nor kept (R-28 to R-33).
    """

    name = "rights_locker.stream_limit"
    model = StreamLimitSpec
    can = Can.CREATE | Can.UPDATE | Can.DELETE
    one_at_a_time_per = "account_id"
    create_before_delete = True
    unreadable = _UNREADABLE
    completes = True  # it notes when the limit was sent

    def identity(self, spec: StreamLimitSpec) -> str:
        return spec.account_id

    async def observe(self, api: RightsLocker, id: str, spec: StreamLimitSpec, *, fresh: bool = False) -> Observed:
        """What can be said without a request: nothing about the limit (R-29)."""
        return Observed(
            id=id,
            values={"account_id": id},
            computed={"readable": False},
            unverifiable={"limit": _UNREADABLE},
        )

    async def create(self, api: RightsLocker, spec: StreamLimitSpec) -> Observed:
        await api.set_limit(spec.account_id, spec.limit)
        overwritten = "any stream limit that the account had before is overwritten; it could not be read"
        return Observed(
            id=spec.account_id,
            values={"account_id": spec.account_id},
            computed=_applied_now(),
            unverifiable={"limit": _UNREADABLE},
            warnings=(overwritten,),
        )

    async def complete(self, api: RightsLocker, id: str, spec: StreamLimitSpec, report: Report) -> Observed:
        """Nothing is left to do and nothing can be read back; notes when the limit was sent."""
        return Observed(id=id, values={"account_id": id}, computed=_applied_now(), unverifiable={"limit": _UNREADABLE})

    async def update(self, api: RightsLocker, id: str, spec: StreamLimitSpec, changes: Sequence[Change]) -> None:
        await api.set_limit(id, spec.limit)

    async def delete(self, api: RightsLocker, id: str, last: StreamLimitSpec, report: Report) -> None:
        await api.delete_limit(id)


def _applied_now() -> dict[str, object]:
    return {"readable": False, "last_applied_at": datetime.now(UTC).isoformat(timespec="seconds")}
