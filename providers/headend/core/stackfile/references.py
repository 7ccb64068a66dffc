"""References by name, `env/name` across environments, and the circles that may not be."""

from __future__ import annotations

import difflib
import graphlib
from collections.abc import Mapping
from typing import Any

from headend.core.model.fields import Ref, Spec
from headend.core.model.findings import Problem, Problems, Source
from headend.core.model.kind import Kind
from headend.core.model.references import Reference, filled
from headend.core.model.stack import Resource
from headend.core.model.suggest import suggest
from headend.core.stackfile.drafts import Draft, Group

_HINTS = 100  # names that are looked for again, differently written: each costs a look at all of them


def name_references(spec: Spec) -> Spec:
    """The spec with a text for each reference, so that what isn't made yet can be compared."""
    if not spec.linked_fields():
        return spec
    texts = {name: filled(value, lambda one: f"reference:{one.key}") for name, value in spec.linked_fields().items()}
    return spec.model_copy(update=texts)


class Names:
    """All addresses of the stack, and how a name in one resource finds another. `groups`: what files give, by the
    address that rows' addresses begin with."""

    def __init__(
        self, kinds: Mapping[str, Kind[Any, Any]], drafts: Mapping[str, Draft], groups: Mapping[str, Group]
    ) -> None:
        self.kinds = kinds
        self.drafts = drafts
        self.groups = groups
        self.hints = _HINTS

    def resolve(self, name: str, ref: Ref, seeker: Draft, source: Source) -> Reference | Problem:
        """The resource of that name: one of the kind itself, or one of those that make such an object."""
        if ref.kind not in self.kinds:
            return Problem(f"nothing can refer to a {ref.kind} here: no such kind is known", source, seeker.address)
        own = self._find(name, ref.kind, seeker)
        found = [Reference(own)] if own else []
        for kind, computed in ref.through:
            maker = self._find(name, kind, seeker) if kind in self.kinds else None
            if maker:
                found.append(Reference(maker, computed))
        if len(found) > 1:
            both = " and ".join(reference.address for reference in found)
            return Problem(f"`{name}` may be {both}", source, seeker.address, "give one of them another key")
        if not found:
            hint = self._suggest(name, ref.kind, seeker)
            return Problem(f"there is no {ref.kind} `{name}`", source, seeker.address, hint)
        return found[0]

    def _find(self, name: str, kind: str, seeker: Draft) -> str | None:
        """The address of the `kind` called `name` (or `outer/name`) as seen from `seeker`, nearest scope first."""
        chain = self._chain(self.kinds[kind])
        parts = name.split("/")
        for scope in self._scopes(seeker, chain, len(parts)):
            tail = chain[-len(parts) :]
            address = ".".join([scope, *(f"{k.collection}.{part}" for k, part in zip(tail, parts, strict=True))])
            if address in self.drafts:
                return address
        return None

    def _chain(self, kind: Kind[Any, Any]) -> list[Kind[Any, Any]]:
        chain = [kind]
        while kind.parent is not None and kind.parent in self.kinds:
            kind = self.kinds[kind.parent]
            chain.insert(0, kind)
        return chain

    @staticmethod
    def _scopes(seeker: Draft, chain: list[Kind[Any, Any]], parts: int) -> list[str]:
        """Addresses below which the name may stand: an enclosing resource of the right kind, then the platform."""
        if parts > len(chain):
            return []
        scopes = []
        outer = chain[-parts - 1].name if parts < len(chain) else None
        draft: Draft | None = seeker.parent
        while draft is not None:
            if draft.kind.name == outer:
                scopes.append(draft.address)
            draft = draft.parent
        if parts == 1 or parts == len(chain):
            scopes.append(chain[0].platform)
        return scopes

    def _suggest(self, name: str, kind: str, seeker: Draft) -> str | None:
        """Names as the seeker would have to write them."""
        if self.hints == 0:
            return None
        self.hints -= 1
        writable = []
        for draft in self.drafts.values():
            if draft.kind.name == kind:
                in_reach = draft.parent is None or draft.parent in (seeker.parent, seeker)
                writable.append(draft.key if in_reach else draft.path())
        by_last = {w.rpartition("/")[2]: w for w in writable}
        last = name.rpartition("/")[2]
        near = [last] if last in by_last else difflib.get_close_matches(last, by_last, n=1)
        if near:
            return f"did you mean `{by_last[near[0]]}`?"
        return suggest(name, writable) or "write `{id: ...}` for one that this stack does not manage"


def find_cycles(resources: Mapping[str, Resource], problems: Problems) -> None:
    """One problem for each circle of references, placed at one of its resources."""
    graph = {address: found for address, r in resources.items() if (found := r.references() & resources.keys())}
    while True:
        try:
            graphlib.TopologicalSorter(graph).prepare()
            return
        except graphlib.CycleError as error:
            circle: list[str] = error.args[1][::-1]  # graphlib lists dependencies first
            start = circle.index(min(circle))
            circle = [*circle[start:-1], *circle[:start], circle[start]]
            first = resources[circle[0]]
            message = f"references go in a circle: {' -> '.join(circle)}"
            problems.add(message, first.source, first.address, "take one of the references out")
            graph[circle[0]] -= {circle[1]}
