"""One resource: variables, secrets, references, defaults, the model, `lifecycle`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headend.core.model.fields import Found, Named, Ref, Secret, Spec, mark, marked
from headend.core.model.findings import Problem, Problems, Source
from headend.core.model.kind import Kind
from headend.core.model.references import Reference
from headend.core.model.stack import Lifecycle, Resource
from headend.core.model.suggest import suggest
from headend.core.model.uploads import file_fields, open_file
from headend.core.stackfile.check import Input, in_clear, make
from headend.core.stackfile.drafts import Draft
from headend.core.stackfile.field_rows import asks_for_file, read_field_rows
from headend.core.stackfile.field_types import holds_mapping
from headend.core.stackfile.lifecycle import LifecycleReader
from headend.core.stackfile.lookups import read_lookup
from headend.core.stackfile.nodes import Node
from headend.core.stackfile.references import Names
from headend.core.stackfile.rows import RowReader
from headend.core.stackfile.values import Broken, Plain


class ResourceBuilder:
    """Makes resources of drafts; problems go to `problems`."""

    def __init__(self, rows: RowReader, names: Names, problems: Problems) -> None:
        self.rows = rows
        self.values = rows.values
        self.names = names
        self.problems = problems
        self.lifecycles = LifecycleReader(rows.values, names, problems)
        self.sets: dict[frozenset[str], frozenset[str]] = {}  # equal ones are shared: rows have the same, all of them

    def build(self, draft: Draft) -> Resource | None:
        """The resource, or None with the reasons recorded. Of a row nothing is kept but what became of it."""
        row, group, before = draft.row, draft.group, len(self.problems)
        if row is None or group is None:
            return self._build(draft, set())
        draft.fields, broken = self.rows.fields(group.from_file, row, draft.address)
        made = self._build(draft, broken)
        if len(self.problems) > before:
            self.rows.settle_problems(group.from_file, row, before)
        draft.fields, draft.row, draft.group = {}, None, None
        return made

    def _build(self, draft: Draft, broken: set[str]) -> Resource | None:
        model = self._model(draft)
        lifecycle = self.lifecycles.read(draft, model)
        if model is None:
            return None
        given = Input(
            draft.fields,
            draft.source,
            draft.address,
            functools.partial(self._beside, draft.kind),
            broken=broken,
            time_zone=self.values.time_zone,
            whole=draft.whole or {},
            variants=draft.kind.variants,
        )
        self._read_fields(draft, model, given)
        defaulted = self._fill_names(draft, model, given)
        spec = make(model, given, self.problems)
        if spec is None or (lifecycle is None and not self.values.need_variables):
            return None
        sources = {} if draft.row else {name: entry.node.source for name, entry in draft.fields.items()}
        return Resource(
            address=draft.address,
            key=draft.key,
            kind=draft.kind,
            spec=spec,
            lifecycle=lifecycle or Lifecycle(),
            sources={"": draft.source, **sources},
            secret_fields=self._share(given.secret_fields(model)),
            defaulted=self._share(defaulted),
            remarks=tuple(in_clear(model, given)),
        )

    def _beside(self, kind: Kind[Any, Any]) -> list[str]:
        """The keys that may stand beside its fields."""
        kinds = self.names.kinds
        others = [kinds[name] for name in kinds if name.partition(".")[0] == kind.platform]
        return ["lifecycle", "from_file", *(other.collection for other in others if other.parent == kind.name)]

    def _share(self, names: frozenset[str]) -> frozenset[str]:
        return self.sets.setdefault(names, names)

    def _report(self, draft: Draft, message: str, source: Source, remedy: str | None = None) -> None:
        self.problems.add(message, source, draft.address, remedy)

    def _model(self, draft: Draft) -> type[Spec] | None:
        """The model, by `variant` where the kind has variants."""
        variants: Mapping[str, type[Spec]] = draft.kind.variants
        if not variants:
            model: type[Spec] = draft.kind.model
            return model
        entry = draft.fields.get("variant")
        if entry is None:
            self._report(draft, "`variant` is missing", draft.source, suggest("", variants))
            return None
        plain = self.values.plain(entry.node, secrets=False)
        if isinstance(plain.value, str) and plain.value in variants:
            return variants[plain.value]
        if not plain.broken:
            message, near = f"`variant`: unknown variant `{entry.node.text}`", suggest(str(plain.value), variants)
            self._report(draft, message, entry.node.source, near)
        return None

    def _read_fields(self, draft: Draft, model: type[Spec], given: Input) -> None:
        parent_field = draft.kind.parent_field if draft.parent else None
        for name, entry in draft.fields.items():
            if name == parent_field:
                self._report(draft, f"`{name}` follows from where this stands", entry.source, "leave it out")
                given.broken.add(name)
            else:
                given.set(name, self._read_field(draft, model, name, entry.node))
        if parent_field and draft.parent is not None:
            given.values[parent_field] = Reference(draft.parent.address)

    def _read_field(self, draft: Draft, model: type[Spec], name: str, node: Node) -> Plain:
        if node.data and node.text is not None and name not in _read_apart(model):
            return Plain(node.value)  # of most cells of a hundred thousand rows there is nothing else to ask
        found, ref = mark(model, name, Found), mark(model, name, Ref)
        wanted = node.sole("lookup")
        if found and wanted:
            try:
                return Plain(read_lookup(found.lookup, name, wanted, self.values, draft.address))
            except Broken:
                return Plain(broken=True)
        if ref:
            return self._read_references(draft, name, node, ref, mapping=holds_mapping(model, name))
        if name in file_fields(model):
            return self._read_upload(draft, name, node)
        if asks_for_file(model, name, node):
            secret = mark(model, name, Secret) is not None
            return read_field_rows(self.rows, model, name, node, draft.address, secret=secret)
        return self.values.plain(node)

    @staticmethod
    def _fill_names(draft: Draft, model: type[Spec], given: Input) -> frozenset[str]:
        """Gives names that were left out their default, the key; their fields."""
        defaulted = frozenset(name for name in marked(model, Named) if name not in draft.fields)
        given.values |= dict.fromkeys(defaulted, draft.row.key if draft.row else draft.key)
        return defaulted

    def _read_upload(self, draft: Draft, name: str, node: Node) -> Plain:
        """A file, by its path as seen from the stack file that gives it; null stays null."""
        plain = self.values.plain(node, secrets=False)
        path, folder = plain.value, Path(node.source.file).parent.resolve()
        if plain.broken:
            return plain
        if path is not None and not isinstance(path, str):
            self._report(draft, f"`{name}`: must be the path of a file", node.source)
            return Plain(broken=True)
        try:
            return Plain(open_file(path, folder) if path else None)
        except ValueError as error:
            self._report(draft, f"`{name}`: {path}: {error}", node.source, f"it is looked for in {folder}")
            return Plain(broken=True)

    def _read_references(self, draft: Draft, name: str, node: Node, ref: Ref, *, mapping: bool) -> Plain:
        """One reference, a list of them, or a mapping to either; null stays null."""

        def read(name: str, node: Node) -> Any:
            if isinstance(node.value, tuple):
                return [self._read_reference(draft, name, item, ref) for item in node.value]
            return self._read_reference(draft, name, node, ref)

        try:
            if node.mapping is not None and mapping:
                return Plain({key: read(f"{name}.{key}", entry.node) for key, entry in node.mapping.items()})
            return Plain(None if node.value is None else read(name, node))
        except Broken:
            return Plain(broken=True)

    def _read_reference(self, draft: Draft, name: str, node: Node, ref: Ref) -> str | Reference:
        external = node.sole("id")
        written = external or node
        word = self.values.text(written) if written.text is not None else None
        if word is not None and not isinstance(word, str):
            word = written.text if written.value == word else str(word)  # `input: 17` names the resource `17`
        if not word:
            hint = f"the name of a {ref.kind} of this stack, or `{{id: ...}}` for one outside it"
            self._report(draft, f"`{name}`: not a reference", node.source, hint)
            raise Broken
        if external is not None:
            return word
        found = self.names.resolve(word, ref, draft, node.source)
        if isinstance(found, Problem):
            self._report(draft, f"`{name}`: {found.message}", node.source, found.remedy)
            raise Broken
        return found


@functools.cache
def _read_apart(model: type[Spec]) -> frozenset[str]:
    """Fields that hold something else than what is written there: references, lookups and files."""
    return frozenset({*marked(model, Ref), *marked(model, Found), *file_fields(model)})
