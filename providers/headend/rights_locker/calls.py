"""How Rights Locker is called: two ways to prove itself, one account's calls one after another, repeats."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

from headend.core.model.errors import ForeignAnswer, InputError, NotFound
from headend.core.wire.invoke import Request
from headend.core.wire.operations import Operation, Table
from headend.rights_locker.answers import is_own_404
from headend.rights_locker.content import check_content_type
from headend.rights_locker.quiet import hide_queries
from headend.rights_locker.settings import RightsLockerSettings
from headend.rights_locker.signing import signature
from headend.rights_locker.wire import TABLE

if TYPE_CHECKING:
    import httpx

    from headend.core.wire.client import Answer, Client

LIFETIME = 300  # seconds that a signature stays valid
READ_BACK_DELAYS = (0.3, 0.6, 1.1)  # no read-after-write consistency is promised
RETRY_ON = (500, 502, 503, 504)
_SIGNING = ("api_key", "expires", "signature")

T = TypeVar("T")


class RightsLockerCalls:
    """Calls over an open client. Every write may be repeated: all of them overwrite, upsert or delete (R-19).

    All methods raise ApiError; 401 and 403 are Forbidden, never "absent" (R-18); NotFound only where the service itself
    can have said so (R-17).
    """

    def __init__(
        self,
        settings: RightsLockerSettings,
        client: Client,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        hide_queries()
        client.is_own_error = is_own_404
        self.table: Table = TABLE.overridden(settings.operations)
        self._settings = settings
        self._client = client
        self._now = now
        self._sleep = sleep
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def pcode(self) -> str:
        """Whose entitlements these are."""
        return self._settings.pcode

    async def settle(self, read: Callable[[bool], Awaitable[T]], done: Callable[[T], bool]) -> T:
        """The first reading that is done, else the last of four over two seconds. read: takes whether to read anew."""
        found = await read(False)
        for delay in READ_BACK_DELAYS:
            if done(found):
                break
            await self._sleep(delay)
            found = await read(True)
        return found

    # --- any row ----------------------------------------------------------------------------------------
    async def invoke(self, op: Operation, request: Request) -> Answer:
        """One call; those of one account go one after another (R-20). Users of a content that nobody has are none,
        not an error (R-22)."""
        sent: dict[str, Any] = {"query": request.query, "json": request.body}
        if op.key == "users.list":
            try:
                check_content_type(request.path.get("content_type", ""))
            except ValueError as error:
                raise InputError(f"{op.key}: content_type: {error}") from None
            answer = await self._send(op.key, request.path, accept=(404,), **sent)
            if answer.status != 404:
                return answer
            if not is_own_404(answer):
                raise ForeignAnswer(f"rights_locker {op.key}: a 404 that is not Rights Locker's", status=404)
            return replace(answer, status=200, body={"users": []})
        if account_id := request.path.get("account_id"):
            async with self._account(account_id):
                return await self._send(op.key, request.path, **sent)
        return await self._send(op.key, request.path, **sent)

    # --- sending ----------------------------------------------------------------------------------------
    def _account(self, account_id: str) -> asyncio.Lock:
        """Requests of one account go one after another: E4 and E3 are a read-modify-write (R-20)."""
        return self._locks.setdefault(account_id, asyncio.Lock())

    async def _ask(self, key: str, path: Mapping[str, str]) -> Answer | None:
        """What one operation answers; None for what isn't there."""
        try:
            return await self._send(key, path)
        except NotFound:
            return None

    async def _send(
        self, key: str, path: Mapping[str, str], *, query: Mapping[str, Any] = {}, **options: Any
    ) -> Answer:
        operation, settings = self.table[key], self._settings
        of_limits = operation.role == "limits"
        pcode = settings.limits_pcode if of_limits and settings.limits_pcode else settings.pcode
        asked = list(query.items())
        if settings.api_key and not settings.api_secret and not of_limits and operation.method == "GET":
            asked.append(("api_key", settings.api_key))
        return await self._client.send(
            operation,
            path={"pcode": pcode, **path},
            query=asked,
            repeat=True,
            retry_on=RETRY_ON,
            prepare=self._sign if settings.api_secret else None,
            prefix="" if of_limits else settings.entitlements_prefix.strip("/"),
            **options,
        )

    def _sign(self, request: httpx.Request) -> None:
        """Adds key, time and signature to one attempt; a repeated request gets new ones (R-12)."""
        pairs = [pair for pair in request.url.params.multi_items() if pair[0] not in _SIGNING]
        pairs += [("api_key", self._settings.api_key or ""), ("expires", str(int(self._now()) + LIFETIME))]
        signed = signature(self._settings.api_secret or "", request.method, request.url.path, pairs, request.content)
        request.url = request.url.copy_with(params=[*pairs, ("signature", signed)])
