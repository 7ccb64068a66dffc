"""A request and its answer: what handlers see of them, and how they are on the wire."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl

from headend.core.wire.operations import Operation


@dataclass
class Call:
    """One request, routed. `path`: decoded values of the path's {names}. `body`: decoded JSON or form, None when
    empty. `files`: field -> (name, content) of a multipart body.
    `state`: what `authenticate` found (who, in which scope); "scope" in it goes into the journal."""

    op: Operation
    path: dict[str, str]
    query: list[tuple[str, str]]
    body: Any
    raw: bytes
    headers: Mapping[str, str]
    method: str
    url_path: str
    state: dict[str, Any] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def q(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)


@dataclass
class Reply:
    """An answer. A body of None is empty; str and bytes go out as they are, everything else as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"


class Refusal(Exception):
    """Raised by a handler to answer at once."""

    def __init__(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.reply = Reply(status, body, headers or {})


Handler = Callable[[Call], Awaitable[Reply]]


def encode(reply: Reply) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Body and headers as bytes."""
    body = reply.body
    if body is None:
        content = b""
    elif isinstance(body, bytes):
        content = body
    else:
        content = (body if isinstance(body, str) and reply.media != "application/json" else json.dumps(body)).encode()
    fields = {"content-length": str(len(content))} | {k.lower(): v for k, v in reply.headers.items()}
    if content:
        fields.setdefault("content-type", reply.media)
    return content, [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]


def decode(call: Call) -> str | None:
    """Fills call.body; says why if the body can't be read."""
    if not call.raw or call.op.body == "none":
        return None
    if call.headers.get("content-type", "").startswith("multipart/form-data"):
        return None if _decode_parts(call) else "the body is not multipart"
    if call.op.body == "form":
        call.body = dict(parse_qsl(call.raw.decode("utf-8", "replace"), keep_blank_values=True))
        return None
    try:
        call.body = json.loads(call.raw)
    except ValueError:
        return "the body is not JSON"
    return None


def _decode_parts(call: Call) -> bool:
    """Fields of a multipart body, those that come repeatedly as lists, and its files. False if it is none."""
    head = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode("latin-1")
    message = message_from_bytes(head + call.raw)
    call.body = {}
    parts: Any = message.get_payload() if message.is_multipart() else ()
    for part in parts:
        name, file = _text(part.get_param("name", header="content-disposition")), part.get_filename()
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if file is not None:
            call.files[name] = (_text(file), content)
            continue
        value = content.decode("utf-8", "replace")
        known = call.body.get(name)
        call.body[name] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return message.is_multipart()


def _text(raw: Any) -> str:
    """What a header says: the policy that decodes it itself takes ten times as long."""
    return str(raw).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
