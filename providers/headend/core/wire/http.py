"""httpx over aiohttp's connections; apart, so that aiohttp loads only when the network is used."""

from __future__ import annotations

import functools
import os
import ssl
from http.cookiejar import CookieJar
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient
from yarl import URL

from headend.core.model.errors import InputError

_KEEPALIVE = 4.0  # s; below the 5 s after which many servers hang up: a write on a dying connection is ambiguous
_LIMITS = httpx.Limits(max_connections=16)


class _Transport(AiohttpTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except aiohttp.ClientError as error:  # what httpx-aiohttp doesn't map: an answer that isn't HTTP
            raise httpx.RemoteProtocolError(type(error).__name__, request=request) from error


class _NoCookies(CookieJar):
    """No platform has sessions, and to look for cookies in each answer takes its time."""

    def extract_cookies(self, *answer: Any) -> None:
        """Takes none."""


class _Client(HttpxAiohttpClient):
    """With proxies from the environment, and no cookies kept at either level."""

    def _init_transport(
        self,
        verify: Any = True,
        cert: Any = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: httpx.Limits = _LIMITS,
        transport: httpx.AsyncBaseTransport | None = None,
        **kw: Any,
    ) -> httpx.AsyncBaseTransport:
        def session() -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(
                limit=limits.max_connections or 0, keepalive_timeout=_KEEPALIVE, ssl=verify
            )
            opened = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=["Content-Type"],  # a POST without a body has none
            )
            # aiohttp sends PUT and DELETE again by itself when a kept connection breaks; whether a write may be
            # repeated is the client's to say.
            opened._retry_connection = False
            # httpx has encoded the URL and signatures cover it: aiohttp must not normalise it again (%40 to @).
            opened._build_url = lambda str_or_url: URL(str_or_url, encoded=True)  # type: ignore[method-assign]
            return opened

        return _Transport(verify=verify, limits=limits, client=session)


@functools.cache
def _tls(trusting: bool) -> ssl.SSLContext:
    # One for all clients: loading the certificates costs tens of milliseconds. Plain http gets one that trusts nobody.
    if not trusting:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl's own errors are some
        name = next((n for n in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(n)), "the system's certificates")
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        text = (
            f"{name}: {os.environ.get(name, 'they')} can't be read: {why}; name a PEM file of certificates, or unset it"
        )
        raise InputError(text) from None


def fast_client(base_url: str, timeout: httpx.Timeout, connections: int) -> httpx.AsyncClient:
    """A client with that many connections; proxies as the environment says, except for plain http (loopback)."""
    secure = base_url.lower().startswith("https:")
    return _Client(
        verify=_tls(secure),
        trust_env=secure,
        cookies=_NoCookies(),
        timeout=timeout,
        limits=httpx.Limits(max_connections=connections),
        follow_redirects=False,
    )
