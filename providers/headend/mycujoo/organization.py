"""The organisation as accounting knows it: adopted and changed, never made or deleted (M-130..M-133)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from headend.core.model.errors import NotFound, Refused
from headend.core.model.fields import Immutable, Spec
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Change, Observed
from headend.mycujoo import answers

if TYPE_CHECKING:
    from headend.mycujoo.api import MycujooApi

FIELDS = ("email", "invoice_template_id", "is_enabled", "is_test", "name", "tax")


class Tax(TypedDict, total=False):
    """What stands on invoices. Keys that are left out are not managed."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    address_lines: Annotated[list[str], Field(description="the whole list is replaced (M-132)")]
    city: str
    country: Annotated[str, Field(pattern="^[A-Za-z]{2}$", description="two letters (M-130)")]
    id: Annotated[str, Field(description="the tax number (M-130)")]
    name: str
    phone_number: str
    province: str
    zip_code: str


class Organization(Spec):
    """All of it but `org_id` is optional, and not managed where it is left out."""

    org_id: Annotated[
        str,
        Field(
            min_length=1,
            description="Its id. No call lists organisations: it stands in payment methods and invoices (M-133)",
        ),
        Immutable(),
    ]
    email: Annotated[str | None, Field(examples=["invoices@example.com"], description="Where invoices go (M-130)")] = (
        None
    )
    invoice_template_id: Annotated[str | None, Field(description="How invoices look (M-130)")] = None
    is_enabled: Annotated[
        bool | None, Field(description="Whether it is enabled; customers may not be able to write it (M-242)")
    ] = None
    is_test: Annotated[
        bool | None, Field(description="Whether it is for tests; customers may not be able to write it (M-242)")
    ] = None
    name: Annotated[str | None, Field(description="What the organisation is called (M-130)")] = None
    tax: Annotated[
        Tax | None,
        Field(
            description="Of `address_lines`, `city`, `country` (two letters), `id`, `name`, `phone_number`, `province`"
            " and `zip_code`, each managed only where it is given (M-130, M-132)"
        ),
    ] = None

    clearable: ClassVar[frozenset[str] | None] = frozenset()


class OrganizationKind(Kind[Organization, "MycujooApi"], Listed["MycujooApi"]):
    """The organisation that pays. It is there already: headend takes it over and changes what the stack says of it.

    Nobody knows whether the platform clears what a change leaves out. So headend reads the whole object, lays the
    stack's keys over it, sends all of it back, and looks at what was stored.
    """

    name = "mycujoo.organization"
    read_together = True
    model = Organization
    can = Can.OBSERVE | Can.UPDATE
    one_at_a_time_per = "org_id"
    told_by = ("name",)

    def identity(self, spec: Organization) -> str:
        return spec.org_id

    # --- reading -------------------------------------------------------------------------------------------
    async def observe(self, api: MycujooApi, id: str, spec: Organization, *, fresh: bool = False) -> Observed | None:
        row = await api.accounting.organization(id, fresh=fresh)
        return None if row is None else Observed(id, {"org_id": id, **_declared(row, spec)})

    async def list_live(self, api: MycujooApi, within: str | None) -> Sequence[Live]:
        """Those that payment methods belong to: no call lists organisations (M-133)."""
        ids = dict.fromkeys(row.org_id for row in (await api.accounting.methods()).values() if row.org_id)
        found = {id: await api.accounting.organization(id) for id in ids}
        return [Live(id, {"org_id": id, **_told(row)}) for id, row in found.items() if row is not None]

    async def find(self, api: MycujooApi, spec: Organization) -> list[Observed]:
        found = await self.observe(api, spec.org_id, spec)
        return [] if found is None else [found]

    # --- writing -------------------------------------------------------------------------------------------
    async def create(self, api: MycujooApi, spec: Organization) -> Observed:
        """Where the stack names another organisation than before: that one is brought to the spec (M-131)."""
        if await api.accounting.organization(spec.org_id, fresh=True) is None:
            raise NotFound(f"mycujoo organization {spec.org_id}: there is no such organisation", status=404)
        await self._bring(api, spec)
        return Observed(spec.org_id)

    async def complete(self, api: MycujooApi, id: str, spec: Organization, report: Report) -> Observed:
        """What is known of it from the last answer."""
        live = await self.observe(api, id, spec)
        if live is None:
            raise NotFound(f"mycujoo organization {id} is gone right after it was written", status=404)
        return live

    async def update(self, api: MycujooApi, id: str, spec: Organization, changes: Sequence[Change]) -> None:
        if changes:
            await self._bring(api, spec)

    async def _bring(self, api: MycujooApi, spec: Organization) -> None:
        """Read, overlay, send the whole, compare with what was stored; no difference, no request (M-132).

        Raises Refused where the platform stored something else (M-12, M-242).
        """
        row = await api.accounting.organization(spec.org_id)
        if row is None:
            raise NotFound(f"mycujoo organization {spec.org_id} is gone", status=404)
        wanted = {name: value for name, value in spec.set_fields().items() if name in FIELDS and value is not None}
        if _declared(row, spec) == wanted:
            return
        known = row.model_dump(exclude_unset=True)
        tax = {"tax": {**(known.get("tax") or {}), **wanted.get("tax", {})}}
        stored = await api.accounting.update_organization(spec.org_id, known | wanted | tax)
        seen = _declared(stored, spec)
        if wrong := [name for name, value in wanted.items() if seen[name] != value]:
            text = f"mycujoo organization {spec.org_id}: the platform accepted the request and stored something else in"
            raise Refused(f"{text}: {', '.join(wrong)}")


def _told(row: answers.Organization) -> dict[str, Any]:
    """What the row says at all: what is absent is a zero, and so nothing that a stack has to say (M-13)."""
    told = row.model_dump(include={*FIELDS}, exclude_defaults=True)
    tax = {
        name: value for name, value in (told.pop("tax", None) or {}).items() if name in Tax.__annotations__ and value
    }
    return {name: value for name, value in told.items() if value} | ({"tax": tax} if tax else {})


def _declared(row: answers.Organization, spec: Organization) -> dict[str, Any]:
    """What the row holds of the keys that the spec declares; absent ones are zeros (M-13)."""
    found = {name: getattr(row, name) for name in FIELDS if getattr(spec, name) is not None}
    if spec.tax is not None:
        tax = row.tax or answers.Tax()
        found["tax"] = {key: getattr(tax, key) for key in spec.tax}
    return found
