"""Why no connection was made, in words, with what to do about it."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx


def is_lasting(error: httpx.RequestError) -> bool:
    """Whether another attempt would fail for the same reason: a certificate or a proxy's refusal doesn't pass by
    itself."""
    return refused_by_proxy(error) is not None or _caused_by(error, ssl.SSLCertVerificationError) is not None


def reason(error: httpx.RequestError, url: str) -> str:
    """One sentence: what stopped the connection, and what to do."""
    host = urlsplit(url).hostname or url
    status = refused_by_proxy(error)
    if status == 407:
        text = "answered 407: it wants a name and a password; put them into the variable"
        return f"{_proxy()} {text}, or set NO_PROXY={host}"
    if status is not None:
        return f"{_proxy()} answered {status} instead of connecting to {host}; ask who runs it, or set NO_PROXY={host}"
    if _is_proxys(error):
        return f"no connection to {_proxy()}: is its address right, and does it run? Or set NO_PROXY={host}"
    if _caused_by(error, ssl.SSLCertVerificationError):
        said = (getattr(e, "verify_message", "") for e in _chain(error))  # aiohttp's own error is one without it
        why = next(filter(None, said), "it can't be verified")
        text = "if an authority of your own issued it, name its file in SSL_CERT_FILE; if not, don't trust this network"
        return f"the certificate of {host} isn't trusted: {why}; {text}"
    if _caused_by(error, ssl.SSLError):
        return f"no TLS connection to {url}: does that port speak https?"
    if _caused_by(error, socket.gaierror) or _is_named(error, "ClientConnectorDNSError"):
        return f"the name {host} isn't known: is the url spelled right, and does this machine resolve names?"
    if _refused(error):
        return f"no connection to {url}: it is refused; look at host and port, or a firewall in between"
    if _caused_by(error, TimeoutError) or isinstance(error, httpx.TimeoutException):
        return f"no connection to {url} within 5 s: is a firewall, a VPN or a proxy (HTTPS_PROXY) in between?"
    return f"no connection to {url}: look at the url and the network"


def refused_by_proxy(error: httpx.RequestError) -> int | None:
    """The status with which a proxy refused to connect."""
    found = _first(error, "ClientHttpProxyError")
    return getattr(found, "status", None)


def _is_proxys(error: httpx.RequestError) -> bool:
    return isinstance(error, httpx.ProxyError) or _is_named(error, "ClientProxyConnectionError")


def _refused(error: BaseException) -> bool:
    return any(
        isinstance(e, ConnectionRefusedError) or getattr(e, "errno", None) == errno.ECONNREFUSED for e in _chain(error)
    )


def _caused_by(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    return next((e for e in _chain(error) if isinstance(e, kind)), None)


def _is_named(error: BaseException, name: str) -> bool:
    return _first(error, name) is not None


def _first(error: BaseException, name: str) -> BaseException | None:
    # By name: importing aiohttp costs time that only its own users should pay.
    return next((e for e in _chain(error) if any(c.__name__ == name for c in type(e).__mro__)), None)


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what it came from; aiohttp keeps the operating system's error in a field."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__]
            waiting += [getattr(one, name, None) for name in ("os_error", "certificate_error")]
    return found


def _proxy() -> str:
    """The proxy and its variable; never the name and password in it."""
    proxies = getproxies()
    scheme = "https" if "https" in proxies else "all"
    try:
        parts = urlsplit(proxies.get(scheme, ""))
        where = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        where = None
    name = f"{scheme}_proxy"
    variable = name if name in os.environ and name.upper() not in os.environ else name.upper()
    return f"the proxy {where} ({variable})" if where else f"the proxy ({variable})"
