"""Organisations, their users and their billing details of the simulated Ateme+ Cloud API (A-113..123, A-356, A-357)."""

from __future__ import annotations

from headend.simulator.ateme import Ateme, Row, held
from headend.simulator.ateme_rules import NEEDED, TEXT, Rule
from headend.simulator.base import Call, Refusal, Reply, handles

CURRENCIES = ("usd", "gbp", "eur")
_LINES = {
    **dict.fromkeys(("company_name", "first_name", "last_name"), Rule(high=150)),
    "phone": Rule(high=100),
    **dict.fromkeys(("address_line1", "address_line2"), Rule(high=300)),
    **dict.fromkeys(("address_city", "address_state"), Rule(high=85)),
    "address_postal_code": Rule(high=20),
    **dict.fromkeys(("address_country_code", "org_reg_number", "org_vat_number"), TEXT),
}


class Organisations(Ateme):
    """Those that the caller manages. Only the vendor's staff changes or deletes one (A-857)."""

    switches = {
        "organisations_shown": ("whole", "names"),  # whether lists show currency and order number
    }

    @handles("organisation.manageable")
    async def manageable(self, call: Call) -> Reply:
        """Each look brings a deletion a step on (A-721)."""
        for id, row in list(self.world["organisations"].items()):
            if "polls" in row:
                row["polls"] -= 1
                if row["polls"] <= 0:
                    del self.world["organisations"][id]
        return self.many(
            "organisations", [self._shown(id) for id in self.world["organisations"] if self.role(call, id)]
        )

    @handles("organisation.create")
    async def create_organisation(self, call: Call) -> Reply:
        """Refused while another one of the caller's is on free credits (A-113)."""
        body = self.body(call, {"name": Rule(required=True, low=1, high=150)})
        mine = [row for id, row in self.world["organisations"].items() if self.role(call, id) == "admin"]
        if any(row.get("free_credits") for row in mine):
            raise Refusal(403, {"message": "another organisation of yours is on free credits"})
        id = self.new_id("organisation")
        self.world["organisations"][id] = {"name": body["name"], "roles": {self.scope(call, "user"): "admin"}}
        return self.one("organisation", self._shown(id), 201)

    @handles("organisation.update")
    async def update_organisation(self, call: Call) -> Reply:
        row = self._staffs(call)
        rules = {"name": Rule(low=3, high=150), "currency": Rule(choices=CURRENCIES)}
        row |= self.body(call, rules | {"purchase_order_number": Rule(high=100)}, partial=True)
        return self.one("organisation", self._shown(call.path["organisation_id"]))

    @handles("organisation.delete")
    async def delete_organisation(self, call: Call) -> Reply:
        self._staffs(call)["polls"] = self.switch("polls")
        return Reply(202, {"message": "it is being deleted"})

    def _staffs(self, call: Call) -> Row:
        if not self.world["users"][self.scope(call, "user")].get("superuser"):
            raise Refusal(403, {"message": "only superusers may"})
        row: Row | None = self.world["organisations"].get(call.path["organisation_id"])
        if row is None:
            raise Refusal(404, {"message": "no such organisation"})
        return row

    def _shown(self, id: str) -> Row:
        row = self.world["organisations"][id]
        names = (
            ("name", "currency", "purchase_order_number")
            if self.switch("organisations_shown") == "whole"
            else ("name",)
        )
        return {"organisation_id": id} | {name: row[name] for name in names if name in row}


class Members(Ateme):
    """Users of the managing organisation. The platform checks nothing about the caller itself (A-761)."""

    switches = {
        "permissions_shown": ("rows", "lists"),  # a row for each permission of a user, or one with all
    }
    secrets = Ateme.secrets | {"password"}

    @handles("org_user.list")
    async def users(self, call: Call) -> Reply:
        """All for admins, only oneself for others (A-121)."""
        me, is_admin = self.scope(call, "user"), self.role(call, self.scope(call, "managing")) == "admin"
        rows: list[Row] = []
        for id, roles in self._roles(call).items():
            if is_admin or id == me:
                row: Row = {"user_id": id, "email": self.world["users"].get(id, {}).get("email")}
                if self.switch("permissions_shown") == "lists":
                    rows.append(row | {"permissions": held(roles)})
                else:
                    rows += [row | {"permission_type": one or None} for one in (held(roles) or [""])]
        return self.many("users", rows)

    @handles("org_user.add")
    async def add_user(self, call: Call) -> Reply:
        """Makes the account where there is none, and shows its password that once (A-120)."""
        self.need_role(call, "admin")
        body = self.body(call, {"email": NEEDED, "first_name": TEXT, "last_name": TEXT})
        email = body["email"].lower()
        id = next((id for id, user in self.world["users"].items() if (user["email"] or "").lower() == email), None)
        made = {}
        if id is None:
            id = self.new_id("member")
            made = {"password": f"made-for-{id}"}
            scope = {"managing": self.scope(call, "managing"), "organisation": self.scope(call, "managing")}
            self.world["users"][id] = {**body, **made, **scope, "environment": None}
        if id in self._roles(call):
            raise Refusal(409, {"message": "the user is in the organisation"})
        self._roles(call)[id] = []
        return self.one("user", {"user_id": id, "email": body["email"], **made}, 201)

    @handles("org_user.permission")
    async def permit(self, call: Call) -> Reply:
        id = self._member(call)
        rules = {"permission_type": Rule(required=True, choices=("admin", "operator", "monitor"))}
        body = self.body(call, rules | {"enabled": Rule(bool, required=True)})
        kept = [one for one in held(self._roles(call)[id]) if one != body["permission_type"]]
        self._roles(call)[id] = [*kept, body["permission_type"]] if body["enabled"] else kept
        return Reply(200, {"message": "done"})

    @handles("org_user.remove")
    async def remove_user(self, call: Call) -> Reply:
        """Of one who is in no other organisation the account goes, too (A-123)."""
        id = self._member(call)
        del self._roles(call)[id]
        if not any(id in row["roles"] for row in self.world["organisations"].values()):
            self.world["users"].pop(id, None)
        return Reply(204)

    def _roles(self, call: Call) -> dict[str, str | list[str]]:
        found: dict[str, str | list[str]] = self.world["organisations"][self.scope(call, "managing")]["roles"]
        return found

    def _member(self, call: Call) -> str:
        self.need_role(call, "admin")
        if call.path["user_id"] not in self._roles(call):
            raise Refusal(404, {"message": "no such user in the organisation"})
        return call.path["user_id"]


class Billing(Ateme):
    """What the managing organisation is billed to. Only what its current currency has is shown."""

    @handles("billing.get")
    async def billing_details(self, call: Call) -> Reply:
        self.need_role(call, "admin")
        organisation = self.world["organisations"][self.scope(call, "managing")]
        details = self.world.get("billing", {}).get(self.scope(call, "managing"), {})
        found = details.get(organisation.get("currency", "eur"))
        if found is None:
            raise Refusal(404, {"message": "there are no billing details"})
        return self.one("billing_details", found)

    @handles("billing.put")
    async def put_billing_details(self, call: Call) -> Reply:
        self.need_role(call, "admin")
        currency = Rule(required=True, choices=CURRENCIES)
        body = self.body(call, {"currency": currency, **_LINES, "switch_org_billing_to_account": Rule(bool)})
        if body.pop("switch_org_billing_to_account", False):
            self.world.setdefault("mails", []).append("switch to account")
        details: Row = self.world.setdefault("billing", {}).setdefault(self.scope(call, "managing"), {})
        before = details.get(body["currency"], {}) if self.switch("updates") == "partial" else {}
        details[body["currency"]] = before | body
        return self.one("billing_details", details[body["currency"]])
