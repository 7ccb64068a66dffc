"""Whose an object is, and whether its natural key becomes free in this plan."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from headend.core.model.fields import Secret, Spec, marked
from headend.core.model.kind import Kind
from headend.core.model.observed import Observed
from headend.core.model.record import Record, frozen
from headend.core.model.references import pending
from headend.core.model.stack import Stack
from headend.core.reconcile.moves import is_aside
from headend.core.reconcile.resolve import keep_names, resolve
from headend.core.reconcile.situation import Owner, Situation


@dataclass
class Ours:
    """What the resources of a stack have, and other stacks of the store. The fields are those of a `Reader`."""

    stack: Stack
    records: Mapping[str, Record]
    planned: Collection[str] | None
    made: Mapping[str, str]
    ids: Mapping[str, str]
    elsewhere: Callable[[], Mapping[tuple[str, str], tuple[str, str]]] = dict

    @functools.cached_property
    def _recorded(self) -> Mapping[tuple[str, str], str]:
        """(kind, id) -> its address in state."""
        return {(record.kind, record.id): address for address, record in self.records.items()}

    def owner(self, kind: Kind[Any, Any], id: str) -> Owner | None:
        """The resource that has the object with that id, if we have one."""
        for maker, made in self.made.items():
            if made == id and self.stack.resources[maker].kind is kind:
                return Owner(maker, leaves=False)
        address = self._recorded.get((kind.name, id))
        return Owner(address, self._leaves(kind, address)) if address is not None else self._neighbour(kind, id)

    def with_neighbour(self, base: Situation, id: str) -> Situation:
        """The situation with the other stack that has the object of that id, if one has."""
        held = self._neighbour(base.kind, id)
        return replace(base, ours={**base.ours, id: held}) if held else base

    def _neighbour(self, kind: Kind[Any, Any], id: str) -> Owner | None:
        """The resource of another stack of the store that has the object. Who never asks reads no other state."""
        found = self._elsewhere.get((kind.name, id))
        return Owner(found[1], stack=found[0]) if found else None

    @functools.cached_property
    def _elsewhere(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        return self.elsewhere()

    def told_apart(self, base: Situation, alike: tuple[Observed, ...]) -> Situation:
        """The situation with objects of the same natural key, and whose they are."""
        owners = {one.id: owner for one in alike if (owner := self.owner(base.kind, one.id))}
        ours = {id: owner for id, owner in owners.items() if owner.stack or owner.address != base.address}
        return replace(base, alike=tuple(o for o in alike if not (base.live and o.id == base.live.id)), ours=ours)

    def _leaves(self, kind: Kind[Any, Any], address: str) -> bool:
        """Whether this plan deletes the object there, or gives it another natural key."""
        record, resource = self.records[address], self.stack.resources.get(address)
        if is_aside(address):
            return True
        if self.planned is not None and address not in self.planned:
            return False
        if resource is None:
            return not record.retain and record.is_deletable(kind)
        want = resolve(keep_names(resource.spec, resource.defaulted, record), self.ids)
        return not want.unresolved() and key_of(kind, want) != key_of(kind, record.spec(kind))


def key_of(kind: Kind[Any, Any], spec: Spec) -> Any:
    """Identity and natural key of a spec. Identity is left out for specs with secrets: records don't hold those."""
    identity = None if marked(type(spec), Secret) else kind.identity(spec)
    return identity, frozen(kind.natural_key(spec))


def key_is_known(kind: Kind[Any, Any], spec: Spec) -> bool:
    """Whether it has a natural key, of which nothing waits for another resource or a lookup."""
    key, where = kind.natural_key(spec), getattr(spec, kind.parent_field) if kind.parent_field else None
    return key is not None and next(pending((key, where)), None) is None
