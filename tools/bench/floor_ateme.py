"""Ateme+: a login, a switch to the environment, its details, the lists that show the objects; then one request each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from typing import Any

import floors
from ateme_rows import OWN, ROWS, SCHEDULES, Row
from floors import Group

POLL = 0.05  # s, as headend's in this bench
_PLACES = "/api/customer_environment"


class Floor(floors.Floor):
    def groups(self, stack: dict[str, Any]) -> list[Group]:
        given = stack["ateme"]
        places = given.get("environments", {})
        own = {name: {field: value for field, value in of.items() if field not in ROWS} for name, of in places.items()}
        found = [{f".{noun}.{name}": wanted for name, wanted in given.get(noun, {}).items()} for noun in OWN]
        found += [own]
        for noun in [noun for noun in ROWS if noun not in OWN]:
            items = [(place, name, one) for place, of in places.items() for name, one in of.get(noun, {}).items()]
            found.append({f"{place}.{noun}.{name}": wanted for place, name, wanted in items})
        return [group for group in found if group]

    async def look(self, groups: Sequence[Group], verb: str) -> None:
        who = {"email": os.environ["HEADEND_ATEME_EMAIL"], "password": os.environ["HEADEND_ATEME_PASSWORD"]}
        self._bear(await self.send("POST", "/api/login", json=who))
        addresses = [address for group in groups for address in group]
        places = [self.known[address][0] for address in addresses if "." not in address and address in self.known]
        if places and len(addresses) > len(places):
            await self._enter(places[0])
        paths = {path: None for address in addresses for path in self._shown(address)}
        await self.each(((path,) for path in paths), lambda path: self.send("GET", path))

    def _shown(self, address: str) -> Sequence[str]:
        """Path of the read that shows it. What is in a place that isn't there isn't there either."""
        place, _, rest = address.partition(".")
        if not rest:
            return [f"{_PLACES}/{self.known[place][0] if place in self.known else 'dropdown'}"]
        row = ROWS[rest.partition(".")[0]]
        if place and place not in self.known:
            return []
        return [self._path(row.listed or row.path, address, *self.known.get(address, ["", {}]))]

    # --- writes ---------------------------------------------------------------------------------------------------
    async def create(self, address: str, wanted: dict[str, Any]) -> str:
        if "." not in address:
            given = {field: wanted[field] for field in ("cloud_provider", "region", "instance_type_id")}
            return str((await self.send("POST", _PLACES, json={"name": address} | given))["environment_id"])
        row = self._row(address)
        path = self._path(row.create or row.path, address, "", wanted)
        return str((await self.send("POST", path, json=row.body(self, address, wanted)))[row.id])

    async def update(self, address: str, id: str, wanted: dict[str, Any]) -> str:
        if "." not in address:
            await self.send("POST", f"{_PLACES}/{id}/stop")
            await self._wait([f"{_PLACES}/{id}"], "stopped")
            return id
        row = self._row(address)
        if row.anew:
            await self.delete(address, id)
            return await self.create(address, wanted)
        path = self._path(f"{row.path}/{row.update}", address, id, wanted)
        await self.send("PUT", path, json=row.changes(self, address, wanted))
        return id

    async def delete(self, address: str, id: str) -> None:
        path = _PLACES if "." not in address else self._row(address).path
        await self.send("DELETE", f"{SCHEDULES if 'subscriptions' in path else path}/{id}")

    def at_once(self, addresses: Iterable[str], verb: str) -> int:
        first = next(iter(addresses))
        return 1 if "." in first and verb in self._row(first).pushed else self.in_flight

    async def made(self, group: Group) -> None:
        """Nothing can be put into an environment, and nothing refers to a machine, before it runs."""
        first = next(iter(group))
        if "." not in first:
            await self._wait([f"{_PLACES}/{self.known[address][0]}" for address in group], "running")
            await self._enter(self.known[first][0])
        elif (row := self._row(first)).lasting:
            await self._wait([f"{row.path}/{self.known[address][0]}" for address in group], "running")

    async def delete_all(self, ids: dict[str, Any]) -> None:
        await super().delete_all(ids)
        first = next(iter(ids))
        if "." in first and (row := self._row(first)).lasting:
            await self._wait([f"{row.path}/{id}" for id in ids.values()], None)

    async def _wait(self, paths: Sequence[str], status: str | None) -> None:
        """Until all of them have that status; None: until they are gone."""
        left = list(paths)

        async def look(path: str) -> None:
            answer = await self.send("GET", path, absent=True)
            if (answer and answer["status"]) != status:
                left.append(path)

        while left:
            asked, left[:] = [(path,) for path in left], []
            await self.each(asked, look)
            if left:
                await asyncio.sleep(POLL)

    # --- names ----------------------------------------------------------------------------------------------------
    def id(self, address: str, what: str, name: str) -> str:
        """The id of what an object refers to by that name."""
        return str(self.known[f"{address.partition('.')[0]}.{what}s.{name}"][0])

    def refer(self, address: str, wanted: dict[str, Any], *whats: str) -> dict[str, str]:
        return {f"{what}_id": self.id(address, what, wanted[what]) for what in whats}

    def _row(self, address: str) -> Row:
        return ROWS[address.split(".")[1]]

    def _path(self, path: str, address: str, id: str, wanted: dict[str, Any]) -> str:
        values = {"id": id, "variant": wanted.get("variant")}
        values |= {what: self.id(address, what, wanted[what]) for what in ("input", "output") if f"{{{what}}}" in path}
        return path.format(**values)

    async def _enter(self, id: str) -> None:
        self._bear(await self.send("POST", "/api/user/active_environment", json={"environment_id": id}))

    def _bear(self, answer: dict[str, Any]) -> None:
        self.headers = {"authorization": f"Bearer {answer['jwt_token']}"}
