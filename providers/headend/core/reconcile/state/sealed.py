"""What a store keeps of a state, readable only with the key of the state: addresses and values are private."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import os
from typing import Any

from headend.core.model.errors import StateError
from headend.core.reconcile.state.key import OLD, VARIABLE, environment_key, parse_key

MARK = "headend-sealed:"


def seal(text: str, place: object) -> str:
    """The text, sealed with HEADEND_STATE_KEY. Raises StateError where that isn't set."""
    sealed: bytes = _fernet(_needed(place)).encrypt(text.encode())
    return MARK + sealed.decode()


def unseal(text: str, place: object) -> str:
    """What was sealed with HEADEND_STATE_KEY, or with HEADEND_STATE_OLD_KEY before the key was changed. Raises
    StateError for what neither opens."""
    from cryptography.fernet import InvalidToken

    if not text.startswith(MARK):
        raise StateError(f"{place} holds what no headend wrote there")
    old = os.environ.get(OLD)
    for key in (_needed(place), *([parse_key(old.strip(), OLD)] if old else [])):
        try:
            opened: bytes = _fernet(key).decrypt(text.removeprefix(MARK).encode())
            return opened.decode()
        except InvalidToken:
            continue
    raise StateError(
        f"{place} is sealed with another key than {VARIABLE}; after `state rekey`, {OLD} is the former one"
    )


def _needed(place: object) -> bytes:
    key = environment_key()
    if key is None:
        raise StateError(f"{place} is shared, and so is its key: set {VARIABLE}; `openssl rand -hex 32` makes one")
    return key


@functools.lru_cache(4)
def _fernet(key: bytes) -> Any:
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(hmac.new(key, b"headend.state-at-rest/1", hashlib.sha256).digest()))
