"""Hashes by which a plan can be compared anywhere with what is wanted and live then, whoever made it and where.

They are made with a number that only this plan has and that stands in it, so that they tell something of its own values
alone. Secrets enter them only through the key of the environment, which no plan contains: without it they stay out.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import field
from typing import Any

from headend.core.model.frozen import frozen_dataclass
from headend.core.model.observed import Observed
from headend.core.reconcile.state.rows import dump

PreImage = Mapping[str, str]
"""Part of a live object -> hash of what it was. Empty: there was no such object, or nobody looked."""


@frozen_dataclass
class Binder:
    """nonce: the number, 32 hex digits. key: of the environment, None without one."""

    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    key: bytes | None = field(default=None, repr=False)

    def hash(self, value: Any) -> str:
        """Of something that anyone may know who reads the plan."""
        return hashlib.blake2b(_text(value), key=bytes.fromhex(self.nonce), digest_size=6).hexdigest()

    def hash_secret(self, value: Any) -> str | None:
        """Of a secret; None without a key."""
        if self.key is None:
            return None
        return hashlib.blake2b(_text([self.nonce, value]), key=self.key, digest_size=16).hexdigest()

    @property
    def key_id(self) -> str | None:
        """Tells whether two have the same key."""
        return self.hash_secret("headend.plan/2")

    def pre_image(self, observed: Observed | None, hidden: Collection[str]) -> PreImage:
        """Of all that can be seen of the object. hidden: its secret fields."""
        if observed is None:
            return {}
        seen = {name: self.hash_secret(v) if name in hidden else self.hash(v) for name, v in observed.values.items()}
        seen |= {"(id)": self.hash(observed.id), "(unreadable)": self.hash(sorted(observed.unverifiable))}
        return {name: text for name, text in seen.items() if text is not None}


def moved(then: PreImage, now: PreImage) -> list[str]:
    """The parts that differ."""
    return sorted(name for name in {**then, **now} if then.get(name) != now.get(name))


def _text(value: Any) -> bytes:
    return dump(value).encode()
