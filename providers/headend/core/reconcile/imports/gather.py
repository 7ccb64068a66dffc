"""Finds live objects, and reads of each what a stack would have to say. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headend.core.model.errors import ApiError
from headend.core.model.fields import Ignored, Ref, Spec, Trigger, WriteOnly, mark, marked
from headend.core.model.kind import Kind
from headend.core.model.listed import WITHHELD, Listed, Live, spec_of
from headend.core.model.observed import Observed
from headend.core.reconcile.reader import Apis
from headend.core.reconcile.together import together

ROUNDS = 4  # a look shows more once the spec says what the look before it showed


@dataclass(eq=False)
class Found:
    """A live object. spec: all that is seen of it, by the spec's own fields. withheld: its fields that are there, and
    that nobody is shown. parent: what it lives in. key: what the stack calls it, once that is settled."""

    kind: Kind[Any, Any]
    id: str
    spec: Spec
    seen: Observed
    withheld: frozenset[str] = frozenset()
    parent: Found | None = None
    key: str = ""

    @property
    def model(self) -> type[Spec]:
        return type(self.spec)

    def shown(self) -> dict[str, Any]:
        """field -> value, of all that isn't as it would be anyway."""
        return {name: value for name, value in vars(self.spec).items() if self._says(name, value)}

    def _says(self, name: str, value: Any) -> bool:
        if name == self.kind.parent_field or name not in self.spec.model_fields_set:
            return False
        if mark(self.model, name, Ignored) or mark(self.model, name, Trigger):
            return False
        info = self.model.model_fields[name]
        usual = info.get_default(call_default_factory=True)
        return info.is_required() or (value != usual and not (usual is None and value in ([], {}, ())))

    def lacking(self) -> list[str]:
        """Fields that every stack has to give, and that nobody is shown."""
        known = {*self.spec.model_fields_set, *self.withheld, self.kind.parent_field}
        return [name for name, info in self.model.model_fields.items() if info.is_required() and name not in known]

    def unseen(self) -> list[str]:
        """Fields that nobody is shown, and that it may well have."""
        hidden = [name for name in marked(self.model, WriteOnly) if name not in {"extra", *self.withheld}]
        notes = ((name, mark(self.model, name, WriteOnly)) for name in hidden if name not in self.seen.values)
        return [name for name, note in notes if note and not (note.used_up_by_create or note.once)]

    def references(self) -> Iterable[tuple[Ref, str]]:
        """What it refers to: (mark, id)."""
        for name in marked(self.model, Ref):
            ref, value = mark(self.model, name, Ref), getattr(self.spec, name)
            if ref and name != self.kind.parent_field:
                yield from ((ref, id) for id in ids_in(value))


def ids_in(value: Any) -> Iterable[str]:
    """The ids in a reference, a list of them, or a mapping to either."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from ids_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from ids_in(item)
    elif isinstance(value, str) and value:
        yield value


@dataclass
class Gathered:
    """objects: parents before what lives in them. left_out: (kind, id, why) of what no stack is to have.

    unread: kind -> why its objects couldn't be listed. unlisted: kind -> why nobody is shown what there is of it.
    places: names and ids of all environments."""

    objects: list[Found] = field(default_factory=list)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)


class Gatherer:
    """Goes through kinds. given: what those ask for that aren't listed by themselves (`Listed.listed_by`).
    places: names or ids of the environments, or the like, that are looked into; none: all.
    held: (kind, id) -> stack and address of what other stacks of the store have."""

    def __init__(
        self,
        apis: Apis,
        given: Collection[str] = (),
        places: Collection[str] = (),
        held: Mapping[tuple[str, str], tuple[str, str]] = {},
    ) -> None:
        self.apis = apis
        self.given = given
        self.places = places
        self.held = held
        self.found = Gathered()

    async def gather(self, kinds: Iterable[Kind[Any, Any]]) -> Gathered:
        """All objects of these kinds. A parent's kind must be among them."""
        kinds = list(kinds)
        of_kind: dict[str, list[Found]] = {}
        for outer in (True, False):  # no kind lives in what lives in another
            level = [kind for kind in kinds if (kind.parent is None) is outer]
            listed = await together(self._kind(kind, of_kind.get(kind.parent or "", [])) for kind in level)
            of_kind |= {kind.name: found for kind, found in zip(level, listed, strict=True)}
            self.found.objects += [one for found in listed for one in found]
        return self.found

    async def _kind(self, kind: Kind[Any, Any], parents: list[Found]) -> list[Found]:
        if not isinstance(kind, Listed):
            unreadable = getattr(kind, "unreadable", "") or "no list shows them"
            self.found.unlisted[kind.name] = unreadable
            return []
        if kind.listed_by and not self.given:
            self.found.unlisted[kind.name] = f"no list shows them all: give {kind.listed_by} (--for)"
            return []
        within: list[tuple[str | None, Found | None]] = [(None, None)]
        if kind.parent:
            within = [(one.id, one) for one in parents]
        elif kind.listed_by:
            within = [(id, None) for id in self.given]
        try:
            lists = await together(self._within(kind, id, parent) for id, parent in within)
        except ApiError as error:
            self.found.unread[kind.name] = str(error)
            return []
        return list({one.id: one for found in lists for one in found}.values())

    async def _within(self, kind: Any, within: str | None, parent: Found | None) -> list[Found]:
        api = await self.apis(kind.platform)
        live = await kind.list_live(api, within)
        why = {one.id: said for one in live if (said := one.left_out or self._held(kind, one.id))}
        self.found.left_out += [(kind.name, id, said) for id, said in why.items()]
        read = await together(self._read(api, kind, one, parent) for one in live if one.id not in why)
        return [one for one in read if one is not None and self._wanted(one)]

    def _held(self, kind: Kind[Any, Any], id: str) -> str | None:
        """Whose it is, if another stack has it: nothing is taken from that."""
        stack, address = self.held.get((kind.name, id), ("", ""))
        return f"it is {address} of the stack {stack}" if stack else None

    def _wanted(self, one: Found) -> bool:
        """Of places to look into, only those that are named."""
        if one.kind.name != "ateme.environment":
            return True
        called = {one.id, str(getattr(one.spec, "name", one.id))}
        self.found.places |= called
        return not self.places or not called.isdisjoint(self.places)

    async def _read(self, api: Any, kind: Kind[Any, Any], live: Live, parent: Found | None) -> Found | None:
        """The object, or None where it is gone by now, or going."""
        model = kind.spec_type(live.fields.get("variant"))
        withheld = frozenset(name for name, value in live.fields.items() if value is WITHHELD)
        known = {name: value for name, value in live.fields.items() if name not in withheld and value is not None}
        spec = spec_of(model, known)
        for _ in range(ROUNDS):
            seen = await kind.observe(api, live.id, spec)
            if seen is None or seen.leaving:
                return None
            values = {name: value for name, value in seen.values.items() if name in model.model_fields}
            before, spec = spec, spec_of(model, known | values)
            if spec == before:
                break
        assert seen is not None
        found = Found(kind, live.id, spec, seen, withheld - seen.values.keys(), parent)
        if lacking := found.lacking():
            why = f"the platform does not show its {', '.join(lacking)}, which a stack has to say"
            self.found.left_out.append((kind.name, live.id, f"{why}; write it by hand, with lifecycle.adopt"))
            return None
        return found


def wanted_kinds(named: Iterable[str], kinds: Mapping[str, Kind[Any, Any]]) -> list[Kind[Any, Any]]:
    """The kinds of these names, and those that they live in or refer to, in the order of `kinds`."""
    found: set[str] = set()
    left = list(named)
    while left:
        name = left.pop()
        if name in found or name not in kinds:
            continue
        found.add(name)
        kind = kinds[name]
        left += [kind.parent] if kind.parent else []
        for model in kind.variants.values() or [kind.model]:
            for field_name in marked(model, Ref):
                ref = mark(model, field_name, Ref)
                left += [ref.kind, *(maker for maker, _ in ref.through)] if ref else []
    return [kind for name, kind in kinds.items() if name in found]
