"""The engine's question about dependents, and what this process knows to answer it.

Before the engine deletes an object to make it anew, it asks for the difference of each resource whose state refers to
it, with unknowns in place of the references, and deletes first what that would replace. It doesn't say that it asks
that. What tells: the program's resources are checked before their difference is asked for, the others are not.
`destroy --target`, and the end of `up --target`, ask the same of what goes; there the answer changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

Release = Callable[[Collection[str]], Awaitable[None]]
"""Makes an object let go of those with these ids."""

_checked: set[str] = set()  # addresses whose difference comes next
_staying: set[str] = set()  # addresses of the program's resources that refer to others
_vanished: set[str] = set()  # addresses whose object is gone already
_first: set[str] = set()  # addresses of which the engine knows that they go first
_holders: dict[str, Release] = {}  # id -> how it lets go, until it is changed itself
_root: list[str] = []  # what was checked last: the engine asks about its dependents


def note_check(meta: Mapping[str, Any], *, known: bool) -> None:
    """Notes that a resource of the program was checked. known: state has it, so its difference comes next."""
    address = str(meta.get("address"))
    _root[:] = [address]
    _staying.update(meta.get("dependents", ()))
    if known:
        _checked.add(address)


def is_question(address: str) -> bool:
    """Whether a difference is asked for because of what the resource refers to. Each check counts once."""
    asked = address not in _checked
    _checked.discard(address)
    return asked


def note_vanished(address: str) -> None:
    _vanished.add(address)


def note_first(address: str) -> None:
    _first.add(address)


def goes_first(address: str) -> bool | None:
    """The answer, where it takes no look at the object; None where it does. Nothing has to go before what is gone
    already. What leaves the stack may go at any time."""
    if not _vanished.isdisjoint(_root):
        return False
    return True if address in _first or address not in _staying else None


def note_holder(id: str, release: Release) -> None:
    """Notes an object that stays, and has to let go of what is deleted."""
    _holders[id] = release


def forget_holder(id: str) -> None:
    """Notes that it refers to other things from now on."""
    _holders.pop(id, None)


async def release(ids: Collection[str]) -> None:
    """Makes all that stays let go of an object that is deleted next, to be made anew."""
    for let_go in list(_holders.values()):
        await let_go(ids)
