"""The Rights Locker client: two ways to prove itself, and answers that are never taken on trust."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

from headend.core.model.errors import ApiError, CredentialsError, DecodeError, InputError, Refused
from headend.core.wire.invoke import Request
from headend.core.wire.operations import Operation, Table
from headend.rights_locker.content import CONTENT_TYPES, USERS_OF, Content, Grant, Row, content, only
from headend.rights_locker.quiet import hide_queries
from headend.rights_locker.settings import RightsLockerSettings
from headend.rights_locker.signing import signature
from headend.rights_locker.wire import TABLE

if TYPE_CHECKING:
    import httpx

    from headend.core.wire.client import Answer, Client

LIFETIME = 300  # seconds that a signature stays valid
READ_BACK_DELAYS = (0.3, 0.6, 1.1)  # no read-after-write consistency is promised
BATCH = 100  # entitlements of one request
RETRY_ON = (429, 500, 502, 503, 504)
_SIGNING = ("api_key", "expires", "signature")

T = TypeVar("T")


def connect(settings: RightsLockerSettings, client: Client) -> RightsLocker:
    """The client for one provider. Raises CredentialsError for a secret without its key (R-11)."""
    if settings.api_secret and not settings.api_key:
        raise CredentialsError(
            "rights_locker: api_secret is set and api_key is not; set HEADEND_RIGHTS_LOCKER_API_KEY as well"
        )
    return RightsLocker(settings, client)


class RightsLocker:
    """Typed calls. Every write may be repeated: all of them overwrite, upsert or delete (R-19).

    All methods raise ApiError; 401 and 403 are Forbidden, never "absent" (R-18).
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
        self.table: Table = TABLE.overridden(settings.operations)
        self._settings = settings
        self._client = client
        self._now = now
        self._sleep = sleep
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._written: set[str] = set()  # accounts whose entitlements were written since they were read together

    @property
    def pcode(self) -> str:
        """Whose entitlements these are."""
        return self._settings.pcode

    # --- stream limit -----------------------------------------------------------------------------------
    async def set_limit(self, account_id: str, limit: int) -> None:
        """Overwrites the limit; one request, without a body (E1)."""
        async with self._account(account_id):
            _acknowledged(await self._send("limit.set", {"account_id": account_id, "limit": str(limit)}))

    async def delete_limit(self, account_id: str) -> None:
        """Back to the provider-wide limit; no limit is success (E2, R-32)."""
        async with self._account(account_id):
            answer = await self._send("limit.delete", {"account_id": account_id}, accept=(404,))
            if not _absent(answer):
                _acknowledged(answer)

    # --- categories -------------------------------------------------------------------------------------
    async def categories(self, account_id: str, *, fresh: bool = False) -> frozenset[str]:
        """The category names of the account, empty if there are none (E4)."""
        if fresh:
            self._client.reads.drop(*_CATEGORIES, account_id)
        return await self._client.reads.get((*_CATEGORIES, account_id), lambda: self._shared_categories(account_id))

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
        answer = await self._send("categories.get", {"account_id": account_id}, accept=(404,))
        return frozenset() if _absent(answer) else _categories(answer)

    async def _write_categories(self, key: str, account_id: str, names: frozenset[str]) -> None:
        try:
            _acknowledged(await self._send(key, {"account_id": account_id}, json={"categories": sorted(names)}))
        finally:  # even a failed write may have changed them
            self._client.reads.drop(*_CATEGORIES, account_id)

    # --- entitlements -----------------------------------------------------------------------------------
    async def content(self, account_id: str, *, fresh: bool = False) -> Content:
        """All entitlements of an account: one read for all that ask, until something is written there (E7, R-58)."""
        key = (*_CONTENT, account_id)
        if fresh:
            self._client.reads.drop(*key)
        return await self._client.reads.get(key, lambda: self._read_content(account_id))

    async def granted(self, account_id: str, grant: Grant, *, fresh: bool = False) -> Row | None:
        """One entitlement. Not fresh: out of the account's shared read while nothing was written there; where something
        was, one item costs less than reading all again for each of many."""
        if not fresh and account_id not in self._written:
            return (await self.content(account_id)).rows.get(grant)
        async with self._account(account_id):
            answer = await self._send(f"{grant.kind}.get", _place(account_id, grant), accept=(404,))
        return None if _absent(answer) else only(answer.body, grant)

    async def grant(self, account_id: str, items: Iterable[tuple[Grant, Row]]) -> None:
        """Writes entitlements in full, a hundred of one kind a request (E9, R-43, R-44)."""
        kinds: dict[str, list[Row]] = {}
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
            _absent(await self._send(f"{grant.kind}.delete", _place(account_id, grant), accept=(404,)))

    async def wipe(self, account_id: str) -> None:
        """Ends every entitlement of the account (E8): only of a set that was told to twice, and that found nothing
        else there (R-57)."""
        async with self._writing(account_id):
            _absent(await self._send("content.wipe", {"account_id": account_id}, accept=(404,)))

    async def settle(self, read: Callable[[bool], Awaitable[T]], done: Callable[[T], bool]) -> T:
        """The first reading that is done, else the last of four over two seconds. read: takes whether to read anew."""
        found = await read(False)
        for delay in READ_BACK_DELAYS:
            if done(found):
                break
            await self._sleep(delay)
            found = await read(True)
        return found

    async def _read_content(self, account_id: str) -> Content:
        async with self._account(account_id):
            answer = await self._send("content.get", {"account_id": account_id}, accept=(404,))
            found = Content() if _absent(answer) else content(answer.body)
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

    # --- any row ----------------------------------------------------------------------------------------
    async def invoke(self, op: Operation, request: Request) -> Answer:
        """One call; those of one account go one after another (R-20). Users of a content that nobody has are none,
        not an error (R-22)."""
        sent: dict[str, Any] = {"query": request.query, "json": request.body}
        if op.key == "users.list":
            _check_content_type(request.path.get("content_type", ""))
            answer = await self._send(op.key, request.path, accept=(404,), **sent)
            return replace(answer, status=200, body={"users": []}) if _absent(answer) else answer
        if account_id := request.path.get("account_id"):
            async with self._account(account_id):
                return await self._send(op.key, request.path, **sent)
        return await self._send(op.key, request.path, **sent)

    # --- sending ----------------------------------------------------------------------------------------
    def _account(self, account_id: str) -> asyncio.Lock:
        """Requests of one account go one after another: E4 and E3 are a read-modify-write (R-20)."""
        return self._locks.setdefault(account_id, asyncio.Lock())

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


_CATEGORIES = ("rights_locker", "categories")
_CONTENT = ("rights_locker", "content")


def _place(account_id: str, grant: Grant) -> dict[str, str]:
    return {"account_id": account_id, **grant._asdict()}


def _check_content_type(name: str) -> None:
    """Raises InputError for what the one irregular list of names doesn't hold (R-25)."""
    if name not in USERS_OF:
        meant = f"; here {name} is called {CONTENT_TYPES[name]}" if name in CONTENT_TYPES else ""
        raise InputError(f"users.list: content_type is one of {', '.join(USERS_OF)}{meant}")


def _absent(answer: Answer) -> bool:
    """True for a 404 that the service itself can have given. Raises DecodeError for another one: a proxy's page, or
    a wrong base URL, must not look like a deleted object (R-17)."""
    if answer.status != 404:
        return False
    if answer.body not in (None, "") and not answer.is_json:
        raise DecodeError("rights_locker: a 404 that is not Rights Locker's; is the url right?", status=404)
    return True


def _acknowledged(answer: Answer) -> None:
    """Raises Refused for a success whose message is not OK (R-16). An empty body is success."""
    message = answer.body.get("message", "OK") if isinstance(answer.body, dict) else "OK"
    if str(message).upper() != "OK":
        raise Refused(f"rights_locker: answered {answer.status} with the message {message!r}", status=answer.status)


def _categories(answer: Answer) -> frozenset[str]:
    """The names in an E4 answer, under either key; any other shape is an error, not an empty set (R-35)."""
    _acknowledged(answer)
    body = answer.body
    if body == {}:
        return frozenset()
    if not isinstance(body, dict) or not body.keys() & {"categories", "users"}:
        raise DecodeError("rights_locker: categories.get: neither categories nor users in the answer", status=200)
    lists = [_names(body[key]) for key in ("categories", "users") if key in body]
    if len(set(lists)) > 1:
        raise DecodeError("rights_locker: categories.get: categories and users differ", status=200)
    return lists[0]


def _names(value: Any) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise DecodeError("rights_locker: categories.get: not a list of names", status=200)
    return frozenset(value)
