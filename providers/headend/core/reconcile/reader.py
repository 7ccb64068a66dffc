"""Gathers situations. Only this code reads live objects for a decision. It writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headend.core.model.capabilities import Unasked
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem
from headend.core.model.kind import Can, Kind
from headend.core.model.lookup import find_id
from headend.core.model.observed import Observed
from headend.core.model.owners import Elsewhere
from headend.core.model.record import Digester, Record, secret_fields
from headend.core.model.references import Query, pending
from headend.core.model.secrets import missing_secrets
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.binding import Binder
from headend.core.reconcile.ours import Ours, key_is_known, key_of
from headend.core.reconcile.resolve import (
    computed_ids,
    fill_lookups,
    ids_for,
    is_claimed,
    keep_names,
    kept_lookups,
    queries,
    resolve,
    spec_to_read_by,
    without,
    without_members_of_others,
)
from headend.core.reconcile.situation import Situation
from headend.core.reconcile.together import attempt, result
from headend.core.reconcile.twins import alike_in_doubt
from headend.core.wire.reads import find_surely

Apis = Callable[[str], Awaitable[Any]]
"""Returns the API client of a platform, which is opened once."""


@dataclass
class Reader:
    """Reads for one plan, or one look.

    records: what was last applied, by current address. intents: addresses whose creation a killed run had begun.
    ids: resolves references: at first by what state holds or `adopt` says, then by what turns out.
    turns: address -> set once all that it refers to is decided (`wave_by_wave`); who isn't in it waits for nothing.
    planned: addresses that this plan covers; None: all. refresh: also read objects of kinds that are `Unasked`.
    elsewhere: address -> what other resources own; by default, by the stack.
    made: address of the stack -> id of what a killed run is known to have made there; grows.
    unsure: address -> vanished ones that it may be by another key (`moves.unsure`).
    settle: the command that drops an intent once a person has looked. fresh: ignore what this run has read before.
    looking: for commands that only look. A lookup is made only if it is part of an unknown object's natural key.
    lookups: `<address>.<field>` -> the id that was found. taken: ids that exclusive lookups have used up.
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
    made: dict[str, str] = field(default_factory=dict)
    unsure: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    turns: dict[str, asyncio.Event] = field(default_factory=dict)
    lookups: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    bind: Binder = field(default_factory=Binder)

    def __post_init__(self) -> None:
        self.ours = Ours(self.stack, self.records, self.planned, self.made, self.ids)
        self.begin()

    def begin(self) -> None:
        """Begins a plan: nothing is known but what state holds, and what the stack says."""
        self.taken.clear()
        self.ids.clear()
        self.ids |= {a: id for a, r in self.stack.resources.items() if (id := r.lifecycle.adopt_id)}
        for address, record in self.records.items():
            self.note(address, record.id, record.computed)

    # --- one resource ---------------------------------------------------------------------------------------
    async def resource(self, resource: Resource, *, anew: bool = False) -> Situation:
        """The situation of a resource, but for lookups whose result it keeps. Raises ApiError if a read fails.
        anew: ignore its record, because a new object is to replace the recorded one."""
        findings = await self.look_up(resource, without(resource.spec, kept_lookups(resource.spec)))
        return await self.situation(resource, findings, anew=anew)

    async def situation(self, resource: Resource, findings: tuple[Problem, ...], *, anew: bool = False) -> Situation:
        """The same after its lookups were made. It is looked at without delay, by the ids that state holds of what it
        refers to. When it is its turn, it is looked at again as far as other ids have turned out.
        findings: of its lookups."""
        record = None if anew else self.records.get(resource.address)
        base, ids = self._base(resource, record, findings), ids_for(resource.spec, self.ids)
        if record is None:
            if None in ids.values() and await self._turns_out(resource, ids):
                base, ids = self._base(resource, record, findings), ids_for(resource.spec, self.ids)
            found = await attempt(self._unknown(base, resource))
            if await self._turns_out(resource, ids):
                return await self._unknown(self._base(resource, record, findings), resource)
            situation = result(found)  # by now it may be told better whose the others are
            return self.ours.told_apart(situation, situation.alike) if situation.alike else situation
        place = self._place(base, record)
        seen = await attempt(self._observe_surely(base.kind, record.id, place))
        if await self._turns_out(resource, ids):
            base = self._base(resource, record, findings)
            if (other := self._place(base, record)) != place:
                seen = await self._observe_surely(base.kind, record.id, other)
        live = result(seen)
        return await self._with_named(await self._with_live(base, record, live), resource)

    def _base(self, resource: Resource, record: Record | None, findings: tuple[Problem, ...]) -> Situation:
        """What is known of a resource without a look at it."""
        want = keep_names(resource.spec, resource.defaulted, record)
        want, known = self.filled(resource, without(want, kept_lookups(want))), self.records.get(resource.address)
        return Situation(
            resource.address,
            resource.kind,
            self.digest,
            want,
            resource.lifecycle,
            secret_fields(type(want), resource.secret_fields),
            tuple(sorted(self.stack.needs.get(resource.address, ()))),
            last=record,
            recovering=alike_in_doubt(self.stack, self.intents, self.records, resource),
            replaced=known.id if known else None,
            settle=f"{self.settle} {self.stack.name} {resource.address}",
            findings=findings,
            maybe=self.unsure.get(resource.address, ()),
            bind=self.bind,
        )

    async def _turns_out(self, resource: Resource, ids: Mapping[str, str | None]) -> bool:
        """Whether other ids than these turn out, once all that the resource refers to is decided."""
        if (turn := self.turns.get(resource.address)) is not None:
            await turn.wait()
        return ids_for(resource.spec, self.ids) != ids

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
        return replace(self.ours.told_apart(base, (*others, live)), named=named)

    async def look_up(self, resource: Resource, spec: Spec) -> tuple[Problem, ...]:
        """Makes the spec's lookups. A Problem for each that failed."""
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
        return tuple(wrong)

    def filled(self, resource: Resource, spec: Spec) -> Spec:
        """The spec with what is known of its references and lookups."""
        return resolve(fill_lookups(spec, resource.address, self.lookups), self.ids)

    def _others(self, address: str) -> Elsewhere:
        return (self.elsewhere or self.stack.elsewhere)(address)

    def _tells(self, resource: Resource, spec: Spec, query: Query) -> bool:
        """Whether the lookup is part of the natural key of an object that state does not have."""
        return resource.address not in self.records and query in pending(resource.kind.natural_key(spec))

    async def known(self, base: Situation, record: Record) -> Situation:
        """Reads by the recorded id. An object counts as gone only after a fresh read of the id."""
        live = await self._observe_surely(base.kind, record.id, self._place(base, record))
        return await self._with_live(base, record, live)

    def _place(self, base: Situation, record: Record) -> Spec:
        """What the recorded object is read with."""
        assert base.want is not None
        return spec_to_read_by(base.kind, base.want, record, self._others(base.address))

    async def _with_live(self, base: Situation, record: Record, live: Observed | None) -> Situation:
        base = replace(base, live=live, replaced=record.id)
        return base if live is not None else self.ours.told_apart(base, await self._find(base))

    async def with_rivals(self, base: Situation) -> Situation:
        """For a replacement with a new natural key, or of a kind that can't create: adds the objects with that key."""
        kind, want, last = base.kind, base.want, base.last
        if want is None or last is None:
            return base
        if base.resolved and not (Can.CREATE in kind.can and key_of(kind, want) == key_of(kind, last.spec(kind))):
            base = self.ours.told_apart(base, await self._find(base))
        return self.ours.with_neighbour(base, last.id)

    async def _unknown(self, base: Situation, resource: Resource) -> Situation:
        """Reads by the id that `adopt` gives, else by identity or natural key."""
        kind = base.kind
        if (made := self.made.get(base.address)) and base.want is not None:
            live = await self.observe(kind, made, base.want, insist=True)
            if live is not None:
                return replace(base, named=made, live=live, recovering=1)
        named, findings = await self._named(resource)
        base = replace(base, named=named, findings=(*base.findings, *findings))
        if named is not None:
            assert base.want is not None
            live = await self._observe_surely(kind, named, base.want, insist=True)
            ours = {named: owner} if (owner := self.ours.owner(kind, named)) else {}
            return replace(base, live=live, ours=ours)
        if Can.OBSERVE not in kind.can and base.want is not None and base.resolved:
            return self.ours.with_neighbour(base, str(kind.identity(base.want)))
        return await self._whole(self.ours.told_apart(base, await self._find(base)))

    async def _whole(self, base: Situation) -> Situation:
        """Reads the one object that is, or could be, adopted in full: a row of a list may not show every field."""
        kind, want = base.kind, base.want
        foreign = [one for one in base.alike if (owner := base.ours.get(one.id)) is None or owner.stack]
        if want is None or len(foreign) != 1 or kind.identity(want) is not None:
            return base
        whole = await self.observe(kind, foreign[0].id, want) or foreign[0]
        return replace(base, alike=tuple(whole if one is foreign[0] else one for one in base.alike))

    async def _named(self, resource: Resource) -> tuple[str | None, tuple[Problem, ...]]:
        """The id that `lifecycle.adopt` gives, or that its lookup finds. The plan holds what was found."""
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
        if want is None or Can.OBSERVE not in kind.can or not (base.recovering or base.life.seeks(kind)):
            return ()
        if not base.resolved and not (self.looking and key_is_known(kind, want)):
            return ()
        identity = kind.identity(want)
        for asked in missing_secrets((identity, kind.natural_key(want))):
            raise asked.needed()
        if identity is not None and base.recovering:
            seen = await self.observe(kind, identity, want, insist=True)
            return (seen,) if seen else ()
        api = await self.apis(kind.platform)
        return tuple(await kind.find(api, want) if self.looking else await find_surely(lambda: kind.find(api, want)))

    # --- one record that the stack no longer names ----------------------------------------------------------
    async def record(self, kind: Kind[Any, Any], record: Record) -> Situation:
        """The situation of an object that leaves the stack."""
        last = without_members_of_others(record.spec(kind), self._others(record.address))
        live = await self._observe_surely(kind, record.id, last)
        gone = record.address not in self.stack.resources
        claimed = gone and is_claimed(self.stack, kind, record, self.digest)
        base = Situation(record.address, kind, self.digest, last=record, live=live, claimed=claimed, bind=self.bind)
        return self.ours.with_neighbour(base, record.id)

    # --- live objects ---------------------------------------------------------------------------------------
    async def observe(self, kind: Kind[Any, Any], id: str, spec: Spec, *, insist: bool = False) -> Observed | None:
        """The object, from earlier reads of this run if possible."""
        if Can.OBSERVE not in kind.can:
            return Observed(id)
        if isinstance(kind, Unasked) and not (self.refresh or insist):
            return Observed(id, unverifiable={"existence": f"only `drift` and --refresh ask, {kind.unasked}"})
        return await kind.observe(await self.apis(kind.platform), id, spec, fresh=self.fresh)

    async def _observe_surely(
        self, kind: Kind[Any, Any], id: str, spec: Spec, *, insist: bool = False
    ) -> Observed | None:
        """The object; None only after a fresh read of its id: an empty list proves nothing."""
        if (seen := await self.observe(kind, id, spec, insist=insist)) is not None or self.fresh:
            return seen
        return await kind.observe(await self.apis(kind.platform), id, spec, fresh=True)

    def forget(self, address: str) -> None:
        """References to the resource resolve to nothing: it is to be made."""
        record = self.records.get(address)
        for key in (address, *computed_ids(address, record.computed if record else {})):
            self.ids.pop(key, None)

    def note(self, address: str, id: str, computed: Mapping[str, Any]) -> None:
        """Notes the id and computed values that references to the resource resolve to, where there are any."""
        if address in self.stack.dependents:
            self.ids |= {address: id, **computed_ids(address, computed)}
