"""The Rights Locker API as typed calls: stream limits, categories and entitlements of one account."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import ApiError, CredentialsError
from headend.rights_locker.answers import acknowledge, categories
from headend.rights_locker.calls import RightsLockerCalls
from headend.rights_locker.content import Content, Grant, Item, content, only
from headend.rights_locker.settings import RightsLockerSettings

if TYPE_CHECKING:
    from headend.core.wire.client import Client

BATCH = 100  # entitlements of one request
_CATEGORIES = ("rights_locker", "categories")
_CONTENT = ("rights_locker", "content")


def connect(settings: RightsLockerSettings, client: Client) -> RightsLocker:
    """The client for one provider. Raises CredentialsError for a secret without its key (R-11)."""
    if settings.api_secret and not settings.api_key:
        raise CredentialsError(
            "rights_locker: api_secret is set and api_key is not; set HEADEND_RIGHTS_LOCKER_API_KEY as well"
        )
    return RightsLocker(settings, client)


class RightsLocker(RightsLockerCalls):
    """Typed calls over an open client."""

    def __init__(self, settings: RightsLockerSettings, client: Client, **clocks: Any) -> None:
        """clocks: `now` and `sleep`, where they are others than the machine's."""
        super().__init__(settings, client, **clocks)
        self._written: set[str] = set()  # accounts whose entitlements were written since they were read together

    # --- stream limit -----------------------------------------------------------------------------------
    async def set_limit(self, account_id: str, limit: int) -> None:
        """Overwrites the limit; one request, without a body (E1)."""
        async with self._account(account_id):
            acknowledge("limit.set", await self._send("limit.set", {"account_id": account_id, "limit": str(limit)}))

    async def delete_limit(self, account_id: str) -> None:
        """Back to the provider-wide limit; no limit is success (E2, R-32)."""
        async with self._account(account_id):
            answer = await self._ask("limit.delete", {"account_id": account_id})
            if answer is not None:
                acknowledge("limit.delete", answer)

    # --- categories -------------------------------------------------------------------------------------
    async def categories(self, account_id: str, *, fresh: bool = False) -> frozenset[str]:
        """The category names of the account, empty if there are none (E4)."""
        return await self._client.reads.get(
            (*_CATEGORIES, account_id), lambda: self._shared_categories(account_id), fresh=fresh
        )

    async def replace_categories(
        self, account_id: str, names: frozenset[str], admit: Callable[[frozenset[str]], None] = lambda _: None
    ) -> frozenset[str]:
        """Makes `names` (not empty, R-38) the whole set; returns the set that was there. Equal sets cost no write.

        admit: sees the existing set before the write and may raise.
        """
        async with self._account(account_id):
            before = await self._read_categories(account_id)
            admit(before)
            if before != names:
                await self._write_categories("categories.replace", account_id, names)
            return before

    async def await_categories(self, account_id: str, names: frozenset[str]) -> frozenset[str]:
        """Reads until the set is `names`; ApiError naming the difference if it does not get there (R-36)."""
        found = await self.settle(lambda _: self._shared_categories(account_id), lambda live: live == names)
        if found != names:
            missing, extra = ", ".join(sorted(names - found)), ", ".join(sorted(found - names))
            raise ApiError(
                "rights_locker: categories.replace was answered OK, but the set read back differs:"
                f" missing: {missing or 'nothing'}; unexpected: {extra or 'nothing'}"
            )
        return found

    async def remove_categories(self, account_id: str, ours: frozenset[str]) -> None:
        """Removes our names and keeps the others, whether the service deletes what is listed or everything (R-37)."""
        async with self._account(account_id):
            current = await self._read_categories(account_id)
            if not current & ours:
                return
            rest = current - ours
            if rest:
                await self._write_categories("categories.replace", account_id, rest)
            else:
                await self._write_categories("categories.delete", account_id, current)
        live = await self.settle(lambda _: self._shared_categories(account_id), lambda live: not live & ours)
        if left := live & ours:
            raise ApiError(f"rights_locker: categories still there after deletion: {', '.join(sorted(left))}")

    async def _shared_categories(self, account_id: str) -> frozenset[str]:
        async with self._account(account_id):
            return await self._read_categories(account_id)

    async def _read_categories(self, account_id: str) -> frozenset[str]:
        answer = await self._ask("categories.get", {"account_id": account_id})
        return frozenset() if answer is None else categories(answer)

    async def _write_categories(self, key: str, account_id: str, names: frozenset[str]) -> None:
        try:
            acknowledge(key, await self._send(key, {"account_id": account_id}, json={"categories": sorted(names)}))
        finally:  # even a failed write may have changed them
            self._client.reads.drop(*_CATEGORIES, account_id)

    # --- entitlements -----------------------------------------------------------------------------------
    async def content(self, account_id: str, *, fresh: bool = False) -> Content:
        """All entitlements of an account: one read for all that ask, until something is written there (E7, R-58)."""
        key = (*_CONTENT, account_id)
        return await self._client.reads.get(key, lambda: self._read_content(account_id), fresh=fresh)

    async def granted(self, account_id: str, grant: Grant, *, fresh: bool = False) -> Item | None:
        """One entitlement. Not fresh: out of the account's shared read while nothing was written there; where something
        was, one item costs less than reading all again for each of many."""
        if not fresh and account_id not in self._written:
            return (await self.content(account_id)).rows.get(grant)
        op = f"{grant.kind}.get"
        async with self._account(account_id):
            answer = await self._ask(op, _place(account_id, grant))
        return None if answer is None else only(op, account_id, answer.body, grant)

    async def grant(self, account_id: str, items: Iterable[tuple[Grant, Mapping[str, Any]]]) -> None:
        """Writes entitlements in full, a hundred of one kind a request (E9, R-43, R-44)."""
        kinds: dict[str, list[dict[str, Any]]] = {}
        for grant, terms in items:
            ids = {"content_id": grant.content_id, "external_product_id": grant.external_product_id}
            kinds.setdefault(grant.kind, []).append(ids | dict(terms))
        for kind, rows in kinds.items():
            for start in range(0, len(rows), BATCH):
                body = {kind: rows[start : start + BATCH]}
                async with self._writing(account_id):
                    await self._send("content.upsert", {"account_id": account_id}, json=body)

    async def revoke(self, account_id: str, grant: Grant) -> None:
        """Ends one entitlement; none is success (E11, E13, E15, E17, R-54)."""
        async with self._writing(account_id):
            await self._ask(f"{grant.kind}.delete", _place(account_id, grant))

    async def wipe(self, account_id: str) -> None:
        """Ends every entitlement of the account (E8): only of a set that was told to twice, and that found nothing
        else there (R-57)."""
        async with self._writing(account_id):
            await self._ask("content.wipe", {"account_id": account_id})

    async def _read_content(self, account_id: str) -> Content:
        async with self._account(account_id):
            answer = await self._ask("content.get", {"account_id": account_id})
            found = Content() if answer is None else content("content.get", account_id, answer.body)
            self._written.discard(account_id)
            return found

    @contextlib.asynccontextmanager
    async def _writing(self, account_id: str) -> AsyncIterator[None]:
        """What was read of the account's entitlements counts no longer, even if the write fails."""
        async with self._account(account_id):
            try:
                yield
            finally:
                self._written.add(account_id)
                self._client.reads.drop(*_CONTENT, account_id)


def _place(account_id: str, grant: Grant) -> dict[str, str]:
    return {"account_id": account_id, **grant._asdict()}
