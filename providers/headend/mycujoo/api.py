"""The mycujoo API as typed calls: actions and their configurations here, accounts and accounting beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import DecodeError, NotFound
from headend.mycujoo.accounting import Accounting
from headend.mycujoo.accounts import Accounts
from headend.mycujoo.calls import MycujooCalls
from headend.mycujoo.settings import MycujooSettings

if TYPE_CHECKING:
    from headend.core.wire.client import Client

_RESERVED = frozenset({"calls", "categories", "configurations"})  # they share a route with an action's id (M-19)


class MycujooApi(MycujooCalls):
    """Typed calls over an open transport client."""

    def __init__(self, settings: MycujooSettings, client: Client) -> None:
        super().__init__(settings, client)
        self.known: dict[str, set[str]] = {}
        """listed group -> ids of configurations seen there: what a lost creation can't have made (M-107)."""
        self.poll_interval = settings.poll_interval
        self.accounts = Accounts(self)
        self.accounting = Accounting(self)

    async def action(self, id: str) -> dict[str, Any]:
        """One action with its field definitions, read once per run (M-73, M-114)."""
        if id in _RESERVED:
            raise NotFound(f"mycujoo action.get: {id!r} is a word of the API and no action's id", code=5)

        async def read() -> dict[str, Any]:
            return await self.part("action.get", "action", path={"id": id})

        return await self.client.reads.get(("action", id), read)

    async def catalogue(self, key: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """All rows of a list that nobody changes during a run, read once per run and filter (M-63, M-67)."""
        return await self.client.reads.get((key, *sorted(query.items())), lambda: self.listed(key, query))

    async def configurations(self, group_id: str, *, fresh: bool = False) -> list[dict[str, Any]]:
        """A group's configurations, without their fields (M-68); shared within the run until a write to the group."""

        async def read() -> list[dict[str, Any]]:
            return await self.listed("action_configuration.list", {"group_id": group_id})

        key = ("configurations", group_id)
        if fresh:
            self.client.reads.drop(*key)
        return await self.client.reads.get(key, read)

    async def configuration(self, id: str, *, fresh: bool = False) -> dict[str, Any]:
        """One configuration (M-70)."""

        async def read() -> dict[str, Any]:
            return await self.part("action_configuration.get", "action_configuration", path={"id": id})

        if fresh:
            self.client.reads.drop("configuration", id)
        return await self.client.reads.get(("configuration", id), read)

    async def create_configuration(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Creates one (M-69) and returns it as stored; it's kept as this run's latest reading of the object."""
        made = await self.part("action_configuration.create", "action_configuration", json=dict(body))
        if not made.get("id"):
            raise DecodeError("mycujoo action_configuration.create: the answer holds no id")
        await self._keep(made, str(body["group_id"]))
        return made

    async def update_configuration(self, id: str, group_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Changes the given keys (M-72) and returns the object as stored."""
        self.forget(id, group_id)
        try:
            sent = {"path": {"id": id}, "json": dict(body)}
            changed = await self.part("action_configuration.update", "action_configuration", **sent)
        finally:
            self.forget(id, group_id)
        await self._keep({**changed, "id": id}, group_id)
        return changed

    async def delete_configuration(self, id: str, group_id: str) -> None:
        """Deletes one (M-71)."""
        try:
            await self.call("action_configuration.delete", path={"id": id})
        finally:
            self.forget(id, group_id)

    def forget(self, id: str, group_id: str) -> None:
        """Drops the reads that a write to the object touches."""
        self.client.reads.drop("configuration", id)
        self.client.reads.drop("configurations", group_id)

    async def _keep(self, stored: dict[str, Any], group_id: str) -> None:
        self.forget(str(stored["id"]), group_id)
        if group_id in self.known:
            self.known[group_id].add(str(stored["id"]))
        await self.keep(("configuration", str(stored["id"])), stored)


def connect(settings: MycujooSettings, client: Client) -> MycujooApi:
    """The API over a client. Raises CredentialsError unless exactly one usable credential is set."""
    return MycujooApi(settings, client)
