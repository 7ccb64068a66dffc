"""The dynamic providers: one class a kind, made from the registry, stateless, found again by name.

`p.Input` and its like are a promise: they stand in users' state files and are never renamed without an alias.

Besides its spec a resource carries the property `headend`: what the provider must know of its entry in the stack file.
It is never compared.

Beside its inputs its outputs have `computed`, `handed_out` (what creation made and showed once), `unverifiable`
(field -> why nobody can say whether it is in sync) and `made`: a mark of this creation, by which a deletion tells
whether what it is to delete has been made anew since, under another name or for another resource.

    address           for messages
    connections       the stack file's, of the kind's platform
    adopt, adopt_id, adopt_lookup, protect, ignore_changes    from `lifecycle:`
    defaulted         fields that took the resource's key as their value
    hidden            fields that are secret
    options           of the stack file, for the on-air guard
    carriers          addresses of what goes out through it, by the stack
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar
from uuid import uuid4
from zlib import crc32

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pydantic import ValidationError

from headend.core.model.capabilities import (
    CreatedInStages,
    Nameless,
    OnAir,
    Unasked,
    handed_out_by_create,
    owned_by,
    select_changes,
    why_unreadable,
)
from headend.core.model.errors import GuardError, HeadendError, InputError, NotFound
from headend.core.model.fields import Found, Impact, Spec, mark, marked
from headend.core.model.findings import Problem
from headend.core.model.kind import Can, Kind
from headend.core.model.lookup import find
from headend.core.model.observed import Observed
from headend.core.model.options import Options
from headend.core.model.owners import Elsewhere, nowhere
from headend.core.model.proposal import Action, Proposal
from headend.core.model.references import query
from headend.core.reconcile import guards as guard
from headend.core.reconcile.difference import spelt_as_before
from headend.core.reconcile.on_air import clock, imminent, in_maintenance, refusal
from headend.core.reconcile.plan import Cut
from headend.core.reconcile.planner import impact
from headend.core.reconcile.specs import left, readable, revive
from headend.core.wire.registry import kinds, platforms
from headend.pulumi.adoption import like_it
from headend.pulumi.props import (
    META,
    NOT_OURS,
    adopted,
    compared,
    entry,
    inputs,
    is_unknown,
    kept,
    outs,
    standing_in,
    unseen,
)
from headend.pulumi.runtime import (
    KNOWN,
    TAKEN,
    UNREAD,
    allow,
    allowed,
    configure,
    elsewhere,
    named,
    owned,
    refused,
    reporter,
    run,
    say,
    session,
    settings_of,
    tell,
    told,
    turn,
)


class KindProvider(ResourceProvider):
    """CRUD of one kind, in Pulumi's words. No attributes: its pickle is its name."""

    serialize_as_secret_always = False
    kind_name: ClassVar[str]

    def __reduce__(self) -> str:
        return f"k{crc32(self.kind_name.encode()):08x}"

    @property
    def kind(self) -> Kind[Any, Any]:
        return kinds()[self.kind_name]

    def configure(self, req: ConfigureRequest) -> None:
        """Reads headend:<platform>_<setting> of the stack's config for every setting of the kind's platform, and
        headend:allowInterruption."""
        platform = platforms()[self.kind.platform]
        allow(str(req.config.get("headend:allowInterruption") or ""))
        configure({platform.name: settings_of(platform, lambda name: req.config.get(f"headend:{name}"))})

    def check(self, _olds: Mapping[str, Any], news: Mapping[str, Any]) -> CheckResult:
        """Validates all that is known, ids of what is yet to be made aside; whole numbers come back whole.

        A name that was taken from the resource's key stays what it was when the object was made.
        """
        given, old, meta = inputs(news), inputs(_olds), news.get(META) or {}
        given |= {name: old[name] for name in meta.get("defaulted", ()) if isinstance(old.get(name), str)}
        given |= spelt_as_before(self.kind.spec_type(given.get("variant")), given, old)
        given |= run(self._looked_up(given, old, meta))
        unknown = {name for name, value in given.items() if is_unknown(value)}
        rest = {name: value for name, value in news.items() if name in NOT_OURS}
        try:
            spec = self._spec(standing_in(self.kind.spec_type(given.get("variant")), given))
        except ValidationError as error:
            failures = [(str(e["loc"][0] if e["loc"] else ""), e["msg"]) for e in error.errors(include_input=False)]
            wrong = [CheckFailure(*f) for f in failures if not unknown or f[0] not in {"", *unknown}]
            return CheckResult(given | rest, wrong)
        known = spec.model_dump(mode="json", include=given.keys() - unknown)
        wrong = run(self._judged(spec, old, meta)) if unknown <= spec.linked_fields().keys() else []
        return CheckResult({n: v if n in unknown else known.get(n, v) for n, v in given.items()} | rest, wrong)

    async def _looked_up(
        self, given: Mapping[str, Any], old: Mapping[str, Any], meta: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the lookups among the inputs find. Raises InputError where one finds nothing, or too much."""
        known: dict[str, Any] = {}
        model = self.kind.spec_type(given.get("variant"))
        for name in marked(model, Found):
            found, value = mark(model, name, Found), given.get(name)
            if found is None or not isinstance(value, Mapping) or "lookup" not in value:
                continue
            known[name] = old.get(name) if found.keep else None
            if known[name] is None:
                answer = await find(await self._api(meta), query(found.lookup, value["lookup"]), TAKEN)
                if isinstance(answer, Problem):
                    raise InputError(replace(answer, message=f"{name}: {answer.message}", address=meta.get("address")))
                known[name] = answer
        return known

    async def _judged(self, spec: Spec, old: Mapping[str, Any], meta: Mapping[str, Any]) -> list[CheckFailure]:
        """What speaks against the spec, and against making it."""
        api, kind = await self._api(meta), self.kind
        found = refused(meta, [*kind.check(spec, {}), *await kind.review(api, Proposal(Action.NONE, spec))])
        if not old and not found and not meta.keys() & {"adopt_id", "adopt_lookup"}:
            making = Proposal(Action.CREATE, spec)
            found = await self._review(making, meta)
            if found and making.resolved and Can.OBSERVE in kind.can and await kind.find(api, spec):
                found = []  # an interrupted create's own work stands in its way, and will be taken over
        return [CheckFailure("", str(problem)) for problem in found]

    async def _review(self, proposal: Proposal[Any], meta: Mapping[str, Any]) -> list[Problem]:
        """What refuses the step, beyond what `check` has said of the spec."""
        api = await self._api(meta)
        said = await self.kind.review(api, replace(proposal, action=Action.NONE, changes=()))
        return refused(meta, [p for p in await self.kind.review(api, proposal) if p not in said])

    def diff(self, _id: str, _olds: Mapping[str, Any], _news: Mapping[str, Any]) -> DiffResult:
        """Against the live object too, so that a plain preview sees drift. Unknowns may change, but replace nothing."""
        given, old, meta = inputs(_news), inputs(_olds), _news.get(META) or {}
        unknown = {name for name, value in given.items() if is_unknown(value)}
        kind = self.kind
        KNOWN.add((kind.name, _id))
        known = {n: old.get(n) if n in unknown else v for n, v in given.items()}
        spec = self._spec({n: v for n, v in known.items() if v is not None})
        live = run(self._observe(_id, readable(kind, spec, entry(kind, _id, old)), meta, insist=False))
        if live is None:  # only a replacement makes it again
            if meta.get("protect"):
                raise told(
                    NotFound(f"{named(meta, kind, _id)} is gone; `pulumi refresh` forgets it, the next up makes it")
                )
            tell(meta, f"{_id} is gone")
            return DiffResult(True, [next(iter(given))], [], True)
        found = compared(self.kind, spec, live, old, meta)
        verdict = select_changes(kind, _id, spec, found.changes)
        found = found.only(verdict.changes)
        if verdict.refused:
            raise told(GuardError(f"{named(meta, kind, _id)}: {verdict.refused}"))
        replaces = list(found.replaces)
        if found.changes and Can.UPDATE not in kind.can:
            replaces = sorted({c.field for c in found.changes})
        if replaces and (no := guard.refusal(kind, Action.REPLACE, meta.get("protect"))):
            raise told(GuardError(f"{named(meta, kind, _id)}: {', '.join(replaces)}: {no}"))
        action = Action.REPLACE if replaces else Action.UPDATE
        if found.changes and (wrong := run(self._review(Proposal(action, spec, _id, found.changes), meta))):
            raise told(InputError([replace(problem, address=meta.get("address")) for problem in wrong]))
        for change in found.changes:
            if change.cause == "drift":
                tell(meta, f"{'.'.join(change.path)} was changed outside headend: {change.before} -> {change.after}")
        for warning in (*live.warnings, *verdict.warnings):
            tell(meta, warning)
        if why := run(self._on_air(_id, old, meta, impact(kind, action, type(spec), found.changes), fresh=False)):
            say(f"warning: {why}")
        changed = bool(found.changes or found.regrouped or unknown or live.incomplete)
        return DiffResult(changed, replaces, [], not kind.create_before_delete)

    def create(self, props: Mapping[str, Any]) -> CreateResult:
        """Takes over what an interrupted create of this very object left behind, else creates."""
        meta = props.get(META) or {}
        spec = self._spec(inputs(props))
        made = run(self._create(spec, meta))
        KNOWN.add((self.kind_name, made.id))
        once: dict[str, Any] = {"handed_out": dict(made.handed_out)} if made.handed_out else {}
        return CreateResult(made.id, outs(self.kind, spec, made, meta) | once | self._owned(spec, uuid4().hex[:12]))

    def _owned(self, spec: Spec, mark: str) -> dict[str, Any]:
        """Notes that this creation owns what the spec says, and gives the property that says so."""
        owned(self.kind, spec, mark)
        return {"made": mark}

    async def _create(self, spec: Spec, meta: Mapping[str, Any]) -> Observed:
        api, kind = await self._api(meta), self.kind
        async with turn(kind, getattr(spec, kind.one_at_a_time_per or "", None)):
            found = await like_it(self.kind, api, spec, meta)
            made = found or await kind.create(api, spec)
            for warning in made.warnings:
                tell(meta, warning)
            if found and (lost := handed_out_by_create(kind, spec)):
                tell(meta, f"it was there already: its {', '.join(lost)} was shown to whoever made it, and not here")
            if not kind.completes:
                return made
            try:
                changed = bool(found) and await self._correct(api, made.id, spec, {}, meta)
                done = await self._completed(api, made.id, spec, meta, furnish=not changed)
                if found or made.computed.get("adopted"):
                    done = replace(done, computed={**done.computed, "adopted": True})
                return replace(done, handed_out=made.handed_out)
            except HeadendError as error:
                way = f"{{id: {made.id}}}" if isinstance(kind, Nameless) else "match"
                error.add_note(
                    f"it exists as {made.id}; lifecycle.adopt: {way} lets the next `pulumi up` go on with it"
                )
                raise

    def read(self, id_: str, props: Mapping[str, Any]) -> ReadResult:
        """Exactly the managed inputs, as they are live; an absent object has no id."""
        old, meta = inputs(props), props.get(META) or {}
        spec = revive(self.kind, entry(self.kind, id_, old))
        live = run(self._observe(id_, spec, meta))
        if live is None:
            return ReadResult(None, {})
        now = old | {name: value for name, value in live.values.items() if name in old}
        now = type(spec).model_construct(**now).model_dump(mode="json", include=set(now), warnings=False)
        outs = now | {"computed": {**live.computed, **adopted(props)}, META: meta}
        outs |= kept(props) | unseen(self.kind, spec, live)
        return ReadResult(id_, outs, now | {META: meta})

    def update(self, _id: str, _olds: Mapping[str, Any], _news: Mapping[str, Any]) -> UpdateResult:
        meta = _news.get(META) or {}
        spec = self._spec(inputs(_news))
        made = run(self._update(_id, spec, _olds, meta))
        if Can.OBSERVE not in self.kind.can:  # nothing else is known of it
            made = replace(made, computed={**(_olds.get("computed") or {}), **made.computed})
        made = replace(made, computed={**made.computed, **adopted(_olds)})
        mark = _olds.get("made") or uuid4().hex[:12]
        return UpdateResult(outs(self.kind, spec, made, meta) | kept(_olds) | self._owned(spec, mark))

    async def _update(self, id: str, spec: Spec, olds: Mapping[str, Any], meta: Mapping[str, Any]) -> Observed:
        api, kind = await self._api(meta), self.kind
        async with turn(kind, getattr(spec, kind.one_at_a_time_per or "", None)):
            changed = await self._correct(api, id, spec, inputs(olds), meta, elsewhere(olds.get("made")))
            return await self._completed(api, id, spec, meta, furnish=not changed) if kind.completes else Observed(id)

    async def _completed(self, api: Any, id: str, spec: Spec, meta: Mapping[str, Any], *, furnish: bool) -> Observed:
        kind = self.kind
        if furnish and isinstance(kind, CreatedInStages):
            await kind.furnish(api, id, spec, reporter(meta))
        done = await kind.complete(api, id, spec, reporter(meta))
        for warning in done.warnings:
            tell(meta, warning)
        return done

    async def _correct(
        self,
        api: Any,
        id: str,
        spec: Spec,
        old: Mapping[str, Any],
        meta: Mapping[str, Any],
        others: Elsewhere = nowhere,
    ) -> bool:
        """Updates what differs, once the guard lets it; whether anything did."""
        where = readable(self.kind, spec, entry(self.kind, id, old), others) if old else spec
        live = await self._observe(id, where, meta, fresh=True)
        if live is None:
            raise NotFound(f"{named(meta, self.kind, id)} is gone; run `pulumi refresh`")
        found = compared(self.kind, spec, live, dict(old) or None, meta).changes
        if changes := select_changes(self.kind, id, spec, found).changes if old else found:
            await self._guard(id, old or spec.set_fields(), meta, impact(self.kind, Action.UPDATE, type(spec), changes))
            await self.kind.update(api, id, spec, changes)
        return bool(changes)

    def delete(self, _id: str, _props: Mapping[str, Any]) -> None:
        last, meta = revive(self.kind, entry(self.kind, _id, inputs(_props))), _props.get(META) or {}
        if Can.DELETE in self.kind.can:
            others, had = elsewhere(_props.get("made")), owned_by(self.kind, last)
            if had and all(map(others, had)):
                tell(meta, "stays: another resource has it by now")
                return
            run(self._delete(_id, left(last, others), inputs(_props), meta))
        else:
            run(self._leave(_id, last, meta))

    async def _leave(self, id: str, last: Spec, meta: Mapping[str, Any]) -> None:
        """Says what stays behind of an object that can't be deleted. Raises GuardError where that may not be."""
        proposal = Proposal(Action.FORGET, None, id, last=last)
        if wrong := refused(meta, await self.kind.review(await self._api(meta), proposal)):
            raise GuardError("\n".join(str(replace(problem, address=meta.get("address"))) for problem in wrong))

    async def _delete(self, id: str, last: Spec, old: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
        await self._guard(id, old, meta, impact(self.kind, Action.DELETE, type(last), ()))
        async with turn(self.kind, getattr(last, self.kind.one_at_a_time_per or "", None)):
            await self.kind.delete(await self._api(meta), id, last, reporter(meta))

    async def _guard(self, id: str, old: Mapping[str, Any], meta: Mapping[str, Any], worst: Impact) -> None:
        if why := await self._on_air(id, old, meta, worst, fresh=True):
            raise GuardError(why)

    async def _on_air(
        self, id: str, old: Mapping[str, Any], meta: Mapping[str, Any], worst: Impact, *, fresh: bool
    ) -> str | None:
        """Why what is on air won't let such a write pass; None if it will."""
        options, now = Options.model_validate(meta.get("options", {})), clock()
        kind = self.kind
        if worst is Impact.NONE or not isinstance(kind, OnAir) or in_maintenance(options, now):
            return None
        last = revive(self.kind, entry(self.kind, id, old))
        times = imminent(await kind.on_air(await self._api(meta), id, last, fresh=fresh), options, now)
        cuts = [Cut(t.kind, t.id, t.start, t.end) for t in times]
        address = meta.get("address") or f"{self.kind.name} {id}"
        why = refusal(address, worst, cuts, allowed(), "headend:allowInterruption")
        carriers = f"; of this stack it carries {', '.join(meta['carriers'])}" if meta.get("carriers") else ""
        return why and why + carriers

    async def _observe(
        self, id: str, spec: Spec, meta: Mapping[str, Any], *, fresh: bool = False, insist: bool = True
    ) -> Observed | None:
        """insist: also where reading tells only that it is there, which is for refresh to find out."""
        if Can.OBSERVE not in self.kind.can or (isinstance(self.kind, Unasked) and not insist):
            self._blind()
            return Observed(id)
        return await self.kind.observe(await self._api(meta), id, spec, fresh=fresh)

    def _blind(self) -> None:
        """Says once in a process of a kind that nothing can be read back: the engine has no word for it."""
        if (why := why_unreadable(self.kind)) and self.kind_name not in UNREAD:
            UNREAD.add(self.kind_name)
            say(f"{self.kind_name}: unverifiable: {why}")

    async def _api(self, meta: Mapping[str, Any]) -> Any:
        platform = self.kind.platform
        return await session({platform: meta["connections"]} if meta.get("connections") else {})(platform)

    def _spec(self, given: Mapping[str, Any]) -> Spec:
        return self.kind.spec_type(given.get("variant"))(**given)
