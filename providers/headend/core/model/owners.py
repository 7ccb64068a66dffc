"""Who owns what: no two resources of a stack may own the same, and what another one owns by now is left to it."""

from __future__ import annotations

from collections.abc import Callable

Owned = tuple[str, ...]
"""What a platform is asked for by: words from the widest to the narrowest. Who owns a beginning owns all below it."""

Elsewhere = Callable[[Owned], bool]
"""Whether another resource of the stack owns it."""


def nowhere(owned: Owned) -> bool:
    """Where no stack is known, nothing is owned by others."""
    return False


class Owners:
    """owned -> address."""

    def __init__(self) -> None:
        self._whole: dict[Owned, str] = {}
        self._parts: dict[Owned, str] = {}  # every beginning -> who first owned something below it

    def add(self, address: str, owned: Owned) -> str | None:
        """Notes it; gives another resource that owns it, all of which it is a part, or a part of it."""
        other = self.of(owned, address)
        if other is None and self._parts.get(owned, address) != address:
            other = self._parts[owned]
        self._whole.setdefault(owned, address)
        for n in range(1, len(owned)):
            self._parts.setdefault(owned[:n], address)
        return other

    def of(self, owned: Owned, besides: str) -> str | None:
        """The resource that owns it or all of which it is a part, other than `besides`."""
        for n in range(len(owned), 0, -1):
            address = self._whole.get(owned[:n])
            if address is not None and address != besides:
                return address
        return None
