"""The simulated mycujoo: accounts, invitations and passwords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.simulator.base import Call, Reply, handles
from headend.simulator.mycujoo import MycujooSim, MycujooTable, is_text, is_texts, refuse, status
from headend.simulator.table import Row

SHOWN = ("email", "first_name", "id", "is_verified", "last_name")
MOST = 100  # entries of a batch; no limit is stated (M-129)


class Accounts(MycujooSim):
    """Accounts of one organisation. The caller's own is there from the start."""

    accounts = MycujooTable("account", {"first_name": is_text, "last_name": is_text})

    def populate(self) -> None:
        super().populate()
        self.world["reset_codes"] = {}
        self.world["caller"] = self.add_account("noc@example.com", first_name="Night", is_verified=True)["id"]

    def add_account(self, email: str, **more: Any) -> Row:
        """Adds one as if somebody else had made it."""
        id = self.made_id("account")
        empty: Row = {"first_name": "", "last_name": "", "is_verified": False, "hidden": 0}
        row = {"id": id, "email": email, "password": f"made-for-{id[-4:]}", **empty, "roles": ["viewer"], **more}
        self.world["accounts"][id] = row
        return row

    # --- reading -------------------------------------------------------------------------------
    @accounts.shows
    def briefly(self, call: Call, row: Row) -> Row:
        return _shown(row)

    @handles("account.myself")
    async def myself(self, call: Call) -> Reply:
        return self.accounts.answer(self, call, self.accounts.by_id(self, self.world["caller"]))

    @handles("account.batch")
    async def batch(self, call: Call) -> Reply:
        """Unknown ids are left out (M-205)."""
        wanted = self._batch(call, "account_ids")
        return self.reply({"accounts": [_shown(a) for id in wanted if (a := self.world["accounts"].get(id))]})

    @handles("account.batch_by_email")
    async def batch_by_email(self, call: Call) -> Reply:
        """A new account may take some looks to be found (M-206)."""
        exact = self.switch("email_match") == "exact"
        rows = [self._by_email(email, exact=exact) for email in self._batch(call, "email_addresses")]
        meant = {row["id"]: row for row in rows if row is not None}.values()
        found = [_shown(row) for row in meant if row["hidden"] == 0]
        for row in meant:
            row["hidden"] = max(0, row["hidden"] - 1)
        return self.reply({"accounts": found})

    # --- writing -------------------------------------------------------------------------------
    @handles("account.create")
    async def create_account(self, call: Call) -> Reply:
        """Answers a password, and no id (M-48)."""
        return self.reply({"password": self._new(call)["password"]})

    @handles("account.invite")
    async def invite(self, call: Call) -> Reply:
        """Answers an id, and no password (M-56)."""
        return self.reply({"account_id": self._new(call)["id"]})

    @handles("account.delete_bindings")
    async def delete_bindings(self, call: Call) -> Reply:
        self.body(call, ())
        self.accounts.found(self, call)["roles"] = []
        return self.reply({})

    @handles("account.delete")
    async def delete_accounts(self, call: Call) -> Reply:
        ids = self._batch(call, "ids")
        if self.switch("delete_unknown") == "refused" and not self.world["accounts"].keys() >= set(ids):
            return status(404, "account not found")
        for id in ids:
            self.world["accounts"].pop(id, None)
        return self.reply({})

    # --- passwords and addresses -------------------------------------------------------------------------------
    @handles("account.change_password")
    async def change_password(self, call: Call) -> Reply:
        given, row = self._needed(call, "new_password", "old_password"), self.accounts.by_id(self, self.world["caller"])
        if given["old_password"] != row["password"]:
            return status(403, "wrong password")
        row["password"] = given["new_password"]
        return self.reply({})

    @handles("account.send_password_reset")
    async def send_password_reset(self, call: Call) -> Reply:
        """Answers the same, whether there is such an account or not (M-60)."""
        row = self._by_email(self._needed(call, "email", "org_id")["email"])
        if row is not None:
            self.world["reset_codes"][self.new_id("reset")] = row["id"]
        return self.reply({})

    @handles("account.check_password_reset")
    async def check_password_reset(self, call: Call) -> Reply:
        id = self._reset(self._needed(call, "reset_code"))
        return self.reply({"token": f"sign-in-{id}"})

    @handles("account.reset_password")
    async def reset_password(self, call: Call) -> Reply:
        given = self._needed(call, "new_password", "reset_code")
        self.accounts.by_id(self, self._reset(given))["password"] = given["new_password"]
        del self.world["reset_codes"][given["reset_code"]]
        return self.reply({})

    @handles("account.resend_verification")
    async def resend_verification(self, call: Call) -> Reply:
        self._needed(call, "email", "org_id")
        return self.reply({})

    @handles("account.verify")
    async def verify(self, call: Call) -> Reply:
        """The code that would have been mailed is `verify-` and the account's id."""
        given = self._needed(call, "account_id", "org_id", "verification_code")
        row = self.accounts.by_id(self, given["account_id"])
        if given["verification_code"] != f"verify-{row['id']}":
            return status(400, "verification_code is wrong")
        row["is_verified"] = True
        return self.reply({"token": f"sign-in-{row['id']}"})

    # --- helpers -------------------------------------------------------------------------------
    def _by_email(self, email: str, *, exact: bool = False) -> Row | None:
        rows: list[Row] = list(self.world["accounts"].values())
        alike = [row for row in rows if row["email"].lower() == email.lower()]
        return next((row for row in alike if not exact or row["email"] == email), None)

    def _new(self, call: Call) -> Row:
        given = self.body(call, dict.fromkeys(("email", "first_name", "last_name"), is_text))
        email = given.pop("email", "")
        if "@" not in email:
            raise refuse(400, "email is required")
        if self._by_email(email):
            raise refuse(409, "an account with this address exists")
        email = email.lower() if self.switch("email_case") == "lowered" else email
        return self.add_account(email, **given, hidden=self.switch("by_email_delay"))

    def _batch(self, call: Call, key: str) -> list[str]:
        given: list[str] = self.body(call, {key: is_texts}).get(key, [])
        if len(given) > MOST:
            raise refuse(400, f"{key}: {MOST} at most")
        return given

    def _needed(self, call: Call, *keys: str) -> dict[str, str]:
        given = self.body(call, dict.fromkeys(keys, is_text))
        if missing := [key for key in keys if not given.get(key)]:
            raise refuse(400, f"{missing[0]} is required")
        return given

    def _reset(self, given: Mapping[str, str]) -> str:
        if given["reset_code"] not in self.world["reset_codes"]:
            raise refuse(400, "reset_code is wrong")
        return str(self.world["reset_codes"][given["reset_code"]])


def _shown(row: Mapping[str, Any]) -> Row:
    return {key: row[key] for key in SHOWN}
