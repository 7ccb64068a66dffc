"""Calls of the mycujoo API: one credential, one way to read errors, at most 8 requests in flight (M-14)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from headend.core.model.errors import (
    ApiError,
    Conflict,
    CredentialsError,
    Forbidden,
    NotFound,
    Refused,
    Unavailable,
)
from headend.core.wire.decode import Shape, decode, decode_rows
from headend.core.wire.operations import NO_BODY
from headend.mycujoo.answers import is_status, object_of, rows_of
from headend.mycujoo.paging import all_pages
from headend.mycujoo.settings import MycujooSettings
from headend.mycujoo.wire import TABLE

if TYPE_CHECKING:
    from headend.core.wire.client import Answer, Client

S = TypeVar("S", bound=Shape)
IN_FLIGHT = 8  # requests; the platform states no limit, so it's ours (M-14)

_BY_CODE: Mapping[int, type[ApiError]] = {
    3: Refused,
    5: NotFound,
    6: Conflict,
    7: Forbidden,
    8: Unavailable,
    9: Refused,
    10: Conflict,
    11: Refused,
    12: Refused,
    14: Unavailable,
    16: Forbidden,
}
_NAMES = {
    1: "cancelled",
    2: "unknown",
    3: "invalid argument",
    4: "deadline exceeded",
    5: "not found",
    6: "already exists",
    7: "permission denied",
    8: "resource exhausted",
    9: "failed precondition",
    10: "aborted",
    11: "out of range",
    12: "unimplemented",
    13: "internal",
    14: "unavailable",
    15: "data loss",
    16: "unauthenticated",
}


class MycujooCalls:
    """Typed calls over an open transport client.

    Every call raises the errors of `Client.send`, sorted by the code in the body where there is one (M-10), and
    DecodeError for an answer of another shape than the contract has.
    """

    def __init__(self, settings: MycujooSettings, client: Client) -> None:
        self.client = client
        client.is_own_error = lambda answer: is_status(answer.body)
        self.table = TABLE.overridden(settings.operations)
        self._authorization, self._setting = _credential(settings)
        self._slots = asyncio.Semaphore(IN_FLIGHT)

    async def call(
        self, key: str, *, path: Mapping[str, str] = {}, query: Mapping[str, Any] = {}, json: Any = NO_BODY
    ) -> dict[str, Any]:
        """Sends one operation, and gives the object that it answers. An empty answer to a write counts as {}: there is
        nothing to say (M-7)."""
        op = self.table[key]
        answer = await self.send(key, path=path, query=query, json=json)
        if answer.body is None and not answer.is_json and op.method != "GET" and op.role != "read":
            return {}
        return object_of(op, answer.body)

    async def send(
        self, key: str, *, path: Mapping[str, str] = {}, query: Mapping[str, Any] = {}, json: Any = NO_BODY
    ) -> Answer:
        """Sends one operation, and returns whatever comes."""
        op = self.table[key]
        try:
            async with self._slots:
                return await self.client.send(
                    op,
                    path=path,
                    query=query,
                    json=json,
                    headers={"authorization": self._authorization},
                    repeat=True if op.role == "read" else None,
                    explain=self._explain,
                )
        except ApiError as error:
            raise _sorted(error) from None

    async def one(self, shape: type[S], op: str, part: str | None = None, **sent: Any) -> S:
        """What one operation answers about one object. part: the key that it is wrapped in; never guessed (M-189)."""
        body = await self.call(op, **sent)
        where = f"mycujoo: {op}" if part is None else f"mycujoo: {op}: {part}"
        return decode(shape, where, body if part is None else body.get(part))

    async def listed(self, shape: type[S], key: str, query: Mapping[str, Any] = {}, **sent: Any) -> list[S]:
        """All rows of a list, page by page where it has pages (M-16, M-17)."""
        op = self.table[key]
        if op.role == "paged":
            rows = await all_pages(op, query, lambda asked: self.call(key, query=asked, **sent))
        else:
            rows = rows_of(op, await self.call(key, query=query, **sent))
        return decode_rows(shape, f"mycujoo: {key}", rows)

    def _explain(self, answer: Answer) -> str:
        text = _status_text(answer)
        if answer.status == 401 or (isinstance(answer.body, dict) and answer.body.get("code") == 16):
            other = "token" if self._setting == "api_key" else "api_key"
            text += f"; the credential came from `{self._setting}`: if it is a {other}, set `{other}` instead (M-2)"
        return text


def _credential(settings: MycujooSettings) -> tuple[str, str]:
    """(Authorization header, name of the setting it came from). Raises CredentialsError (M-2)."""
    given = {name: value for name in ("api_key", "token") if (value := getattr(settings, name)) is not None}
    variables = "HEADEND_MYCUJOO_API_KEY or HEADEND_MYCUJOO_TOKEN"
    if len(given) != 1:
        raise CredentialsError(f"mycujoo: set {'one' if not given else 'only one'} of {variables}")
    name, value = next(iter(given.items()))
    if not value or value != value.strip() or any(ord(c) < 32 or ord(c) > 126 for c in value):
        raise CredentialsError(f"mycujoo: {name} is empty, or has blanks, line ends or other than ASCII in it")
    return (value if name == "api_key" else f"Bearer {value}"), name


def _sorted(error: ApiError) -> ApiError:
    """The same error by the code in its body, where that says more than the HTTP status (M-10)."""
    found = _BY_CODE.get(error.code) if isinstance(error.code, int) else None
    if found is None or isinstance(error, found):
        return error
    return found(str(error), status=error.status, code=error.code)


def _status_text(answer: Answer) -> str:
    """An error body in words: code name, message and the types of its details, else its first 200 characters (M-8)."""
    body = answer.body
    if not isinstance(body, dict) or not isinstance(body.get("message"), str):
        return "" if body is None else " ".join(str(body).split())[:200]
    code, details = body.get("code"), body.get("details")
    name = _NAMES.get(code, f"code {code}") if isinstance(code, int) else ""
    kinds = (
        [str(d["@type"]) for d in details if isinstance(d, dict) and "@type" in d] if isinstance(details, list) else []
    )
    text = f"{name}: {body['message']}" if name else body["message"]
    return text + (f" ({', '.join(kinds)})" if kinds else "")
