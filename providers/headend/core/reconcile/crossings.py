"""Where a stream goes from one environment into another: host and port of one end are the other's."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import NamedTuple

from headend.core.model.address import last_key
from headend.core.model.signal import Carries, HoldsAddress, Line
from headend.core.reconcile.parts import Part


class Crossing(NamedTuple):
    """likely: by the words of a host's name alone."""

    source: Part
    target: Part
    likely: bool


def crossings(parts: Mapping[str, Part]) -> Iterator[Crossing]:
    """An address is an environment's where the stack keeps it for that (`HoldsAddress`). Nobody tells which one a name
    leads to: it is likely the one whose key's words are all in it, if just one such waits at that port."""
    holders = dict(_holders(parts))
    lines = [(part, line) for part in parts.values() if (line := _line(part))]
    waiting = defaultdict[tuple[str, int, bool], list[Part]](list)
    for part, line in lines:
        if line.host is None:
            waiting[line.protocol, line.port, line.leaves].append(part)
    for part, line in lines:
        if line.host is None:
            continue
        others = [
            one
            for one in waiting[line.protocol, line.port, not line.leaves]
            if one.environment and one.environment != part.environment
        ]
        found, likely = _reached(line.host, others, holders)
        if found:
            yield Crossing(part, found, likely) if line.leaves else Crossing(found, part, likely)


def _reached(host: str, waiting: list[Part], holders: Mapping[str, str]) -> tuple[Part | None, bool]:
    known = holders.get(_normal(host))
    if known:
        return next((one for one in waiting if one.environment == known), None), False
    words = _words(host)
    named = [one for one in waiting if _words(last_key(str(one.environment))) <= words]
    return (named[0] if len(named) == 1 else None), True


def _holders(parts: Mapping[str, Part]) -> Iterator[tuple[str, str]]:
    for part in parts.values():
        if isinstance(part.kind, HoldsAddress) and part.ends.target and not part.goes:
            yield _normal(part.kind.address_of(part.spec)[1]), part.ends.target


def _line(part: Part) -> Line | None:
    return part.kind.line(part.spec) if isinstance(part.kind, Carries) else None


def _normal(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return host.lower().removesuffix(".")


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower().replace("_", " ")))
