"""What `import` finds, as resources of a stack: their fields, references by name, secrets by name."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headend.core.model.fields import Named, Ref, Unit, mark
from headend.core.model.record import secret_fields
from headend.core.reconcile.imports.gather import Found
from headend.core.reconcile.imports.naming import Objects
from headend.core.stackfile.written import Name, Written

FINE = frozenset({"running", "started", "active", "present", "scheduled", "pending"})
"""Words of what needs no remark."""
COLLECTIONS = dict[str, list[Written]]


@dataclass
class Drafts:
    """Makes what is to be written of live objects. there: what is in the stack already, and what it is called there.

    taken: names of secrets that the stack has already.
    platforms: platform -> collection -> resources, of what isn't nested. nested: parent -> the same.
    secrets: name -> value, None where nobody is shown it.
    """

    objects: Objects
    there: Mapping[Found, str] = field(default_factory=dict)
    taken: Collection[str] = ()
    platforms: dict[str, COLLECTIONS] = field(default_factory=dict)
    nested: dict[Found, COLLECTIONS] = field(default_factory=dict)
    made: dict[Found, Written] = field(default_factory=dict)
    secrets: dict[str, str | None] = field(default_factory=dict)
    asked: dict[str, tuple[Found, str]] = field(default_factory=dict)  # name -> whose field

    def add(self, found: Iterable[Found]) -> None:
        """Takes objects; parents come before what lives in them."""
        new = list(found)
        for one in new:
            self.made[one] = Written(self.there.get(one, one.key), {}, comment(one))
        for one in new:
            if one not in self.there:
                self.made[one].fields = self._home(one) | dict(self._fields(one))
                self._place(one)

    @functools.cached_property
    def rows(self) -> Collection[Found]:
        """What the stack has as rows of a file: nothing can be nested in those."""
        return {one for one, key in self.there.items() if key.endswith("]")}

    def _home(self, one: Found) -> dict[str, Any]:
        """The field that says what it lives in, where it isn't nested in that."""
        field, parent = one.kind.parent_field, one.parent
        return {field: Name(self.made[parent])} if field and parent and parent in self.rows else {}

    def _place(self, one: Found) -> None:
        above: COLLECTIONS
        if one.parent is None or one.parent in self.rows:
            above = self.platforms.setdefault(one.kind.platform, {})
        elif one.parent in self.there:
            above = self.nested.setdefault(one.parent, {})
        else:
            above = self.made[one.parent].inner
        above.setdefault(one.kind.collection, []).append(self.made[one])

    def _fields(self, one: Found) -> Iterator[tuple[str, Any]]:
        secret = secret_fields(one.model)
        shown = one.shown() | dict.fromkeys(one.withheld)
        for name in sorted(shown, key=lambda name: (name != "variant", _place_of(one, name))):
            value = shown[name]
            ref = mark(one.model, name, Ref)
            if mark(one.model, name, Named) and value == one.key:
                continue
            if name in one.withheld:
                yield name, self._secret(one, name, [name], None)
            elif name in secret:
                yield name, self._hidden(one, name, [name], value)
            else:
                yield name, self._named(one, ref, value) if ref else in_short(one, name, plain(value))

    def _hidden(self, one: Found, name: str, path: list[str], value: Any) -> Any:
        """The value with a secret's name for each text in it."""
        if isinstance(value, Mapping):
            return {key: self._hidden(one, name, [*path, str(key)], item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._hidden(one, name, [*path, str(n)], item) for n, item in enumerate(value, 1)]
        return self._secret(one, name, path, value) if isinstance(value, str) and value else plain(value)

    def _secret(self, one: Found, name: str, path: list[str], value: str | None) -> dict[str, str]:
        words = [*([one.parent.key] if one.parent else []), one.key, *path]
        wish = re.sub(r"\W+", "_", "_".join(words), flags=re.ASCII).upper().strip("_")
        wish = wish if wish[:1].isalpha() else f"SECRET_{wish}"
        number, found = 1, wish
        while found in self.secrets or found in self.taken:
            number += 1
            found = f"{wish}_{number}"
        self.secrets[found] = value
        self.asked[found] = one, name
        return {"secret": found}

    def _named(self, one: Found, ref: Ref, value: Any) -> Any:
        """Names for ids; what isn't in the stack stays an id, and says that it is one."""
        if isinstance(value, Mapping):
            return {str(key): self._named(one, ref, item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._named(one, ref, item) for item in value]
        other = self.objects.find(ref, str(value))
        if other is None or other not in self.made:
            return {"id": value}
        home = one if one.kind.name == other.kind.parent else one.parent
        outer = other.parent if other.parent is not home and other.parent not in self.rows else None
        return Name(self.made[other], f"{self.made[outer].key}/" if outer else "")


def _place_of(one: Found, name: str) -> int:
    """Names first, then in the order of the model."""
    return -1 if mark(one.model, name, Named) else list(one.model.model_fields).index(name)


def comment(one: Found) -> str:
    """What to know of it on the first look: that it doesn't run, or isn't well."""
    word = one.seen.computed.get("status")
    said = [text for text in one.seen.warnings if text != f"its status is {word}"]
    told = isinstance(word, str) and word not in FINE and "state" not in one.spec.model_fields_set
    failing = isinstance(word, str) and word not in FINE and word not in {"stopped"}
    return "; ".join([str(word), *said] if told or failing else said)


def in_short(one: Found, name: str, value: Any) -> Any:
    """A time without what says nothing: 2035-12-01T15:00:00Z."""
    unit = mark(one.model, name, Unit)
    if unit is None or unit.text != "time" or not isinstance(value, str):
        return value
    return re.sub(r"(\.0+)?(Z|\+00:00)$", "Z", value)


def plain(value: Any) -> Any:
    """As YAML has it."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value
