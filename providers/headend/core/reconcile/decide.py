"""Decides what to do with an object: the table of docs/architecture.md as pure functions, for both engines.

`decide` takes a situation; it reads nothing and writes nothing. Each function below answers one row of the table, or
one question in it. Each refusal says what is wrong and how to lift it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headend.core.model.capabilities import (
    CreatedOnce,
    Nameless,
    SharesKey,
    Unadoptable,
    handed_out_by_create,
    identifies,
    impact_of_delete,
    select_changes,
)
from headend.core.model.fields import Impact, Parts, marked
from headend.core.model.findings import Problem, note, warning
from headend.core.model.kind import Can
from headend.core.model.observed import Observed
from headend.core.model.proposal import Action
from headend.core.model.record import forgotten, untold
from headend.core.model.secrets import missing_fields
from headend.core.model.stack import Adopt
from headend.core.reconcile.common import compare, step
from headend.core.reconcile.decision import Decision, Reason
from headend.core.reconcile.difference import just_made
from headend.core.reconcile.refusal import Guard, Refusal
from headend.core.reconcile.situation import Situation

TAKE = "lifecycle.adopt: match takes it over"
FORGET_ONE = "let one of them go: `headend state rm STACK {s.address}`"
STAYS = "no call takes it away; it stays what it was"


def decide(situation: Situation) -> Decision:
    """The decision. Errors among its findings mean that the stack must be corrected first."""
    if situation.want is None:
        return _removed(situation)
    if situation.doubt:
        return _untold(situation)
    if situation.last is None:
        return _unknown(situation)
    return _vanished(situation) if situation.live is None else _known(situation, situation.live)


# --- known to state -----------------------------------------------------------------------------------------
def _known(s: Situation, live: Observed) -> Decision:
    """State has it, and it exists: compare, then do nothing, update or replace."""
    assert s.want is not None
    assert s.last is not None
    if live.leaving:
        return _leaving(s, live)
    kind = s.kind
    found = compare(s, live, s.last.values)
    selection = select_changes(kind, live, s.want, found.changes)
    found = found.only(selection.changes)
    anew = forgotten(s.last.values) | untold(s.last.values)
    if anew:
        anew &= s.want.set_fields().keys() - missing_fields(s.want).keys()
    noted = (*selection.noted, *found.lasting, *(marked(type(s.want), Parts) if found.regrouped else ()), *anew)
    if found.replaces or (found.changes and Can.UPDATE not in kind.can):
        action, reason = Action.REPLACE, Reason.CHANGED
    elif found.changes:
        drifted = found.changes and all(change.cause == "drift" for change in found.changes)
        action, reason = Action.UPDATE, Reason.DRIFTED if drifted else Reason.CHANGED
    elif s.last.incomplete or live.incomplete:
        action, reason = Action.UPDATE, Reason.INCOMPLETE
    else:
        action, reason = Action.NONE, Reason.UNCHANGED
    decision = step(s, action, reason, live, found, noted=noted)
    remarks = (*map(warning, selection.warnings), *(warning(f"{field}: {STAYS}") for field in found.lasting))
    decision = decision.but(*remarks, refused=Refusal(Guard.STACK, selection.refused) if selection.refused else None)
    return decision if action is not Action.REPLACE else _making_way(s, decision)


def _leaving(s: Situation, live: Observed) -> Decision:
    """Somebody, or a run that was killed, has told it to go: wait until it is gone, then make it again."""
    decision = replace(step(s, Action.REPLACE, Reason.VANISHED, live), impact=Impact.NONE)
    return _making_way(s, decision.but(warning("is being deleted, and made again once it is gone")))


def _vanished(s: Situation) -> Decision:
    """State has it, and a fresh read shows it is gone: create it, unless another object has its natural key."""
    assert s.last is not None
    if mine := next((one for one in s.alike if one.id == s.named != s.replaced), None):
        return _named(replace(s, last=None, live=mine), mine.id)
    others = [o for o in _candidates(s) if o.id not in s.ours]
    if not others:
        blocking = [o for o in _candidates(s) if s.ours[o.id].leaves or s.ours[o.id].stack]
        return _in_the_way(s, _made(s, Reason.VANISHED), blocking)
    if s.recovering or s.life.takes_match:
        return _unknown(replace(s, last=None))
    ids = ", ".join(o.id for o in others)
    why = f"{s.last.id} is gone, and another object has its natural key ({ids})"
    return _made(s, Reason.VANISHED).but(refused=Refusal(Guard.EXISTS, why, TAKE))


def _making_way(s: Situation, decision: Decision) -> Decision:
    """A replacement: no other object may have the natural key of the new one, and no other stack the old one."""
    if s.last and (held := s.ours.get(s.last.id)) and held.stack:
        return decision.but(refused=Refusal(Guard.EXISTS, f"{s.last.id} is {held}, too", FORGET_ONE.format(s=s)))
    others = [o for o in _candidates(s) if o.id != s.named]
    if not others and Can.CREATE not in s.kind.can and s.resolved:
        return decision.but(_unmakable(s))
    return decision if not others or _stack_alone_says(s) else _in_the_way(s, decision, others)


# --- not known to state -------------------------------------------------------------------------------------
def _unknown(s: Situation) -> Decision:
    """State does not have it: it is new, to be adopted, or the unfinished work of a killed run."""
    if s.named is not None:
        return _named(s, s.named)
    if not s.resolved or Can.OBSERVE not in s.kind.can:
        held = [Refusal(Guard.EXISTS, f"there is one, it is {owner}") for owner in s.ours.values() if owner.stack]
        return _made(s, Reason.NEW).but(refused=held[0] if held else None)
    candidates = _candidates(s)
    alone = _stack_alone_says(s)
    foreign = [o for o in candidates if (owner := s.ours.get(o.id)) is None or (alone and owner.leaves)]
    if len(foreign) > max(1, s.recovering):
        ids = ", ".join(o.id for o in foreign)
        message = f"{len(foreign)} live objects have its natural key: {ids}"
        remedy = "name one with lifecycle.adopt: {id: ...}"
        return _made(s, Reason.NEW).but(Problem(message, remedy=remedy))
    if foreign and (s.recovering or s.life.takes_match or alone):
        return adopted(s, foreign[0], Reason.RECOVERED if s.recovering else Reason.FOUND)
    made = _made(s, Reason.NEW)
    theirs = foreign or [o for o in candidates if s.ours[o.id].stack]
    compared = _comparable(s, theirs) and not made.refused
    return _in_the_way(s, adopted(s, theirs[0], Reason.FOUND) if compared else made, candidates)


def _comparable(s: Situation, foreign: Sequence[Observed]) -> bool:
    """Whether a refused step can show what the takeover, which nobody agreed to, would change."""
    return len(foreign) == 1 and not compare(s, foreign[0], None).replaces


def _untold(s: Situation) -> Decision:
    """No state is kept, and nothing else tells which object it is, or whether there is one."""
    keep = "keep a state"
    lift = keep if Can.OBSERVE not in s.kind.can else f"{keep}, or name it: lifecycle.adopt: {{id: ...}}"
    why = f"without state, nobody can tell which object it is: {s.doubt}"
    return step(s, Action.CREATE, Reason.NEW).but(refused=Refusal(Guard.UNCERTAIN, why, lift))


def _named(s: Situation, id: str) -> Decision:
    """`lifecycle.adopt: {id: ...}` or `{lookup: ...}` names the live object."""
    if owner := s.ours.get(id):
        why = f"lifecycle.adopt: {id} is {owner if owner.stack else f'{owner.address} of this stack'}"
        return _made(s, Reason.NEW).but(refused=Refusal(Guard.EXISTS, why))
    if s.live is None:
        return _made(s, Reason.NEW).but(Problem(f"lifecycle.adopt: there is no {s.kind.name} {id}"))
    return adopted(s, s.live, Reason.RECOVERED if s.recovering else Reason.FOUND)


def _stack_alone_says(s: Situation) -> bool:
    """Whether the spec alone identifies the live object. Then the takeover needs no `adopt`."""
    assert s.want is not None
    return identifies(s.kind, s.want)


def _candidates(s: Situation) -> list[Observed]:
    """Live objects that may be the wanted one, or that block its creation."""
    found = [o for o in s.alike if o.id != s.replaced and not o.leaving]
    if isinstance(s.kind, Nameless) and not s.recovering:
        return []
    return _most_alike(s, found) if isinstance(s.kind, SharesKey) and s.want is not None else found


def _most_alike(s: Situation, found: Sequence[Observed]) -> list[Observed]:
    """Of objects that share their key, and that no other resource has: those which are what the stack wants, else those
    which are as creation would make it; any, if one is to be taken over."""
    assert s.want is not None
    free = {o.id: (o, compare(s, o, None)) for o in found if o.id not in s.ours}
    equal = [o for o, differs in free.values() if not differs.changes]
    made = [o for o, differs in free.values() if just_made(s.want, differs)]
    return equal or made or ([o for o, _ in free.values()] if s.life.takes_match else [])


def _in_the_way(s: Situation, decision: Decision, others: Sequence[Observed]) -> Decision:
    """Other objects like the wanted one: those that leave in this plan go first, any other refuses the step."""
    owners = {o.id: s.ours.get(o.id) for o in others}
    if isinstance(s.kind, SharesKey):  # objects of other resources do not block a new one
        owners = {id: owner for id, owner in owners.items() if owner is None}
    stays = {id: owner for id, owner in owners.items() if owner is None or not owner.leaves}
    after = tuple(owner.address for owner in owners.values() if owner is not None and owner.leaves)
    for id, owner in stays.items():
        why = f"one like it exists already ({id})"
        no = Refusal(Guard.EXISTS, f"{why}, it is {owner}") if owner else Refusal(Guard.EXISTS, why, TAKE)
        decision = decision.but(refused=no)
    return replace(decision, after=(*decision.after, *after))


def adopted(s: Situation, live: Observed, reason: Reason) -> Decision:
    """Takes a live object over, unless it differs in an immutable field."""
    found = compare(s, live, None)
    decision = step(s, Action.ADOPT, reason, live, found)
    if found.replaces:
        message = f"the live object {live.id} differs in what can't be changed: {', '.join(found.replaces)}"
        decision = decision.but(Problem(message, remedy="correct the stack, or adopt another one"))
    assert s.want is not None
    if reason is Reason.RECOVERED and (made := handed_out_by_create(s.kind, s.want)):
        lost = f"its {', '.join(made)} was shown to the run that was killed: what that run didn't keep is lost"
        decision = decision.but(warning(lost))
    return decision


def _made(s: Situation, reason: Reason) -> Decision:
    """Creates it, if the platform can, and if a second creation would do no harm."""
    assert s.want is not None
    decision = step(s, Action.CREATE, reason)
    if Can.CREATE not in s.kind.can and s.resolved:
        return decision.but(_unmakable(s))
    if isinstance(s.kind, Nameless) and s.life.adopt is Adopt.MATCH and s.resolved and not s.named:
        message = "lifecycle.adopt: match: nothing tells objects of this kind apart"
        return decision.but(Problem(message, remedy="adopt: {id: ...}"))
    if s.maybe and isinstance(s.kind, CreatedOnce) and (why := s.kind.why_not_again(s.want)):
        which = f"it may be {' or '.join(s.maybe)} by another key, nobody knows: {why}"
        way = "say which: lifecycle.renamed_from; or take those out in an apply before"
        return decision.but(refused=Refusal(Guard.UNCERTAIN, which, way))
    if s.life.adopt is Adopt.IF_FOUND and _unfindable(s):
        return _made_unseen(s, decision)
    if s.recovering and isinstance(s.kind, CreatedOnce) and (why := s.kind.why_not_again(s.want)):
        doubt = f"an earlier run may have made it, nobody knows: {why}"
        return decision.but(refused=Refusal(Guard.UNCERTAIN, doubt, f"look, then say `{s.settle}`"))
    return decision


def _unfindable(s: Situation) -> bool:
    """Whether nobody can tell if it is there, and making it again would make another one."""
    kind, want = s.kind, s.want
    if want is None or identifies(kind, want):
        return False
    blind = Can.OBSERVE not in kind.can or isinstance(kind, Nameless | Unadoptable)
    return blind or kind.natural_key(want) is None


def _made_unseen(s: Situation, decision: Decision) -> Decision:
    """The run is to take over what is there, of which this may be: refused where a second one does harm."""
    if free := [one.id for one in s.alike if one.id not in s.ours]:
        which = f"it may be {' or '.join(free)}: nothing tells objects of this kind apart"
        way = "name it: lifecycle.adopt: {id: ...}; if it is new, say `adopt: never`"
        return decision.but(refused=Refusal(Guard.UNCERTAIN, which, way))
    doubt = "it can't be looked for, so that nobody knows whether it is there"
    if isinstance(s.kind, CreatedOnce) and (why := s.kind.why_not_again(s.want)):
        return decision.but(refused=Refusal(Guard.UNCERTAIN, f"{doubt}: {why}", "if it is new, say `adopt: never`"))
    return decision.but(warning(f"{doubt}; it is made anew"))


def _unmakable(s: Situation) -> Problem:
    message = f"there is no live {s.kind.name} like it, and headend can't make one"
    return Problem(message, remedy="correct it, or name one: lifecycle.adopt")


def made_anew(decision: Decision) -> Decision:
    """An object that would be changed in place is replaced: what it refers to is deleted before its replacement is
    made, which no platform does to what is referred to."""
    if decision.action not in {Action.UPDATE, Action.NONE}:
        return decision
    s = decision.situation
    why = warning("is made anew: what it refers to is deleted before its replacement is made")
    decision = replace(decision, action=Action.REPLACE, reason=Reason.CHANGED).but(why)
    return _making_way(s, replace(decision, impact=impact_of_delete(s.kind)))


# --- no longer in the stack ---------------------------------------------------------------------------------
def _removed(s: Situation) -> Decision:
    """Deletes it. Forgets it if it is gone, if another resource or another stack has it, if it is retained or can't be
    deleted."""
    assert s.last is not None
    reason = Reason.REPLACED if "/" in s.address else Reason.REMOVED
    if s.live is None:
        return replace(step(s, Action.FORGET, Reason.GONE), id=s.last.id)
    if s.claimed:
        return step(s, Action.FORGET, Reason.RENAMED, s.live)
    if held := s.ours.get(s.last.id):
        return step(s, Action.FORGET, Reason.HELD, s.live).but(note(f"it is {held}, and stays"))
    if s.last.retain or not s.last.is_deletable(s.kind):
        return step(s, Action.FORGET, Reason.RETAINED, s.live)
    return step(s, Action.DELETE, reason, s.live)
