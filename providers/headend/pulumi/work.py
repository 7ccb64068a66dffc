"""One object's way through the core, for a provider: situation, decision, review, writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from headend.core.model.capabilities import LetsGo, OnAir, owned_by, why_unreadable
from headend.core.model.errors import GuardError, HeadendError, InputError, NotFound, StaleError
from headend.core.model.fields import Found, Impact, Spec, mark, marked
from headend.core.model.findings import Problem, errors, remarks
from headend.core.model.kind import Can, Kind
from headend.core.model.lookup import find_id
from headend.core.model.observed import Observed
from headend.core.model.owners import Elsewhere
from headend.core.model.proposal import Action
from headend.core.model.record import Record, secret_fields
from headend.core.model.references import query
from headend.core.model.stack import Adopt, Lifecycle, Stack
from headend.core.reconcile.carry_out import Teller, Writer
from headend.core.reconcile.decide import decide, made_anew
from headend.core.reconcile.decision import Decision
from headend.core.reconcile.doing import status_of
from headend.core.reconcile.on_air import clock, imminent, in_maintenance, refusal
from headend.core.reconcile.plan import Cut
from headend.core.reconcile.reader import Reader
from headend.core.reconcile.resolve import without
from headend.core.reconcile.review import review
from headend.core.reconcile.situation import Situation
from headend.core.wire.reads import look_anew
from headend.core.wire.registry import kinds, lookups
from headend.pulumi import dependents, settings
from headend.pulumi.journal import Journal
from headend.pulumi.props import digest, keeps_id
from headend.pulumi.runtime import (
    TAKEN,
    TO_ADOPT,
    UNREAD,
    elsewhere,
    left_to_others,
    named,
    released,
    say,
    session,
    tell,
    told,
    told_change,
    turn,
)

NOT_AS_WANTED = "warning: it does not do what the stack wants"


class Work:
    """meta: the resource's property `headend`. mark: of the creation that its outputs come from."""

    def __init__(self, kind: Kind[Any, Any], meta: Mapping[str, Any], mark: str | None) -> None:
        self.kind, self.meta, self.mark = kind, meta, mark
        self.address = str(meta.get("address") or kind.name)
        self.journal = Journal(Path(), str(meta.get("journal") or "stack"))
        self.reader = Reader(Stack("", "", {}), {}, self._api_of, digest, refresh=True, elsewhere=self._elsewhere)

    def _elsewhere(self, address: str) -> Any:
        return elsewhere(self.mark)

    async def _api_of(self, platform: str) -> Any:
        given = settings.connections(self.meta, platform)
        return await session({platform: given} if given else {})(platform)

    async def api(self) -> Any:
        return await self._api_of(self.kind.platform)

    # --- reading and deciding ---------------------------------------------------------------------------------
    async def look_up(self, given: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
        """What the lookups among the inputs find. Raises InputError where one finds nothing, or too much. What an
        object keeps is found for one that is made: of any other, the program has found what its state lacks."""
        known: dict[str, Any] = {}
        there = TO_ADOPT.get(self.address)
        model = self.kind.spec_type(given.get("variant"))
        for name in marked(model, Found):
            found, value = mark(model, name, Found), given.get(name)
            if found is None or not isinstance(value, Mapping) or "lookup" not in value:
                continue
            if found.keep and (old or there or self.meta.get("adopt_id")):
                known[name] = (there.values if there else old).get(name)
            else:
                for one in lookups():  # those that it may go through, too; `find_id` finds only what is imported
                    if one.startswith(f"{self.kind.platform}."):
                        lookups()[one]
                answer = await find_id(await self.api(), query(found.lookup, value["lookup"]), TAKEN)
                if isinstance(answer, Problem):
                    raise InputError(replace(answer, message=f"{name}: {answer.message}", address=self.address))
                known[name] = answer
        return known

    async def decide(self, want: Spec, record: Record, *, insist: bool = False, anew: bool = False) -> Decision:
        """What is to be done with an object that Pulumi knows. insist: by reads of its own, for who writes.
        anew: it has to go before what it refers to."""

        def decided(situation: Situation) -> Decision:
            return made_anew(decide(situation)) if anew else decide(situation)

        self.reader.refresh = self.reader.fresh = insist
        self._say_if_unread()
        situation = await self.reader.known(self._situation(want, record), record)
        if situation.live is None:
            situation = self._without_kept(situation)
        decision = decided(situation)
        if decision.action is Action.REPLACE:
            rivals = await self.reader.with_rivals(decision.situation)
            freed = self.meta.get("freed", ())
            rivals = replace(rivals, alike=tuple(one for one in rivals.alike if one.id not in freed))
            decision = replace(decided(rivals), situation=self._without_kept(rivals))
        return await review(decision, await self.api(), self._resting(self.meta.get("holder") == "stopped"))

    def _resting(self, rests: bool) -> Spec | None:
        """What the stack wants of what the object lives in, as far as that matters here: that it rests."""
        name = self.kind.parent
        return kinds()[name].model.model_construct(state="stopped") if name and rests else None

    def _without_kept(self, situation: Situation) -> Situation:
        """Without what the old object keeps: `check` finds another one for the new object."""
        want = situation.want
        return replace(situation, want=without(want, self.meta.get("keeps", ()))) if want else situation

    def _situation(self, want: Spec | None, last: Record | None) -> Situation:
        meta = self.meta
        life = Lifecycle(
            protect=meta.get("protect"),
            retain=bool(meta.get("retain")),
            ignore_changes=tuple(meta.get("ignore_changes", ())),
            adopt=Adopt(meta["adopt"]) if "adopt" in meta else None,
        )
        model = type(want) if want else self.kind.spec_type((last.values if last else {}).get("variant"))
        hidden, depends = secret_fields(model, meta.get("hidden", ())), tuple(meta.get("depends", ()))
        return Situation(
            self.address,
            self.kind,
            digest,
            want,
            life,
            hidden,
            depends,
            last=last,
            named=meta.get("adopt_id"),
            recovering=int(bool(meta.get("recovering"))),
        )

    async def observe(self, record: Record) -> Observed | None:
        """The object, asked for even where reading tells only that it is there: that is for refresh to find out."""
        self._say_if_unread()
        if Can.OBSERVE not in self.kind.can:
            return Observed(record.id, computed=record.computed)
        api, spec = await self.api(), record.spec(self.kind)
        seen: Observed | None = await self.kind.observe(api, record.id, spec)
        return seen or await self.kind.observe(api, record.id, spec, fresh=True)

    async def warn_of_status(self, seen: Observed, record: Record) -> None:
        """Says what is wrong with what the object does. What rests with its environment is told of the environment,
        where the stack has it: what is wanted of that by now, an object's own state doesn't tell."""
        life, spec = self._situation(None, record).life, record.spec(self.kind)
        parent = self._resting(self.meta.get("holder") is not None)
        if Can.OBSERVE in self.kind.can:
            status = await status_of(self.kind, await self.api(), seen, spec, life, parent)
            if status.wrong:
                self._tell(f"{NOT_AS_WANTED}: {status}")

    def _say_if_unread(self) -> None:
        """Says once in a process of a kind that nothing can be read back: the engine has no word for it."""
        if (why := why_unreadable(self.kind)) and self.kind.name not in UNREAD:
            UNREAD.add(self.kind.name)
            say(f"{self.kind.name}: unverifiable: {why}")

    def raise_if_refused(self, decision: Decision) -> None:
        """Raises InputError or GuardError with all that speaks against it."""
        many = settings.refuse_mass_replacement(self.meta) if decision.action is Action.REPLACE else None
        if many:
            raise told(GuardError(str(many)))
        where = named(self.meta, self.kind, decision.id or "new")
        if wrong := errors(decision.findings):
            raise told(InputError([replace(problem, address=self.address) for problem in wrong]))
        if decision.refused:
            raise told(GuardError(*(f"{where}: {why}" for why in decision.refused)))

    def remarks(self, decision: Decision) -> Iterator[str]:
        """What a person should know of it, and the engine's own display doesn't say."""
        for change in decision.changes:
            if text := told_change(change):
                yield text
        for problem in remarks(decision.findings):
            yield f"{problem.level}: {problem.text}"
        if decision.status:
            yield f"{NOT_AS_WANTED}: {decision.status}"
        if decision.action is not Action.NONE:
            yield from self.meta.get("remarks", ())

    # --- on air -----------------------------------------------------------------------------------------------
    async def warn_of_air(self, decision: Decision) -> None:
        if why := await self.cut(decision, fresh=False):
            say(f"warning: {why}")

    async def guard(self, decision: Decision) -> None:
        """Raises GuardError where the write would cut what is on air."""
        if why := await self.cut(decision, fresh=True):
            raise GuardError(why)

    async def cut(self, decision: Decision, *, fresh: bool) -> str | None:
        """Why what is on air won't let such a write pass; None if it will."""
        options, now, last = settings.options(self.meta), clock(), decision.situation.last
        id = decision.id or (last.id if last else None)
        kind = self.kind
        if decision.impact is Impact.NONE or id is None or in_maintenance(options, now) or not isinstance(kind, OnAir):
            return None
        spec = last.spec(self.kind) if last else decision.situation.want
        times = imminent(await kind.on_air(await self.api(), id, spec, fresh=fresh), options, now)
        cuts = [Cut(t.kind, t.id, t.start, t.end) for t in times]
        why = refusal(self.address, decision.impact, cuts, settings.allowed(self.meta), settings.INTERRUPTION)
        carriers = f"; of this stack it carries {', '.join(self.meta['carriers'])}" if self.meta.get("carriers") else ""
        return f"{self.address}: {why}{carriers}" if why else None

    # --- writing ----------------------------------------------------------------------------------------------
    async def create(self, want: Spec, there: str | None) -> Observed:
        """A new object, or the one that is there already, as far as it is what was decided on."""
        situation = self._situation(want, None)
        async with self._turn(want) as written:
            if there or self.meta.get("freed"):
                look_anew()
            if there is None and Can.CREATE not in self.kind.can:  # a replacement, which the program did not see
                situation = replace(situation, alike=tuple(await self.kind.find(await self.api(), want)))
            elif there is not None:
                self.reader.fresh = True
                live = await self.reader.observe(self.kind, there, want, insist=True)
                situation = replace(situation, named=there, live=live)
            decision = decide(situation)
            self.raise_if_refused(decision)
            await self.guard(decision)
            return await self._carry_out(decision, written)

    async def update(self, want: Spec, record: Record) -> Observed:
        async with self._turn(want) as written:
            look_anew()  # since its difference was asked for
            decision = await self.decide(want, record, insist=True)
            self.raise_if_refused(decision)
            if decision.action is Action.CREATE and not keeps_id(self.kind, want, record.id):
                raise NotFound(f"{named(self.meta, self.kind, record.id)} is gone; run `pulumi refresh`")
            if decision.action is Action.REPLACE:
                why = "it differs in what can't be changed since the preview; run `up` again"
                raise StaleError(f"{self.address}: {why}")
            await self.guard(decision)
            return await self._carry_out(decision, written)

    async def delete(self, record: Record) -> None:
        last = record.spec(self.kind)
        released(self.kind, record.id, last, self.mark)
        others = left_to_others(self.mark)
        had = owned_by(self.kind, last)
        if had and all(map(others, had)):
            tell(self.meta, "stays: another resource has it by now")
            return
        situation = self._situation(None, replace(record, protect=None, retain=False))
        decision = await review(decide(replace(situation, live=Observed(record.id))), await self.api())
        for problem in remarks(decision.findings):
            tell(self.meta, f"{problem.level}: {problem.text}")
        self.raise_if_refused(decision)
        async with self._turn(last) as written:
            await self.guard(decision)
            await dependents.release({record.id, *map(str, record.computed.values())})
            await (await self._writer(written, others)).remove(decision)

    async def release(self, record: Record, going: Collection[str]) -> None:
        """Makes the object let go of others that are deleted next, to be made anew."""
        assert isinstance(self.kind, LetsGo)
        await self.kind.release(await self.api(), record.id, record.spec(self.kind), going)

    async def _carry_out(self, decision: Decision, written: Callable[[], None]) -> Observed:
        writer = await self._writer(written)
        try:
            done = await writer.carry_out(decision)
            if decision.action is Action.ADOPT:  # what a killed run left in doubt there is found
                self.journal.end(self.address)
            return done
        except HeadendError as error:
            if made := self.journal.made(self.address):
                error.add_note(f"it exists as {made}; the next `pulumi up` goes on with it")
            raise

    async def _writer(self, written: Callable[[], None], others: Elsewhere | None = None) -> Writer:
        lines = Teller(self._tell, self._tell, lambda name, value: None)  # Pulumi keeps what is handed out
        others = others or elsewhere(self.mark)
        return Writer(await self.api(), self.journal, lines, others, decided_now=True, written=written)

    def _tell(self, text: str) -> None:
        tell(self.meta, text)

    def _turn(self, spec: Spec) -> Any:
        value = getattr(spec, self.kind.one_at_a_time_per or "", None)
        return turn(self.kind, value, self.address, (*self.meta.get("depends", ()), *self.meta.get("dependents", ())))
