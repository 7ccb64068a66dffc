"""The mycujoo API as typed calls: actions and their configurations here, accounts and accounting beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import NotFound
from headend.mycujoo.accounting import Accounting
from headend.mycujoo.accounts import Accounts
from headend.mycujoo.answers import Action, Configuration, ConfigurationBrief, about
from headend.mycujoo.calls import MycujooCalls, S
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

    async def action(self, id: str) -> Action:
        """One action with its field definitions, read once per run (M-73, M-114)."""
        if id in _RESERVED:
            raise NotFound(f"mycujoo action.get: {id!r} is a word of the API and no action's id", code=5)

        async def read() -> Action:
            return await self.one(Action, "action.get", "action", path={"id": id})

        return await self.client.reads.get(("action", id), read)

    async def catalogue(self, shape: type[S], key: str, query: Mapping[str, str]) -> list[S]:
        """All rows of a list that nobody changes during a run, read once per run and filter (M-63, M-67)."""
        return await self.client.reads.get((key, *sorted(query.items())), lambda: self.listed(shape, key, query))

    async def configurations(self, group_id: str, *, fresh: bool = False) -> list[ConfigurationBrief]:
        """A group's configurations, without their fields (M-68); shared within the run until a write to the group."""

        async def read() -> list[ConfigurationBrief]:
            return await self.listed(ConfigurationBrief, "action_configuration.list", {"group_id": group_id})

        key = ("configurations", group_id)
        return await self.client.reads.get(key, read, fresh=fresh)

    async def configuration(self, id: str, *, fresh: bool = False) -> Configuration:
        """One configuration (M-70)."""

        async def read() -> Configuration:
            return about(id, await self._configuration("action_configuration.get", path={"id": id}))

        return await self.client.reads.get(("configuration", id), read, fresh=fresh)

    async def create_configuration(self, body: Mapping[str, Any]) -> Configuration:
        """Creates one (M-69) and returns it as stored; it's kept as this run's latest reading of the object."""
        made = await self._configuration("action_configuration.create", json=dict(body))
        await self._keep(made, str(body["group_id"]))
        return made

    async def update_configuration(self, id: str, group_id: str, body: Mapping[str, Any]) -> Configuration:
        """Changes the given keys (M-72) and returns the object as stored."""
        self.forget(id, group_id)
        try:
            changed = await self._configuration("action_configuration.update", path={"id": id}, json=dict(body))
        finally:
            self.forget(id, group_id)
        await self._keep(about(id, changed), group_id)
        return changed

    async def _configuration(self, op: str, **sent: Any) -> Configuration:
        return await self.one(Configuration, op, "action_configuration", **sent)

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

    async def _keep(self, stored: Configuration, group_id: str) -> None:
        self.forget(stored.id, group_id)
        if group_id in self.known:
            self.known[group_id].add(stored.id)
        self.client.reads.keep(("configuration", stored.id), stored)


def connect(settings: MycujooSettings, client: Client) -> MycujooApi:
    """The API over a client. Raises CredentialsError unless exactly one usable credential is set."""
    return MycujooApi(settings, client)
