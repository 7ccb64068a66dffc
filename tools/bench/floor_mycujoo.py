"""mycujoo: configurations are read one by one, as their lists don't show the fields; accounts a hundred at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import floors
from floors import Group, hundreds

_CONFIGURATIONS = "/actions/v1beta1/configurations"
_ACCOUNTS = "/accounts/v1"


class Floor(floors.Floor):
    in_flight = 8

    def groups(self, stack: dict[str, Any]) -> list[Group]:
        self.headers = {"authorization": os.environ["HEADEND_MYCUJOO_API_KEY"]}
        return [{f"{noun}.{name}": wanted for name, wanted in of.items()} for noun, of in stack["mycujoo"].items()]

    async def look(self, groups: Sequence[Group], verb: str) -> None:
        for group in groups:
            if "email" in next(iter(group.values())):
                await self.each(hundreds(wanted["email"] for wanted in group.values()), self._by_email)
            elif verb != "destroy" and group.keys() <= self.known.keys():
                paths = ((f"{_CONFIGURATIONS}/{self.known[address][0]}",) for address in group)
                await self.each(paths, lambda path: self.send("GET", path))
            else:
                names = {wanted["group_id"]: None for wanted in group.values()}
                await self.each(((name,) for name in names), self._list)

    async def create(self, address: str, wanted: dict[str, Any]) -> str:
        if "email" in wanted:
            sent = {name: value for name, value in wanted.items() if name != "invite"}
            return str((await self.send("POST", f"{_ACCOUNTS}/invitations", json=sent))["account_id"])
        sent = {name: wanted[name] for name in ("action_id", "group_id", "title")} | _fields(wanted)
        return str((await self.send("POST", _CONFIGURATIONS, json=sent))["action_configuration"]["id"])

    async def update(self, address: str, id: str, wanted: dict[str, Any]) -> str:
        if "email" in wanted:
            await self.send("PATCH", f"{_ACCOUNTS}/accounts/{id}", json={"last_name": wanted["last_name"]})
        else:
            await self.send("PATCH", f"{_CONFIGURATIONS}/{id}", json=_fields(wanted))
        return id

    async def delete(self, address: str, id: str) -> None:
        await self.send("DELETE", f"{_CONFIGURATIONS}/{id}")

    async def delete_all(self, ids: dict[str, Any]) -> None:
        if next(iter(ids)).startswith("action"):
            await super().delete_all(ids)
        else:
            await self.each(hundreds(ids.values()), self._delete_accounts)

    async def _delete_accounts(self, ids: list[str]) -> None:
        await self.send("POST", f"{_ACCOUNTS}/batch/delete", json={"ids": ids})

    async def _list(self, group_id: str) -> None:
        await self.send("GET", _CONFIGURATIONS, params={"group_id": group_id})

    async def _by_email(self, addresses: list[str]) -> None:
        await self.send("POST", f"{_ACCOUNTS}/batch/by_email", json={"email_addresses": addresses})


def _fields(wanted: dict[str, Any]) -> dict[str, Any]:
    return {"fields": [{"field": name, "number_value": str(value)} for name, value in wanted["fields"].items()]}
