"""One resource: variables, secrets, references, defaults, the model, `lifecycle`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from headend.core.model import address as addresses
from headend.core.model.capabilities import Unadoptable
from headend.core.model.fields import Found, Named, Ref, Secret, Spec, mark, marked
from headend.core.model.findings import Problem, Source
from headend.core.model.kind import Can
from headend.core.model.lookup import lookups
from headend.core.model.references import Query, Reference
from headend.core.model.stack import Adopt, Lifecycle, Resource
from headend.core.model.uploads import file_fields, opened
from headend.core.stackfile.check import Input, make
from headend.core.stackfile.entries import asks_for_file, from_file
from headend.core.stackfile.hints import remedy
from headend.core.stackfile.lookups import asked
from headend.core.stackfile.nodes import Entry, Node
from headend.core.stackfile.references import Draft, Names, takes_mapping
from headend.core.stackfile.rows import Files, Row
from headend.core.stackfile.values import Broken
from headend.core.wire.redaction import texts


class AdoptId(Spec):
    """`adopt: {id: ...}`."""

    id: str = Field(min_length=1, description="The remote id of the object to take over.")


class AdoptLookup(Spec):
    """`adopt: {lookup: {...}}`, for kinds that are a lookup, too."""

    lookup: dict[str, Any] = Field(description="Fields of the object to take over: the one that has them all.")


class LifecycleModel(Spec):
    """`lifecycle:` as it is written."""

    model_config = ConfigDict(title="lifecycle")

    protect: bool | None = Field(None, description="Refuse to delete or replace it; unset: the kind's own default.")
    retain: bool = Field(False, description="When it leaves the stack: forget it instead of deleting it.")
    ignore_changes: tuple[str, ...] = Field((), description="Fields whose changes are left alone.")
    adopt: Literal["never", "match"] | AdoptId | AdoptLookup = Field(
        "never", description="What to do with an object that exists: refuse, take the one that matches, or this one."
    )
    renamed_from: str | None = Field(None, description="The key (or the address) that this resource had before.")
    depends_on: tuple[str, ...] = Field((), description="Addresses of resources that must be written before.")


@dataclass
class _Fields:
    """A resource's fields on their way to the model."""

    values: dict[str, Any] = field(default_factory=dict, repr=False)
    broken: set[str] = field(default_factory=set)
    secrets: list[str] = field(default_factory=list, repr=False)
    from_secret: set[str] = field(default_factory=set)
    defaulted: set[str] = field(default_factory=set)


class Builder:
    """Makes resources of drafts; problems go to `problems`."""

    def __init__(self, files: Files, names: Names, problems: list[Problem]) -> None:
        self.files = files
        self.values = files.values
        self.names = names
        self.problems = problems
        self.nested: dict[str, list[str]] = {}  # kind -> the collections that stand in it
        for kind in names.kinds.values():
            self.nested.setdefault(kind.parent or "", []).append(kind.collection)
        self.sets: dict[frozenset[str], frozenset[str]] = {}  # equal ones are shared: rows have the same, all of them

    def build(self, draft: Draft) -> Resource | None:
        """The resource, or None with the reasons recorded. Of a row nothing is kept but what became of it."""
        row = draft.row
        if row is None or row.group is None:
            return self._build(draft, set())
        before, given = len(self.problems), row.group.given
        draft.fields, broken = self.files.entries(given, row)
        made = self._build(draft, broken)
        if len(self.problems) > before:
            self.files.settle(given, row, before)
        draft.fields, draft.row = {}, None
        return made

    def _build(self, draft: Draft, broken: set[str]) -> Resource | None:
        model = self._model(draft)
        lifecycle = self._lifecycle(draft, model) if draft.row is None else self._shared(draft.row, model)
        if model is None:
            return None
        fields = self._fields(draft, model)
        fields.broken |= broken
        marked_secret = marked(model, Secret)
        hidden = [*fields.secrets, *(t for n in marked_secret for t in texts(fields.values.get(n)))]
        given = Input(
            values=fields.values,
            entries=draft.fields,
            source=draft.source,
            address=draft.address,
            broken=frozenset(fields.broken),
            hidden=hidden,
            hidden_fields=frozenset(fields.from_secret.union(marked_secret)),
            known=("lifecycle", "from_file", *self.nested.get(draft.kind.name, ())),
        )
        spec = make(model, given, self.problems)
        return None if spec is None else self._resource(draft, spec, lifecycle or Lifecycle(), fields)

    def _resource(self, draft: Draft, spec: Spec, lifecycle: Lifecycle, fields: _Fields) -> Resource:
        secret = frozenset(fields.from_secret.union(marked(type(spec), Secret)))
        defaulted = frozenset(fields.defaulted)
        sources = {} if draft.row else {name: entry.node.source for name, entry in draft.fields.items()}
        return Resource(
            address=draft.address,
            key=draft.key,
            kind=draft.kind,
            spec=spec,
            lifecycle=lifecycle,
            sources={"": draft.source, **sources},
            secret_fields=self.sets.setdefault(secret, secret),
            defaulted=self.sets.setdefault(defaulted, defaulted),
        )

    def _problem(self, draft: Draft, message: str, source: Source, hint: str | None = None) -> None:
        self.problems.append(Problem(message, source, draft.address, hint))

    def _model(self, draft: Draft) -> type[Spec] | None:
        """The model, by `variant` where the kind has variants."""
        variants: Mapping[str, type[Spec]] = draft.kind.variants
        if not variants:
            model: type[Spec] = draft.kind.model
            return model
        entry = draft.fields.get("variant")
        if entry is None:
            self._problem(draft, "`variant` is missing", draft.source, remedy("", variants))
            return None
        plain = self.values.plain(entry.node, secrets=False)
        if plain.broken:
            return None
        if not isinstance(plain.value, str) or plain.value not in variants:
            known = remedy(str(plain.value), variants)
            self._problem(draft, f"`variant`: unknown variant `{entry.node.text}`", entry.node.source, known)
            return None
        return variants[plain.value]

    def _fields(self, draft: Draft, model: type[Spec]) -> _Fields:
        fields = _Fields()
        parent_field = draft.kind.parent_field if draft.parent else None
        for name, entry in draft.fields.items():
            ref = mark(model, name, Ref)
            if name == parent_field:
                self._problem(draft, f"`{name}` follows from where this stands", entry.source, "leave it out")
                fields.broken.add(name)
            elif found := self._query(draft, name, entry.node, mark(model, name, Found)):
                fields.values[name] = found
            elif ref is not None:
                self._reference(draft, name, entry.node, ref, fields, takes_mapping(model, name))
            elif name in file_fields(model):
                self._upload(draft, name, entry.node, fields)
            elif asks_for_file(model, name, entry.node):
                self._entries(draft, model, name, entry.node, fields)
            else:
                plain = self.values.plain(entry.node)
                fields.values[name] = plain.value
                fields.secrets += plain.secrets
                if plain.broken:
                    fields.broken.add(name)
                if plain.secrets or _asks_for_secret(entry.node):
                    fields.from_secret.add(name)
        if parent_field and draft.parent is not None:
            fields.values[parent_field] = Reference(draft.parent.address)
        for name in marked(model, Named):
            if name not in draft.fields:
                fields.values[name] = draft.row.key if draft.row else draft.key
                fields.defaulted.add(name)
        return fields

    def _entries(self, draft: Draft, model: type[Spec], name: str, node: Node, fields: _Fields) -> None:
        """A list or mapping of entries, each a row of a file."""
        secret = mark(model, name, Secret) is not None
        found = from_file(self.files, model, name, node, draft.address, secret=secret)
        fields.values[name] = found.value
        fields.secrets += found.secrets
        if found.secrets or _asks_for_secret(node):
            fields.from_secret.add(name)
        if found.broken:
            fields.broken.add(name)

    def _upload(self, draft: Draft, name: str, node: Node, fields: _Fields) -> None:
        """A file, by its path as seen from the stack file that gives it; null stays null."""
        plain = self.values.plain(node, secrets=False)
        if plain.broken or (plain.value is not None and not isinstance(plain.value, str)):
            if not plain.broken:
                self._problem(draft, f"`{name}`: must be the path of a file", node.source)
            fields.broken.add(name)
            return
        folder = Path(node.source.file).parent.resolve()
        try:
            fields.values[name] = opened(plain.value, folder) if plain.value else None
        except ValueError as error:
            self._problem(draft, f"`{name}`: {plain.value}: {error}", node.source, f"it is looked for in {folder}")
            fields.broken.add(name)

    def _query(self, draft: Draft, name: str, node: Node, found: Found | None) -> Query | None:
        """`{lookup: {...}}`, where the field takes one."""
        inner = node.sole("lookup") if found else None
        if found is None or inner is None:
            return None
        return asked(found.lookup, name, inner, self.values, functools.partial(self._problem, draft))

    def _reference(self, draft: Draft, name: str, node: Node, ref: Ref, fields: _Fields, mapping: bool) -> None:
        """One reference, a list of them, or a mapping to them; null stays null."""
        try:
            if isinstance(node.value, tuple):
                fields.values[name] = [self._target(draft, name, item, ref) for item in node.value]
            elif node.mapping is not None and mapping:
                fields.values[name] = {
                    key: self._target(draft, f"{name}.{key}", entry.node, ref) for key, entry in node.mapping.items()
                }
            elif node.value is None:
                fields.values[name] = None
            else:
                fields.values[name] = self._target(draft, name, node, ref)
        except Broken:
            fields.broken.add(name)
            fields.values[name] = None

    def _target(self, draft: Draft, name: str, node: Node, ref: Ref) -> str | Reference:
        external = node.sole("id")
        written = external or node
        word = self.values.text(written) if written.text is not None else None
        if word is not None and not isinstance(word, str):
            word = written.text if written.value == word else str(word)  # `input: 17` names the resource `17`
        if not word:
            hint = f"the name of a {ref.kind} of this stack, or `{{id: ...}}` for one outside it"
            self._problem(draft, f"`{name}`: not a reference", node.source, hint)
            raise Broken
        if external is not None:
            return word
        found = self.names.refer(word, ref, draft, node.source)
        if isinstance(found, Problem):
            message = f"`{name}`: {found.message}"
            self._problem(draft, message, node.source, found.remedy)
            raise Broken
        return found

    # --- lifecycle -------------------------------------------------------------------------------------------
    def _shared(self, row: Row, model: type[Spec] | None) -> Lifecycle | None:
        """That of all rows; each had its own name where they all were elsewhere before."""
        assert row.group is not None
        lives = row.group.lives
        if model not in lives:
            lives[model] = self._lifecycle(row.group.head, model)
        life = lives[model]
        if life is None or life.renamed_from is None:
            return life
        return replace(life, renamed_from=addresses.row(life.renamed_from, row.key))

    def _lifecycle(self, draft: Draft, model: type[Spec] | None) -> Lifecycle | None:
        """None where something is wrong with it."""
        if draft.lifecycle is None:
            return Lifecycle()
        node = draft.lifecycle.node
        address = f"{draft.address}.lifecycle"
        if node.mapping is None:
            self._problem(draft, f"`lifecycle` is a mapping, not {node.type_name}", node.source)
            return None
        plain = self.values.plain(node, secrets=False)
        if plain.broken:
            return None
        given = Input(plain.value, node.mapping, draft.lifecycle.source, address)
        before = len(self.problems)
        written = make(LifecycleModel, given, self.problems)
        if written is None:
            return None
        self._check_lifecycle(draft, model, written, node.mapping)
        adopt = written.adopt
        found = self._adopted(draft, node.mapping["adopt"].node) if isinstance(adopt, AdoptLookup) else None
        if len(self.problems) > before:
            return None
        old = written.renamed_from
        return Lifecycle(
            protect=written.protect,
            retain=written.retain,
            ignore_changes=written.ignore_changes,
            adopt=Adopt(adopt) if isinstance(adopt, str) else Adopt.NEVER,
            adopt_id=adopt.id if isinstance(adopt, AdoptId) else None,
            adopt_query=found,
            renamed_from=_old_address(draft, old) if old else None,
            depends_on=written.depends_on,
        )

    def _adopted(self, draft: Draft, node: Node) -> Query | None:
        kind = draft.kind.name
        if kind in lookups:
            return self._query(draft, "lifecycle.adopt", node, Found(kind))
        self._problem(draft, f"`adopt`: a {kind} can't be looked up", node.source, "`match`, or {id: ...}")
        return None

    def _check_lifecycle(
        self, draft: Draft, model: type[Spec] | None, written: LifecycleModel, entries: Mapping[str, Entry]
    ) -> None:
        for name in written.ignore_changes:
            if model is not None and name.partition(".")[0] not in model.model_fields:
                source = entries["ignore_changes"].node.source
                self._problem(
                    draft, f"`ignore_changes`: there is no field `{name}`", source, remedy(name, model.model_fields)
                )
        kind = draft.kind
        unadoptable = kind.unadoptable if isinstance(kind, Unadoptable) else None
        if written.adopt != "never" and (unadoptable or Can.OBSERVE not in kind.can):
            what = f"`adopt`: a {kind.name} can't be looked for"
            self._problem(draft, what, entries["adopt"].node.source, unadoptable or "leave it out")
        for address in written.depends_on:
            if address not in self.names.drafts:
                source = entries["depends_on"].node.source
                known = remedy(address, self.names.drafts, show=0) or "an address, as `headend plan` prints it"
                self._problem(draft, f"`depends_on`: there is no resource `{address}`", source, known)
        if not isinstance(written.adopt, str) and draft.address in self.names.groups:
            source = entries["adopt"].node.source
            self._problem(draft, "`adopt`: one id can't be that of all rows", source, "write `match`")
        old = written.renamed_from
        if old and (_old_address(draft, old) in self.names.drafts or _old_address(draft, old) in self.names.groups):
            source = entries["renamed_from"].node.source
            self._problem(
                draft, f"`renamed_from`: `{old}` still stands in the stack", source, "rename it, or drop this"
            )


def _old_address(draft: Draft, old: str) -> str:
    """A bare key stood where this resource stands; keys hold no dots."""
    return old if "." in old else f"{draft.address.rpartition('.')[0]}.{old}"


def _asks_for_secret(node: Node) -> bool:
    """Whether `{secret: ...}` stands at or below the node, found or not."""
    if node.sole("secret") is not None:
        return True
    if node.mapping is not None:
        return any(_asks_for_secret(entry.node) for entry in node.mapping.values())
    return isinstance(node.value, tuple) and any(map(_asks_for_secret, node.value))
