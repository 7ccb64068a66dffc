"""What a stack says of addresses that are its no longer: moved to others, or removed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headend.core.model.address import within
from headend.core.model.findings import Source
from headend.core.model.frozen import frozen_dataclass

if TYPE_CHECKING:
    from headend.core.model.policies import Allow


@frozen_dataclass(slots=True)
class Place:
    """An address. stack: the other stack that it is of, by its file or its name; None: of this one."""

    address: str
    stack: str | None = None


@frozen_dataclass(slots=True)
class Moved:
    """One of `moved:`. What is nested in the old address moves with it."""

    old: Place
    new: Place
    source: Source


@frozen_dataclass(slots=True)
class Removed:
    """One of `removed:`. forget: the objects stay, else they are deleted. allow: policies that their deletion may
    break."""

    address: str
    forget: bool
    source: Source
    allow: tuple[Allow, ...] = ()


def shape(address: str) -> tuple[str, ...]:
    """Platform and collections: what stays as it is where an object gets another address."""
    parts = _parts(address)
    return (parts[0], *parts[1::2])


def keys(address: str) -> list[str]:
    """What is called in it, as the file has it: of a row its group."""
    return _parts(address)[2::2]


def _parts(address: str) -> list[str]:
    return re.sub(r"\[[^\]]*\]", "", address).split(".")


def now_at(address: str, moved: Sequence[Moved]) -> str:
    """Where the stack says that the address has moved to, within this stack; step by step, where it says so."""
    base, slash, aside = address.partition("/")
    for _ in moved:
        fitting = [one for one in moved if not (one.old.stack or one.new.stack) and within(base, one.old.address)]
        if not fitting:
            break
        nearest = max(fitting, key=lambda one: len(one.old.address))
        base = nearest.new.address + base[len(nearest.old.address) :]
    return base + slash + aside


def goes_to(address: str, moved: Sequence[Moved]) -> Place | None:
    """Where in another stack the stack says that the address has moved to."""
    for one in moved:
        if one.new.stack and within(address.partition("/")[0], one.old.address):
            return Place(one.new.address + address[len(one.old.address) :], one.new.stack)
    return None


def said_of(address: str, removed: Sequence[Removed]) -> Removed | None:
    """What the stack says of an address that left it."""
    fitting = [one for one in removed if within(address.partition("/")[0], one.address)]
    return max(fitting, key=lambda one: len(one.address), default=None)
