"""All resources of a stack by address, before any is checked: those that are written out, and rows of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headend.core.model import address as addresses
from headend.core.model.fields import Spec
from headend.core.model.findings import Problems, Source
from headend.core.model.kind import Kind, collection_of
from headend.core.model.stack import Lifecycle
from headend.core.stackfile.from_file import FromFile, Models, Row
from headend.core.stackfile.nodes import KeyValue, Node
from headend.core.stackfile.rows import RowReader
from headend.core.stackfile.unknown import explain_unknown

Kinds = Mapping[str, Kind[Any, Any]]


@dataclass(eq=False, slots=True)
class Draft:
    """A resource found in the file, not checked yet.

    parent: the resource whose entry it stands in. fields: the spec's; `lifecycle` and nested collections are taken out.
    whole: its entry with them, where it is written out.
    row, group: what it is made of where a file gives it; its fields are laid out while it is being checked.
    """

    address: str
    key: str
    kind: Kind[Any, Any]
    source: Source
    parent: Draft | None
    fields: dict[str, KeyValue]
    lifecycle: KeyValue | None = None
    whole: Mapping[str, KeyValue] | None = None
    row: Row | None = None
    group: Group | None = None

    def path(self) -> str:
        """The keys of what encloses it and its own: `environment/name`."""
        return f"{self.parent.path()}/{self.key}" if self.parent else self.key


@dataclass(slots=True)
class Group:
    """Resources that a file gives. head: stands for all of them. lifecycles: theirs, once for each model."""

    head: Draft
    from_file: FromFile
    lifecycles: dict[type[Spec] | None, Lifecycle | None] = field(default_factory=dict)


def stands_alone(kind: Kind[Any, Any] | None) -> bool:
    """Whether it may stand outside of what it lives in: then its own field names that."""
    return kind is not None and (kind.parent is None or kind.parent_field is not None)


class DraftFinder:
    """`drafts`: every resource by address, in file order. `groups`: what stands for the rows of a file, by address.
    A kind is loaded when its collection turns up."""

    def __init__(self, kinds: Kinds, rows: RowReader, problems: Problems) -> None:
        self.kinds = kinds
        self.rows = rows
        self.problems = problems
        self.drafts: dict[str, Draft] = {}
        self.groups: dict[str, Group] = {}
        self.collections: dict[str, dict[str, str]] = {}  # platform -> collection -> kind
        for name in kinds:
            self.collections.setdefault(name.partition(".")[0], {})[collection_of(name)] = name

    def find_drafts(self, entries: Mapping[str, KeyValue]) -> None:
        """Looks through the stack's platforms."""
        for platform in (name for name in self.collections if name in entries):
            node = entries[platform].node
            if node.mapping is None and node.value is not None:
                self.problems.add(f"`{platform}` is a mapping of collections", node.source)
            for key, entry in (node.mapping or {}).items():
                kind = self._kind(platform, key)
                if kind is not None and stands_alone(kind):
                    self._find_in_collection(entry.node, kind, f"{platform}.{key}", None)
                else:
                    known = [name for name in self.collections[platform] if stands_alone(self._kind(platform, name))]
                    remedy = explain_unknown(key, known, node.mapping or {}, known)
                    self.problems.add(f"unknown key `{key}`", entry.source, platform, remedy)

    def _kind(self, platform: str, collection: str) -> Kind[Any, Any] | None:
        name = self.collections[platform].get(collection)
        return None if name is None else self.kinds[name]

    def _nested(self, kind: Kind[Any, Any], keys: Iterable[str]) -> dict[str, Kind[Any, Any]]:
        """Those of the keys that are collections of what lives in objects of the kind."""
        found = {key: self._kind(kind.platform, key) for key in keys if key in self.collections[kind.platform]}
        return {key: inner for key, inner in found.items() if inner is not None and inner.parent == kind.name}

    def _find_in_collection(self, node: Node, kind: Kind[Any, Any], address: str, parent: Draft | None) -> None:
        """The resources of one collection, and those nested in them."""
        if node.mapping is None and node.value is not None:
            message = f"`{kind.collection}` is a mapping of names to objects, not {node.type_name}"
            self.problems.add(message, node.source)
        for key, entry in (node.mapping or {}).items():
            if not addresses.is_key(key):
                hint = "leave out `.`, `/`, `{`, `}`, `[`, `]`, line ends and spaces around it; its own name is a field"
                self.problems.add(f"`{key}` can't be a resource's name", entry.source, address, hint)
                continue
            if entry.node.mapping is None and entry.node.value is not None:
                self.problems.add(f"must be a mapping, not {entry.node.type_name}", entry.source, f"{address}.{key}")
                continue
            own = dict(entry.node.mapping or {})
            nested = self._nested(kind, own)
            inner = {name: own.pop(name) for name in nested}
            lifecycle = own.pop("lifecycle", None)
            draft = Draft(f"{address}.{key}", key, kind, entry.source, parent, own, lifecycle, entry.node.mapping)
            if "from_file" in own:
                self._find_rows(draft, entry.node, inner)
                continue
            self.drafts[draft.address] = draft
            for name, below in inner.items():
                self._find_in_collection(below.node, nested[name], f"{draft.address}.{name}", draft)

    def _find_rows(self, head: Draft, node: Node, inner: Mapping[str, KeyValue]) -> None:
        """One resource for each row of a file. `head` is none itself: it has what they share."""
        for name, below in inner.items():
            message, hint = (
                f"`{name}` can't stand in what a file gives",
                "write them beside it, each with its reference",
            )
            self.problems.add(message, below.source, head.address, hint)
        given = self.rows.open(Node(head.fields, node.source), self._models(head), head.address, keyed=True)
        if given is None:
            return
        fixed = head.kind.parent_field if head.parent else None
        if any(column.field == fixed for column in given.columns):
            message = f"`columns`: `{fixed}` follows from where this stands"
            self.problems.add(message, head.source, head.address, "leave it out")
            return
        head.fields = given.shared
        group = self.groups[head.address] = Group(head, given)
        for row in self.rows.read(given):
            address = addresses.row(head.address, row.key)
            if first := self.drafts.get(address):
                message = f"`{row.key}` is given twice, first in line {first.source.line}"
                self.problems.add(message, row.source, head.address, "keep one of them")
                continue
            key = addresses.row(head.key, row.key)
            life = head.lifecycle
            self.drafts[address] = Draft(
                address, key, head.kind, row.source, head.parent, {}, life, row=row, group=group
            )

    def _models(self, head: Draft) -> Models:
        """What rows may become: one model where all have the same variant, or the kind has none."""
        if not head.kind.variants:
            return {"": head.kind.model}
        if "variant" in head.fields:
            variant = self.rows.values.plain(head.fields["variant"].node, secrets=False).value
            if isinstance(variant, str) and variant in head.kind.variants:
                return {variant: head.kind.variants[variant]}
        return head.kind.variants
