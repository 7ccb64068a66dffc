"""The Ateme+ Cloud client: every call names the environment it is meant for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from headend.ateme.answers import (
    TOKEN_KEYS,
    R,
    is_listing,
    is_own_error,
    item,
    read_item,
    read_rows,
    text_id,
    token_in,
)
from headend.ateme.listing import Listing
from headend.ateme.rows import EnvironmentRow, Row, id_names
from headend.ateme.session import Tokens
from headend.ateme.settings import AtemeSettings
from headend.ateme.wire import TABLE
from headend.core.model.errors import ApiError, DecodeError, Forbidden, ForeignAnswer, NotFound, Refused, Timeout
from headend.core.model.observed import Observed
from headend.core.wire.operations import NO_BODY, Operation, Table
from headend.core.wire.reads import look_anew, sharers

if TYPE_CHECKING:
    from headend.core.wire.client import Answer, Client


ROWS_EACH = 128  # rows of a list that cost as much as a request
Look = Callable[[], Awaitable[R | None]]


def connect(settings: AtemeSettings, client: Client) -> Ateme:
    """The client over an open transport; logs in with the first call. Raises InputError for a wrong `operations`."""
    client.is_own_error = is_own_error
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
        op = self.table[key]
        return await self.send(
            op, scope=scope, path=path, json=op.named(body) if isinstance(body, dict) else body, **options
        )

    async def send(
        self, op: Operation, *, scope: str | None, headers: Mapping[str, str] = {}, **options: Any
    ) -> Answer:
        """The same for a row that may not be the table's."""

        async def send(token: str) -> Answer:
            return await self.client.send(op, headers={**headers, **self.tokens.headers(token)}, **options)

        token = None
        for last in (False, True):
            try:
                if self.tokens.by_record:
                    async with self.tokens.mutex:
                        return await send(await self.tokens.acquire(scope))
                if token is not None:
                    return await self.tokens.once_more(scope, token, send)
                token = await self.tokens.get(scope)
                return await send(token)
            except Forbidden as error:
                if error.status != 401 or last:
                    raise self._explained(error, op.role) from None
                if token is None:
                    self.tokens.drop(scope)
        raise AssertionError("the second attempt returns or raises")

    def _explained(self, error: Forbidden, role: str) -> Forbidden:
        needed = f"; the call needs: {role}" if role and error.status == 403 else ""
        return Forbidden(f"{error}{needed}", status=error.status, code=error.code)

    # --- reading ------------------------------------------------------------------------------------------
    async def listed(
        self,
        key: str,
        scope: str | None,
        shape: type[R],
        *,
        path: Mapping[str, str] = {},
        headers: Mapping[str, str] = {},
        fresh: bool = False,
    ) -> Listing[R]:
        """The rows of a list operation that aren't deleted, shared for the run. path, headers: what the list hangs
        on."""
        name = ("ateme", key, scope, *path.values(), *headers.values())

        async def read() -> Listing[R]:
            answer = await self.call(key, scope=scope, path=path, headers=headers)
            found = read_rows(self.table[key], answer.body, shape)
            return Listing(row for row in found if not row.gone)

        return await self.client.reads.get(name, read, fresh=fresh)

    def has(self, *lists: tuple[str, str | None], fresh: bool) -> bool:
        """Whether these lists (operation, scope) are there for who asks now."""
        return all(self.client.reads.answers_at_once(("ateme", *one), fresh=fresh) for one in lists)

    async def found(self, key: str, scope: str | None, in_list: Look[R], alone: Look[R], *, fresh: bool) -> R | None:
        """One object: out of the list of that operation, which many share, or by itself where a fresh list would be
        decoded for few. What a fresh look at the one is without is looked for in the other. None = absent."""
        if not fresh:
            return await in_list()
        known = self.client.reads.outdated(("ateme", key, scope))
        dear = known is not None and len(known) > ROWS_EACH * sharers()
        first, second = (alone, in_list) if dear else (in_list, alone)
        return await first() or await second()

    async def single(
        self,
        key: str,
        scope: str | None,
        path: Mapping[str, str],
        shape: type[R],
        *,
        doubtful: bool = False,
        signs: Collection[str] = (),
        headers: Mapping[str, str] = {},
    ) -> R | None:
        """One object by its id, None = absent. doubtful: a list decides what a 404 means, whoever gives it.
        signs: of an object whose details are documented without an id, what shows that it is one.

        An answer that is a list is searched (A-46). Raises NotFound only through None; Refused where the operation
        does not exist; DecodeError for an answer about another object.
        """
        wanted = next(iter(path.values()))
        try:
            answer = await self.call(key, scope=scope, path=path, headers=headers)
        except NotFound:
            return None
        except ForeignAnswer:
            if doubtful:
                return None
            raise
        op = self.table[key]
        if is_listing(answer.body, *id_names(shape)):
            row = next((row for row in read_rows(op, answer.body, shape) if row.id == wanted), None)
        else:
            row = read_item(op, answer.body, shape, wanted, signs)
            if row.id != wanted:
                raise DecodeError(f"ateme: {key}: asked for {wanted}, and the answer is about another one")
        return None if row is None or row.gone else row

    async def environment(self, id: str, *, fresh: bool = False) -> EnvironmentRow | None:
        """An environment's details, None = absent; read with the organisation's token, so that one that is being
        deleted is never the active one (A-726). Keeps the token that the first answer brings (A-15)."""
        name = ("ateme", "environment.get", id)

        async def read() -> EnvironmentRow | None:
            row = await self.single("environment.get", None, {"environment_id": id}, EnvironmentRow)
            if row is None:
                return None
            if token := token_in(row.given):
                self.tokens.put(id, token)
            return row.model_copy(update={"given": {k: v for k, v in row.given.items() if k not in TOKEN_KEYS}})

        return await self.client.reads.get(name, read, fresh=fresh)

    async def status(self, environment: str) -> str | None:
        """The environment's status word; None where it can't be known, as for guests (A-16)."""
        try:
            row = await self.environment(environment)
        except Forbidden:
            return None
        return "deleted" if row is None else row.word

    async def is_running(self, environment: str) -> bool:
        """False only where the environment is known not to run (A-730)."""
        return await self.status(environment) in {None, "running", "started"}

    async def require_running(self, environment: str) -> None:
        """Raises Refused, naming the state, where the environment does not run; it is never started here (A-731)."""
        if not await self.is_running(environment):
            word = await self.status(environment)
            raise Refused(f"ateme: environment {environment} is {word}; start it first (state: started)")

    def within(self, deployment: str | None) -> dict[str, str]:
        """The headers of calls that concern a TitanFile deployment (A-21)."""
        return {} if deployment is None else {self.settings.deployment_header: deployment}

    def changed(self, *keys: str) -> None:
        """Forgets the shared reads of these operations."""
        for key in keys:
            self.client.reads.drop("ateme", key)

    # --- writing ------------------------------------------------------------------------------------------
    async def delete(self, key: str, scope: str | None, path: Mapping[str, str], **options: Any) -> bool:
        """Sends a delete; absent is success (A-727). True if there was something to delete."""
        try:
            await self.call(key, scope=scope, path=path, **options)
        except NotFound:
            return False
        return True

    async def made_id(
        self,
        key: str,
        body: Any,
        shape: type[Row],
        find: Callable[[], Awaitable[Sequence[Observed]]],
        submitted: str | None = None,
    ) -> str:
        """The id of what was just created: by the answer (A-48, A-804), else the only one that `find` finds.

        Raises DecodeError where that leaves it open: the object may exist, so the creation stays in doubt.
        """
        op = self.table[key]
        names = (*([op.id_field] if op.id_field else []), *id_names(shape))
        if isinstance(body, Mapping):
            row = item(op, body, *names)
            name = next((name for name in names if name in row), "")
            found = text_id(row.get(name))
            if found is not None and not (name == "id" and found == submitted):
                return found
        try:
            alike = await find()
        except ApiError as error:
            raise DecodeError(
                f"ateme: {key}: the answer names no id, and a look for the object failed: {error}"
            ) from None
        if len(alike) != 1:
            raise DecodeError(f"ateme: {key}: the answer names no id, and {len(alike)} objects match")
        return alike[0].id

    async def pause(self) -> None:
        """One poll interval, before something is tried again."""
        look_anew()
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
            look_anew()
            interval = min(interval * 1.5, self.settings.poll_interval * 3)
