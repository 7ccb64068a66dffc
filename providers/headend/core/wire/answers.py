"""What came back: an answer, what an error answer says, or a connection that broke."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import httpx

from headend.core.model.frozen import frozen_dataclass
from headend.core.model.printable import one_line


@frozen_dataclass
class Answer:
    """What a platform answered. body: decoded JSON, else text, None when empty. headers: names in lower case.
    content: the body as it came."""

    status: int
    body: Any = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    is_json: bool
    content: bytes = field(default=b"", repr=False)


def decode_answer(response: httpx.Response) -> Answer:
    # The declared type is no proof: platforms send plain text as JSON, and JSON without saying so.
    text = response.content.decode("utf-8", "replace")
    headers = {name.lower(): value for name, value in response.headers.items()}
    if not text.strip():
        return Answer(response.status_code, None, headers, is_json=False, content=response.content)
    if "json" in headers.get("content-type", "json") or text.lstrip()[0] in "{[":
        try:
            return Answer(response.status_code, json.loads(text), headers, True, response.content)
        except (ValueError, RecursionError):
            pass
    return Answer(response.status_code, text, headers, is_json=False, content=response.content)


def error_message(answer: Answer) -> str:
    """The message in an error answer, by the usual names, on one line; may be ""."""
    said: Any = answer.body
    if isinstance(said, dict):
        parts = [said[key] for key in ("message", "error", "detail", "error_description", "errors") if said.get(key)]
        said = ": ".join(part if isinstance(part, str) else json.dumps(part) for part in parts)
    if not isinstance(said, str) or said.lstrip().startswith("<"):  # a proxy's HTML page says nothing of use
        return ""
    return one_line(said)


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
