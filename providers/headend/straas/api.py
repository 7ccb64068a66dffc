"""The Straas API as typed calls: at most 4 requests in flight, one service token, and answers that are looked at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import DecodeError, Forbidden, NotFound
from headend.core.wire.decode import decode
from headend.core.wire.invoke import Request, read_all_pages
from headend.core.wire.operations import Operation, Table
from headend.straas.answers import Member, Row, Token, is_own_error, object_of, rows_of
from headend.straas.paging import PAGE_SIZE, is_list, turn_page
from headend.straas.settings import StraasSettings
from headend.straas.tokens import ServiceToken, check_status
from headend.straas.wire import ACCOUNT_PREFIX, MEMBER_PREFIX, TABLE

if TYPE_CHECKING:
    from headend.core.wire.client import Answer, Client

IN_FLIGHT = 4  # requests; the platform states no limit, so it's ours (S-10)


def connect(settings: StraasSettings, client: Client) -> Straas:
    """The API over a client. Makes no request."""
    return Straas(settings, client)


class Straas:
    """Typed calls over an open transport client.

    Every call raises the errors of `Client.send`, CredentialsError where uid or secret are refused, and DecodeError
    for an answer of another shape or status than the contract has. What a row may hold more is left alone, and what
    it lacks counts as null (S-58).
    """

    def __init__(self, settings: StraasSettings, client: Client, now: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.client = client
        client.is_own_error = is_own_error
        self.table = moved(TABLE, settings)
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self.token = ServiceToken(settings, client, self.table, self._slots, now)

    # --- sending ----------------------------------------------------------------------------------------
    async def send(
        self,
        op: Operation,
        request: Request,
        *,
        member_token: str | None = None,
        accept: Collection[int] = (),
        repeat: bool | None = None,
    ) -> Answer:
        """Sends one operation. A 401 costs an account's call one new token and one repetition, writes included, for it
        was not executed (S-5). A member's token is the caller's, and can't be renewed (S-139)."""
        if op.role == "member":
            return await self._once(op, request, member_token or "", accept, repeat)
        for last in (False, True):
            token = await self.token.get()
            try:
                return await self._once(op, request, token, accept, repeat)
            except Forbidden as error:
                if error.status != 401 or last:
                    raise
                self.token.drop(token)
        raise AssertionError("the second attempt returns or raises")

    async def _once(
        self, op: Operation, request: Request, token: str, accept: Collection[int], repeat: bool | None
    ) -> Answer:
        async with self._slots:
            answer = await self.client.send(
                op,
                path=request.path,
                query=joined(request.query),
                json=request.body,
                headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
                accept=accept,
                repeat=repeat,
                explain=self._explain,
            )
        check_status(op.key, answer)
        return answer

    def _explain(self, answer: Answer) -> str:
        """What an error body says: `error`, text or an object with a message; `message`; or how it begins (S-8)."""
        body = answer.body
        if isinstance(body, dict):
            error = body.get("error")
            said = error.get("message") if isinstance(error, dict) else error
            said = said or body.get("message")
            if isinstance(said, str):
                return said
        text = "" if body is None else " ".join(str(body).split())
        return self.client.redactor.scrub(text)[:200]  # cut after scrubbing: half a secret is not recognised

    # --- reading ----------------------------------------------------------------------------------------
    async def single(self, key: str, id: str, *, member_token: str | None = None) -> Row | None:
        """One object, None = absent: only where the platform's own words say so (S-139)."""
        try:
            answer = await self.send(self.table[key], Request({"id": id}), member_token=member_token)
        except NotFound:
            return None
        return object_of(key, answer.body, id)

    async def shared(self, key: str, id: str, *, fresh: bool = False) -> Row | None:
        """As `single`, read once for all that ask in this run."""
        return await self.client.reads.get(("straas", key, id), lambda: self.single(key, id), fresh=fresh)

    async def listed(self, key: str, query: Mapping[str, Any] = {}) -> list[Row]:
        """All rows of a list, from all of its pages; read once per run and arguments (S-137)."""
        asked = {"per_page": str(PAGE_SIZE), **query}
        name = ("straas", key, *sorted((name, str(value)) for name, value in asked.items()))

        async def read() -> list[Row]:
            return rows_of(key, (await self.pages(self.table[key], Request(query=asked))).body)

        return await self.client.reads.get(name, read)

    async def pages(self, op: Operation, request: Request) -> Answer:
        """The last answer with the rows of all pages (S-14)."""
        return await read_all_pages(  # type: ignore[no-any-return]
            f"straas {op.key}", op, request, lambda asked: self.send(op, asked), lambda a, b: turn_page(op, a, b)
        )

    async def videos(self, ids: Sequence[str], query: Mapping[str, Any] = {}) -> list[Row]:
        """Those of the videos that there are, and that the account may see: a request for each 100 (S-134)."""
        rows: list[Row] = []
        for start in range(0, len(ids), PAGE_SIZE):
            rows += await self.listed("video.list", {**query, "ids": ",".join(ids[start : start + PAGE_SIZE])})
        return rows

    async def vouch(self) -> None:
        """Raises DecodeError unless account operations are found where they are looked for. Every account has a
        category (S-51); where even those are gone, the address is wrong, and nothing else is proven absent."""
        op = self.table["category.list"]

        async def read() -> None:
            try:
                answer = await self.send(op, Request(query={"per_page": "1"}))
            except NotFound as error:
                hint = "is the address right? (HEADEND_STRAAS_URL, HEADEND_STRAAS_ACCOUNT_PREFIX)"
                raise DecodeError(f"{error}; every account has one: {hint}", status=404) from None
            turn_page(op, Request(), answer)
            if not rows_of(op.key, answer.body):
                raise DecodeError("straas category.list: no category, and every account has one: is the url right?")

        await self.client.reads.get(("straas", "vouched"), read)

    # --- members ----------------------------------------------------------------------------------------
    async def member(self, id: str, *, fresh: bool = False) -> Member | None:
        """One member with e-mail and membership (S-38)."""
        row = await self.shared("member.get", id, fresh=fresh)
        return None if row is None else decode(Member, "straas: member.get", row)

    async def register(self, id: str, email: str) -> None:
        """The one write there is (S-37). Never repeated here where it may have taken effect (S-10)."""
        try:
            await self.send(self.table["member.create"], Request(body={"id": id, "email": email}))
        finally:
            self.client.reads.drop("straas", "member.get", id)

    async def member_token(self, member_id: str) -> str:
        """A new token of the member, secret. Each call makes one: nothing is kept, and nothing repeated but after a
        refused service token (S-111)."""
        op = self.table["member_token.get"]
        answer = await self.send(op, Request(query={"member_id": member_id}), repeat=False)
        token = decode(Token, f"straas: {op.key}", answer.body).token
        self.client.redactor.add(token)
        return token


def moved(table: Table, settings: StraasSettings) -> Table:
    """The table with the prefixes and rows of the settings (S-1, S-160)."""
    prefixes = {"account": (ACCOUNT_PREFIX, settings.account_prefix), "member": (MEMBER_PREFIX, settings.member_prefix)}
    rows = dict(table)
    for key, op in table.items():
        if op.role in prefixes:
            old, new = prefixes[op.role]
            rows[key] = replace(op, path=new + op.path.removeprefix(old))
    return Table(rows).overridden(settings.operations)


def joined(query: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as one parameter, with commas (S-16)."""
    return {n: ",".join(map(str, v)) if isinstance(v, list | tuple) else v for n, v in query.items()}


def with_defaults(op: Operation, request: Request) -> Request:
    """The request with what every list is asked for: large pages, and orders with all they have (S-12, S-136)."""
    if not is_list(op):
        return request
    extras = {"includes": ["line_item", "transaction"]} if op.key == "order.list" else {}
    return replace(request, query={"per_page": str(PAGE_SIZE), **extras, **request.query})
