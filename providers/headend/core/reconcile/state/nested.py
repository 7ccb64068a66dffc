"""Addresses that are moved or dropped together: one, what is nested in it, and what was set aside there."""

from __future__ import annotations

from collections.abc import Iterable

from headend.core.model.address import within


def nested(addresses: Iterable[str], outer: str) -> list[str]:
    """Those of the addresses that are `outer`, or stand in it."""
    return [address for address in addresses if within(address.partition("/")[0], outer) or address == outer]


def renamed(addresses: Iterable[str], old: str, new: str) -> dict[str, str]:
    """{old address: new address}, of `old` and all that stands in it."""
    return {address: new + address[len(old) :] for address in nested(addresses, old)}
