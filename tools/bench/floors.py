"""What the floors of all platforms have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx

Known = dict[str, Any]
"""Address -> [id, what was last written]."""
Group = dict[str, dict[str, Any]]
"""Address -> object."""


class Floor:
    """What a floor knows of a platform: the reads that show what there is, and the writes that make it otherwise.

    in_flight: requests at once. known: what earlier runs made; who writes may look up there what an object refers to.
    """

    in_flight = 16

    def __init__(self, client: httpx.AsyncClient, base: str, known: Known) -> None:
        self.client, self.base, self.known = client, base, known
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))  # no platform has sessions
        self.headers: dict[str, str] = {}

    # --- what a platform says -------------------------------------------------------------------------------------
    def groups(self, stack: dict[str, Any]) -> list[Group]:
        """What is in a later group refers to earlier ones."""
        raise NotImplementedError

    async def look(self, groups: Sequence[Group], verb: str) -> None:
        """Makes the reads that show what there is, and gets in where that takes requests. verb: plan, apply or
        destroy."""

    async def create(self, address: str, wanted: dict[str, Any]) -> Any:
        raise NotImplementedError

    async def update(self, address: str, id: Any, wanted: dict[str, Any]) -> Any:
        """Gives the id that it has from now on."""
        raise NotImplementedError

    async def delete(self, address: str, id: Any) -> None:
        raise NotImplementedError

    def at_once(self, addresses: Iterable[str], verb: str) -> int:
        """How many of a group the platform lets be made, changed or deleted at once. verb: create, update, delete."""
        return self.in_flight

    async def made(self, group: Group) -> None:
        """Those were created: what is left to do for all of them."""

    async def delete_all(self, ids: dict[str, Any]) -> None:
        """All of a group."""
        await self.each(ids.items(), self.delete, self.at_once(ids, "delete"))

    # --- what all do ----------------------------------------------------------------------------------------------
    async def apply(self, groups: Sequence[Group]) -> None:
        for group in groups:
            new = {address: wanted for address, wanted in group.items() if address not in self.known}
            other = [(a, w) for a, w in group.items() if a in self.known and self.known[a][1] != w]
            await self.each(new.items(), self._create, self.at_once(group, "create"))
            if new:
                await self.made(new)
            await self.each(other, self._update, self.at_once(group, "update"))

    async def destroy(self, groups: Sequence[Group]) -> None:
        for group in reversed(groups):
            await self.delete_all({address: self.known[address][0] for address in group})
            for address in group:
                del self.known[address]

    def is_unchanged(self, groups: Sequence[Group]) -> bool:
        return all(self.known[address][1] == wanted for group in groups for address, wanted in group.items())

    async def _create(self, address: str, wanted: dict[str, Any]) -> None:
        self.known[address] = [await self.create(address, wanted), wanted]

    async def _update(self, address: str, wanted: dict[str, Any]) -> None:
        self.known[address] = [await self.update(address, self.known[address][0], wanted), wanted]

    async def each(self, items: Iterable[Any], work: Callable[..., Awaitable[Any]], in_flight: int = 0) -> None:
        """Does the work for each item, a tuple of arguments."""
        left = iter(items)

        async def some() -> None:
            for item in left:
                await work(*item)

        async with asyncio.TaskGroup() as workers:
            for _ in range(in_flight or self.in_flight):
                workers.create_task(some())

    async def send(self, method: str, path: str, absent: bool = False, **options: Any) -> Any:
        """The answer, decoded where it is JSON. absent: None instead of a failure where nothing is found."""
        headers = {**self.headers, **options.pop("headers", {})}
        answer = await self.client.request(method, self.base + path, headers=headers, **options)
        if absent and answer.status_code == 404:
            return None
        if answer.is_error:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.json() if answer.content and is_json else answer.text


def hundreds(items: Iterable[Any]) -> Iterable[tuple[list[Any]]]:
    """In lots of a hundred, each as arguments of a call."""
    given = list(items)
    return ((given[start : start + 100],) for start in range(0, len(given), 100))
