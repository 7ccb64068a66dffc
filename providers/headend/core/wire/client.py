"""The one way to a platform: async HTTP with retries by rule, a limit per host, shared reads and scrubbed errors.

The API is httpx's; the wire is aiohttp's, which stays fast with many requests in flight. What differs between
platforms (login, signatures, what an error body says) comes in as arguments of `Client.send`.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from headend.core.model import errors
from headend.core.model.errors import ApiError
from headend.core.model.printable import one_line
from headend.core.wire.answers import Answer, decode_answer, error_message, never_left
from headend.core.wire.limit import LONGEST_WAIT, Limit, Stopped, retry_after, wait_before
from headend.core.wire.operations import NO_BODY, Operation
from headend.core.wire.reads import Reads, note_write
from headend.core.wire.redaction import Redactor
from headend.core.wire.requests import TIMEOUT, Part, Query, build_request, checked_url, rooted
from headend.core.wire.unreachable import is_lasting, reason

__all__ = ["NO_BODY", "Answer", "Client", "Limit", "Reads"]

# httpx logs every URL with its query, which for some platforms holds a key and a signature.
logging.getLogger("httpx").setLevel(logging.WARNING)

REFUSED = 429  # too many requests: nothing was done
_OVERLOADED = frozenset({502, 503, 504})
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "PATCH"})
_READING = frozenset({"GET", "HEAD"})
_ERRORS: Final[Mapping[int, type[ApiError]]] = {
    401: errors.Forbidden,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    429: errors.Unavailable,
}


@dataclass
class _Call:
    """One call of `send` over all of its attempts. lost: an attempt left, and no answer came. refused_since: when the
    first of the attempts left that were answered 429."""

    op: Operation
    request: Callable[[], httpx.Request]
    shown: str
    repeat: bool | None
    retry_on: Collection[int]
    explain: Callable[[Answer], str] | None
    prepare: Callable[[httpx.Request], None] | None
    lost: bool = False
    refused_since: float = math.inf

    def may_repeat_lost(self) -> bool:
        return self.op.nature in _REPEATABLE if self.repeat is None else self.repeat

    def may_repeat_status(self, status: int) -> bool:
        return status in self.retry_on and self.may_repeat_lost()


class Client:
    """HTTP client of one platform, for one run and one event loop."""

    def __init__(
        self,
        base_url: str,
        *,
        platform: str,
        transport: httpx.AsyncBaseTransport | None = None,
        redactor: Redactor | None = None,
        parallelism: int = 16,
        attempts: int = 4,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        limit: Limit | None = None,
        credentials: Sequence[str] = (),
    ) -> None:
        """base_url: https, or http to a loopback host; may have a path. attempts: requests a call may take, at least 1.
        limit: slots to share with other clients of the same host; else `parallelism` of its own.
        credentials: the variables to look at where they are refused.

        Raises InputError for any other URL, one with a user name, query or fragment included.
        """
        self.base_url = checked_url(base_url, platform)
        self.platform = platform
        self.redactor = redactor or Redactor()
        self.reads = Reads()
        self.sent: Counter[str] = Counter()
        self.limit = limit or Limit(parallelism, sleep=sleep)
        self._attempts = max(1, attempts)
        self._sleep = sleep
        self._transport = transport
        self._credentials = credentials
        self.is_own_error: Callable[[Answer], bool] = lambda answer: True
        """Whether an error answer has the platform's documented shape, and not a proxy's. Its API sets this."""
        self._closed = False
        self._http: httpx.AsyncClient | None = None

    def __repr__(self) -> str:
        return f"Client({self.platform}, {self.base_url})"

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections for good; may be called twice."""
        self._closed = True
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def send(
        self,
        op: Operation,
        *,
        path: Mapping[str, str] = {},
        query: Query = (),
        json: Any = NO_BODY,
        files: Mapping[str, Part] = {},
        headers: Mapping[str, str] = {},
        repeat: bool | None = None,
        retry_on: Collection[int] = _OVERLOADED,
        prepare: Callable[[httpx.Request], None] | None = None,
        prefix: str = "",
        explain: Callable[[Answer], str] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """Calls the operation and returns its answer: 2xx, or an error status named in `accept`.

        path: values of the path's places. query: None values are left out, lists become repeated keys, booleans
        true/false. json: the body, sent as the operation's `body` says (json, form, multipart).
        files: field -> (name, content, media type); with any, the body goes as multipart.
        repeat: None = by rule (GET, PUT, DELETE, PATCH also after a lost answer or a status in `retry_on`; POST only
        when no connection was made), True = harmless to repeat, False = never. 429 says that nothing was done: it is
        waited out while the limit's patience lasts, whatever is called and accepted. prepare: runs on each
        attempt's request just before it leaves (signatures, tokens). prefix: goes before the operation's path.
        explain: the platform's reading of an error answer, one sentence.

        Raises Forbidden (401, 403), NotFound (404), ForeignAnswer (a 404 that is not `is_own_error`), Conflict (409),
        Refused (other 4xx, and 3xx: redirects aren't followed), Unavailable (429, 5xx), Unreachable (no connection, or
        a read without an answer), Ambiguous (a write whose answer got lost), Unsettled (both: a write answered with 5xx
        that may have taken effect).
        """
        route = op.url(path)
        call = _Call(
            op,
            lambda: build_request(op, self.base_url + rooted(prefix + rooted(route)), query, json, files, headers),
            f"{self.platform} {op.key}: {op.method} {(prefix + rooted(route)).partition('?')[0]}",
            repeat,
            retry_on,
            explain,
            prepare,
        )
        return await self._send_until_answered(call, accept)

    async def _send_until_answered(self, call: _Call, accept: Collection[int]) -> Answer:
        failed, refused = 0, False
        while True:
            try:
                answer = await self._once(call, refused)
            except Stopped:
                text = "the host gets too many requests (429), and was not waited for any longer"
                raise self._error(errors.Unavailable, call, text, status=REFUSED) from None
            except httpx.RequestError as error:
                failed += 1
                if not self._goes_on(call, error, last=failed >= self._attempts):
                    raise self._no_answer(call, error) from None
                refused = False
                await self._sleep(wait_before(failed))
                continue
            refused = answer.status == REFUSED and self.limit.is_waited_out(call.refused_since)
            if refused:  # nothing was done: that counts as no attempt. The limit waits, and lets this one go first
                continue
            if 200 <= answer.status < 300 or answer.status in accept:
                return answer
            failed += 1
            wait = wait_before(failed, answer.headers)
            if failed >= self._attempts or wait > LONGEST_WAIT or not call.may_repeat_status(answer.status):
                raise self._error_answer(call, answer)
            await self._sleep(wait)

    async def _once(self, call: _Call, again: bool) -> Answer:
        if call.op.nature not in _READING:
            note_write()
        left = await self.limit.enter(again=again)
        try:
            request = self._prepared(call)
            self.sent[call.op.key] += 1
            answer = decode_answer(await self._open().send(request))
            if answer.status == REFUSED:
                call.refused_since = min(call.refused_since, left)
                self.limit.refused(left, retry_after(answer.headers))
            elif answer.status >= 500:
                self.limit.pressed()
            else:
                call.refused_since = math.inf
                self.limit.accepted(left)
            return answer
        finally:
            self.limit.leave(left)

    def _prepared(self, call: _Call) -> httpx.Request:
        try:
            request = call.request()
            if call.prepare is not None:
                call.prepare(request)
        except UnicodeEncodeError:  # which would show the value
            look = f"; look at {', '.join(self._credentials)}" if self._credentials else ""
            text = f"{call.shown}: a credential holds a character outside ASCII, which no header can carry{look}"
            raise errors.CredentialsError(text) from None
        return request

    def _open(self) -> httpx.AsyncClient:
        if self._closed:  # a read that nobody waits for any more, after another one failed
            raise ApiError(f"{self.platform}: the connections are closed")
        if self._http is None:
            if self._transport is not None:
                self._http = httpx.AsyncClient(transport=self._transport, timeout=TIMEOUT, trust_env=False)
            else:
                from headend.core.wire.http import fast_client  # loads aiohttp: only when the network is used

                self._http = fast_client(self.base_url, TIMEOUT, self.limit.most)
        return self._http

    def _goes_on(self, call: _Call, error: httpx.RequestError, *, last: bool) -> bool:
        if never_left(error):
            return not last and call.repeat is not False and not is_lasting(error)
        call.lost = True
        return not last and call.may_repeat_lost()

    def _no_answer(self, call: _Call, error: httpx.RequestError) -> ApiError:
        if not call.lost:
            return self._error(errors.Unreachable, call, reason(error, self.base_url))
        slow = "no answer within 30 s" if isinstance(error, httpx.ReadTimeout) else "the connection broke"
        if call.op.nature in _READING:
            return self._error(errors.Unreachable, call, slow)
        return self._error(errors.Ambiguous, call, f"{slow}: it may have taken effect")

    def _error_answer(self, call: _Call, answer: Answer) -> ApiError:
        if answer.status == 404 and not self.is_own_error(answer):
            text = f"answered 404, not in {self.platform}'s own words: is the url right, or does a proxy answer?"
            return self._error(errors.ForeignAnswer, call, text, status=404)
        said = one_line(self.redactor.scrub((call.explain or error_message)(answer)))
        if len(said) > 300:  # cut after scrubbing: half a secret is not recognised
            said = said[:299] + "…"
        status = answer.status
        if status < 500:
            error = _ERRORS.get(status, errors.Refused)
        else:
            harmless = call.op.nature in _READING or call.repeat is True
            error = errors.Unavailable if harmless else errors.Unsettled
        code = answer.body.get("code") if isinstance(answer.body, dict) else None
        asked = retry_after(answer.headers) or 0.0
        later = f" (it asks to wait {asked:.0f} s)" if asked > LONGEST_WAIT else ""
        if status == REFUSED:
            later += ", too many requests (HEADEND_PATIENCE: how long to wait, HEADEND_MAX_RPS: how fast to call)"
        text = f"answered {status}{later}" + (f": {said}" if said else "")
        if error is errors.Forbidden and self._credentials:
            text += f" (look at {', '.join(self._credentials)})"
        return self._error(error, call, text, status=status, code=code if isinstance(code, int | str) else None)

    def _error(self, error: type[ApiError], call: _Call, text: str, **facts: Any) -> ApiError:
        return error(self.redactor.scrub(f"{call.shown}: {text}"), **facts)
