"""Calls of the accounts service. Many askers share one batch: N accounts take N/100 requests (M-129)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from headend.core.model.errors import DecodeError, NotFound
from headend.mycujoo.calls import MycujooCalls

Row = dict[str, Any]
LARGEST = 100  # entries of a batch; the platform states no limit (M-129)
MOMENT = 0.002  # s that a batch waits for others to join it


class Batch:
    """Turns many single questions into few requests. ask: takes at most LARGEST names, gives what was found by name."""

    def __init__(self, ask: Callable[[list[str]], Awaitable[Mapping[str, Row]]]) -> None:
        self._ask = ask
        self._asked: dict[str, asyncio.Future[Row | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, name: str) -> Row | None:
        """What is found by the name; None where the answer leaves it out. Raises what the request raised."""
        if name not in self._asked:
            self._asked[name] = asyncio.get_running_loop().create_future()
            if len(self._asked) == 1:
                self._start(self._soon())
        return await self._asked[name]

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _soon(self) -> None:
        await asyncio.sleep(MOMENT)
        asked, self._asked = self._asked, {}
        names = list(asked)
        for start in range(0, len(names), LARGEST):
            self._start(self._answer({name: asked[name] for name in names[start : start + LARGEST]}))

    async def _answer(self, asked: Mapping[str, asyncio.Future[Row | None]]) -> None:
        try:
            found = await self._ask(list(asked))
        except Exception as error:
            for waiting in asked.values():
                waiting.set_exception(error)
                waiting.exception()  # whoever asked may have gone; that is no news for the log
            return
        for name, waiting in asked.items():
            waiting.set_result(found.get(name))


class Accounts:
    """Accounts as this run knows them, by address in lower case."""

    def __init__(self, api: MycujooCalls) -> None:
        self._api = api
        self._reads = api.client.reads
        self._emails = Batch(self._ask_emails)
        self._ids = Batch(self._ask_ids)
        self._deletions = Batch(self._delete)

    async def by_email(self, email: str, *, fresh: bool = False) -> Row | None:
        """The account with this address, however it is spelled; None where the answer is without it (M-126)."""
        key = ("account", email.lower())
        if fresh:
            self._reads.drop(*key)
        return await self._reads.get(key, lambda: self._emails.get(email))

    async def known(self, email: str, *, fresh: bool = False) -> Row | None:
        """An account that has been there. The platform may be slow to find it by its address (M-125), so that None is
        proven by the list of all, too, which is read once per run and only if need be (M-47)."""
        found = await self.by_email(email, fresh=fresh)
        if found is not None:
            return found
        if fresh:
            self._reads.drop("account.list")
        everyone = await self._reads.get(("account.list",), lambda: self._api.listed("account.list"))
        return _with(email, everyone)

    async def by_id(self, id: str) -> Row | None:
        """The account with this id; None is proven by an answer without it (M-126)."""
        return await self._ids.get(id)

    async def _ask_emails(self, emails: list[str]) -> dict[str, Row]:
        """Both spellings are asked for: nobody says whether the platform keeps the case of an address (M-241)."""
        spellings = list(dict.fromkeys(text for email in emails for text in (email, email.lower())))
        parts = [spellings[start : start + LARGEST] for start in range(0, len(spellings), LARGEST)]
        answers = await asyncio.gather(*(self._rows("account.batch_by_email", "email_addresses", p) for p in parts))
        rows = {str(row.get("id")): row for answer in answers for row in answer}.values()
        return {email: found for email in emails if (found := _with(email, rows))}

    async def _ask_ids(self, ids: list[str]) -> dict[str, Row]:
        return {str(row.get("id")): row for row in await self._rows("account.batch", "account_ids", ids)}

    async def _rows(self, key: str, name: str, values: list[str]) -> list[Row]:
        return await self._api.listed(key, json={name: values})

    async def create(self, body: Mapping[str, str]) -> str:
        """Makes an account and gives its password, "" where none came; its id is nowhere in the answer (M-48)."""
        return str((await self._made("account.create", body)).get("password") or "")

    async def invite(self, body: Mapping[str, str]) -> str:
        """Invites an account and gives its id, "" where none came; there is no password in the answer (M-56)."""
        id = str((await self._made("account.invite", body)).get("account_id") or "")
        if id:
            await self._api.keep(("account", body["email"].lower()), {**body, "id": id, "is_verified": False})
        return id

    async def _made(self, key: str, body: Mapping[str, str]) -> dict[str, Any]:
        try:
            return await self._api.call(key, json=dict(body))
        finally:
            self._forget(body["email"])

    def _forget(self, email: str) -> None:
        self._reads.drop("account", email.lower())
        self._reads.drop("account.list")

    async def update(self, row: Row, body: Mapping[str, str]) -> Row:
        """Changes names, on a path with one segment more than the one that reads (M-188); gives what is stored."""
        self._forget(str(row["email"]))
        changed = await self._api.part(
            "account.update", "account", path={"account_id": str(row["id"])}, json=dict(body)
        )
        await self._api.keep(
            ("account", str(row["email"]).lower()), {**changed, "id": row["id"], "email": row["email"]}
        )
        return changed

    async def delete(self, row: Row) -> None:
        """Deletes the account, and takes it off all policies; what is gone already is no error (M-128)."""
        try:
            await self._deletions.get(str(row["id"]))
        finally:
            self._forget(str(row["email"]))

    async def _delete(self, ids: list[str]) -> dict[str, Row]:
        """Nobody says what becomes of the others where one is unknown, so they are then tried one by one."""
        try:
            await self._api.call("account.delete", json={"ids": ids})
        except NotFound:
            for id in ids if len(ids) > 1 else ():
                await self._delete([id])
        return {}

    async def own_id(self) -> str | None:
        """The account that headend itself calls with, read once per run; None where the credential is none (M-57)."""

        async def read() -> str | None:
            try:
                found = await self._api.part("account.myself", "account")
            except NotFound:
                return None
            return str(found.get("id") or "") or None

        return await self._reads.get(("account.myself",), read)


def _with(email: str, rows: Iterable[Row]) -> Row | None:
    """The row with this address: spelled like it, else the only one in another case. Raises DecodeError for several."""
    alike = [row for row in rows if str(row.get("email") or "").lower() == email.lower() and row.get("id")]
    exact = [row for row in alike if row["email"] == email] or alike
    if len(exact) > 1:
        raise DecodeError(
            f"mycujoo: {len(exact)} accounts have the address {email}: {', '.join(r['id'] for r in exact)}"
        )
    return exact[0] if exact else None
