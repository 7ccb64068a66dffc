"""The service token: one for a process, renewed before it expires, kept nowhere but in memory (S-3..S-5, S-110)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import CredentialsError, DecodeError, Forbidden, ForeignAnswer, NotFound
from headend.core.wire.decode import decode
from headend.core.wire.operations import Table
from headend.straas.answers import Token
from headend.straas.settings import StraasSettings
from headend.straas.wire import CREATES

if TYPE_CHECKING:
    from headend.core.wire.client import Answer, Client

LIFETIME = 24 * 3600.0  # s; of a token that doesn't say when it expires (S-4)
MARGIN = 600.0  # s before its end at which a token is renewed (S-4)
TYPE = "account_service"  # the other one, internal_service, is never sent (S-3, S-170)


class ServiceToken:
    """Gets the token where there is none, or one that is about to expire; parallel calls share one request."""

    def __init__(
        self,
        settings: StraasSettings,
        client: Client,
        table: Table,
        slots: asyncio.Semaphore,
        now: Callable[[], float],
    ) -> None:
        """slots: what every request to the platform takes one of. now: seconds since 1970 by the local clock."""
        self._settings, self._client, self._table = settings, client, table
        self._slots, self._now = slots, now
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._until = 0.0  # by the local clock

    def __repr__(self) -> str:
        return "ServiceToken()"

    async def get(self) -> str:
        """The token. Raises CredentialsError where uid or secret are refused."""
        async with self._lock:
            if self._token is None or self._now() >= self._until:
                self._take(await self.request())
            assert self._token is not None
            return self._token

    def drop(self, token: str) -> None:
        """Forgets this token, unless another call has renewed it already."""
        if self._token == token:
            self._token = None

    async def request(self) -> Answer:
        """The answer to S-31. A refusal is not tried again. Raises CredentialsError, and DecodeError where no Straas
        answers, so that a wrong address never looks like something that is gone."""
        op = self._table["service_token.create"]
        body = {"uid": self._settings.uid, "secret": self._settings.secret, "type": TYPE}
        try:
            async with self._slots:
                answer = await self._client.send(op, json=body, repeat=True)
        except Forbidden as error:
            if error.status != 401:
                raise
            raise CredentialsError(f"{error}: uid or secret is wrong") from None
        except (ForeignAnswer, NotFound) as error:
            raise DecodeError(f"{error}; is {self._client.base_url} a Straas API? (HEADEND_STRAAS_URL)") from None
        check_status(op.key, answer)
        self._client.redactor.add(decode(Token, f"straas: {op.key}", answer.body).token)
        return answer

    def _take(self, answer: Answer) -> None:
        token: str = answer.body["token"]
        now = self._now()
        ahead = _server_time(answer, now) - now
        expires = _expiry(token)
        end = now + LIFETIME if expires is None else expires - ahead
        self._token, self._until = token, end - min(MARGIN, max(0.0, end - now) / 2)


def check_status(key: str, answer: Answer) -> None:
    """Raises DecodeError for another success than the one that this operation has (S-7, S-161)."""
    expected = 201 if key in CREATES else 200
    if answer.status != expected and answer.status < 300:
        raise DecodeError(f"straas {key}: answered {answer.status} instead of {expected}", status=answer.status)


def _expiry(token: str) -> float | None:
    """`exp` of a JWT, whose signature nobody here can check; None where it can't be read (S-4)."""
    try:
        middle = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return float(claims["exp"])
    except (ValueError, LookupError, TypeError):
        return None


def _server_time(answer: Answer, now: float) -> float:
    """What the platform's clock says, seconds since 1970; ours where it says nothing."""
    try:
        return parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (LookupError, ValueError):
        return now
