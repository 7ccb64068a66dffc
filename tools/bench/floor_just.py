"""Just: nothing can be read, so that every object takes its write and nothing else."""

from __future__ import annotations

import json
import os
from typing import Any

import floors
from floors import Group

_V1 = "/api/user/v1"
_SUBSCRIPTION = f"{_V1}/subscription"
_CHANNELS = {"email_subscriptions": ("email", "email"), "sms_subscriptions": ("sms", "number")}


class Floor(floors.Floor):
    def groups(self, stack: dict[str, Any]) -> list[Group]:
        self.headers = {"x-auth-token": os.environ["HEADEND_JUST_TOKEN"]}
        given = stack["just"]
        nouns = ["profiles", *(noun for noun in given if noun != "profiles")]
        return [{f"{noun}.{name}": wanted for name, wanted in given[noun].items()} for noun in nouns]

    async def create(self, address: str, wanted: dict[str, Any]) -> Any:
        noun = address.partition(".")[0]
        if noun == "profiles":
            names = {"name": "name", "birth_date": "birthDate"}
            return await self._post(f"{_SUBSCRIPTION}/create/profile", {names[name]: wanted[name] for name in wanted})
        if noun == "utm_metrics":
            return await self._mark("email", wanted)
        if noun == "actions":
            sent = {"juid": self._juid(wanted), "tags": ",".join(wanted["tags"]), "label": wanted["label"]}
            return await self._post(f"{_V1}/action/", sent)
        return await self._post(
            f"{_SUBSCRIPTION}/subscribe/{_CHANNELS[noun][0]}", wanted | {"juid": self._juid(wanted)}
        )

    async def update(self, address: str, id: Any, wanted: dict[str, Any]) -> Any:
        noun = address.partition(".")[0]
        if noun in {"profiles", "actions"}:
            return await self.create(address, wanted)
        await self._mark(_CHANNELS.get(noun, ("email",))[0], wanted)
        return id

    async def delete_all(self, ids: dict[str, Any]) -> None:
        if next(iter(ids)).partition(".")[0] in _CHANNELS:
            await super().delete_all(ids)

    async def delete(self, address: str, id: Any) -> None:
        channel, field = _CHANNELS[address.partition(".")[0]]
        wanted = self.known[address][1]
        sent = {"juid": self._juid(wanted), field: wanted[field]}
        await self.send("PUT", f"{_SUBSCRIPTION}/unsubscribe/{channel}", data=sent)

    async def _post(self, path: str, fields: dict[str, Any]) -> Any:
        parts = {name: (None, str(value)) for name, value in fields.items()}
        return await self.send("POST", path, **({"files": parts} if parts else {}))

    async def _mark(self, channel: str, wanted: dict[str, Any]) -> None:
        data = {name: value for name, value in wanted.items() if name not in {"channel", "juid"}}
        await self.send("PUT", f"{_SUBSCRIPTION}/update/utm-metric/channel/{channel}", data={"data": json.dumps(data)})

    def _juid(self, wanted: dict[str, Any]) -> str:
        return str(self.known[f"profiles.{wanted['juid']}"][0])
