"""Values that state has to keep so that an object can be deleted, readable only with a key that state doesn't hold.

Encryption and authentication are HMAC-SHA256's: in counter mode it gives the key stream, over all of it the tag. Both
keys come from the one that is given, apart from each other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from headend.core.errors import CredentialsError

_NONCE, _TAG = 16, 32  # bytes


class Seal:
    """Seals and opens text. key: a secret of the platform's settings. remedy: what to do where it is another one."""

    def __init__(self, key: str, remedy: str) -> None:
        self._stream_key = hmac.digest(key.encode(), b"headend seal: stream", "sha256")
        self._tag_key = hmac.digest(key.encode(), b"headend seal: tag", "sha256")
        self._remedy = remedy

    def __repr__(self) -> str:
        return "Seal()"

    def close(self, text: str) -> str:
        """The text, sealed: base64, another one each time."""
        nonce = secrets.token_bytes(_NONCE)
        hidden = nonce + self._mixed(nonce, text.encode())
        return base64.b64encode(hidden + self._tag(hidden)).decode()

    def open(self, sealed: str) -> str:
        """What was sealed. Raises CredentialsError where it was sealed with another key, or is damaged."""
        try:
            raw = base64.b64decode(sealed, validate=True)
        except ValueError:
            raw = b""
        hidden, tag = raw[:-_TAG], raw[-_TAG:]
        if len(hidden) < _NONCE or not hmac.compare_digest(self._tag(hidden), tag):
            raise CredentialsError(f"what state keeps of it was sealed with another key: {self._remedy}")
        return self._mixed(hidden[:_NONCE], hidden[_NONCE:]).decode()

    def _mixed(self, nonce: bytes, text: bytes) -> bytes:
        """The text, each byte combined with one of the key stream: its own inverse."""
        blocks = range(-(-len(text) // hashlib.sha256().digest_size))
        stream = b"".join(hmac.digest(self._stream_key, nonce + n.to_bytes(8, "big"), "sha256") for n in blocks)
        return bytes(a ^ b for a, b in zip(text, stream, strict=False))

    def _tag(self, hidden: bytes) -> bytes:
        return hmac.digest(self._tag_key, hidden, "sha256")
