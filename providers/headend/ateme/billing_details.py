"""Billing details of the organisation, one set for each currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from headend.ateme.answers import item
from headend.ateme.fields import Extra, check_extra, empty_is_none
from headend.ateme.rows_office import BillingRow
from headend.core.model.errors import NotFound
from headend.core.model.fields import Immutable, Same, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.core.wire.decode import decode, last_read, readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

MAIL = "switch_org_billing_to_account"  # it sends a mail to the vendor, and never leaves headend
NUMBERS = ("org_reg_number", "org_vat_number")
NUMBERED = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE GB".split()  # noqa: SIM905
)
"""The United Kingdom and the countries of the European Union."""


def _text(signs: str, high: int | None, said: str) -> Any:
    words = (
        f"as bills show it{'' if high is None else f', up to {high} characters'}: letters, digits, spaces and {said}"
    )
    return Field(pattern=rf"^[\w{signs}]*$", max_length=high, description=words)


Name = Annotated[str | None, Same(empty_is_none), _text(r" .\-", 150, ". - (A-697)")]
Line = Annotated[str | None, Same(empty_is_none), _text(r" .\-,", 300, ". - , (A-699)")]
Place = Annotated[str | None, Same(empty_is_none), _text(r" .\-", 85, ". - (A-700)")]
Number = Annotated[
    str | None, Same(empty_is_none), _text(r" \-", None, "-; needed in the United Kingdom and the EU (A-703)")
]


class BillingDetails(Spec):
    """The details for one currency."""

    currency: Annotated[Literal["eur", "gbp", "usd"], Immutable(), Field(description="which set it is (A-696)")]
    company_name: Name = None
    first_name: Name = None
    last_name: Name = None
    phone: Annotated[
        str | None,
        Same(empty_is_none),
        Field(
            pattern=r"^[\d \-+]*$",
            max_length=100,
            examples=["+44 20 7946 0000"],
            description="the phone number: digits, spaces, - and + (A-698)",
        ),
    ] = None
    address_line1: Line = None
    address_line2: Line = None
    address_city: Place = None
    address_state: Place = None
    address_postal_code: Annotated[str | None, Same(empty_is_none), _text(r" \-", 20, "- (A-701)")] = None
    address_country_code: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Z]{2}$",
            examples=["GB"],
            description="the country's two letters (ISO 3166-1), such as GB (A-702)",
        ),
    ] = None
    org_reg_number: Number = None
    org_vat_number: Number = None
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {*FIELDS, MAIL})
        return self


FIELDS = [name for name in BillingDetails.model_fields if name != "extra"]


class BillingDetailsKind(Kind[BillingDetails, "Ateme"], Listed["Ateme"]):
    """What the organisation is billed to, in one currency. Writing it makes the customer at the payment provider.

    The platform shows the details of its current currency only: those of another one are unverifiable. No call deletes
    them, so that they stay when they leave the stack.
    """

    name = "ateme.billing_details"
    collection = "billing_details"
    model = BillingDetails
    key = ("currency",)
    told_by = ("currency",)
    can = Can.OBSERVE | Can.CREATE | Can.UPDATE

    def identity(self, spec: BillingDetails) -> str:
        return spec.currency

    def check(self, spec: BillingDetails, related: Mapping[str, Spec]) -> Sequence[Problem]:
        lacking = [name for name in NUMBERS if not getattr(spec, name)]
        if spec.address_country_code not in NUMBERED or not lacking:
            return ()
        return (Problem(f"{' and '.join(lacking)}: needed in {spec.address_country_code} (A-703)", field=lacking[0]),)

    async def review(self, api: Ateme, proposal: Proposal[BillingDetails]) -> Sequence[Problem]:
        if not proposal.deletes:
            return ()
        return (warning(f"the billing details in {proposal.id} stay at Ateme+: no call deletes them"),)

    # --- reading -----------------------------------------------------------------------------------------
    async def row(self, api: Ateme, *, fresh: bool) -> BillingRow | None:
        """The details of the current currency; None where there are none."""

        async def read() -> BillingRow | None:
            try:
                answer = await api.call("billing.get", scope=None)
            except NotFound:
                return None
            op = api.table["billing.get"]
            found = item(op, answer.body, "currency")
            return decode(BillingRow, f"ateme: {op.key}", {**found, "given": found})

        return await api.client.reads.get(("ateme", "billing.get"), read, fresh=fresh)

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        row = await self.row(api, fresh=False)
        return [] if row is None else [Live(row.currency, {"currency": row.currency})]

    async def observe(self, api: Ateme, id: str, spec: BillingDetails, *, fresh: bool = False) -> Observed:
        """Never absent: what another currency has is not shown."""
        row = await self.row(api, fresh=fresh)
        if row is None or row.currency != id:
            shown = "nothing" if row is None else f"the details in {row.currency}"
            why = f"the platform shows {shown}"
            return Observed(id, {"currency": id}, unverifiable={name: why for name in FIELDS if name != "currency"})
        values, wrong = readable(BillingDetails, FIELDS, row.given)
        return Observed(id, dict.fromkeys(FIELDS) | values, unverifiable=wrong)

    async def find(self, api: Ateme, spec: BillingDetails) -> list[Observed]:
        row = await self.row(api, fresh=True)
        return [] if row is None else [await self.observe(api, spec.currency, spec)]

    # --- writing -----------------------------------------------------------------------------------------
    async def create(self, api: Ateme, spec: BillingDetails) -> Observed:
        await self._put(api, spec, [])
        return Observed(spec.currency)

    async def update(self, api: Ateme, id: str, spec: BillingDetails, changes: Sequence[Change]) -> None:
        await self._put(api, spec, changes)

    async def _put(self, api: Ateme, spec: BillingDetails, changes: Sequence[Change]) -> None:
        """All of it, as desired or else as last read (A-51); empty where it was taken out of the stack."""
        row = await self.row(api, fresh=True)
        given = {name: value for name, value in spec.set_fields().items() if name in FIELDS and value is not None}
        kept = row.given if row is not None and row.currency == spec.currency else {}
        body = last_read(BillingDetails, "ateme: billing.get", FIELDS, kept, given) | given
        body |= {change.field: "" for change in changes if change.field in FIELDS and change.after is None}
        await api.call("billing.put", scope=None, body=body | (spec.extra or {}))
        api.changed("billing.get")

    async def delete(self, api: Ateme, id: str, last: BillingDetails, report: Report) -> None:
        """No call does that; the engine never asks."""
