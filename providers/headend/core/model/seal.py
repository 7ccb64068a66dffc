"""Values that state has to keep so that an object can be deleted, readable only with a key that state doesn't hold."""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import TYPE_CHECKING

from headend.core.model.errors import CredentialsError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Seal:
    """Seals and opens text. key: a secret of the platform's settings. remedy: what to do where it is another one."""

    def __init__(self, key: str, remedy: str) -> None:
        self._key, self._remedy = key, remedy

    def __repr__(self) -> str:
        return "Seal()"

    @functools.cached_property
    def _fernet(self) -> Fernet:
        """Made when it is first needed: the key may be a person's words, so that guessing must be slow."""
        from cryptography.fernet import Fernet  # heavy, and rarely wanted

        key = hashlib.scrypt(self._key.encode(), salt=b"headend.seal/1", n=2**14, r=8, p=1, dklen=32)
        return Fernet(base64.urlsafe_b64encode(key))

    def close(self, text: str) -> str:
        """The text, sealed: another one each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed. Raises CredentialsError where it was sealed with another key, or is damaged."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise CredentialsError(f"what state keeps of it was sealed with another key: {self._remedy}") from None
