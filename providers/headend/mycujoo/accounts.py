"""Calls of the accounts service. Many askers share one batch: N accounts take N/100 requests (M-129)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from headend.core.model.errors import DecodeError, NotFound
from headend.mycujoo.answers import Account, Created, Invited, about
from headend.mycujoo.calls import MycujooCalls

LARGEST = 100  # entries of a batch; the platform states no limit (M-129)
MOMENT = 0.002  # s that a batch waits for others to join it

ByAddress = Mapping[str, Sequence[Account]]
"""Accounts by address in lower case: nobody says that there is only one."""


class Batch:
    """Turns many single questions into few requests. ask: takes at most LARGEST names, gives what was found by name."""

    def __init__(self, ask: Callable[[list[str]], Awaitable[Mapping[str, Account]]]) -> None:
        self._ask = ask
        self._asked: dict[str, asyncio.Future[Account | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, name: str) -> Account | None:
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

    async def _answer(self, asked: Mapping[str, asyncio.Future[Account | None]]) -> None:
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

    async def by_email(self, email: str, *, fresh: bool = False) -> Account | None:
        """The account with this address, however it is spelled; None where the answer is without it (M-126)."""
        key = ("account", email.lower())
        return await self._reads.get(key, lambda: self._emails.get(email), fresh=fresh, none_is_proof=False)

    async def known(self, email: str, *, fresh: bool = False) -> Account | None:
        """An account that has been there. The platform may be slow to find it by its address (M-125), so that None is
        proven by the list of all, too, which is read once per run and only if need be (M-47)."""
        found = await self.by_email(email, fresh=fresh)
        return found or _with(email, await self._everyone(fresh=fresh))

    async def everyone(self) -> list[Account]:
        """All accounts, by a list that is read once per run (M-47)."""
        return _rows_of(await self._everyone())

    async def by_id(self, id: str) -> Account | None:
        """The account with this id; None is proven by an answer without it (M-126)."""
        return await self._ids.get(id)

    async def _everyone(self, *, fresh: bool = False) -> ByAddress:
        async def read() -> ByAddress:
            return _by_address(await self._api.listed(Account, "account.list"))

        return await self._reads.get(("account.list",), read, fresh=fresh)

    async def _ask_emails(self, emails: list[str]) -> dict[str, Account]:
        """Both spellings are asked for: nobody says whether the platform keeps the case of an address (M-241)."""
        spellings = list(dict.fromkeys(text for email in emails for text in (email, email.lower())))
        parts = [spellings[start : start + LARGEST] for start in range(0, len(spellings), LARGEST)]
        answers = await asyncio.gather(*(self._rows("account.batch_by_email", "email_addresses", p) for p in parts))
        rows = _by_address({row.id: row for answer in answers for row in answer}.values())
        return {email: found for email in emails if (found := _with(email, rows))}

    async def _ask_ids(self, ids: list[str]) -> dict[str, Account]:
        return {row.id: row for row in await self._rows("account.batch", "account_ids", ids)}

    async def _rows(self, key: str, name: str, values: list[str]) -> list[Account]:
        """Nobody says what one that is unknown leads to (M-241). Where it is a 404, it says nothing of the others, and
        a wrong address answers it too (M-11), so that the list of all tells who is there."""
        try:
            return await self._api.listed(Account, key, json={name: values})
        except NotFound:
            return _rows_of(await self._everyone(fresh=True))

    async def create(self, body: Mapping[str, str]) -> str:
        """Makes an account and gives its password, "" where none came; its id is nowhere in the answer (M-48)."""
        try:
            return (await self._api.one(Created, "account.create", json=dict(body))).password
        finally:
            self._forget(body["email"])

    async def invite(self, body: Mapping[str, str]) -> str:
        """Invites an account and gives its id, "" where none came; there is no password in the answer (M-56)."""
        try:
            id = (await self._api.one(Invited, "account.invite", json=dict(body))).account_id
        finally:
            self._forget(body["email"])
        if id:
            kept = Account(id=id, email=body["email"], first_name=body["first_name"], last_name=body["last_name"])
            self._reads.keep(("account", kept.email.lower()), kept)
        return id

    def _forget(self, email: str) -> None:
        self._reads.drop("account", email.lower())
        self._reads.drop("account.list")

    async def update(self, row: Account, body: Mapping[str, str]) -> Account:
        """Changes names, on a path with one segment more than the one that reads (M-188); gives what is stored."""
        self._forget(row.email)
        sent: dict[str, Any] = {"path": {"account_id": row.id}, "json": dict(body)}
        changed = about(row.id, await self._api.one(Account, "account.update", "account", **sent))
        self._reads.keep(("account", row.email.lower()), changed.model_copy(update={"email": row.email}))
        return changed

    async def delete(self, row: Account) -> None:
        """Deletes the account, and takes it off all policies; what is gone already is no error (M-128)."""
        try:
            await self._deletions.get(row.id)
        finally:
            self._forget(row.email)

    async def _delete(self, ids: list[str]) -> dict[str, Account]:
        """Nobody says what becomes of the others where one is unknown, so they are then tried one by one. One that is
        said to be unknown is gone only if the list of all, too, is without it (M-11)."""
        try:
            await self._api.call("account.delete", json={"ids": ids})
        except NotFound:
            if len(ids) == 1 and any(r.id == ids[0] for r in _rows_of(await self._everyone(fresh=True))):
                raise
            for id in ids if len(ids) > 1 else ():
                await self._delete([id])
        return {}

    async def own_id(self) -> str | None:
        """The account that headend itself calls with, read once per run; None where the credential is none (M-57)."""

        async def read() -> str | None:
            try:
                return (await self._api.one(Account, "account.myself", "account")).id
            except NotFound:
                return None

        return await self._reads.get(("account.myself",), read)


def _by_address(rows: Iterable[Account]) -> ByAddress:
    found: dict[str, list[Account]] = {}
    for row in rows:
        found.setdefault(row.email.lower(), []).append(row)
    return found


def _rows_of(people: ByAddress) -> list[Account]:
    return [row for alike in people.values() for row in alike]


def _with(email: str, people: ByAddress) -> Account | None:
    """The row with this address: spelled like it, else the only one in another case. Raises DecodeError for several."""
    alike = people.get(email.lower(), ())
    exact = [row for row in alike if row.email == email] or alike
    if len(exact) > 1:
        ids = ", ".join(row.id for row in exact)
        raise DecodeError(f"mycujoo: {len(exact)} accounts have the address {email}: {ids}")
    return exact[0] if exact else None
