"""Straas: a token; each member is read, and made by one request. No call changes or deletes a member."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import floors
from floors import Group

_MEMBERS = "/api/v1/account/members"


class Floor(floors.Floor):
    def groups(self, stack: dict[str, Any]) -> list[Group]:
        return [stack["straas"]["members"]]

    async def look(self, groups: Sequence[Group], verb: str) -> None:
        if verb == "destroy":
            return
        who = {"uid": os.environ["HEADEND_STRAAS_UID"], "secret": os.environ["HEADEND_STRAAS_SECRET"]}
        token = (await self.send("POST", "/api/v1/service/token", json=who | {"type": "account_service"}))["token"]
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        await self.each(((wanted["id"],) for wanted in groups[0].values()), self._read)

    async def _read(self, id: str) -> None:
        await self.send("GET", f"{_MEMBERS}/{id}", absent=True)

    async def create(self, address: str, wanted: dict[str, Any]) -> str:
        await self.send("POST", _MEMBERS, json=wanted)
        return wanted["id"]

    async def delete_all(self, ids: dict[str, Any]) -> None:
        """Nothing to send."""
