"""`moved:` and `removed:` of a stack file, with every problem of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from headend.core.model.address import within
from headend.core.model.fields import Spec
from headend.core.model.findings import Problems, Source
from headend.core.model.kind import collection_of
from headend.core.model.moved import Moved, Place, Removed, shape
from headend.core.model.suggest import suggest
from headend.core.stackfile.check import Input, make
from headend.core.stackfile.nodes import KeyValue, Node
from headend.core.stackfile.policy_use import AllowModel
from headend.core.stackfile.references import Names
from headend.core.stackfile.values import Values

if TYPE_CHECKING:
    from headend.core.model.policies import Allow

FORMS = {"moved": ("from", "to"), "removed": ("from", "then")}
THEN = ("forget", "delete")


class AllowedModel(Spec):
    """What an entry of `removed:` may say besides."""

    allow: tuple[AllowModel, ...] = Field((), description="Policies that the deletion may break, why, and until when.")


OPTIONAL = {"moved": (), "removed": tuple(AllowedModel.model_fields)}


class MovedReader:
    """Reads both lists of a file. folder: of the file, from where other stacks' files are seen."""

    def __init__(self, entries: Mapping[str, KeyValue], values: Values, names: Names, folder: Path) -> None:
        self.entries = entries
        self.values = values
        self.names = names
        self.folder = folder
        self.problems: Problems = values.problems

    def moved(self) -> tuple[Moved, ...]:
        found: list[Moved] = []
        for node, entry in self._listed("moved"):
            old, new = (self._place(name, entry[name].node) for name in ("from", "to"))
            if old and new:
                found.append(Moved(old, new, node.source))
        seen: dict[Place, Source] = {}
        for one in found:
            if (first := seen.setdefault(one.old, one.source)) is not one.source:
                self.problems.add(f"`moved`: {one.old.address} is given twice, first in line {first.line}", one.source)
            self._check(one, found)
        return tuple(found)

    def removed(self) -> tuple[Removed, ...]:
        found: list[Removed] = []
        for node, entry in self._listed("removed"):
            place, then = self._place("from", entry["from"].node), entry["then"].node
            if then.value not in THEN:
                hint = suggest(str(then.value), THEN)
                self.problems.add("`then` says what becomes of the objects", then.source, remedy=hint)
            elif place and place.stack:
                self.problems.add(
                    "`removed` is of this stack only", entry["from"].node.source, remedy="write an address"
                )
            elif (
                place
                and self._is_left(place.address, entry["from"].node.source)
                and (allowed := self._allowed(entry)) is not None
            ):
                found.append(Removed(place.address, then.value == "forget", node.source, allowed))
        return tuple(found)

    def _allowed(self, entry: Mapping[str, KeyValue]) -> tuple[Allow, ...] | None:
        """None where something is wrong with it."""
        given = {name: entry[name] for name in OPTIONAL["removed"] if name in entry}
        plain = {name: self.values.plain(one.node, secrets=False) for name, one in given.items()}
        if any(one.broken for one in plain.values()):
            return None
        source = next((one.source for one in given.values()), entry["from"].source)
        values = {name: one.value for name, one in plain.items()}
        written = make(AllowedModel, Input(given, source, "removed", values=values), self.problems)
        return tuple(one.read() for one in written.allow) if written else None

    def _listed(self, key: str) -> Iterator[tuple[Node, Mapping[str, KeyValue]]]:
        """The entries of one list that have all their keys."""
        whole = self.entries[key].node if key in self.entries else None
        if whole is None or whole.value is None:
            return
        if not isinstance(whole.value, tuple):
            self.problems.add(f"`{key}` is a list, not {whole.type_name}", whole.source)
            return
        names = FORMS[key]
        example = f"{{{names[0]}: ateme.environments.old, {names[1]}: {'...' if key == 'moved' else 'forget'}}}"
        for node in whole.value:
            entry = node.mapping or {}
            known = (*names, *OPTIONAL[key])
            unknown = [name for name in entry if name not in known]
            for name in unknown:
                self.problems.add(f"`{key}`: unknown key `{name}`", entry[name].source, remedy=suggest(name, known))
            missing = [name for name in names if name not in entry]
            if missing and not unknown:
                what = f"`{key}`: `{missing[0]}` is missing" if entry else f"`{key}`: an entry is a mapping"
                self.problems.add(what, node.source, remedy=f"e.g. {example}")
            if not missing and not unknown:
                yield node, entry

    def _place(self, name: str, node: Node) -> Place | None:
        plain = self.values.plain(node, secrets=False)
        if plain.broken:
            return None
        value, stack = plain.value, None
        if isinstance(value, dict) and value.keys() == {"stack", "address"}:
            value, stack = value["address"], value["stack"]
            if not isinstance(stack, str) or not stack:
                self.problems.add(f"`{name}`: `stack` is a stack's file, or its name", node.source)
                return None
            if Path(stack).suffix in {".yaml", ".yml"}:
                stack = str(self.folder / stack)
                if not Path(stack).is_file():
                    hint = "if the file is gone for good, give the stack's name"
                    self.problems.add(f"`{name}`: there is no file {stack}", node.source, remedy=hint)
                    return None
        if not isinstance(value, str):
            hint = "`platform.collection.key`, or {stack: FILE, address: ...}"
            self.problems.add(f"`{name}` is an address, not {node.type_name}", node.source, remedy=hint)
            return None
        return Place(value, stack) if self._is_address(name, value, node.source) else None

    def _is_address(self, name: str, address: str, source: Source) -> bool:
        platform, *collections = shape(address)
        known: dict[str, list[str]] = {}
        for kind in self.names.kinds:
            known.setdefault(kind.partition(".")[0], []).append(collection_of(kind))
        if not collections or platform not in known:
            hint = suggest(platform, known)
            self.problems.add(f"`{name}`: `{address}` is no address", source, remedy=hint)
            return False
        if wrong := next((one for one in collections if one not in known[platform]), None):
            self.problems.add(
                f"`{name}`: `{address}`: {platform} has no `{wrong}`", source, remedy=suggest(wrong, known[platform])
            )
            return False
        return True

    def _check(self, one: Moved, others: list[Moved]) -> None:
        old, new = one.old, one.new
        if old.stack and new.stack:
            self.problems.add("`moved`: one of the two must be of this stack", one.source)
        if shape(old.address) != shape(new.address):
            self.problems.add(f"`moved`: {new.address} is an address of other objects than {old.address}", one.source)
        if not old.stack:
            self._is_left(old.address, one.source)
        goes_on = any(other.old.stack is None and within(new.address, other.old.address) for other in others)
        if not new.stack and not goes_on and not self._stands(new.address):
            near = suggest(new.address, [*self.names.drafts, *self.names.groups], show=0)
            self.problems.add(f"`moved`: there is no resource `{new.address}`", one.source, remedy=near)

    def _stands(self, address: str) -> bool:
        return address in self.names.drafts or address in self.names.groups

    def _is_left(self, address: str, source: Source) -> bool:
        """Whether nothing stands there any more."""
        if self._stands(address):
            hint = "take it out of the stack, or drop this"
            self.problems.add(f"`from`: {address} still stands in the stack", source, remedy=hint)
            return False
        return True
