"""Gathers situations. Only this code reads live objects for a decision. It writes nothing."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headend.core.model.capabilities import Nameless, Unasked, takes_over
from headend.core.model.fields import Secret, Spec, marked
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Can, Kind
from headend.core.model.lookup import find_id
from headend.core.model.observed import Observed
from headend.core.model.owners import Elsewhere
from headend.core.model.record import Digester, Record, frozen, secret_fields
from headend.core.model.references import Query, pending
from headend.core.model.secrets import missing_secrets
from headend.core.model.stack import Adopt, Resource, Stack
from headend.core.reconcile.decision import Decision
from headend.core.reconcile.moves import is_aside
from headend.core.reconcile.resolve import (
    computed_ids,
    fill_lookups,
    is_claimed,
    keep_names,
    kept_lookups,
    queries,
    resolve,
    spec_to_read_by,
    without,
    without_members_of_others,
)
from headend.core.reconcile.situation import Owner, Situation
from headend.core.wire.reads import find_surely

Apis = Callable[[str], Awaitable[Any]]
"""Returns the API client of a platform, which is opened once."""


@dataclass
class Reader:
    """Reads for one plan, or one look.

    records: what was last applied, by current address. intents: addresses whose creation a killed run had begun.
    ids: resolves references; grows.
    planned: addresses that this plan covers; None: all. refresh: also read objects of kinds that are `Unasked`.
    elsewhere: address -> what other resources own; by default, by the stack.
    made: address of the stack -> id of what a killed run is known to have made there; grows.
    unsure: address -> vanished ones that it may be by another key (`moves.unsure`).
    settle: the command that drops an intent once a person has looked.
    fresh: ignore what this run has read before; set just before a write.
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
    lookups: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    @functools.cached_property
    def owned(self) -> Mapping[tuple[str, str], str]:
        """(kind, id) -> its address in state."""
        return {(record.kind, record.id): address for address, record in self.records.items()}

    # --- one resource ---------------------------------------------------------------------------------------
    async def resource(self, resource: Resource, *, anew: bool = False) -> Situation:
        """The situation of a resource, but for lookups whose result it keeps. Read what it refers to first. Raises
        ApiError if a read fails.
        anew: ignore its record, because a new object is to replace the recorded one."""
        kind, known = resource.kind, self.records.get(resource.address)
        record = None if anew else known
        want = keep_names(resource.spec, resource.defaulted, record)
        want, findings = await self.look_up(resource, without(want, kept_lookups(want)))
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
            maybe=self.unsure.get(resource.address, ()),
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
        """The spec with known references and lookups filled in, and a Problem for each lookup that failed."""
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
        return self.filled(resource, spec), tuple(wrong)

    def filled(self, resource: Resource, spec: Spec) -> Spec:
        """The resource's spec with what is known of its references and lookups."""
        return resolve(fill_lookups(spec, resource.address, self.lookups), self.ids)

    async def with_kept(self, resource: Resource, decision: Decision) -> Situation:
        """The decision's situation with the lookups whose result an object keeps: what the live object holds, else what
        is found for it. What one that was taken over doesn't show stays as it is."""
        situation, asked, want = decision.situation, kept_lookups(resource.spec), decision.situation.want
        assert want is not None
        if decision.creates and decision.refused:
            return situation
        held: dict[str, str] = {}
        if not decision.creates:
            live, last = decision.live, situation.last
            shown = {**(last.values if last else {}), **(live.values if live else {})}
            held = {name: id for name in asked if isinstance(id := shown.get(name), str)}
            if last is None or last.computed.get("adopted"):
                unseen = (warning(f"{n}: what it holds is not shown; it stays as it is") for n in asked.keys() - held)
                situation, asked = replace(situation, findings=(*situation.findings, *unseen)), {}
        self.lookups |= {f"{resource.address}.{name}": id for name, id in held.items()}
        want, findings = await self.look_up(resource, want.model_copy(update={**asked, **held}))
        return replace(situation, want=want, findings=(*situation.findings, *findings))

    def _others(self, address: str) -> Elsewhere:
        return (self.elsewhere or self.stack.elsewhere)(address)

    def _tells(self, resource: Resource, spec: Spec, query: Query) -> bool:
        """Whether the lookup is part of the natural key of an object that state does not have."""
        return resource.address not in self.records and query in pending(resource.kind.natural_key(spec))

    async def known(self, base: Situation, record: Record) -> Situation:
        """Reads by the recorded id. An object counts as gone only after a fresh read of the id."""
        kind, want = base.kind, base.want
        assert want is not None
        where = spec_to_read_by(kind, want, record, self._others(base.address))
        live = await self._observe_surely(kind, record.id, where)
        base = replace(base, live=live, replaced=record.id)
        return base if live is not None else self._with_alike(base, await self._find(base))

    async def with_rivals(self, base: Situation) -> Situation:
        """For a replacement with a new natural key, or of a kind that can't create: adds the objects with that key."""
        kind, want, last = base.kind, base.want, base.last
        if want is None or last is None or not base.resolved:
            return base
        if Can.CREATE in kind.can and _key(kind, want) == _key(kind, last.spec(kind)):
            return base
        return self._with_alike(base, await self._find(base))

    async def _unknown(self, base: Situation, resource: Resource) -> Situation:
        """Reads by the id that `adopt` gives, else by identity or natural key."""
        kind = base.kind
        if (made := self.made.get(base.address)) and base.want is not None:
            live = await self.observe(kind, made, base.want, insist=True)
            if live is not None:
                return replace(base, named=made, live=live, recovering=True)
        named, findings = await self._named(resource)
        base = replace(base, named=named, findings=(*base.findings, *findings))
        if named is not None:
            assert base.want is not None
            live = await self._observe_surely(kind, named, base.want, insist=True)
            ours = {named: owner} if (owner := self._owner(kind, named)) else {}
            return replace(base, live=live, ours=ours)
        return await self._whole(self._with_alike(base, await self._find(base)))

    async def _whole(self, base: Situation) -> Situation:
        """Reads the one object to be adopted in full: a row of a list may not show every field."""
        kind, want = base.kind, base.want
        foreign = [one for one in base.alike if one.id not in base.ours]
        if want is None or len(foreign) != 1 or kind.identity(want) is not None:
            return base
        if not (self.looking or base.recovering or base.life.adopt is Adopt.MATCH or takes_over(kind, want)):
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
        if want is None or Can.OBSERVE not in kind.can or (isinstance(kind, Nameless) and not base.recovering):
            return ()
        if not base.resolved and not (self.looking and self._key_is_known(kind, want)):
            return ()
        identity = kind.identity(want)
        for asked in missing_secrets((identity, kind.natural_key(want))):
            raise asked.needed()
        if identity is not None and base.recovering:
            seen = await self.observe(kind, identity, want, insist=True)
            return (seen,) if seen else ()
        api = await self.apis(kind.platform)
        return tuple(await kind.find(api, want) if self.looking else await find_surely(lambda: kind.find(api, want)))

    def _key_is_known(self, kind: Kind[Any, Any], want: Spec) -> bool:
        key, where = kind.natural_key(want), getattr(want, kind.parent_field) if kind.parent_field else None
        return key is not None and next(pending((key, where)), None) is None

    def _with_alike(self, base: Situation, alike: tuple[Observed, ...]) -> Situation:
        owners = {one.id: owner for one in alike if (owner := self._owner(base.kind, one.id))}
        ours = {id: owner for id, owner in owners.items() if owner.address != base.address}
        return replace(base, alike=tuple(o for o in alike if not (base.live and o.id == base.live.id)), ours=ours)

    def _owner(self, kind: Kind[Any, Any], id: str) -> Owner | None:
        address = self.owned.get((kind.name, id))
        for maker, made in self.made.items():
            if made == id and self.stack.resources[maker].kind is kind:
                return Owner(maker, leaves=False)
        return Owner(address, self._leaves(kind, address)) if address is not None else None

    def _leaves(self, kind: Kind[Any, Any], address: str) -> bool:
        """Whether this plan deletes the object there, or gives it another natural key."""
        record, resource = self.records[address], self.stack.resources.get(address)
        if is_aside(address):
            return True
        if self.planned is not None and address not in self.planned:
            return False
        if resource is None:
            return Can.DELETE in kind.can and not record.retain
        want = resolve(keep_names(resource.spec, resource.defaulted, record), self.ids)
        return not want.unresolved() and _key(kind, want) != _key(kind, record.spec(kind))

    # --- one record that the stack no longer names ----------------------------------------------------------
    async def record(self, kind: Kind[Any, Any], record: Record) -> Situation:
        """The situation of an object that leaves the stack."""
        last = without_members_of_others(record.spec(kind), self._others(record.address))
        live = await self._observe_surely(kind, record.id, last)
        gone = record.address not in self.stack.resources
        claimed = gone and is_claimed(self.stack, kind, record, self.digest)
        return Situation(record.address, kind, self.digest, last=record, live=live, claimed=claimed)

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

    def note(self, address: str, id: str, computed: Mapping[str, Any]) -> None:
        """Notes the id and computed values that references to the resource resolve to."""
        self.ids |= {address: id, **computed_ids(address, computed)}


def _key(kind: Kind[Any, Any], spec: Spec) -> Any:
    """Identity and natural key of a spec. Identity is left out for specs with secrets: records don't hold those."""
    identity = None if marked(type(spec), Secret) else kind.identity(spec)
    return identity, frozen(kind.natural_key(spec))
