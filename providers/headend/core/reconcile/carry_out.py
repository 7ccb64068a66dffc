"""Carries out a decision. This is the only code that writes to platforms; both engines use it.

The journal gets an intent before a creation is sent, and the result after the answer. So the next run can go on
wherever a run was killed. Nothing is decided anew here: if the object changed since the plan, the step fails.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol

from headend.core.model.capabilities import CreatedInStages
from headend.core.model.errors import (
    Ambiguous,
    DecodeError,
    HeadendError,
    NotFound,
    PartlyDone,
    StaleError,
    StateError,
    Unavailable,
)
from headend.core.model.fields import Ref, Spec, WriteOnly, mark, marked
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Can
from headend.core.model.observed import Observed
from headend.core.model.owners import Elsewhere, nowhere
from headend.core.model.proposal import Action
from headend.core.model.record import Digest, Record, keep_spelling, recorded
from headend.core.reconcile.binding import moved
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.resolve import spec_to_read_by, without_members_of_others


class Journal(Protocol):
    """Where an engine records its writes: SQLite state, or Pulumi's outputs and a file beside the project."""

    def digest(self, value: Any) -> Digest:
        """The keyed digest that stands for a secret value."""
        ...

    def begin(self, address: str, kind: str, action: str) -> None:
        """Notes the intent: a creation is about to be sent."""
        ...

    def settle(self, address: str) -> None:
        """Drops the intent: the creation is known not to have happened."""
        ...

    def put(self, record: Record) -> None:
        """Records the object as it is now, and drops its intent."""
        ...

    def drop(self, address: str) -> object:
        """Forgets the object."""
        ...

    async def saved(self) -> None:
        """Returns once all of that is kept, whatever ends the process."""
        ...

    def set_aside(self, address: str) -> str:
        """Moves the record of an object that is being replaced out of the way; returns its new address."""
        ...

    def move(self, old: str, new: str) -> None:
        """Renames an address."""
        ...


@frozen_dataclass
class Teller:
    """Tells a person what happens. keep: takes (name, value) of a secret that is shown once, and must keep it before
    it returns."""

    waiting: Callable[[str], None]
    warn: Callable[[str], None]
    keep: Callable[[str, str], None]


@frozen_dataclass
class Writer:
    """Writes one object. elsewhere: what other resources own. decided_now: the decision comes from a read made just
    now, so the object is not read again before the write. keeps_old: a replacement's old object is still there when the
    new one is made; None: as the kind says. written: called once it has written, and only completes and proves it."""

    api: Any
    journal: Journal
    teller: Teller
    elsewhere: Elsewhere = nowhere
    decided_now: bool = False
    keeps_old: bool | None = None
    written: Callable[[], None] = lambda: None

    async def carry_out(self, decision: Decision) -> Observed:
        """Creates, updates, adopts or completes; for a replacement, makes the new object. Returns the object."""
        situation, kind = decision.situation, decision.kind
        assert situation.want is not None
        if missing := situation.want.unresolved():
            raise NotFound(f"{situation.address}: {missing[0]} is not known")
        if decision.creates:
            made = await self._create(decision)
        else:
            decision = self._spelt_as_before(decision)
            with self._kept(decision, decision.id or ""):
                made = await self._change(decision)
        made = self._marked(decision, made)
        self._warn(made.warnings)
        if kind.completes:
            self._record(decision, made, incomplete=True)
            await self._saved(f"{kind.name} {made.id} was written")
            self.written()
            with self._kept(decision, made.id):
                done = await self._complete(decision, made.id)
            self._warn(text for text in done.warnings if text not in made.warnings)
            done = self._marked(decision, done, adopted=bool(made.computed.get("adopted")))
            made = replace(done, handed_out=made.handed_out)
        self._record(decision, made, incomplete=False)
        await self._saved(f"{kind.name} {made.id} was written")
        return made

    async def remove(self, decision: Decision, address: str | None = None) -> None:
        """Deletes or forgets; for a replacement, deletes the old object. address: where the journal keeps it now."""
        situation, kind = decision.situation, decision.kind
        record = situation.last
        assert record is not None
        if decision.action is not Action.FORGET and not situation.claimed and record.is_deletable(kind):
            spec = record.spec(kind, getattr(self.api, "seal", None))
            last = without_members_of_others(spec, self.elsewhere)
            await kind.delete(self.api, record.id, last, self.teller.waiting)
        with _told(f"{record.kind} {record.id} is given up"):
            self.journal.drop(address or situation.address)
            await self.journal.saved()

    async def _create(self, decision: Decision) -> Observed:
        situation, kind = decision.situation, decision.kind
        aside = None
        keeps_old = kind.create_before_delete if self.keeps_old is None else self.keeps_old
        if decision.action is Action.REPLACE and keeps_old:
            aside = self.journal.set_aside(situation.address)
        self.journal.begin(situation.address, kind.name, decision.action)
        await self.journal.saved()
        try:
            made: Observed = await kind.create(self.api, self._without_what_was_sent(decision))
        except HeadendError as error:
            if _is_refusal(error):
                self.journal.settle(situation.address)
                await self.journal.saved()
                if aside:
                    self.journal.move(aside, situation.address)
            raise
        for name, value in made.handed_out.items():
            self.teller.keep(name, value)
        return made

    def _without_what_was_sent(self, decision: Decision) -> Spec:
        """The spec of an object that is made again, without what is sent once and was sent already (A-760)."""
        want, last = decision.situation.want, decision.situation.last
        assert want is not None
        names = [n for n in marked(type(want), WriteOnly) if (m := mark(type(want), n, WriteOnly)) and m.once]
        now = recorded(want, decision.situation.secrets, self.journal.digest)
        if last is None or any(now.get(name) != last.values.get(name) for name in names):
            return want
        return want.model_copy(update=dict.fromkeys(names)) if names else want

    async def _change(self, decision: Decision) -> Observed:
        situation, kind = decision.situation, decision.kind
        last, want = situation.last, situation.want
        assert want is not None
        assert decision.id is not None
        if Can.OBSERVE in kind.can and not self.decided_now:
            where = spec_to_read_by(kind, want, last, self.elsewhere) if last else want
            live = await kind.observe(self.api, decision.id, where, fresh=True)
            changed = moved(decision.seen, situation.bind.pre_image(live, situation.hidden))
            if changed and not (_is_as_approved(decision, live) or _settles_by_itself(decision, live)):
                what = ", ".join(changed) if live is not None else "it is gone"
                raise StaleError(f"{situation.address}: the live object changed since the plan ({what}); plan again")
        if decision.changes:
            await kind.update(self.api, decision.id, want, decision.changes)
        return Observed(decision.id, computed=last.computed if last else {})  # dependents need it if the run ends here

    async def _complete(self, decision: Decision, id: str) -> Observed:
        kind, want = decision.kind, decision.situation.want
        unfinished = decision.creates or decision.reason in {Reason.INCOMPLETE, Reason.RECOVERED}
        if isinstance(kind, CreatedInStages) and unfinished:
            await kind.furnish(self.api, id, want, self.teller.waiting)
        done: Observed = await kind.complete(self.api, id, want, self.teller.waiting)
        return done

    def _spelt_as_before(self, decision: Decision) -> Decision:
        """Keep the old spelling of a secret that changed only in spelling: the platform knows the object by it."""
        situation = decision.situation
        if situation.last is None or situation.want is None:
            return decision
        now = recorded(situation.want, situation.secrets, self.journal.digest)
        return decision.with_want(keep_spelling(situation.want, now, situation.last, getattr(self.api, "seal", None)))

    def _marked(self, decision: Decision, made: Observed, *, adopted: bool = False) -> Observed:
        """Marks an object that existed before headend. `create` can find that out too."""
        last = decision.situation.last
        before = last is not None and not decision.creates and last.computed.get("adopted")
        if not (adopted or before or decision.action is Action.ADOPT or made.computed.get("adopted")):
            return made
        return replace(made, computed={**made.computed, "adopted": True})

    def _warn(self, warnings: Any) -> None:
        for warning in warnings:
            self.teller.warn(warning)

    @contextlib.contextmanager
    def _kept(self, decision: Decision, id: str) -> Iterator[None]:
        """On PartlyDone, record what the platform has, not what was wanted."""
        try:
            yield
        except PartlyDone as error:
            want, last = decision.situation.want, decision.situation.last
            assert want is not None
            there = Observed(id, computed=last.computed if last else {})
            self._record(decision.with_want(want.model_copy(update=error.values)), there, incomplete=True)
            raise

    def _record(self, decision: Decision, made: Observed, *, incomplete: bool) -> None:
        record = record_of(decision, made, self.journal, getattr(self.api, "seal", None), incomplete)
        with _told(f"{record.kind} {record.id} was written"):
            self.journal.put(record)

    async def _saved(self, done: str) -> None:
        """Waits until it is kept, while it still has its turn: where it can't be, no other step may begin."""
        with _told(done):
            await self.journal.saved()


@contextlib.contextmanager
def _told(done: str) -> Iterator[None]:
    """Adds to an error of the journal what it doesn't know now."""
    try:
        yield
    except StateError as error:
        raise type(error)(f"{done}, but not recorded: {error}") from None


def record_of(decision: Decision, made: Observed, journal: Journal, seal: Any, incomplete: bool) -> Record:
    """The record of an object that was just written."""
    situation = decision.situation
    want: Spec | None = situation.want
    assert want is not None
    return Record(
        situation.address,
        situation.kind.name,
        made.id,
        recorded(want, situation.secrets, journal.digest, seal),
        made.computed,
        situation.depends,
        incomplete,
        situation.life.protect,
        situation.life.retain,
    )


def _is_refusal(error: HeadendError) -> bool:
    """Whether the error proves that nothing was made."""
    return not isinstance(error, Ambiguous | DecodeError | Unavailable) or getattr(error, "status", None) == 429


def _is_as_approved(decision: Decision, live: Observed | None) -> bool:
    """Whether all that the stack manages is as the plan saw it. What the plan couldn't see may have come to light, as
    when this run has started the environment, and what nobody manages may have changed with another object. What it
    is to refer to no more may be gone by now."""
    situation = decision.situation
    planned = next((o for o in (situation.live, *situation.alike) if o is not None and o.id == decision.id), None)
    if live is None or planned is None or situation.want is None or live.id != planned.id:
        return False
    managed = situation.want.set_fields().keys() | {change.field for change in decision.changes}
    seen = managed - planned.unverifiable.keys()
    left = {change.field for change in decision.changes if mark(type(situation.want), change.field, Ref)}
    same = {name for name in seen if live.values.get(name) == planned.values.get(name)}
    same |= {name for name in seen & left if live.values.get(name) is None}
    return seen == same and seen.isdisjoint(live.unverifiable)


def _settles_by_itself(decision: Decision, live: Observed | None) -> bool:
    """Whether the object may differ from the plan because a killed run's creation was still in progress. The plan
    showed no changes for it, so to complete it is what was approved."""
    return live is not None and not decision.changes and decision.reason in {Reason.INCOMPLETE, Reason.RECOVERED}
