"""`lifecycle:` of a resource: as it is written, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import ConfigDict, Field

from headend.core.model.address import row
from headend.core.model.capabilities import Unadoptable
from headend.core.model.fields import Spec
from headend.core.model.findings import Problems
from headend.core.model.kind import Can
from headend.core.model.references import Query
from headend.core.model.stack import Adopt, Lifecycle
from headend.core.model.suggest import suggest
from headend.core.stackfile.check import Input, make
from headend.core.stackfile.drafts import Draft
from headend.core.stackfile.lookups import read_lookup
from headend.core.stackfile.nodes import KeyValue
from headend.core.stackfile.policy_use import AllowModel
from headend.core.stackfile.references import Names
from headend.core.stackfile.values import Values
from headend.core.wire.registry import lookups


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
    allow: tuple[AllowModel, ...] = Field((), description="Policies that the resource may break, why, and until when.")


class LifecycleReader:
    """Reads what stands under `lifecycle`; problems go to `problems`."""

    def __init__(self, values: Values, names: Names, problems: Problems) -> None:
        self.values = values
        self.names = names
        self.problems = problems

    def read(self, draft: Draft, model: type[Spec] | None) -> Lifecycle | None:
        """None where something is wrong with it."""
        if draft.group is None or draft.row is None:
            return self._read(draft, model)
        shared = draft.group.lifecycles
        if model not in shared:
            shared[model] = self._read(draft.group.head, model)
        life = shared[model]
        if life is None or life.renamed_from is None:
            return life
        return replace(life, renamed_from=row(life.renamed_from, draft.row.key))

    def _read(self, draft: Draft, model: type[Spec] | None) -> Lifecycle | None:
        if draft.lifecycle is None:
            return Lifecycle()
        node, before = draft.lifecycle.node, len(self.problems)
        if node.mapping is None:
            message = f"`lifecycle` is a mapping, not {node.type_name}"
            self.problems.add(message, node.source, draft.address)
            return None
        plain = self.values.plain(node, secrets=False)
        if plain.broken:
            return None
        given = Input(node.mapping, draft.lifecycle.source, f"{draft.address}.lifecycle", values=plain.value)
        written = make(LifecycleModel, given, self.problems)
        if written is None:
            return None
        self._check(draft, model, written, node.mapping)
        adopt, old = written.adopt, written.renamed_from
        query = self._adopt_query(draft, node.mapping["adopt"]) if isinstance(adopt, AdoptLookup) else None
        if len(self.problems) > before:
            return None
        return Lifecycle(
            protect=written.protect,
            retain=written.retain,
            ignore_changes=written.ignore_changes,
            adopt=Adopt(adopt) if isinstance(adopt, str) and "adopt" in written.model_fields_set else None,
            adopt_id=adopt.id if isinstance(adopt, AdoptId) else None,
            adopt_query=query,
            renamed_from=_old_address(draft, old) if old else None,
            depends_on=written.depends_on,
            allow=tuple(one.read() for one in written.allow),
        )

    def _adopt_query(self, draft: Draft, adopt: KeyValue) -> Query | None:
        kind, node = draft.kind.name, adopt.node
        fields = node.sole("lookup")
        if kind in lookups() and fields:
            return read_lookup(kind, "lifecycle.adopt", fields, self.values, draft.address)
        message = f"`adopt`: a {kind} can't be looked up"
        self.problems.add(message, node.source, draft.address, "`match`, or {id: ...}")
        return None

    def _check(
        self, draft: Draft, model: type[Spec] | None, written: LifecycleModel, entries: Mapping[str, KeyValue]
    ) -> None:
        def report(field: str, message: str, remedy: str | None) -> None:
            self.problems.add(f"`{field}`: {message}", entries[field].node.source, draft.address, remedy)

        for name in written.ignore_changes:
            if model is not None and name.partition(".")[0] not in model.model_fields:
                report("ignore_changes", f"there is no field `{name}`", suggest(name, model.model_fields))
        kind = draft.kind
        unadoptable = kind.unadoptable if isinstance(kind, Unadoptable) else None
        if written.adopt != "never" and (unadoptable or Can.OBSERVE not in kind.can):
            report("adopt", f"a {kind.name} can't be looked for", unadoptable or "leave it out")
        for address in written.depends_on:
            if address not in self.names.drafts:
                near = suggest(address, self.names.drafts, show=0) or "an address, as `headend plan` prints it"
                report("depends_on", f"there is no resource `{address}`", near)
        if not isinstance(written.adopt, str) and draft.address in self.names.groups:
            report("adopt", "one id can't be that of all rows", "write `match`")
        old = _old_address(draft, written.renamed_from or "")
        if written.renamed_from and (old in self.names.drafts or old in self.names.groups):
            report("renamed_from", f"`{written.renamed_from}` still stands in the stack", "rename it, or drop this")


def _old_address(draft: Draft, old: str) -> str:
    """A bare key stood where this resource stands; keys hold no dots."""
    return old if "." in old else f"{draft.address.rpartition('.')[0]}.{old}"
