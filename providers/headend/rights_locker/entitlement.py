"""A viewer's right to one content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import Field

from headend.core.model.capabilities import OwnsParts
from headend.core.model.errors import ApiError, Conflict, InputError
from headend.core.model.fields import Ignored, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Change, Observed
from headend.core.model.owners import Owned
from headend.rights_locker.account import AccountId
from headend.rights_locker.content import KINDS, Grant, Item, shown
from headend.rights_locker.terms import (
    GrantSpec,
    cleared,
    differing,
    grant_of,
    joined,
    leftover,
    live_terms,
    past,
    tells,
    terms_of,
)

if TYPE_CHECKING:
    from headend.rights_locker.api import RightsLocker

FAMILY = "rights_locker.entitlement"


class EntitlementSpec(GrantSpec):
    """One entitlement of one account."""

    account_id: AccountId
    on_existing: Annotated[
        Literal["adopt", "fail"],
        Field(
            description="When the account has the entitlement before headend grants it: adopt takes it over and"
            " corrects its terms, fail refuses (R-45)",
        ),
        Ignored(),
    ] = "adopt"


class Entitlement(Kind[EntitlementSpec, "RightsLocker"], OwnsParts[EntitlementSpec], Listed["RightsLocker"]):
    """A viewer's right to play an asset, or all that has a label, online or offline.

    The terms are owned as a whole: one that the stack leaves out is unset. All entitlements of an account are read at
    once. Its id, for `lifecycle.adopt`: account, kind, content and product, each percent-encoded, joined by `/`; the
    provider code may stand before them (R-42 to R-55).
    """

    name = FAMILY
    read_together = True
    model = EntitlementSpec
    one_at_a_time_per = "account_id"
    listed_by = "an account's id"
    told_by = ("account_id", "content_id", "external_product_id", "kind")
    create_before_delete = True

    def identity(self, spec: EntitlementSpec) -> str:
        return joined((spec.account_id, *grant_of(spec)))

    def natural_key(self, spec: EntitlementSpec) -> tuple[str, ...]:
        return (spec.account_id, *grant_of(spec))

    def owns(self, spec: EntitlementSpec) -> Iterable[Owned]:
        return ((FAMILY, spec.account_id, *grant_of(spec)),)

    def check(self, spec: EntitlementSpec, related: Mapping[str, Spec]) -> Sequence[Problem]:
        return (
            [warning("end_time has passed, so it grants nothing", field="end_time", rule="past-time")]
            if past(spec)
            else ()
        )

    # --- reading ---------------------------------------------------------------------------------------------
    async def observe(
        self, api: RightsLocker, id: str, spec: EntitlementSpec, *, fresh: bool = False
    ) -> Observed | None:
        """Out of what was read of the account, or by itself (R-58)."""
        account_id, grant = _place(api, id)
        row = await api.granted(account_id, grant, fresh=fresh)
        return None if row is None else _observed(account_id, grant, row)

    async def list_live(self, api: RightsLocker, within: str | None) -> Sequence[Live]:
        """Of one account: no call lists accounts (R-58)."""
        account = str(within)
        rows = (await api.content(account)).rows
        return [Live(joined((account, *grant)), {"account_id": account, **grant._asdict()}) for grant in rows]

    async def find(self, api: RightsLocker, spec: EntitlementSpec) -> list[Observed]:
        """Raises Conflict where there is something to find and the spec says `on_existing: fail`."""
        grant = grant_of(spec)
        row = await api.granted(spec.account_id, grant)
        if row is None:
            return []
        _admit(spec, grant)
        return [_observed(spec.account_id, grant, row, _adopting(spec, grant, live_terms(row)))]

    # --- writing ---------------------------------------------------------------------------------------------
    async def create(self, api: RightsLocker, spec: EntitlementSpec) -> Observed:
        """Grants what isn't there; what is is corrected, and told. Raises Conflict as `find` does (R-45)."""
        grant, wanted = grant_of(spec), terms_of(spec)
        row = await api.granted(spec.account_id, grant, fresh=spec.on_existing == "fail")
        warnings: tuple[str, ...] = ()
        computed = {}
        if row is not None:
            _admit(spec, grant)
            warnings, computed = _adopting(spec, grant, live_terms(row)), {"adopted": True}
        if row is None or differing(wanted, live_terms(row)):
            await api.grant(spec.account_id, [(grant, wanted)])
        return Observed(self.identity(spec), computed=computed, incomplete=True, warnings=warnings)

    async def update(self, api: RightsLocker, id: str, spec: EntitlementSpec, changes: Sequence[Change]) -> None:
        """The full item, whatever changed (R-46)."""
        await api.grant(spec.account_id, [(grant_of(spec), terms_of(spec))])

    async def complete(self, api: RightsLocker, id: str, spec: EntitlementSpec, report: Report) -> Observed:
        """Reads it back. Terms that should be gone and aren't cost a deletion; others are an error (R-45, R-46)."""
        grant, wanted = grant_of(spec), terms_of(spec)

        async def settled() -> Item | None:
            return await api.settle(
                lambda _: api.granted(spec.account_id, grant, fresh=True),
                lambda row: row is not None and not differing(wanted, live_terms(row)),
            )

        row, warnings = await settled(), tuple[str, ...]()
        if row is not None and (names := differing(wanted, live_terms(row))) and leftover(wanted, live_terms(row)):
            await api.revoke(spec.account_id, grant)
            await api.grant(spec.account_id, [(grant, wanted)])
            row, warnings = await settled(), (cleared(names, shown(grant)),)
        lost = ["all of it"] if row is None else differing(wanted, live_terms(row))
        if row is None or lost:
            raise ApiError(f"rights_locker: {shown(grant)} was accepted, but not as it was sent: {', '.join(lost)}")
        return _observed(spec.account_id, grant, row, warnings)

    async def delete(self, api: RightsLocker, id: str, last: EntitlementSpec, report: Report) -> None:
        """Of this one; then it must be gone (R-54)."""
        account_id, grant = _place(api, id)
        await api.revoke(account_id, grant)
        if await api.settle(lambda _: api.granted(account_id, grant, fresh=True), lambda row: row is None) is not None:
            raise ApiError(f"rights_locker: {shown(grant)} is still there after it was deleted")


def _place(api: RightsLocker, id: str) -> tuple[str, Grant]:
    """Account and grant of an id. Raises InputError for one that is none, or of another provider (R-42)."""
    parts = [unquote(part) for part in id.split("/")]
    if len(parts) == 5:
        code, *parts = parts
        if code != api.pcode:
            raise InputError(
                f"entitlement {id}: the provider code is not the one that is set (HEADEND_RIGHTS_LOCKER_PCODE)"
            )
    if len(parts) != 4 or parts[1] not in KINDS or not all(parts):
        raise InputError(f"{id} is no entitlement's id: account/kind/content/product, each percent-encoded")
    return parts[0], Grant(*parts[1:])


def _admit(spec: EntitlementSpec, grant: Grant) -> None:
    if spec.on_existing == "fail":
        raise Conflict(f"the account has {shown(grant)} already; on_existing is fail")


def _adopting(spec: EntitlementSpec, grant: Grant, there: Mapping[str, Any]) -> tuple[str, ...]:
    found = ", ".join(tells(grant, terms_of(spec), there))
    return (f"the account has {shown(grant)} already; its terms are changed: {found}",) if found else ()


def _observed(account_id: str, grant: Grant, row: Item, warnings: tuple[str, ...] = ()) -> Observed:
    values = {"account_id": account_id, **grant._asdict(), **live_terms(row)}
    computed = {"updated_at": row.updated_at} if row.updated_at is not None else {}
    return Observed(joined((account_id, *grant)), values, computed, warnings=warnings)
