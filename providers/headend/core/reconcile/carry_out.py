"""Carries out a decision: the only code that writes to platforms. Both engines come through here.

An intent is in the journal before a creation leaves, and its result after it came back, so that a run killed anywhere
goes on in the next one. What was decided is not judged again: an object that moved since refuses.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from headend.core.model.capabilities import CreatedInStages
from headend.core.model.errors import (
    Ambiguous,
    DecodeError,
    HeadendError,
    NotFound,
    PartlyDone,
    StaleError,
    Unavailable,
)
from headend.core.model.fields import Spec
from headend.core.model.kind import Can
from headend.core.model.observed import Observed
from headend.core.model.owners import Elsewhere, nowhere
from headend.core.model.proposal import Action
from headend.core.model.record import Digest, Record, keep_spelling, recorded
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.difference import fingerprint
from headend.core.reconcile.resolve import spec_to_read_by, without_members_of_others


class Journal(Protocol):
    """Where an engine keeps what it does: SQLite's state, or Pulumi's outputs and a file beside the project."""

    def digest(self, value: Any) -> Digest:
        """The keyed digest that stands for a secret value."""
        ...

    def begin(self, address: str, kind: str, action: str) -> None:
        """A creation is about to leave."""
        ...

    def settle(self, address: str) -> None:
        """It is known not to have been done."""
        ...

    def put(self, record: Record) -> None:
        """The object as it now is; settles its intent."""
        ...

    def drop(self, address: str) -> None:
        """The object is gone, or forgotten."""
        ...

    def set_aside(self, address: str) -> str:
        """Keeps the record of an object that is being replaced; gives the address that it is kept under."""
        ...

    def move(self, old: str, new: str) -> None:
        """Renames an address."""
        ...


@dataclass(frozen=True)
class Teller:
    """Takes what a person should know while it happens. keep: (name, value) of a secret that is shown once; must have
    kept it when it returns."""

    waiting: Callable[[str], None]
    warn: Callable[[str], None]
    keep: Callable[[str, str], None]


@dataclass(frozen=True)
class Writer:
    """Writes one object. elsewhere: what other resources own. decided_now: the decision goes by a read of this very
    moment, so that another would tell nothing."""

    api: Any
    journal: Journal
    teller: Teller
    elsewhere: Elsewhere = nowhere
    decided_now: bool = False

    async def carry_out(self, decision: Decision) -> Observed:
        """Create, update, adopt, or go on with; for a replacement: make the new object. Gives the object as it is."""
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
            with self._kept(decision, made.id):
                done = await self._complete(decision, made.id)
            self._warn(text for text in done.warnings if text not in made.warnings)
            done = self._marked(decision, done, adopted=bool(made.computed.get("adopted")))
            made = replace(done, handed_out=made.handed_out)
        self._record(decision, made, incomplete=False)
        return made

    async def remove(self, decision: Decision, address: str | None = None) -> None:
        """Delete or forget; for a replacement: delete the old object. address: where the journal has it now."""
        situation, kind = decision.situation, decision.kind
        record = situation.last
        assert record is not None
        if decision.action is not Action.FORGET and not situation.claimed and Can.DELETE in kind.can:
            spec = record.spec(kind, getattr(self.api, "seal", None))
            last = without_members_of_others(spec, self.elsewhere)
            await kind.delete(self.api, record.id, last, self.teller.waiting)
        self.journal.drop(address or situation.address)

    async def _create(self, decision: Decision) -> Observed:
        situation, kind = decision.situation, decision.kind
        aside = None
        if decision.action is Action.REPLACE and kind.create_before_delete:
            aside = self.journal.set_aside(situation.address)
        self.journal.begin(situation.address, kind.name, decision.action)
        try:
            made: Observed = await kind.create(self.api, situation.want)
        except HeadendError as error:
            if not isinstance(error, Ambiguous | DecodeError | Unavailable):  # it was refused: nothing was made
                self.journal.settle(situation.address)
                if aside:
                    self.journal.move(aside, situation.address)
            raise
        for name, value in made.handed_out.items():
            self.teller.keep(name, value)
        return made

    async def _change(self, decision: Decision) -> Observed:
        situation, kind = decision.situation, decision.kind
        last, want = situation.last, situation.want
        assert want is not None
        assert decision.id is not None
        if Can.OBSERVE in kind.can and not self.decided_now:
            where = spec_to_read_by(kind, want, last, self.elsewhere) if last else want
            live = await kind.observe(self.api, decision.id, where, fresh=True)
            if fingerprint(live, self.journal.digest) != decision.seen and not _settles_by_itself(decision, live):
                raise StaleError(f"{situation.address}: the live object changed since the plan; plan again")
        if decision.changes:
            await kind.update(self.api, decision.id, want, decision.changes)
        return Observed(decision.id, computed=last.computed if last else {})  # dependents go by it if the run ends here

    async def _complete(self, decision: Decision, id: str) -> Observed:
        kind, want = decision.kind, decision.situation.want
        if isinstance(kind, CreatedInStages) and (decision.creates or not decision.changes):
            await kind.furnish(self.api, id, want, self.teller.waiting)
        done: Observed = await kind.complete(self.api, id, want, self.teller.waiting)
        return done

    def _spelt_as_before(self, decision: Decision) -> Decision:
        """What a secret that only changed its spelling was made with stays what the object is known by."""
        situation = decision.situation
        if situation.last is None or situation.want is None:
            return decision
        now = recorded(situation.want, situation.secrets, self.journal.digest)
        return decision.with_want(keep_spelling(situation.want, now, situation.last, getattr(self.api, "seal", None)))

    def _marked(self, decision: Decision, made: Observed, *, adopted: bool = False) -> Observed:
        """With the mark of what was there before headend; creation may find so at last, too."""
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
        """Of what is done in part, the journal holds what is there."""
        try:
            yield
        except PartlyDone as error:
            want, last = decision.situation.want, decision.situation.last
            assert want is not None
            there = Observed(id, computed=last.computed if last else {})
            self._record(decision.with_want(want.model_copy(update=error.values)), there, incomplete=True)
            raise

    def _record(self, decision: Decision, made: Observed, *, incomplete: bool) -> None:
        self.journal.put(record_of(decision, made, self.journal, getattr(self.api, "seal", None), incomplete))


def record_of(decision: Decision, made: Observed, journal: Journal, seal: Any, incomplete: bool) -> Record:
    """What is recorded of an object that was just written."""
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


def _settles_by_itself(decision: Decision, live: Observed | None) -> bool:
    """Whether the object was seen in the middle of what a killed run had begun: it moves on, and nothing of it was
    shown to be changed, so that going on is what was approved."""
    return live is not None and not decision.changes and decision.reason in {Reason.INCOMPLETE, Reason.RECOVERED}
