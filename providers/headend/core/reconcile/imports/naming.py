"""Which of the objects are wanted, what refers to what, and what a stack calls each of them."""

from __future__ import annotations

import fnmatch
import functools
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from headend.core.model.address import NOT_IN_KEYS
from headend.core.model.fields import Named, Ref, mark, marked
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Kind
from headend.core.model.listed import Listed
from headend.core.reconcile.imports.gather import Found, ids_in

LONGEST = 60  # characters of a key: addresses are read by people
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


class Objects:
    """Live objects, found by kind and id, also where the id is that of what one of them makes."""

    def __init__(self, found: Iterable[Found]) -> None:
        self.all = list(found)
        self._by_id = {(one.kind.name, one.id): one for one in self.all}

    def find(self, ref: Ref, id: str) -> Found | None:
        """What a field with that mark and id refers to."""
        if one := self._by_id.get((ref.kind, id)):
            return one
        return next(
            (self._makers[key] for kind, name in ref.through if (key := (kind, name, id)) in self._makers), None
        )

    @functools.cached_property
    def _makers(self) -> Mapping[tuple[str, str, str], Found]:
        computed = ((one, name, value) for one in self.all for name, value in one.seen.computed.items())
        return {(one.kind.name, name, value): one for one, name, value in computed if isinstance(value, str)}

    def needed(self, one: Found) -> list[Found]:
        """What it lives in, and what it refers to."""
        found = [self.find(ref, id) for ref, id in one.references()]
        return [other for other in (one.parent, *found) if other is not None]


@frozen_dataclass
class Wanted:
    """What is asked for; what isn't said excludes nothing. names: patterns of names, as a shell has them."""

    kinds: Collection[str] = ()
    environments: Collection[str] = ()
    labels: Collection[str] = ()
    names: Sequence[str] = ()

    def select(self, objects: Objects) -> list[Found]:
        """The objects that are asked for, and what those live in or refer to, in their order."""
        left = [one for one in objects.all if self._fits(objects, one)]
        found = dict.fromkeys(left)
        while left:
            more = [other for other in objects.needed(left.pop()) if other not in found]
            found |= dict.fromkeys(more)
            left += more
        return [one for one in objects.all if one in found]

    def _fits(self, objects: Objects, one: Found) -> bool:
        return (
            (not self.kinds or one.kind.name in self.kinds)
            and (not self.environments or self._is_there(objects, one))
            and (not self.labels or self._is_labelled(objects, one))
            and (not self.names or any(fnmatch.fnmatchcase(name, p) for name in names_of(one) for p in self.names))
        )

    def _is_there(self, objects: Objects, one: Found) -> bool:
        """Whether it is in one of the environments, or one, or is there for something in them."""
        if _lives_in_one(one):
            return True  # others were not looked into
        refs = ((mark(one.model, name, Ref), getattr(one.spec, name)) for name in marked(one.model, Ref))
        served = [objects.find(ref, id) for ref, id in refs if ref and isinstance(id, str)]
        return any(other is not None and _lives_in_one(other) for other in served)

    def _is_labelled(self, objects: Objects, one: Found) -> bool:
        label = {one.id, getattr(one.spec, "text", None)} if one.kind.name == "ateme.label" else set()
        for ref, id in one.references():
            if ref.kind == "ateme.label":
                other = objects.find(ref, id)
                label |= {id, getattr(other.spec, "text", None) if other else None}
        return not label.isdisjoint(self.labels)


def _lives_in_one(one: Found) -> bool:
    return (one.parent or one).kind.name == "ateme.environment"


def names_of(one: Found) -> set[str]:
    """What people call it."""
    texts = [getattr(one.spec, name, None) for name in (*marked(one.model, Named), *_told(one))]
    return {text for text in (*texts, one.key) if isinstance(text, str) and text}


def _told(one: Found) -> Sequence[str]:
    return one.kind.told(one.model, vars(one.spec)) if isinstance(one.kind, Listed) else ()


# --- keys ----------------------------------------------------------------------------------------------------
def name_all(
    objects: Objects,
    known: Mapping[Found, str] = {},
    taken: Mapping[str, Collection[str]] = {},
    rows: Collection[Found] = (),
) -> None:
    """Gives each its key, made of its name, and the same from run to run. known: those that have one. taken: keys that
    are there already, by `family`. rows: what nothing can be nested in."""
    used: dict[Any, set[str]] = {}
    for one, key in known.items():
        one.key = key
    for one in sorted(objects.all, key=lambda one: (_rank(one.kind.name, objects), one.kind.name, natural(one.id))):
        if one.key:
            continue
        keys = used.setdefault(namespace(one, rows), set(taken.get(family(one.kind.name), ())))
        wish = _wish(objects, one)
        number = 1
        while (key := wish if number == 1 else f"{wish}-{number}") in keys:
            number += 1
        keys.add(key)
        one.key = key


def namespace(one: Found, rows: Collection[Found]) -> tuple[Any, ...]:
    """Among which others its key must be the only one: a name stands for what makes such an object, too."""
    return (family(one.kind.name), one.parent.id if one.parent and one.parent not in rows else None)


def family(kind: str) -> str:
    """The kind whose name stands for it, too."""
    return "ateme.input" if kind in {"ateme.transcoder", "ateme.multi_viewer"} else kind


def _rank(kind: str, objects: Objects) -> int:
    """Names are made of the names of what an object refers to, so that those come first."""
    return _ranks(tuple({one.kind.name: one.kind for one in objects.all}.items())).get(kind, 0)


@functools.cache
def _ranks(kinds: tuple[tuple[str, Kind[Any, Any]], ...]) -> Mapping[str, int]:
    needs: dict[str, set[str]] = {}
    for name, kind in kinds:
        models = kind.variants.values() or [kind.model]
        told = kind.told_by if isinstance(kind, Listed) else ()
        refs = [mark(model, field, Ref) for model in models for field in told]
        needs[name] = {ref.kind for ref in refs if ref} - {name}
    ranks: dict[str, int] = dict.fromkeys(needs, 0)
    for _ in needs:
        ranks = {name: 1 + max((ranks.get(other, -1) for other in needs[name]), default=-1) for name in needs}
    return ranks


def natural(text: str) -> list[tuple[int, int, str]]:
    """Orders as people do: in-9 before in-10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text)]


def _wish(objects: Objects, one: Found) -> str:
    fields, words = _told(one), []
    for name in fields:
        value, ref = getattr(one.spec, name), mark(one.model, name, Ref)
        if ref:
            words += [(other.key if (other := objects.find(ref, id)) else id) for id in ids_in(value)]
        elif value is True:
            words.append(name.removeprefix("is_"))
        else:
            words.append(str(value))
    named = set(fields) <= set(marked(one.model, Named))
    if named and len(words) == 1 and _PLAIN.fullmatch(words[0]) and len(words[0]) <= LONGEST:
        return words[0]
    found = "-".join(filter(None, map(slug, words)))[:LONGEST].strip("-")
    if found.isdecimal():
        return slug(f"{one.kind.name.partition('.')[2]}-{found}")
    return found or slug(f"{one.kind.name.partition('.')[2]}-{one.id}")


def slug(text: str) -> str:
    """Small letters and digits of any script, with a `-` between words."""
    plain = unicodedata.normalize("NFKC", text).lower()
    words = re.sub(r"[^\w]+", "-", plain).replace("_", "-").strip("-")
    return "" if set(words) & set(NOT_IN_KEYS) else re.sub(r"-{2,}", "-", words)
