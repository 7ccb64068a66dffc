"""Gathers situations: the only code of the core that reads live objects for a decision. Writes nothing anywhere."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headend.core.model.capabilities import Nameless, OwnsParts, Unasked, takes_over
from headend.core.model.fields import Secret, Spec, marked
from headend.core.model.findings import Problem
from headend.core.model.kind import Can, Kind
from headend.core.model.lookup import find_id
from headend.core.model.observed import Observed
from headend.core.model.owners import Elsewhere
from headend.core.model.record import Digester, Record, frozen, secret_fields
from headend.core.model.references import Query, Reference, pending
from headend.core.model.stack import Adopt, Resource, Stack
from headend.core.reconcile.moves import is_aside
from headend.core.reconcile.resolve import (
    computed_ids,
    fill_lookups,
    keep_creation_values,
    queries,
    resolve,
    spec_to_read_by,
    without_members_of_others,
)
from headend.core.reconcile.situation import Owner, Situation

Apis = Callable[[str], Awaitable[Any]]
"""Gives the API client of a platform, opened once."""


@dataclass
class Reader:
    """Reads for one plan, or one look.

    records: what was last applied, by address as the stack has it now. intents: addresses where a run was killed.
    ids: what references are resolved by; grows.
    planned: addresses that this plan is about; None: all. refresh: also ask where reading only tells that it is there.
    elsewhere: what resources other than that one own, by default those of the stack.
    made: address -> id of what a run that was killed is known to have made there.
    settle: the command that ends a doubt which only a person can end.
    fresh: nothing that this run has read before will do: for who writes right after.
    looking: for who only looks: lookups are made where nothing else tells the object, and the key alone tells it.
    lookups: `<address>.<field>` -> the id that was found. taken: what exclusive lookups have used up.
    """

    stack: Stack
    records: Mapping[str, Record]
    apis: Apis
    digest: Digester
    intents: Collection[str] = ()
    planned: Collection[str] | None = None
    refresh: bool = False
    looking: bool = False
    fresh: bool = False
    settle: str = "headend state settle"
    elsewhere: Callable[[str], Elsewhere] | None = None
    made: Mapping[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    @functools.cached_property
    def owned(self) -> Mapping[tuple[str, str], str]:
        """(kind, id) -> the address that state has it under."""
        return {(record.kind, record.id): address for address, record in self.records.items()}

    # --- one resource ---------------------------------------------------------------------------------------
    async def resource(self, resource: Resource, *, anew: bool = False) -> Situation:
        """What its decision goes by, once all that it refers to was read. Raises ApiError where that can't be read.
        anew: as if state had nothing of it, for what is to replace the object that it has."""
        kind, known = resource.kind, self.records.get(resource.address)
        record = None if anew else known
        want = keep_creation_values(resource.spec, resource.defaulted, record)
        want, findings = await self.look_up(resource, want)
        base = Situation(
            resource.address,
            kind,
            self.digest,
            want,
            resource.lifecycle,
            secret_fields(type(want), resource.secret_fields),
            tuple(sorted(resource.references())),
            last=record,
            recovering=resource.address in self.intents,
            replaced=known.id if known else None,
            settle=f"{self.settle} {self.stack.name} {resource.address}",
            findings=findings,
        )
        if record is None:
            return await self._unknown(base, resource)
        return await self._with_named(await self.known(base, record), resource)

    async def _with_named(self, base: Situation, resource: Resource) -> Situation:
        """Of what is gone: also what `adopt` names in its place, if that is there."""
        if base.live is not None or base.want is None or self.looking:
            return base
        named, _ = await self._named(resource)
        if named is None or named == base.replaced:
            return base
        live = await self.observe(base.kind, named, base.want, insist=True)
        if live is None:
            return base
        others = tuple(one for one in base.alike if one.id != named)
        return replace(self._with_alike(base, (*others, live)), named=named)

    async def look_up(self, resource: Resource, spec: Spec) -> tuple[Spec, tuple[Problem, ...]]:
        """The spec with what is known by now in place of references and lookups; and the lookups that found nothing."""
        wrong = []
        for name, query in queries(spec).items():
            if self.looking and not self._tells(resource, spec, query):
                continue
            found = await find_id(await self.apis(query.platform), query, self.taken)
            if isinstance(found, Problem):
                source = resource.sources.get(name)
                wrong.append(replace(found, message=f"{name}: {found.message}", source=source))
            else:
                self.lookups[f"{resource.address}.{name}"] = found
        return resolve(fill_lookups(spec, resource.address, self.lookups), self.ids), tuple(wrong)

    def _others(self, address: str) -> Elsewhere:
        return (self.elsewhere or self.stack.elsewhere)(address)

    def _tells(self, resource: Resource, spec: Spec, query: Query) -> bool:
        """Whether what the lookup finds is part of what the object is told by."""
        return resource.address not in self.records and query in pending(resource.kind.natural_key(spec))

    async def known(self, base: Situation, record: Record) -> Situation:
        """Read by the recorded id. What seems gone is asked for itself, and by its natural key, before it counts so."""
        kind, want = base.kind, base.want
        assert want is not None
        where = spec_to_read_by(kind, want, record, self._others(base.address))
        live = await self._observe_surely(kind, record.id, where)
        base = replace(base, live=live, replaced=record.id)
        return base if live is not None else self._with_alike(base, await self._find(base))

    async def with_rivals(self, base: Situation) -> Situation:
        """For a replacement: who has the natural key already, where it is another one or nothing can be made."""
        kind, want, last = base.kind, base.want, base.last
        if want is None or last is None or not base.resolved:
            return base
        if Can.CREATE in kind.can and _key(kind, want) == _key(kind, last.spec(kind)):
            return base
        return self._with_alike(base, await self._find(base))

    async def _unknown(self, base: Situation, resource: Resource) -> Situation:
        """Read by what `adopt` names, else by identity or natural key."""
        kind = base.kind
        if (made := self.made.get(base.address)) and base.want is not None:
            live = await self.observe(kind, made, base.want, insist=True)
            if live is not None:
                return replace(base, named=made, live=live, recovering=True)
        named, findings = await self._named(resource)
        base = replace(base, named=named, findings=(*base.findings, *findings))
        if named is not None:
            assert base.want is not None
            live = await self.observe(kind, named, base.want, insist=True)
            ours = {named: owner} if (owner := self._owner(kind, named)) else {}
            return replace(base, live=live, ours=ours)
        return await self._whole(self._with_alike(base, await self._find(base)))

    async def _whole(self, base: Situation) -> Situation:
        """Of the one object that will be taken over, all that can be read: a row of a list may not show it all."""
        kind, want = base.kind, base.want
        foreign = [one for one in base.alike if one.id not in base.ours]
        if want is None or len(foreign) != 1 or kind.identity(want) is not None:
            return base
        if not (self.looking or base.recovering or base.life.adopt is Adopt.MATCH or takes_over(kind, want)):
            return base
        whole = await self.observe(kind, foreign[0].id, want) or foreign[0]
        return replace(base, alike=tuple(whole if one is foreign[0] else one for one in base.alike))

    async def _named(self, resource: Resource) -> tuple[str | None, tuple[Problem, ...]]:
        """The id that `lifecycle.adopt` gives, or that its lookup finds, which goes into the plan."""
        life = resource.lifecycle
        if life.adopt_query is None:
            return life.adopt_id, ()
        found = await find_id(await self.apis(resource.kind.platform), life.adopt_query, self.taken)
        if isinstance(found, Problem):
            return None, (replace(found, message=f"lifecycle.adopt: {found.message}"),)
        self.lookups[f"{resource.address}.lifecycle.adopt"] = found
        return found, ()

    async def _find(self, base: Situation) -> tuple[Observed, ...]:
        """Objects with the wanted identity or natural key."""
        kind, want = base.kind, base.want
        if want is None or Can.OBSERVE not in kind.can or (isinstance(kind, Nameless) and not base.recovering):
            return ()
        if not base.resolved and not (self.looking and self._key_is_known(kind, want)):
            return ()
        identity = kind.identity(want)
        if identity is not None and base.recovering:
            seen = await self.observe(kind, identity, want, insist=True)
            return (seen,) if seen else ()
        return tuple(await kind.find(await self.apis(kind.platform), want))

    def _key_is_known(self, kind: Kind[Any, Any], want: Spec) -> bool:
        key, where = kind.natural_key(want), getattr(want, kind.parent_field) if kind.parent_field else None
        return key is not None and next(pending((key, where)), None) is None

    def _with_alike(self, base: Situation, alike: tuple[Observed, ...]) -> Situation:
        owners = {one.id: owner for one in alike if (owner := self._owner(base.kind, one.id))}
        ours = {id: owner for id, owner in owners.items() if owner.address != base.address}
        return replace(base, alike=tuple(o for o in alike if not (base.live and o.id == base.live.id)), ours=ours)

    def _owner(self, kind: Kind[Any, Any], id: str) -> Owner | None:
        address = self.owned.get((kind.name, id))
        return Owner(address, self._leaves(kind, address)) if address is not None else None

    def _leaves(self, kind: Kind[Any, Any], address: str) -> bool:
        """Whether this very plan gives the object there another natural key, or deletes it."""
        record, resource = self.records[address], self.stack.resources.get(address)
        if is_aside(address):
            return True
        if self.planned is not None and address not in self.planned:
            return False
        if resource is None:
            return Can.DELETE in kind.can and not record.retain
        want = resolve(keep_creation_values(resource.spec, resource.defaulted, record), self.ids)
        return not want.unresolved() and _key(kind, want) != _key(kind, record.spec(kind))

    # --- one record that the stack no longer names ----------------------------------------------------------
    async def record(self, kind: Kind[Any, Any], record: Record) -> Situation:
        """What the decision about its removal goes by."""
        last = without_members_of_others(record.spec(kind), self._others(record.address))
        live = await self._observe_surely(kind, record.id, last)
        claimed = record.address not in self.stack.resources and is_claimed(self.stack, kind, record)
        return Situation(record.address, kind, self.digest, last=record, live=live, claimed=claimed)

    # --- live objects ---------------------------------------------------------------------------------------
    async def observe(self, kind: Kind[Any, Any], id: str, spec: Spec, *, insist: bool = False) -> Observed | None:
        """The object, from what this run has read already where that is possible."""
        if Can.OBSERVE not in kind.can:
            return Observed(id)
        if isinstance(kind, Unasked) and not (self.refresh or insist):
            return Observed(id, unverifiable={"existence": f"only `drift` and --refresh ask, {kind.unasked}"})
        return await kind.observe(await self.apis(kind.platform), id, spec, fresh=self.fresh)

    async def _observe_surely(self, kind: Kind[Any, Any], id: str, spec: Spec) -> Observed | None:
        """Absent only where a read of its own says so, too: one list that came back empty proves nothing."""
        seen = await self.observe(kind, id, spec)
        if seen is not None or self.fresh:
            return seen
        return await kind.observe(await self.apis(kind.platform), id, spec, fresh=True)

    def note(self, address: str, id: str, computed: Mapping[str, Any]) -> None:
        """Takes in what references to the resource are resolved by."""
        self.ids |= {address: id, **computed_ids(address, computed)}

    def holder(self, resource: Resource) -> Spec | None:
        """What the stack wants of the object that the resource lives in; None where the stack doesn't hold it."""
        name = resource.kind.parent_field
        value = getattr(resource.spec, name) if name else None
        parent = self.stack.resources.get(value.address) if isinstance(value, Reference) else None
        return parent.spec if parent else None


def _key(kind: Kind[Any, Any], spec: Spec) -> Any:
    """What an object of the spec would be known by; of what may be made of secrets, records can't tell it."""
    identity = None if marked(type(spec), Secret) else kind.identity(spec)
    return identity, frozen(kind.natural_key(spec))


def is_claimed(stack: Stack, kind: Kind[Any, Any], record: Record) -> bool:
    """Whether all that the object owned is owned by others of the stack by now, so that it must not be deleted.
    An identity is the id; secrets may be part of it, which state doesn't hold."""
    owned = tuple(kind.owns(record.spec(kind))) if isinstance(kind, OwnsParts) else ((kind.name, record.id),)
    return bool(owned) and all(map(stack.elsewhere(record.address), owned))
