"""Addresses: a resource's path in its file, `platform.collection.key`, and of one that is a row, `...key[row]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

NOT_IN_KEYS = "./{}[]"  # of what is written in a file; keys of rows are data, and may have dots


def is_key(text: str) -> bool:
    """Whether a resource that is written in a file may be called so."""
    return bool(text) and text == text.strip() and text.isprintable() and not set(text) & set(NOT_IN_KEYS)


def row(group: str, key: str) -> str:
    """The address (or the last part of it) of a row of what `from_file` fills."""
    return f"{group}[{key}]"


def last_key(address: str) -> str:
    """The resource's own key: the last part of the address, or what stands in the brackets of a row."""
    group, bracket, rest = address.partition("[")
    return rest.removesuffix("]") if bracket else group.rpartition(".")[2]


def outer(address: str) -> Iterator[str]:
    """Addresses that this one may stand in, the nearest first; some of them are none of a resource."""
    while address := address.rpartition(".")[0]:
        yield address


def dependents(needs: Mapping[str, Iterable[str]]) -> Mapping[str, Sequence[str]]:
    """address -> what depends on it. needs: the other way round."""
    found: dict[str, list[str]] = {}
    for address, needed in needs.items():
        for one in needed:
            found.setdefault(one, []).append(address)
    return found


def within(address: str, outer: str) -> bool:
    """Whether the address is `outer`, or of something that stands in it: nested, or one of its rows."""
    return address.startswith(outer) and address[len(outer) : len(outer) + 1] in {"", ".", "["}
