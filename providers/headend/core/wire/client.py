"""The one way to a platform: async HTTP with retries by rule, a limit per host, shared reads and scrubbed errors.

The API is httpx's; the wire is aiohttp's, which stays fast with many requests in flight. What differs between
platforms (login, signatures, what an error body says) comes in as arguments of `Client.send`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json as json_module
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from headend.core.model.errors import (
    Ambiguous,
    ApiError,
    Conflict,
    Forbidden,
    InputError,
    NotFound,
    Refused,
    Unavailable,
    Unreachable,
    Unsettled,
)
from headend.core.wire.limit import LONGEST_WAIT, Limit, retry_after, wait_before
from headend.core.wire.operations import NO_BODY, Operation
from headend.core.wire.reads import Reads
from headend.core.wire.redaction import Redactor

__all__ = ["NO_BODY", "Answer", "Client", "Limit", "Reads"]

# httpx logs every URL with its query, which for some platforms holds a key and a signature.
logging.getLogger("httpx").setLevel(logging.WARNING)

TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # s: connecting 5, each read 30
_OVERLOADED = frozenset({429, 502, 503, 504})
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "PATCH"})
_READING = frozenset({"GET", "HEAD"})
_ERRORS: Final[Mapping[int, type[ApiError]]] = {
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: Unavailable,
}

Query = Mapping[str, Any] | Sequence[tuple[str, Any]]
Part = tuple[str, bytes, str]


@dataclass(frozen=True)
class Answer:
    """What a platform answered. body: decoded JSON, else text, None when empty. headers: names in lower case.
    content: the body as it came."""

    status: int
    body: Any = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    is_json: bool
    content: bytes = field(default=b"", repr=False)


@dataclass
class _Call:
    """One call of `send` over all of its attempts. lost: an attempt left, and no answer came."""

    op: Operation
    request: Callable[[], httpx.Request]
    shown: str
    repeat: bool | None
    retry_on: Collection[int]
    explain: Callable[[Answer], str] | None
    lost: bool = False

    def may_repeat_lost(self) -> bool:
        return self.op.method in _REPEATABLE if self.repeat is None else self.repeat

    def may_repeat_unconnected(self) -> bool:
        return self.repeat is not False

    def may_repeat_status(self, status: int) -> bool:
        if status not in self.retry_on or self.repeat is False:
            return False
        return status == 429 or self.may_repeat_lost()


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
        self.base_url = _checked(base_url, platform)
        self.platform = platform
        self.redactor = redactor or Redactor()
        self.reads = Reads()
        self.sent: Counter[str] = Counter()
        self.limit = limit or Limit(parallelism)
        self._attempts = max(1, attempts)
        self._sleep = sleep
        self._transport = transport
        self._credentials = credentials
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
        when no connection was made or after 429), True = harmless to repeat, False = never. prepare: runs on each
        attempt's request just before it leaves (signatures, tokens). prefix: goes before the operation's path.
        explain: the platform's reading of an error answer, one sentence.

        Raises Forbidden (401, 403), NotFound (404), Conflict (409), Refused (other 4xx, and 3xx: redirects aren't
        followed), Unavailable (429, 5xx), Unreachable (no connection, or a read without an answer), Ambiguous (a
        write whose answer got lost), Unsettled (both: a write answered with 5xx that may have taken effect).
        """
        route = op.url(path)
        call = _Call(
            op,
            lambda: self._request(op, prefix + _rooted(route), query, json, files, headers, prepare),
            f"{self.platform} {op.key}: {op.method} {(prefix + _rooted(route)).partition('?')[0]}",
            repeat,
            retry_on,
            explain,
        )
        for left in range(self._attempts - 1, -1, -1):
            attempt = self._attempts - left
            try:
                answer = await self._once(call)
            except httpx.RequestError as error:
                if not self._goes_on(call, error, last=left == 0):
                    raise self._no_answer(call, error) from None
                await self._sleep(wait_before(attempt))
                continue
            if 200 <= answer.status < 300 or answer.status in accept:
                return answer
            wait = wait_before(attempt, answer.headers)
            if left == 0 or wait > LONGEST_WAIT or not call.may_repeat_status(answer.status):
                raise self._error(call, answer)
            await self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, call: _Call) -> Answer:
        async with self.limit:
            request = call.request()
            self.sent[call.op.key] += 1
            response = await self._open().send(request)
        if response.status_code in _OVERLOADED or response.status_code >= 500:
            self.limit.pressed()
        else:
            self.limit.eased()
        return _answer(response)

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

    def _request(
        self,
        op: Operation,
        route: str,
        query: Query,
        body: Any,
        files: Mapping[str, Part],
        headers: Mapping[str, str],
        prepare: Callable[[httpx.Request], None] | None,
    ) -> httpx.Request:
        url = httpx.URL(self.base_url + _rooted(route))
        if pairs := _pairs(query):
            url = url.copy_with(params=[*url.params.multi_items(), *pairs])
        content: dict[str, Any] = {}
        if files or (body is not NO_BODY and op.body == "multipart"):
            fields = [] if body is NO_BODY else _pairs(body)
            content["files"] = [*((name, (None, value)) for name, value in fields), *files.items()]
        elif body is not NO_BODY:
            if op.body == "form":
                content["data"] = _form(body)
            else:
                # Not httpx's `json=`, for which None is no body.
                content["content"] = json_module.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
                headers = {"content-type": "application/json", **{k.lower(): v for k, v in headers.items()}}
        request = httpx.Request(
            op.method,
            url,
            headers={"accept": "application/json", "user-agent": "headend", **headers},
            extensions={"timeout": TIMEOUT.as_dict()},
            **content,
        )
        if prepare is not None:
            prepare(request)
        return request

    def _goes_on(self, call: _Call, error: httpx.RequestError, *, last: bool) -> bool:
        if never_left(error):
            return not last and call.may_repeat_unconnected()
        call.lost = True
        return not last and call.may_repeat_lost()

    def _no_answer(self, call: _Call, error: httpx.RequestError) -> ApiError:
        if not call.lost:
            return self._told(Unreachable, call, f"no connection to {self.base_url}")
        slow = "no answer within 30 s" if isinstance(error, httpx.ReadTimeout) else "the connection broke"
        if call.op.method in _READING:
            return self._told(Unreachable, call, slow)
        return self._told(Ambiguous, call, f"{slow}: it may have taken effect")

    def _error(self, call: _Call, answer: Answer) -> ApiError:
        said = one_line(self.redactor.scrub(call.explain(answer) if call.explain else said_by(answer)))
        if len(said) > 300:  # cut after scrubbing: half a secret is not recognised
            said = said[:299] + "…"
        status = answer.status
        if status >= 500:
            kept = call.op.method in _READING or call.repeat is True
            error: type[ApiError] = Unavailable if kept else Unsettled
        else:
            error = _ERRORS.get(status, Refused)
        code = answer.body.get("code") if isinstance(answer.body, dict) else None
        asked = retry_after(answer.headers) or 0.0
        later = f" (it asks to wait {asked:.0f} s)" if asked > LONGEST_WAIT else ""
        text = f"answered {status}{later}" + (f": {said}" if said else "")
        if error is Forbidden and self._credentials:
            text += f" (look at {', '.join(self._credentials)})"
        return self._told(error, call, text, status, code if isinstance(code, int | str) else None)

    def _told(
        self, error: type[ApiError], call: _Call, text: str, status: int | None = None, code: int | str | None = None
    ) -> ApiError:
        return error(self.redactor.scrub(f"{call.shown}: {text}"), status=status, code=code)


def said_by(answer: Answer) -> str:
    """The message in an error answer, by the usual names, on one line; may be ""."""
    said: Any = answer.body
    if isinstance(said, dict):
        parts = [said[key] for key in ("message", "error", "detail", "error_description", "errors") if said.get(key)]
        said = ": ".join(part if isinstance(part, str) else json_module.dumps(part) for part in parts)
    if not isinstance(said, str) or said.lstrip().startswith("<"):  # a proxy's HTML page says nothing of use
        return ""
    return one_line(said)


def one_line(text: str) -> str:
    """The text without line breaks and control characters, which could play tricks on a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def never_left(error: httpx.RequestError) -> bool:
    """True when no connection was made, so that the request can't have taken effect.

    aiohttp's exception decides where there is one: the transport gives a connection that broke after sending
    the same httpx type as one that was never made.
    """
    cause = error.__cause__
    if cause is not None and type(cause).__module__.startswith("aiohttp"):
        import aiohttp

        return isinstance(
            cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.ClientHttpProxyError
        )
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol)


def _answer(response: httpx.Response) -> Answer:
    # The declared type is no proof: platforms send plain text as JSON, and JSON without saying so.
    text = response.content.decode("utf-8", "replace")
    headers = {name.lower(): value for name, value in response.headers.items()}
    if not text.strip():
        return Answer(response.status_code, None, headers, is_json=False, content=response.content)
    if "json" in headers.get("content-type", "json") or text.lstrip()[0] in "{[":
        try:
            return Answer(response.status_code, json_module.loads(text), headers, True, response.content)
        except (ValueError, RecursionError):
            pass
    return Answer(response.status_code, text, headers, is_json=False, content=response.content)


def _rooted(route: str) -> str:
    return route if not route or route.startswith("/") else f"/{route}"


def _pairs(query: Query) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items() if isinstance(query, Mapping) else query:
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is not None:
                pairs.append((name, str(one).lower() if isinstance(one, bool) else str(one)))
    return pairs


def _form(body: Query) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    for name, value in _pairs(body):
        form.setdefault(name, []).append(value)
    return form


def _checked(base_url: str, platform: str) -> str:
    """The URL without a trailing slash. Raises InputError; the message shows no more of it than the host."""
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise InputError(f"{platform}: the url is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise InputError(f"{platform}: the url must start with https:// and name a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise InputError(f"{platform}: the url of {host} must have neither user name, query nor fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError(f"{platform}: the url of {host} must be https; http is for loopback addresses only")
    return base_url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether the name or address means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
