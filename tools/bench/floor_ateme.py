"""Ateme+: a login, a switch to the environment, its details, a list for each kind; then one request an object."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

IN_FLIGHT = 16
POLL = 0.05  # s, as headend's in this bench


@dataclass(frozen=True)
class Row:
    """How a collection is called. id: in answers. variant: of the path, from the object."""

    path: str
    id: str
    body: Callable[[dict[str, Any]], dict[str, Any]] = dict
    variant: bool = False


def _endpoint(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if name not in {"variant", "state"}}


ROWS = {"inputs": Row("/api/inputs", "input_id", _endpoint, variant=True)}


class Floor:
    def __init__(self, client: Any) -> None:
        self.client = client
        self.place = ""

    def objects(self, stack: dict[str, Any]) -> list[dict[str, dict[str, Any]]]:
        places = stack["ateme"]["environments"]
        own = {name: {field: value for field, value in of.items() if field not in ROWS} for name, of in places.items()}
        return [
            own,
            *(
                {
                    f"{place}.{noun}.{name}": wanted
                    for place, of in places.items()
                    for name, wanted in of.get(noun, {}).items()
                }
                for noun in ROWS
            ),
        ]

    async def look(self, known: dict[str, Any]) -> None:
        await self._log_in()
        places = {address: id for address, (id, _) in known.items() if "." not in address}
        if not places:
            return
        for id in places.values():
            await self._enter(id)
        nouns = {address.split(".")[1] for address in known if "." in address}
        paths = [f"/api/customer_environment/{id}" for id in places.values()] + [ROWS[noun].path for noun in nouns]
        await asyncio.gather(*(self.client.send("GET", path) for path in paths))

    async def create(self, address: str, wanted: dict[str, Any]) -> str:
        if "." not in address:
            return await self._make_place(address, wanted)
        row = ROWS[address.split(".")[1]]
        path = f"{row.path}/{wanted['variant']}" if row.variant else row.path
        made = await self.client.send("POST", path, json={"id": address.rpartition(".")[2]} | row.body(wanted))
        return str(made[row.id])

    async def update(self, address: str, id: str, wanted: dict[str, Any]) -> None:
        row = ROWS[address.split(".")[1]]
        path = f"{row.path}/{wanted['variant']}/{id}" if row.variant else f"{row.path}/{id}"
        await self.client.send("PUT", path, json={"id": address.rpartition(".")[2]} | row.body(wanted))

    async def delete(self, address: str, id: str) -> None:
        path = ROWS[address.split(".")[1]].path if "." in address else "/api/customer_environment"
        await self.client.send("DELETE", f"{path}/{id}")

    async def _make_place(self, name: str, wanted: dict[str, Any]) -> str:
        given = {field: wanted[field] for field in ("cloud_provider", "region", "instance_type_id")}
        made = await self.client.send("POST", "/api/customer_environment", json={"name": name} | given)
        id = str(made["environment_id"])
        while (await self.client.send("GET", f"/api/customer_environment/{id}"))["status"] != "running":  # noqa: ASYNC110
            await asyncio.sleep(POLL)
        await self._enter(id)
        return id

    async def _log_in(self) -> None:
        who = {"email": os.environ["HEADEND_ATEME_EMAIL"], "password": os.environ["HEADEND_ATEME_PASSWORD"]}
        self._bear(await self.client.send("POST", "/api/login", json=who))

    async def _enter(self, id: str) -> None:
        self._bear(await self.client.send("POST", "/api/user/active_environment", json={"environment_id": id}))

    def _bear(self, answer: dict[str, Any]) -> None:
        self.client.headers = {"authorization": f"Bearer {answer['jwt_token']}"}
