"""The Ateme+ Cloud client: every call names the environment it is meant for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from headend.ateme.answers import Row, is_deleted, is_listing, item, rows, stream_state, text_id, token_in
from headend.ateme.session import Tokens
from headend.ateme.settings import AtemeSettings
from headend.ateme.wire import TABLE
from headend.core.model.errors import ApiError, DecodeError, Forbidden, NotFound, Refused, Timeout
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem
from headend.core.wire.operations import NO_BODY, Operation, Table

if TYPE_CHECKING:
    from headend.core.wire.client import Answer, Client

NEW_POLLS = 6  # looks during which a new object may still be unknown: a minute at the usual interval
FAILURES = frozenset({"failed", "error"})


def connect(settings: AtemeSettings, client: Client) -> Ateme:
    """The client over an open transport; logs in with the first call. Raises InputError for a wrong `operations`."""
    return Ateme(settings, client)


class Ateme:
    """Typed calls. All raise ApiError; 401 (after one new login) and 403 are Forbidden, never "absent" (A-17, A-18)."""

    def __init__(
        self,
        settings: AtemeSettings,
        client: Client,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.client = client
        self.table: Table = TABLE.overridden(settings.operations)
        self.tokens = Tokens(settings, client, self.table)
        self.now = now
        self._sleep = sleep

    async def call(
        self, key: str, *, scope: str | None, path: Mapping[str, str] = {}, body: Any = NO_BODY, **options: Any
    ) -> Answer:
        """One call with the scope's token: an environment's id, or None for the organisation as a whole (A-9).

        options: as of `Client.send`. A 401 is answered by one new token and one repetition, whatever the verb (A-17).
        """
        return await self.send(self.table[key], scope=scope, path=path, json=body, **options)

    async def send(
        self, op: Operation, *, scope: str | None, headers: Mapping[str, str] = {}, **options: Any
    ) -> Answer:
        """The same for a row that may not be the table's."""

        async def send(token: str) -> Answer:
            return await self.client.send(op, headers={**headers, **self.tokens.headers(token)}, **options)

        for last in (False, True):
            try:
                if self.tokens.by_record:
                    async with self.tokens.mutex:
                        token = await self.tokens.acquire(scope)
                        return await send(token)
                token = await self.tokens.get(scope)
                return await send(token)
            except Forbidden as error:
                if error.status != 401 or last:
                    raise self._explained(error, op.role) from None
                self.tokens.drop(scope)
        raise AssertionError("the second attempt returns or raises")

    def _explained(self, error: Forbidden, role: str) -> Forbidden:
        needed = f"; the call needs: {role}" if role and error.status == 403 else ""
        return Forbidden(f"{error}{needed}", status=error.status, code=error.code)

    # --- reading ------------------------------------------------------------------------------------------
    async def listed(
        self, key: str, scope: str | None, *, path: Mapping[str, str] = {}, fresh: bool = False
    ) -> list[Row]:
        """The rows of a list operation that aren't deleted, shared for the run. path: of what the list hangs on."""
        name = ("ateme", key, scope, *path.values())
        if fresh:
            self.client.reads.drop(*name)

        async def read() -> list[Row]:
            found = rows(self.table[key], (await self.call(key, scope=scope, path=path)).body)
            return [row for row in found if not is_deleted(row)]

        return await self.client.reads.get(name, read)

    async def single(self, key: str, scope: str | None, path: Mapping[str, str], *ids: str) -> Row | None:
        """One object by its id, None = absent. `ids`: names that its id may have in the answer.

        An answer that is a list is searched (A-46). Raises NotFound only through None; Refused where the
        operation does not exist.
        """
        wanted = next(iter(path.values()))
        try:
            answer = await self.call(key, scope=scope, path=path)
        except NotFound:
            return None
        if is_listing(answer.body, *ids):
            found = [row for row in rows(self.table[key], answer.body) if wanted in {text_id(row.get(n)) for n in ids}]
            row = found[0] if found else None
        else:
            row = item(self.table[key], answer.body, *ids)
        return None if row is None or is_deleted(row) else row

    async def environment(self, id: str, *, fresh: bool = False) -> Row | None:
        """An environment's details, None = absent; read with the organisation's token, so that one that is being
        deleted is never the active one (A-726). Keeps the token that the first answer brings (A-15)."""
        name = ("ateme", "environment.get", id)
        if fresh:
            self.client.reads.drop(*name)

        async def read() -> Row | None:
            row = await self.single("environment.get", None, {"environment_id": id}, "environment_id", "id")
            if row is None:
                return None
            if token := token_in(row):
                self.tokens.put(id, token)
            return {
                key: value for key, value in row.items() if key not in {"jwt_token", "token", "jwt", "access_token"}
            }

        return await self.client.reads.get(name, read)

    async def status(self, environment: str) -> str | None:
        """The environment's status word; None where it can't be known, as for guests (A-16)."""
        try:
            row = await self.environment(environment)
        except Forbidden:
            return None
        return "deleted" if row is None else stream_state(row)

    async def is_running(self, environment: str) -> bool:
        """False only where the environment is known not to run (A-730)."""
        return await self.status(environment) in {None, "running", "started"}

    async def require_running(self, environment: str) -> None:
        """Raises Refused, naming the state, where the environment does not run; it is never started here (A-731)."""
        if not await self.is_running(environment):
            word = await self.status(environment)
            raise Refused(f"ateme: environment {environment} is {word}; start it first (state: started)")

    def changed(self, *keys: str) -> None:
        """Forgets the shared reads of these operations."""
        for key in keys:
            self.client.reads.drop("ateme", key)

    # --- writing ------------------------------------------------------------------------------------------
    async def delete(self, key: str, scope: str | None, path: Mapping[str, str], *, repeat: bool | None = None) -> bool:
        """Sends a delete; absent is success (A-727). True if there was something to delete."""
        try:
            await self.call(key, scope=scope, path=path, repeat=repeat)
        except NotFound:
            return False
        return True

    def new_id(self, key: str, body: Any, names: tuple[str, ...], submitted: str | None = None) -> str | None:
        """The server's id in the answer to a create (A-48, A-804); None where it has to be found by natural key."""
        if not isinstance(body, Mapping):
            return None
        op = self.table[key]
        row = item(op, body, *names)
        for name in (*([op.id_field] if op.id_field else []), *names):
            found = text_id(row.get(name))
            if found is not None and not (name == "id" and found == submitted):
                return found
        return None

    async def pause(self) -> None:
        """One poll interval, before something is tried again."""
        await self._sleep(self.settings.poll_interval)

    async def polls(self, limit: float, what: str) -> AsyncIterator[int]:
        """0, 1, 2 ... at growing intervals. Raises Timeout after `limit` seconds (A-722)."""
        end = time.monotonic() + limit
        interval = self.settings.poll_interval
        number = 0
        while True:
            yield number
            number += 1
            if time.monotonic() >= end:
                raise Timeout(f"ateme: {what}: not done after {limit:g} s")
            await self._sleep(interval)
            interval = min(interval * 1.5, self.settings.poll_interval * 3)


async def resting(api: Ateme, environment: object, parent: Spec | None) -> list[Problem]:
    """The plan-time refusal of a write in an environment that doesn't run, or is to be stopped first (A-731).

    environment: its id, or a reference to one that is yet to be made. parent: what the stack wants of it, if it does.
    """
    remedy = "let it run (state: started) for this change"
    if parent is not None:
        if getattr(parent, "state", None) != "stopped":
            return []
        return [Problem("its environment is to be stopped, and takes no writes then (A-731)", remedy=remedy)]
    if isinstance(environment, str) and not await api.is_running(environment):
        word = await api.status(environment)
        return [Problem(f"environment {environment} is {word}, and takes no writes (A-731)", remedy=remedy)]
    return []


def only(found: list[Any], what: str) -> Any:
    """The only element. Raises DecodeError where the platform's answer left the id open and several match."""
    if len(found) != 1:
        raise DecodeError(f"ateme: {what}: the answer names no id, and {len(found)} objects match")
    return found[0]


def hint(error: ApiError, text: str) -> ApiError:
    """The same error with one more sentence."""
    return type(error)(f"{error} ({text})", status=error.status, code=error.code)
