"""The work of `import`: reads what is live, writes a stack of it, and sees that a plan of that is empty."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headend.cli.files import replace_file, write_out
from headend.cli.imports import Drafts
from headend.core.model.address import last_key
from headend.core.model.errors import InputError
from headend.core.model.findings import Problem
from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.model.suggest import suggest
from headend.core.reconcile.imports.gather import Found, Gathered, Gatherer, wanted_kinds
from headend.core.reconcile.imports.naming import Objects, Wanted, family, name_all, natural
from headend.core.reconcile.imports.records import Held, differing, records_of
from headend.core.reconcile.locate import locate
from headend.core.reconcile.planner import make_plan
from headend.core.stackfile import load
from headend.core.stackfile.edit import Unwritable
from headend.core.stackfile.fmt import formatted
from headend.core.stackfile.insertion import insert
from headend.core.stackfile.secrets import secret_finder
from headend.core.stackfile.written import Document, Writer
from headend.core.wire import registry

if TYPE_CHECKING:
    from headend.core.reconcile.state import State
    from headend.core.wire.session import Session

ROUNDS = 8  # what is left out of one round may be missing in the next
HEAD = "# Made of what was live, by `headend import`.\nheadend: 1\n"


@dataclass
class Imported:
    """What came of an import.

    wrong: address -> why the object isn't in the stack although it could be. clean: whether a plan of the whole stack
    is empty. otherwise: secrets that are set to another value than is live. fitting: how many objects were asked for.
    unheld: how many are in the stack already, and not in the state.
    """

    gathered: Gathered
    stack: Stack | None = None
    document: Document = field(default_factory=Document)
    drafts: Drafts = field(default_factory=lambda: Drafts(Objects([])))
    records: Mapping[str, Record] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    clean: bool = True
    otherwise: list[str] = field(default_factory=list)
    fitting: int = 0
    unheld: int = 0

    @property
    def new(self) -> list[Found]:
        return [one for one in self.drafts.made if one not in self.drafts.there]

    def counts(self) -> Mapping[str, int]:
        """kind -> how many were taken."""
        return Counter(one.kind.name for one in self.new)

    def unseen(self) -> Mapping[tuple[str, str], int]:
        """(kind, field) -> how many objects have one, for all that anybody knows."""
        return Counter((one.kind.name, name) for one in self.new for name in one.unseen())


@dataclass
class Importer:
    """file: to be written, or with `into` to be added to: its stack. given: see `Gatherer`. asked: the names of secrets
    that the stack has. secrets_file: takes the values of new ones."""

    session: Session
    state: State
    file: Path
    wanted: Wanted
    given: Collection[str] = ()
    into: Stack | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    asked: Collection[str] = ()
    secrets_file: Path | None = None

    async def run(self, platforms: Iterable[str]) -> Imported:
        """Writes the files and the state, unless nothing is new. Raises InputError where the file can't take it."""
        kinds = registry.kinds_of(set(platforms))
        named = self.wanted.kinds or kinds
        held = self.state.held_elsewhere()
        gatherer = Gatherer(self.session, self.given, self.wanted.environments, held)
        gathered = await gatherer.gather(wanted_kinds(named, kinds))
        self._raise_if_unknown(gathered)
        found = Imported(gathered)
        objects = Objects(gathered.objects)
        there = await self._there(objects)
        taken = self._taken()
        rows = {one for one, address in there.items() if address.endswith("]")}
        name_all(objects, {one: last_key(address) for one, address in there.items()}, taken, rows)
        chosen = self.wanted.select(objects)
        found.fitting = len(chosen)
        known = {(record.kind, record.id) for record in self.state.records().values()}
        found.unheld = sum((one.kind.name, one.id) not in known for one in there)
        new = sorted((one for one in chosen if one not in there), key=lambda one: natural(one.key))
        await self._settle(found, objects, new, there)
        return found

    def _raise_if_unknown(self, gathered: Gathered) -> None:
        """Raises InputError for an environment that is not there; one that another stack has is told as left out."""
        kind = "ateme.environment"
        if kind in gathered.unread or any(name == kind for name, *_ in gathered.left_out):
            return
        if unknown := [one for one in self.wanted.environments if one not in gathered.places]:
            near = suggest(unknown[0], gathered.places)
            raise InputError(f"--environment {unknown[0]}: there is none of that name{f': {near}' if near else ''}")

    async def _there(self, objects: Objects) -> dict[Found, str]:
        """What the stack has already, and where."""
        if self.into is None:
            return {}
        records = self.state.records()
        places = await locate(self.into, records, self.session, list(self.into.resources))
        addresses = {(record.kind, record.id): address for address, record in records.items()}
        addresses |= {(place.kind.name, place.id): address for address, place in places.items() if place.id}
        known = ((one, addresses.get((one.kind.name, one.id))) for one in objects.all)
        return {one: address for one, address in known if address is not None and address in self.into.resources}

    def _taken(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for resource in self.into.resources.values() if self.into else ():
            found.setdefault(family(resource.kind.name), set()).add(resource.key)
        return found

    async def _settle(
        self, found: Imported, objects: Objects, new: Sequence[Found], there: Mapping[Found, str]
    ) -> None:
        """Leaves out what can't be in a stack as it is, until a plan of the rest is empty."""
        for _ in range(ROUNDS):
            keys = {one: self.into.resources[address].key for one, address in there.items()} if self.into else {}
            found.drafts = Drafts(objects, keys, self.asked)
            found.drafts.add([*there, *new])
            if not new:
                return
            found.document, text = self._written(found.drafts, there)
            wrong = await self._try(found, text)
            if not wrong:
                self._keep(found, text)
                return
            found.wrong |= wrong
            out = {one for one, written in found.drafts.made.items() if found.document.addresses.get(written) in wrong}
            new = [one for one in new if one not in out and one.parent not in out]
        raise InputError("what is live can't be written as a stack; please report this")

    def _written(self, drafts: Drafts, there: Mapping[Found, str]) -> tuple[Document, str]:
        writer = Writer(self.file.stem, self.into.resources if self.into else ())
        for platform, collections in drafts.platforms.items():
            writer.settle(collections, platform)
        for parent, collections in drafts.nested.items():
            writer.settle(collections, there[parent])
        text = self.file.read_bytes().decode() if self.into else HEAD
        try:
            for path, lines in self._added(writer, drafts, there):
                text = insert(text, path, lines)
        except Unwritable as error:
            raise InputError(f"{self.file}: {error}") from None
        return writer.document, text if self.into else formatted(text)

    def _added(
        self, writer: Writer, drafts: Drafts, there: Mapping[Found, str]
    ) -> Iterator[tuple[list[str], list[str]]]:
        for platform, collections in drafts.platforms.items():
            for name, resources in collections.items():
                yield [platform, name], writer.entries(name, resources, platform)
        for parent, collections in drafts.nested.items():
            for name, resources in collections.items():
                yield [*there[parent].split("."), name], writer.entries(name, resources, there[parent])

    async def _try(self, found: Imported, text: str) -> dict[str, str]:
        """What of it isn't as it is live: address -> why. Leaves nothing behind unless all is well."""
        part = self.file.with_name(f".{self.file.stem}.import.yaml")
        beside = {self.file.with_name(name): content for name, content in found.document.files.items()}
        old = {path for path in beside if path.exists()}
        if taken := next((path for path in old if path.read_bytes().decode(errors="replace") != beside[path]), None):
            raise InputError(f"{taken} exists already; move it away")
        fine = False
        try:
            for path, content in {**beside, part: text}.items():
                path.write_text(content)
            wrong = await self._differing(found, part)
            fine = not wrong
            return wrong
        finally:
            part.unlink(missing_ok=True)
            for path in () if fine else beside.keys() - old:
                path.unlink(missing_ok=True)

    async def _differing(self, found: Imported, part: Path) -> dict[str, str]:
        addresses = {found.document.addresses[found.drafts.made[one]]: one for one in found.new}
        find, live = secret_finder(), found.drafts.secrets
        found.otherwise = [name for name, value in live.items() if value and find(name) not in {None, value}]
        try:
            stack = load(
                part,
                stack_name=self.name,
                variables=self.variables,
                secret=lambda name: None if name in found.otherwise else find(name),
                need_secrets=False,
            )
            known = self.state.records()
            found.records = records_of(stack, addresses, self.state.digest, known)
            plan = await make_plan(stack, Held({**known, **found.records}, self.state.digest), self.session)
        except InputError as error:
            wrong = {p.address: p.text for p in error.problems if p.address in addresses}
            if not wrong:
                raise InputError(_named(error.problems, part, self.file)) from None
            return wrong
        found.clean = not plan.refused and all(step.action is Action.NONE for step in plan.steps)
        found.stack = replace(stack, file=str(self.file))
        return differing(plan, addresses)

    @property
    def name(self) -> str:
        return self.into.name if self.into else self.file.stem

    def _keep(self, found: Imported, text: str) -> None:
        """State comes last: what lacks only that is taken over by `--adopt match`."""
        if self.secrets_file is not None:
            known = {name: value for name, value in found.drafts.secrets.items() if value is not None}
            content = json.dumps(known, indent=1, ensure_ascii=False).encode()
            write_out(self.secrets_file, [content, b"\n"], 0o600, "--secrets-file")
        replace_file(self.file, text.encode())
        with self.state.batches():
            for record in found.records.values():
                self.state.put(record)


def _named(problems: Iterable[Problem], part: Path, file: Path) -> list[Problem]:
    """As of the file that `part` was to become."""
    return [
        replace(p, source=replace(p.source, file=str(file))) if p.source and p.source.file == str(part) else p
        for p in problems
    ]
