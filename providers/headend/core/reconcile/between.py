"""What passes between the states of two stacks, as `moved:` says: known to a plan before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headend.core.model.address import within
from headend.core.model.moved import Moved
from headend.core.model.record import Digest, Record
from headend.core.model.stack import Stack
from headend.core.reconcile.approval import Kept
from headend.core.reconcile.state import Intent


def coming(stack: Stack, moved: Sequence[Moved], there: Sequence[str]) -> dict[str, str]:
    """{address in the other state: address here}, of what comes by these lines. there: what the other state has."""
    pairs = {
        old: one.new.address + old[len(one.old.address) :]
        for one in moved
        for old in there
        if within(old.partition("/")[0], one.old.address)
    }
    return {old: new for old, new in pairs.items() if new.partition("/")[0] in stack.resources}


def going(moved: Sequence[Moved], here: Sequence[str]) -> dict[str, str]:
    """{address here: address in the other state}, of what goes by these lines. here: what the state has."""
    return {
        old: one.new.address + old[len(one.old.address) :]
        for one in moved
        for old in here
        if within(old.partition("/")[0], one.old.address)
    }


@dataclass
class Joined:
    """A state, and with it what is to come from others. comes_from: address -> whence, for people."""

    state: Kept
    records_to_come: Mapping[str, Record] = field(default_factory=dict)
    intents_to_come: Mapping[str, Intent] = field(default_factory=dict)
    comes_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str | None:
        return self.state.id

    def records(self) -> dict[str, Record]:
        return {**self.records_to_come, **self.state.records()}

    def intents(self) -> dict[str, Intent]:
        return {**self.intents_to_come, **self.state.intents()}

    def size(self) -> int:
        return len(self.records())

    def coming(self) -> Mapping[str, str]:
        return self.comes_from

    def held_elsewhere(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        ours = {(record.kind, record.id) for record in self.records_to_come.values()}
        return {key: held for key, held in self.state.held_elsewhere().items() if key not in ours}

    def digest(self, value: Any) -> Digest:
        return self.state.digest(value)

    def has_plan(self, nonce: str) -> bool:
        return self.state.has_plan(nonce)

    def put_plan(self, nonce: str) -> None:
        self.state.put_plan(nonce)

    def put(self, record: Record) -> None:
        self.state.put(record)

    def begin(self, address: str, kind: str, action: str) -> None:
        self.state.begin(address, kind, action)
