"""The request signature (R-12, R-13)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable


def signature(secret: str, method: str, path: str, query: Iterable[tuple[str, str]], body: bytes) -> str:
    """Signature of one request, 43 characters, not yet encoded for the URL.

    path: the whole path, the base URL's included, unencoded. query: the pairs that are sent, unencoded, without the
    signature itself. body: the bytes as sent. The digest itself goes into base64; the example on the public page
    encodes its hex text instead, and no server would take it (R-13).
    """
    pairs = "".join(sorted(f"{key}={value}" for key, value in query))
    digest = hashlib.sha256(f"{secret}{method.upper()}{path}{pairs}".encode() + body).digest()
    return base64.b64encode(digest).decode()[:43]
