"""The simulated mycujoo: the organisation, what pays, and what was used."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from headend.simulator.base import Call, Reply, handles
from headend.simulator.mycujoo import (
    Fits,
    MycujooSim,
    MycujooTable,
    instant,
    is_flag,
    is_text,
    is_texts,
    status,
    within,
)
from headend.simulator.table import Row

_TAX: dict[str, Fits] = {
    **dict.fromkeys(("city", "id", "name", "phone_number", "province", "zip_code"), is_text),
    "address_lines": is_texts,
    "country": lambda value: isinstance(value, str) and re.fullmatch("([A-Za-z]{2})?", value) is not None,
}
_ORGANIZATION: dict[str, Fits] = {
    **dict.fromkeys(("email", "id", "invoice_template_id", "name"), is_text),
    **dict.fromkeys(("is_enabled", "is_test"), is_flag),
    "tax": lambda value: isinstance(value, dict),
}
_ZERO: Row = {"email": "", "invoice_template_id": "", "is_enabled": False, "is_test": False, "name": "", "tax": {}}


class Accounting(MycujooSim):
    """One organisation with a payment method, and two months that it has paid for."""

    organizations = MycujooTable("organization")
    payment_methods = MycujooTable("payment_method")

    def populate(self) -> None:
        super().populate()
        tax = {"address_lines": ["Stadium Road 1"], "city": "Bern", "country": "CH", "id": "CHE-1", "name": "Club"}
        organization = {**_ZERO, "id": "org-1", "name": "Club", "email": "club@example.com", "is_enabled": True}
        self.world |= {
            "organizations": {"org-1": organization | {"tax": {**tax, "zip_code": "3000"}}},
            "setup_intents": {},
            "usages": [_usage(month, day, 10 * day) for month in (9, 10) for day in (1, 2)],
            "invoices": [_invoice(9), _invoice(10)],
        }
        self.add_setup_intent("seti-0", brand="visa", last_digits="4242")
        self._method("seti-0")

    def add_setup_intent(self, id: str, **card: Any) -> None:
        """A set-up intent that somebody has confirmed in a browser."""
        known = {"brand": "visa", "exp_month": 12, "exp_year": 2030, "last_digits": "0000", "name": "A. Treasurer"}
        self.world["setup_intents"][id] = {"card": {**known, **card}, "method": None}

    # --- organisation -------------------------------------------------------------------------------
    @handles("organization.update")
    async def update_organization(self, call: Call) -> Reply:
        """A key that isn't sent is cleared, or kept, by switch (M-132); the answer is bare (M-34)."""
        found, body = self.organizations.found(self, call), self.body(call, _ORGANIZATION)
        if body.get("id", found["id"]) != found["id"]:
            return status(400, "id can't change")
        tax = body.get("tax", {})
        if wrong := sorted(key for key, value in tax.items() if key not in _TAX or not _TAX[key](value)):
            return status(400, f"tax.{wrong[0]}: unknown, or wrong type of value")
        if self.switch("patch_zero") == "ignored":
            body = {key: value for key, value in body.items() if value}
        if self.switch("org_patch") == "merge":
            found.update(body | {"tax": {**found["tax"], **tax}})
        else:
            found.update({**_ZERO, **body})
        return self.reply(found)

    # --- payment methods -------------------------------------------------------------------------------
    @handles("payment_method.create")
    async def create_method(self, call: Call) -> Reply:
        id = self.body(call, {"setup_intent_id": is_text}).get("setup_intent_id", "")
        intent = self.world["setup_intents"].get(id)
        if intent is None:
            return status(400, "no such set-up intent, or nobody has confirmed it")
        if intent["method"] is None:
            return self.reply(self._method(id))
        known = self.world["payment_methods"].get(intent["method"])
        if known is None or self.switch("setup_intent_again") == "refused":
            return status(500, "the set-up intent is used up")
        return self.reply(known)

    @handles("payment_method.update")
    async def update_method(self, call: Call) -> Reply:
        """Making one the default takes that from the others (M-136)."""
        body, found = self.body(call, {"is_default": is_flag}), self.payment_methods.found(self, call)
        if not body.get("is_default"):
            return status(400, "another one must be made the default")
        for row in self.world["payment_methods"].values():
            row["is_default"] = row is found
        return self.reply(found)

    @handles("setup_intent.create")
    async def setup_intent(self, call: Call) -> Reply:
        self.body(call, ())
        return self.reply({"client_secret": f"{self.new_id('seti_client')}_secret"})

    def _method(self, intent: str) -> Row:
        id, now = self.made_id("payment_method"), self.now().astimezone(UTC).isoformat()
        first = not self.world["payment_methods"]
        times = {"create_time": now, "update_time": now}
        card = self.world["setup_intents"][intent]["card"]
        provider = {"provider": "PAYMENT_METHOD_PROVIDER_STRIPE", "org_id": "org-1"}
        row = {"id": id, "is_default": first, "card": card, **provider, **times}
        self.world["payment_methods"][id] = row
        self.world["setup_intents"][intent]["method"] = id
        return row

    # --- what was used, and what it costs ---------------------------------------------------------------------
    @handles("usage.list")
    async def usages(self, call: Call) -> Reply:
        """start_time holds for the start of a usage, end_time for its end (M-44)."""
        self.asked(call, "aggregate", "start_time", "end_time")
        start, end = instant(call, "start_time"), instant(call, "end_time")
        rows = [u for u in self.world["usages"] if within(u["start_time"], start, None)]
        rows = [u for u in rows if within(u["end_time"], None, end)]
        if call.q("aggregate") == "true":
            rows = [_merged(sku, rows) for sku in dict.fromkeys(u["sku_id"] for u in rows)]
        return self.page(call, [{k: u[k] for k in ("amount", "end_time", "sku_id", "start_time")} for u in rows])

    @handles("usage.running")
    async def running(self, call: Call) -> Reply:
        rows = self.world["usages"][-2:]
        ends = {"start_time": rows[0]["start_time"], "end_time": rows[-1]["end_time"]}
        amount = sum(u["cost"]["amount"] for u in rows)
        return self.reply({"amount": amount, "currency": "EUR", "update_time": ends["end_time"], "usages": rows} | ends)

    @handles("invoice.list")
    async def invoices(self, call: Call) -> Reply:
        self.asked(call, "start_time", "end_time")
        start, end = instant(call, "start_time"), instant(call, "end_time")
        return self.reply({"invoices": [i for i in self.world["invoices"] if within(i["issue_time"], start, end)]})

    @handles("invoice.download")
    async def download(self, call: Call) -> Reply:
        if call.path["invoice_id"] not in {i["id"] for i in self.world["invoices"]}:
            return status(404, "invoice not found")
        return self.reply({"download_url": f"https://invoices.example.com/{call.path['invoice_id']}?key=for-you"})

    @handles("payment.list")
    async def payments(self, call: Call) -> Reply:
        self.asked(call, "invoice_id")
        wanted = call.q("invoice_id")
        rows = [i["payment"] for i in self.world["invoices"] if wanted in {None, i["id"]}]
        return self.reply({"payments": rows})

    @handles("pricing.list", "pricing.organization")
    async def pricing(self, call: Call) -> Reply:
        """Money is whole units as a string and billionths of one (M-158)."""
        if call.path.get("org_id", "org-1") not in self.world["organizations"]:
            return status(404, "organization not found")
        price = {"currency_code": "EUR", "units": "0", "nanos": 12_500_000}
        discount = {"min_usage": 1000, "max_usage": 0, "price": price, "start_time": "", "end_time": ""}
        row = {"sku_id": "minutes", "description": "A minute watched", "msrp": price | {"nanos": 20_000_000}}
        return self.reply({"pricings": [row | {"current_usage": 30, "price": price, "discounts": [discount]}]})

    @handles("vat.validate")
    async def vat(self, call: Call) -> Reply:
        self.asked(call, "vat_number")
        number = call.q("vat_number") or ""
        named = {"company_name": "Club" if number else "", "company_address": "Stadium Road 1" if number else ""}
        valid = re.fullmatch("[A-Z]{2}[0-9]{8,12}", number) is not None
        return self.reply({"country_code": number[:2], "is_valid": valid, "vat_number": number, **named})


def _usage(month: int, day: int, amount: int) -> Row:
    start, end = (datetime(2026, month, d, tzinfo=UTC).isoformat() for d in (day, day + 1))
    cost = {"amount": amount / 80, "currency": "EUR"}
    words = {"amount_unit": "AMOUNT_UNIT_MINUTE", "description": "Minutes watched", "sku_id": "minutes"}
    return {"amount": amount, "cost": cost, "start_time": start, "end_time": end, **words}


def _merged(sku: str, rows: list[Row]) -> Row:
    mine = [u for u in rows if u["sku_id"] == sku]
    times = {"start_time": min(u["start_time"] for u in mine), "end_time": max(u["end_time"] for u in mine)}
    return {"sku_id": sku, "amount": sum(u["amount"] for u in mine), **times}


def _invoice(month: int) -> Row:
    usages = [_usage(month, day, 10 * day) for day in (1, 2)]
    id, money = f"invoice-{month}", {"amount": sum(u["cost"]["amount"] for u in usages), "currency": "EUR"}
    first, issued = (datetime(2026, m, 1, tzinfo=UTC).isoformat() for m in (month, month + 1))
    payment: Row = {"id": f"payment-{month}", "invoice_id": id, "org_id": "org-1", "message": "", "create_time": issued}
    payment |= {"status": "PAYMENT_STATUS_PAID", "payment_method": {"card": {"brand": "visa", "last_digits": "4242"}}}
    times = {"start_time": first, "end_time": issued, "issue_time": issued, "due_time": issued, "update_time": issued}
    row = {"id": id, "org_id": "org-1", "status": "STATUS_PAID", "usages": usages}
    return row | money | times | {"payment": payment | money}
