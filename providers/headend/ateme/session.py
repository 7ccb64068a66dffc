"""Who is calling: one JWT for each environment that is worked on (A-2..A-17)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from headend.ateme.answers import item, read_rows, text_id, token_in
from headend.ateme.rows import Me, OrganisationRow
from headend.ateme.settings import AtemeSettings
from headend.core.model.errors import ApiError, CredentialsError, DecodeError, Forbidden
from headend.core.wire.decode import decode
from headend.core.wire.operations import Table

if TYPE_CHECKING:
    from headend.core.wire.client import Client

T = TypeVar("T")


class Tokens:
    """Logs in, switches, and keeps the JWTs. Scope None stands for "the organisation, no matter which environment".

    `mutex` serialises what writes the user's record (login, switches); calls with a token at hand don't take it. Where
    the record decides the scope of a call (`by_record`), each call moves there first, and holds the mutex.
    """

    def __init__(self, settings: AtemeSettings, client: Client, table: Table) -> None:
        self._settings, self._client, self._table = settings, client, table
        self._cache: dict[str | None, str] = {}
        self._failures: dict[str | None, ApiError] = {}  # the last one of a scope
        self.mutex = asyncio.Lock()
        self.by_record = settings.scope_mode == "session"
        self._organisation: str | None = None
        self._moved = False  # whether the record may point into an environment

    def headers(self, token: str) -> dict[str, str]:
        value = f"{self._settings.auth_scheme} {token}".strip()
        return {self._settings.auth_header: value}

    def put(self, environment: str, token: str) -> None:
        """Keeps a token that came unasked, as the first read of a new environment brings one (A-15)."""
        self._client.redactor.add(token)
        self._cache[environment] = token
        self._moved = True

    def drop(self, scope: str | None, token: str | None = None) -> None:
        """Forgets a scope's token; with `token`, only if it is still that one."""
        if token is not None and self._cache.get(scope) != token:
            return
        self._cache.pop(scope, None)
        if self.by_record:
            self._cache.clear()  # there is one that is good, if any

    async def get(self, scope: str | None) -> str:
        """The token of a scope; logs in and switches where there is none yet. Where another one does so in vain, who
        waits for it has failed as well: N askers make one attempt."""
        if scope in self._cache:
            return self._cache[scope]
        had_base, known = None in self._cache, self._failures.get(scope)
        if scope is not None and not self.by_record:
            await self.get(None)  # who needs no environment waits for the login, and for no switch
        async with self.mutex:
            return await self._kept(scope, known, had_base)

    async def once_more(self, scope: str | None, refused: str, send: Callable[[str], Awaitable[T]]) -> T:
        """Sends what was refused with that token. Nobody switches meanwhile, as that may revoke a new token before it
        is used (A-952): calls of several scopes would take the tokens from each other."""
        had_base, known = None in self._cache, self._failures.get(scope)
        self.drop(scope, refused)  # not the one that another call may have got since
        async with self.mutex:
            for last in (scope not in self._cache, True):
                try:
                    return await send(await self._kept(scope, known, had_base))
                except Forbidden as error:
                    if error.status != 401 or last:
                        raise
                    self.drop(scope)
        raise AssertionError("the second attempt returns or raises")

    async def _kept(self, scope: str | None, known: ApiError | None, had_base: bool) -> str:
        """The token of a scope, for who holds the mutex. known: the last failure before that."""
        if scope not in self._cache:
            if (failure := self._failures.get(scope)) is not known and failure is not None:
                raise failure
            try:
                await self.acquire(scope, had_base=had_base)
            except ApiError as error:
                self._failures[scope] = error
                raise
        return self._cache[scope]

    async def acquire(self, scope: str | None, *, had_base: bool = False) -> str:
        """A new token for the scope; the caller holds the mutex. had_base: the login may have been long ago."""
        if self.by_record:
            return await self._move(scope)
        if None not in self._cache:
            await self._log_in()
        if scope is not None:
            try:
                token = await self._enter(scope)
            except Forbidden as error:
                if error.status != 401 or not had_base:
                    raise
                await self._log_in()  # the login's own token had expired
                token = await self._enter(scope)
            self.put(scope, token)
        return self._cache[scope]

    async def _move(self, scope: str | None) -> str:
        """Moves the user's record to the scope. A switch may revoke what was good before it (A-952), so that its token
        is the one to go on with."""
        had_base = None in self._cache
        if not had_base:
            await self._log_in()
        for last in (not had_base, True):
            try:
                if scope is not None:
                    self._cache[None] = await self._enter(scope)
                elif self._moved and self._organisation is not None:
                    self._cache[None] = await self._back(self._organisation, self._cache[None])
                break
            except Forbidden as error:
                if error.status != 401 or last:
                    raise
                await self._log_in()
        self._moved = scope is not None
        self._client.redactor.add(self._cache[None])
        return self._cache[None]

    async def _back(self, organisation: str, token: str) -> str:
        """To the organisation as a whole, with no environment active."""
        return await self._switch("session.switch_organisation", "organisation", organisation, token)

    async def _enter(self, environment: str) -> str:
        return await self._switch("session.switch_environment", "environment", environment, self._cache[None])

    async def _log_in(self) -> None:
        token = await self._new_token()
        me = await self._me(token)
        managed = self._settings.organisation
        if managed is not None and await self._managed(me, token) != managed:
            token = await self._switch("session.switch_managing", "organisation", managed, token)
            me = await self._me(token)
            if await self._managed(me, token) not in {managed, None}:
                raise CredentialsError(f"ateme: organisation {managed} is not the one that is managed after the switch")
        # A fresh login lands where the user's record last pointed, so the active organisation is never assumed.
        # Nor is its environment: it may be the one that this run deletes, and waits for.
        active = self._settings.guest_of or managed or me.managing_organisation_id
        elsewhere = me.active_organisation_id != active or me.active_environment_id
        if active is not None and elsewhere:
            token = await self._back(active, token)
        self._client.redactor.add(token)
        self._cache[None], self._organisation, self._moved = token, active, False

    async def _new_token(self) -> str:
        credentials = {"email": self._settings.email, "password": self._settings.password}
        answer = await self._client.send(self._table["session.login"], json=credentials, repeat=True)
        token = token_in(answer.body)
        if token is None:
            raise DecodeError("ateme: session.login: the answer holds no token")
        self._client.redactor.add(token)
        return token

    async def _me(self, token: str) -> Me:
        op = self._table["user.me"]
        answer = await self._client.send(op, headers=self.headers(token))
        me = decode(Me, f"ateme: {op.key}", item(op, answer.body, "email"))
        if me.is_invitation_suspended is True:
            raise CredentialsError("ateme: the invitation of this login is suspended (A-20)")
        return me

    async def _managed(self, me: Me, token: str) -> str | None:
        """The managing organisation: what the user's details say, else the first of the organisations (A-6)."""
        if "managing_organisation_id" in me.model_fields_set:
            return me.managing_organisation_id
        op = self._table["organisation.list"]
        answer = await self._client.send(op, headers=self.headers(token))
        found = read_rows(op, answer.body, OrganisationRow)
        return found[0].id if found else None

    async def _switch(self, key: str, what: str, id: str, token: str) -> str:
        """Switches and returns the new JWT; aborts where the answer names another one than asked for (A-13)."""
        op = self._table[key]
        answer = await self._client.send(op, json={f"{what}_id": id}, headers=self.headers(token), repeat=True)
        body = answer.body if isinstance(answer.body, Mapping) else {}
        role = "managing" if key == "session.switch_managing" else "active"
        for name in (f"{what}_id", f"{role}_{what}_id"):
            if name in body and text_id(body[name]) != id:
                raise CredentialsError(f"ateme: {key}: asked for {what} {id}, the answer is about another one")
        return token_in(answer.body) or await self._new_token()
