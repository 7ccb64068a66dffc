"""Which operation of a document is which row of the table, and which of its names is which of ours.

Never a guess: where two may be meant, both are shown, and none is chosen.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.openapi.document import Described, shape_of
from headend.core.wire.operations import Operation, Table

Words = Mapping[str, Sequence[str]]
"""Noun -> what else people call it: "input" -> "source", "channel"."""

_NEAR = 0.85  # of two titles that may be the same with a slip of the pen


@frozen_dataclass
class Match:
    """What a row is in the document. found: it, where exactly one fits. others: what else may be meant. why: what is
    wrong, where nothing was chosen."""

    op: Operation
    found: Described | None = None
    others: tuple[Described, ...] = ()
    why: str = ""


def plain(title: str) -> str:
    """Titles are compared without regard to case, to blanks and to a full stop."""
    return " ".join(title.casefold().split()).rstrip(".")


def match(table: Table, described: Sequence[Described], *, own: bool) -> tuple[list[Match], list[Described]]:
    """A match for each row, in the table's order, and what of the document is no row's. own: the titles are headend's
    own words, so that calls tell the operations."""
    by_title: dict[str, list[Described]] = defaultdict(list)
    for one in described:
        by_title[plain(one.title)].append(one)
    rows: dict[str, list[Operation]] = defaultdict(list)
    for op in table.values():
        rows[plain(op.title)].append(op)
    found = {
        op.key: _by_title(op, by_title.get(plain(op.title), []), len(rows[plain(op.title)])) for op in table.values()
    }
    found = _by_call(found, described, {title for title in rows if title in by_title}, own)
    found = {key: _checked(one, table, found, described) for key, one in found.items()}
    known = {id(one) for m in found.values() for one in (m.found, *m.others)}
    return list(found.values()), [one for one in described if id(one) not in known]


def _call(op: Operation) -> tuple[str, str]:
    return op.method, shape_of(op.path)


def _by_title(op: Operation, candidates: list[Described], rows: int) -> Match:
    """By the title; where several rows have it, by how many values their paths have, then by the verb."""
    if rows > 1 and candidates:
        places = len(op.names())
        fitting = [one for one in candidates if bool(one.in_path) is bool(places)]
        if len(fitting) > 1:
            fitting = [one for one in fitting if one.method == op.method] or fitting
        candidates = fitting
    if len(candidates) == 1:
        return Match(op, candidates[0])
    why = f"{len(candidates)} operations have its title" if candidates else ""
    return Match(op, None, tuple(candidates), why)


def _by_call(found: dict[str, Match], described: Sequence[Described], titles: set[str], own: bool) -> dict[str, Match]:
    """What has another title: a documented row is known by its call; for an assumed one that is only a hint, and so is
    a title that is nearly the same."""
    taken = {id(one.found) for one in found.values() if one.found}
    free = [one for one in described if id(one) not in taken and plain(one.title) not in titles]
    calls: dict[tuple[str, str], list[Described]] = defaultdict(list)
    for one in free:
        calls[one.shape].append(one)
    names = {plain(one.title): one for one in free if one.title}
    result = {}
    for key, known in found.items():
        if known.found or known.others:
            result[key] = known
            continue
        same = calls.get(_call(known.op), [])
        if len(same) == 1 and (own or known.op.mark != "A"):
            result[key] = Match(known.op, same[0])
            continue
        near = [names[word] for word in difflib.get_close_matches(plain(known.op.title), names, n=2, cutoff=_NEAR)]
        others = tuple({id(one): one for one in (*same, *near)}.values())
        result[key] = Match(
            known.op, None, others, "no operation has its title; one of these may be it" if others else ""
        )
    return result


def _checked(one: Match, table: Table, found: Mapping[str, Match], described: Sequence[Described]) -> Match:
    """Doubt where the document gives a row the very call that the table has for another one, which it doesn't call so
    itself: two titles may be exchanged; and where it says one call twice."""
    there = one.found
    if there is None or there.fault:
        return one
    if sum(other.shape == there.shape for other in described) > 1:
        twins = tuple(other for other in described if other.shape == there.shape)
        return Match(one.op, None, twins, "several operations have its call")
    if there.shape == _call(one.op):
        return one
    for other in table.values():
        if other.key != one.op.key and _call(other) == there.shape and found[other.key].found is not there:
            why = f"it has the call of {other.key}: are the titles of two operations exchanged?"
            return Match(one.op, None, (there,), why)
    return one


# --- names ---------------------------------------------------------------------------------------------------------
def split(name: str) -> list[str]:
    """The words of a name: "sourceId" is source, id."""
    return re.findall(r"[a-z]+|[0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def match_names(
    ours: Iterable[str], theirs: Mapping[str, str], words: Words, *, last: bool = False
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """({our name: theirs}, {our name: what may be meant}). theirs: name -> what the document says of it.

    By the name itself, else by the noun in it, else by what is said of it; where one of them fits alone, and fits no
    other. last: what is left over alone on both sides is the same, as where a path has one value."""
    wanted, left = list(ours), dict(theirs)
    found = {name: name for name in wanted if name in left}
    for name in found:
        del left[name]
    for texts in ({name: split(name) for name in left}, {name: split(said) for name, said in left.items()}):
        open_ = [name for name in wanted if name not in found]
        fits = {name: [t for t in left if _nouns(name, words) & set(texts[t])] for name in open_}
        claims = Counter(t for several in fits.values() for t in several)
        for name, several in fits.items():
            if len(several) == 1 and claims[several[0]] == 1:
                found[name] = several[0]
                del left[several[0]]
    open_ = [name for name in wanted if name not in found]
    if last and len(open_) == len(left) == 1:
        found[open_[0]] = next(iter(left))
        open_ = []
    return found, {name: list(left) for name in open_}


def _nouns(name: str, words: Words) -> set[str]:
    """What the thing is called that a name is about: of `input_id`, input, source and channel."""
    parts = [word for word in split(name) if word not in {"id", "name"}] or split(name)
    return {spelt for part in parts for spelt in (part, f"{part}s", part.removesuffix("s"), *words.get(part, ()))}
