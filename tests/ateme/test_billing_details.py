"""Billing details: one set a currency, of which only the current one's is shown, and which nobody deletes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from convergence.ateme import BILLED
from headend.ateme.billing_details import BillingDetails, BillingDetailsKind
from headend.core.model.proposal import Action

AT = "ateme.billing_details.main"


def stack(**fields: Any) -> dict[str, Any]:
    wanted = {name: value for name, value in {**BILLED, **fields}.items() if value is not None}
    return {"headend": 1, "stack": "one", "ateme": {"billing_details": {"main": wanted}}}


def details(engine: Engine, currency: str = "eur") -> dict[str, Any]:
    found: dict[str, Any] = engine.world["billing"]["org-1"][currency]
    return found


GOOD = {
    "company_name": ("Example Ltd. - no 1", "n" * 150),
    "first_name": ("Zoë",),
    "last_name": ("O. Neill-Smith",),
    "phone": ("+44 20-7946 0000", "1" * 100),
    "address_line1": ("1 Example Road, Tower", "l" * 300),
    "address_line2": ("",),
    "address_city": ("St. Pölten", "c" * 85),
    "address_state": ("N-Ö",),
    "address_postal_code": ("W1A 1AA", "1" * 20),
    "address_country_code": ("GB",),
    "org_reg_number": ("FN 123-4",),
    "org_vat_number": ("GB 123",),
}
BAD = {
    "company_name": ("A & B", "n" * 151),
    "first_name": ("a@b",),
    "last_name": ("n" * 151,),
    "phone": ("ext. 7", "1" * 101),
    "address_line1": ("c/o", "l" * 301),
    "address_line2": ("#",),
    "address_city": ("a,b", "c" * 86),
    "address_state": ("c" * 86,),
    "address_postal_code": ("1.1", "1" * 21),
    "address_country_code": ("gb", "GBR", ""),
    "org_reg_number": ("1/2",),
    "org_vat_number": ("1.2",),
}


@pytest.mark.contract("A-696", "A-697", "A-698", "A-699", "A-700", "A-701", "A-702", "A-703")
@pytest.mark.parametrize("field", GOOD)
def test_what_a_field_may_hold(field: str) -> None:
    for value in GOOD[field]:
        assert getattr(BillingDetails(currency="eur", **{field: value}), field) == value
    for value in BAD[field]:
        with pytest.raises(ValidationError, match=field):
            BillingDetails(currency="eur", **{field: value})
    with pytest.raises(ValidationError, match="currency"):
        BillingDetails(currency="chf")


@pytest.mark.contract("A-703")
@pytest.mark.parametrize(("country", "asked"), [("GB", True), ("AT", True), ("NO", False), (None, False)])
def test_both_numbers_are_needed_in_the_united_kingdom_and_the_eu(country: str | None, asked: bool) -> None:
    def said(**more: Any) -> list[str]:
        spec = BillingDetails(currency="eur", address_country_code=country, **more)
        return [problem.message for problem in BillingDetailsKind().check(spec, {})]

    assert said() == ([f"org_reg_number and org_vat_number: needed in {country} (A-703)"] if asked else [])
    assert said(org_reg_number="1") == ([f"org_vat_number: needed in {country} (A-703)"] if asked else [])
    assert said(org_reg_number="1", org_vat_number="2") == []


@pytest.mark.contract("A-704")
def test_the_mail_to_the_vendor_is_never_sent(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="extra: switch_org_billing_to_account"):
        BillingDetails(currency="eur", extra={"switch_org_billing_to_account": True})
    engine = Engine(tmp_path)
    engine.done(stack())
    assert "switch_org_billing_to_account" not in engine.sim.writes()[0].body


@pytest.mark.contract("A-356", "A-357", "A-51", "A-696")
@pytest.mark.parametrize("switches", [{}, {"updates": "full", "wrapped": True}], ids=["partial", "full"])
def test_they_are_written_as_a_whole_and_what_others_set_is_kept(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack(phone="1"))
    details(engine)["address_city"] = "Oslo"
    assert engine.plan(stack(phone="1")).writes() == ()
    engine.done(stack())
    assert details(engine) == {**BILLED, "address_city": "Oslo", "phone": ""}
    assert engine.plan(stack()).writes() == ()
    details(engine)["company_name"] = "by hand"
    (change,) = engine.step(stack(), AT).changes
    assert (change.before, change.cause) == ("by hand", "drift")
    engine.done(stack())
    assert engine.written() == ["billing.put"] * 3


@pytest.mark.contract("A-356", "A-696")
def test_what_is_there_is_taken_over_with_all_that_changes_shown(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.world["billing"] = {"org-1": {"eur": {**BILLED, "company_name": "Old name"}}}
    step = engine.step(stack(), AT)
    assert (step.action, [change.field for change in step.changes]) == (Action.ADOPT, ["company_name"])


@pytest.mark.contract("A-356", "A-696")
def test_those_of_another_currency_are_written_once_and_never_called_in_sync(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.world["billing"] = {"org-1": {"eur": dict(BILLED)}}
    step = engine.step(stack(currency="usd"), AT)
    assert {change.field for change in step.changes} == {"company_name", "address_country_code"}
    engine.done(stack(currency="usd"))
    assert details(engine, "usd")["company_name"] == BILLED["company_name"]
    step = engine.step(stack(currency="usd"), AT)
    assert step.action is Action.NONE
    assert step.unverifiable["company_name"] == "the platform shows the details in eur"
    engine.done(stack(currency="usd", company_name="Another Ltd."))
    assert engine.written() == ["billing.put"] * 2


@pytest.mark.contract("A-357")
def test_destroy_says_what_stays(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    (step,) = engine.plan(stack(), destroy=True).steps
    assert step.action is Action.FORGET
    assert "the billing details in eur stay at Ateme+: no call deletes them" in str(step.warnings)
    engine.done(stack(), destroy=True)
    assert engine.written() == ["billing.put"]
