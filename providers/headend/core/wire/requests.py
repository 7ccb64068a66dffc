"""How a call becomes an HTTP request: the address, the query, and the body in its encoding."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from headend.core.model.errors import InputError
from headend.core.wire.operations import NO_BODY, Operation

TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # s: connecting 5, each read 30

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)

Query = Mapping[str, Any] | Sequence[tuple[str, Any]]
Part = tuple[str, bytes, str]
"""Name, content and media type of a file."""


def build_request(
    op: Operation, url: str, query: Query, body: Any, files: Mapping[str, Part], headers: Mapping[str, str]
) -> httpx.Request:
    """The request, its body in the operation's encoding."""
    address = httpx.URL(url)
    if pairs := _pairs(query):
        address = address.copy_with(params=[*address.params.multi_items(), *pairs])
    content: dict[str, Any] = {}
    if files or (body is not NO_BODY and op.body == "multipart"):
        fields = [] if body is NO_BODY else _pairs(body)
        content["files"] = [*((name, (None, value)) for name, value in fields), *files.items()]
    elif body is not NO_BODY and op.body == "form":
        content["data"] = _form(body)
    elif body is not NO_BODY:  # not httpx's `json=`, for which None is no body
        content["content"] = _JSON.encode(body)
        headers = {"content-type": "application/json", **{k.lower(): v for k, v in headers.items()}}
    return httpx.Request(
        op.method,
        address,
        headers={"accept": "application/json", "user-agent": "headend", **headers},
        extensions={"timeout": TIMEOUT.as_dict()},
        **content,
    )


def rooted(route: str) -> str:
    """The route with a slash before it, unless it is empty."""
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


def checked_url(base_url: str, platform: str) -> str:
    """The URL without a trailing slash. Raises InputError; the message shows no more of it than the host."""
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname or "", parts.port
        host.encode("idna")
        httpx.URL(base_url)
    except (ValueError, httpx.InvalidURL):  # UnicodeError is one: a name that no host can have
        raise InputError(f"{platform}: the url is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host or " " in host:
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
