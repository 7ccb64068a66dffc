"""All resources of a stack by address, before any is checked: those that are written out, and rows of files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from headend.core.model import address as addresses
from headend.core.model.findings import Problem
from headend.core.model.kind import Kind
from headend.core.stackfile.hints import remedy
from headend.core.stackfile.nodes import Entry, Node
from headend.core.stackfile.references import Draft
from headend.core.stackfile.rows import Files, Group

Kinds = Mapping[str, Kind[Any, Any]]


class Finder:
    """`drafts`: every resource by address, in file order. `groups`: what stands for the rows of a file, by address."""

    def __init__(self, kinds: Kinds, files: Files, problems: list[Problem]) -> None:
        self.kinds = kinds
        self.files = files
        self.problems = problems
        self.drafts: dict[str, Draft] = {}
        self.groups: dict[str, Group] = {}

    def find(self, entries: Mapping[str, Entry]) -> None:
        """Looks through the stack's platforms."""
        for platform in dict.fromkeys(kind.platform for kind in self.kinds.values()):
            if platform not in entries:
                continue
            collections = {  # a nested kind may stand alone too, if its own field can name its parent
                kind.collection: kind
                for kind in sorted(self.kinds.values(), key=lambda k: k.parent is None)
                if kind.platform == platform and (kind.parent is None or kind.parent_field)
            }
            node = entries[platform].node
            if node.mapping is None:
                if node.value is not None:
                    self.problems.append(Problem(f"`{platform}` is a mapping of collections", node.source))
                continue
            for key, entry in node.mapping.items():
                if key in collections:
                    self._collection(entry.node, collections[key], f"{platform}.{key}", None)
                else:
                    hint = remedy(key, collections)
                    self.problems.append(Problem(f"unknown key `{key}`", entry.source, platform, hint))

    def _collection(self, node: Node, kind: Kind[Any, Any], address: str, parent: Draft | None) -> None:
        """The resources of one collection, and those nested in them."""
        if node.mapping is None:
            if node.value is not None:
                message = f"`{kind.collection}` is a mapping of names to objects, not {node.type_name}"
                self.problems.append(Problem(message, node.source))
            return
        nested = {k.collection: k for k in self.kinds.values() if k.parent == kind.name}
        for key, entry in node.mapping.items():
            if set(key) & set(addresses.NOT_IN_KEYS) or key != key.strip():
                hint = "leave out `.`, `/`, `{`, `}`, `[`, `]` and spaces around it; the object's own name is a field"
                self.problems.append(Problem(f"`{key}` can't be a resource's name", entry.source, address, hint))
                continue
            if entry.node.mapping is None and entry.node.value is not None:
                message = f"must be a mapping, not {entry.node.type_name}"
                self.problems.append(Problem(message, entry.source, f"{address}.{key}"))
                continue
            own = dict(entry.node.mapping or {})
            inner = {name: own.pop(name) for name in nested if name in own}
            lifecycle = own.pop("lifecycle", None)
            draft = Draft(f"{address}.{key}", key, kind, entry.source, parent, own, lifecycle)
            if "from_file" in own:
                self._rows(draft, entry.node, inner)
                continue
            self.drafts[draft.address] = draft
            for name, below in inner.items():
                self._collection(below.node, nested[name], f"{draft.address}.{name}", draft)

    def _rows(self, head: Draft, node: Node, inner: Mapping[str, Entry]) -> None:
        """One resource for each row of a file. `head` is none itself: it has what they share."""
        for name, below in inner.items():
            message = f"`{name}` can't stand in what a file gives"
            hint = "write them beside it, each with its reference"
            self.problems.append(Problem(message, below.source, head.address, hint))
        written = Node({name: e for name, e in (node.mapping or {}).items() if name in head.fields}, node.source)
        given = self.files.given(written, self._models(head), head.address, keyed=True)
        if given is None:
            return
        if head.parent and (twice := [c for c in given.columns if c.field == head.kind.parent_field]):
            message = f"`columns`: `{twice[0].field}` follows from where this stands"
            self.problems.append(Problem(message, head.source, head.address, "leave it out"))
            return
        head.fields = given.shared
        group = self.groups[head.address] = Group(head, given)
        for row in self.files.rows(given, group):
            address = addresses.row(head.address, row.key)
            if address in self.drafts:
                first = self.drafts[address].source.line
                message = f"`{row.key}` is given twice, first in line {first}"
                self.problems.append(Problem(message, row.source, head.address, "keep one of them"))
                continue
            key = addresses.row(head.key, row.key)
            self.drafts[address] = Draft(address, key, head.kind, row.source, head.parent, {}, head.lifecycle, row)

    def _models(self, head: Draft) -> Mapping[str, type[BaseModel]]:
        """What rows may become: one model where all have the same variant, or the kind has none."""
        if not head.kind.variants:
            return {"": head.kind.model}
        if "variant" in head.fields:
            plain = self.files.values.plain(head.fields["variant"].node, secrets=False)
            if isinstance(plain.value, str) and plain.value in head.kind.variants:
                return {plain.value: head.kind.variants[plain.value]}
        return head.kind.variants
