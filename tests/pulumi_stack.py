"""A Pulumi stack without Pulumi's command: its state, and what its engine does in preview, up, refresh and destroy.

Each phase has a provider process of its own, in the project's directory. What is faithful, since rows of the decision
table hang on it:

- a resource keeps its state under an alias; what is left over is deleted at the end, in reverse order;
- a replacement asks `check` again, with no olds; it deletes first or last, as the program says;
- before it deletes an object to make it anew, it asks for the diff of each that refers to it, with unknowns in place of
  the references; what that would replace is deleted first;
- `--replace` asks for no diff;
- a create that fails records nothing and ends the run; what was recorded before stays, also where the run is killed;
- `protect` refuses deletions by what state holds, replacements by what the program says too; `retain` makes no request;
- a program sees the outputs of its own stack, without ids, and without what is only still to be deleted;
- `refresh` and `destroy` know no program: outputs of the last run, and the config of the last `up`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import provider_pb2_grpc

from forked import PROVIDER, Forked, fork
from headend.core.model.errors import HeadendError
from headend.core.model.references import Reference
from headend.core.model.stack import Stack
from headend.pulumi.program import Project
from headend.pulumi.snapshot import type_token
from pulumi_program import Declared, declare, urn
from pulumi_records import Did, Failed, Killed, Ran, Record
from pulumi_wire import UNKNOWN, Engine, Live

PROJECT = "headend"
SOME = messages.DiffResponse.DIFF_SOME


@dataclass
class PulumiStack:
    """One stack. home: the project's directory. env, config: as the person sets them, at any time.
    lose: asked with each resource that was just created; true: the engine is killed before it has recorded that."""

    name: str
    home: Path
    env: dict[str, str]
    config: dict[str, str] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    doomed: list[Record] = field(default_factory=list)
    deployed: dict[str, str] = field(default_factory=dict)
    lose: Callable[[Record], bool] = lambda record: False
    started: Callable[[Forked], None] = lambda process: None  # told of each provider process
    begins: Callable[[], None] = lambda: None  # told once the program has decided, and resources begin
    process: Forked | None = None

    def snapshot(self) -> dict[str, dict[str, Any]]:
        return {
            urn(PROJECT, self.name, one.kind, one.address): {
                "type": type_token(one.kind),
                "outputs": copy.deepcopy(one.outputs),
            }
            for one in self.records.values()
        }

    def preview(self, stack: Stack, replace: Collection[str] = ()) -> Ran:
        return self._phase(lambda phase: phase.program(stack, replace), self.config, preview=True)

    def up(self, stack: Stack, replace: Collection[str] = (), *, preview: bool = True) -> Ran:
        """As `pulumi up --yes`, whose preview comes first; without it, as with --skip-preview."""
        if preview and not (first := self.preview(stack, replace)).ok:
            return first
        ran = self._phase(lambda phase: phase.program(stack, replace), self.config)
        self.deployed = dict(self.config)
        return Ran(ran.ok, ran.killed, (first.said if preview else "") + ran.said, ran.steps)

    def refresh(self) -> Ran:
        return self._phase(lambda phase: phase.refresh(), self.deployed)

    def destroy(self) -> Ran:
        return self._phase(lambda phase: phase.destroy(), self.deployed)

    def ids(self) -> dict[str, str]:
        return {address: record.id for address, record in self.records.items()}

    def _phase(self, work: Callable[[Phase], None], config: Mapping[str, str], *, preview: bool = False) -> Ran:
        ran = Ran()
        with self._provider(config) as wire:
            phase = Phase(copy.deepcopy(self) if preview else self, wire, ran.steps, preview)
            try:
                work(phase)
            except Killed:
                ran.ok, ran.killed = False, True
            except (Failed, HeadendError) as error:
                ran.ok, ran.said = False, str(error)
            except grpc.RpcError as error:
                ran.ok, ran.killed = False, error.code() == grpc.StatusCode.UNAVAILABLE
                ran.said = str(error.details())
            assert self.process is not None
            ran.said = "\n".join([*phase.said, ran.said, self.process.printed("stderr")])
        return ran

    @contextmanager
    def _provider(self, config: Mapping[str, str]) -> Iterator[Engine]:
        self.process = fork(PROVIDER, ["127.0.0.1:1"], self.env | {"PULUMI_PROJECT": PROJECT}, self.home)
        self.started(self.process)
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(self.process.line())}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                arguments = struct_pb2.Struct()
                arguments.update(dict(config))
                stub.Configure(messages.ConfigureRequest(args=arguments))
                yield Engine(stub, None, self.env, self.home)  # type: ignore[arg-type]  # it has none of its own
        finally:
            self.process.kill()

    def __deepcopy__(self, memo: Any) -> PulumiStack:
        records, doomed = copy.deepcopy((self.records, self.doomed), memo)
        return PulumiStack(self.name, self.home, self.env, self.config, records, doomed, self.deployed)


@dataclass
class Phase:
    """The engine at work, with one provider process. A preview works on a copy of the state."""

    stack: PulumiStack
    wire: Engine
    steps: list[Did]
    preview: bool
    said: list[str] = field(default_factory=list)
    registered: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)  # addresses of what was deleted, to be made anew
    unsure: set[str] = field(default_factory=set)  # addresses whose outputs the preview doesn't know

    def program(self, wanted: Stack, replace: Collection[str]) -> None:
        mine = self.stack
        project = Project(mine.name, mine.home, f"{mine.name}.yaml", mine.env, self._setting, self.preview)
        lines, resources = declare(project, wanted, mine.snapshot())
        self.said += lines
        mine.begins()
        for one in resources:
            self._register(one, one.address in replace)
        gone = [r for address, r in self.stack.records.items() if address not in self.registered]
        self._delete_all([*gone, *self.stack.doomed])

    def _setting(self, name: str) -> str | None:
        return self.stack.config.get(f"headend:{name}")

    def refresh(self) -> None:
        for record in [*self.stack.records.values()]:
            id, inputs, outputs = self.wire.read(record.kind, record.id, record.outputs)
            self._note("read", record.address, record.id)
            if id:
                record.inputs, record.outputs = inputs or record.inputs, outputs
            else:
                del self.stack.records[record.address]

    def destroy(self) -> None:
        self.stack.begins()
        self._delete_all([*self.stack.records.values(), *self.stack.doomed])

    # --- one resource ----------------------------------------------------------------------------------------------
    def _register(self, one: Declared, forced: bool) -> None:
        old = self._old(one)
        self.registered.add(one.address)
        given = one.properties(self._stands_for)
        if old:
            for name in one.resource.lifecycle.ignore_changes:
                given = {k: v for k, v in given.items() if k != name}
                given |= {name: old.inputs[name]} if name in old.inputs else {}
        if old is None or one.address in self.deleted:
            self._create(one, self._checked(one, given, {}), "create" if old is None else "replace", None)
            return
        inputs = self._checked(one, given, old.inputs)
        found = None if forced else self.wire.diff(one.kind, old.id, old.outputs, inputs)
        if found is None or found.replaces or old.reborn:
            self._replace(one, old, given, first=one.delete_before_replace or bool(found and found.deleteBeforeReplace))
        elif found.changes == SOME:
            self._note("update", one.address, old.id)
            outputs = old.outputs if self.preview else self.wire.update(one.kind, old.id, old.outputs, inputs)
            self._keep(one, old.id, inputs, outputs)
            self.unsure |= {f"{one.address}#"} if self.preview else set()
        else:
            self._note("same", one.address, old.id)
            self._keep(one, old.id, inputs, old.outputs)

    def _old(self, one: Declared) -> Record | None:
        """Its state: by its own name, or by that of an alias."""
        for name in (one.address, *one.aliases):
            record = self.stack.records.get(name)
            if record and record.kind == one.kind and name not in self.registered:
                del self.stack.records[name]
                record.address = one.address
                return self.stack.records.setdefault(one.address, record)
            if record and name == one.address:
                raise Failed(f"{one.address}: another resource has this name already")
        return None

    def _checked(self, one: Declared, given: Mapping[str, Any], olds: Mapping[str, Any]) -> dict[str, Any]:
        inputs, failures = self.wire.check(one.kind, given, olds)
        if failures:
            raise Failed("; ".join(f"{one.address}: {name}: {why}" for name, why in failures.items()))
        return inputs

    def _create(self, one: Declared, inputs: dict[str, Any], what: str, before: str | None) -> None:
        self._note(what, one.address, before)
        if self.preview:
            self.unsure |= {one.address, f"{one.address}#"}
            self._keep(one, "", inputs, {})
            return
        id, outputs = self.wire.create(one.kind, inputs)
        if self.stack.lose(Record(one.address, one.kind, id, inputs, outputs)):
            raise Killed
        self._keep(one, id, inputs, outputs)

    def _replace(self, one: Declared, old: Record, given: Mapping[str, Any], *, first: bool) -> None:
        if old.protect and one.resource.lifecycle.protect:
            raise Failed(f"{one.address}: unable to replace, as it is marked for protection")
        inputs = self._checked(one, given, {})
        if first:
            for dependent in reversed(self._going_first(old)):
                if dependent.protect:
                    raise Failed(f"{dependent.address}: unable to replace, as it is marked for protection")
                self._make_way(dependent)
            if not old.reborn:
                self._make_way(old)
            self._create(one, inputs, "replace", old.id)
        else:
            self._create(one, inputs, "replace", old.id)
            self.stack.doomed.append(old)

    def _make_way(self, record: Record) -> None:
        self._remove(record)
        record.reborn = True
        self.deleted.add(record.address)

    def _going_first(self, old: Record) -> list[Record]:
        """What has to be deleted before it, as its provider says, in the order of declaration. What went already is
        asked for too."""
        going, found = {old.address}, []
        for record in self.stack.records.values():
            unknown = {name: UNKNOWN for name, needed in record.depends.items() if needed & going}
            if not unknown or record.address in self.registered:
                continue
            if self.wire.diff(record.kind, record.id, record.outputs, record.inputs | unknown).replaces:
                going.add(record.address)
                found += [] if record.reborn else [record]
        return found

    def _keep(self, one: Declared, id: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        life = one.resource.lifecycle
        self.stack.records.pop(one.address, None)  # it goes to the end: the order of declaration
        self.stack.records[one.address] = Record(
            one.address, one.kind, id, inputs, outputs, bool(life.protect), life.retain, depends=one.depends
        )

    def _stands_for(self, reference: Reference) -> Any:
        if reference.address + ("#" if reference.computed else "") in self.unsure:
            return UNKNOWN
        record = self.stack.records[reference.address]
        return record.outputs["computed"][reference.computed] if reference.computed else record.id

    # --- deletions -------------------------------------------------------------------------------------------------
    def _delete_all(self, records: list[Record]) -> None:
        if kept := [r.address for r in records if r.protect and r not in self.stack.doomed]:
            raise Failed(f"{', '.join(kept)}: cannot be deleted because it is protected")
        for record in reversed(records):
            self._note("delete", record.address, record.id)
            if not record.reborn:
                self._remove(record)
            if self.stack.records.get(record.address) is record:
                del self.stack.records[record.address]
            else:
                self.stack.doomed = [other for other in self.stack.doomed if other is not record]

    def _remove(self, record: Record) -> None:
        if not self.preview and not record.retain:
            self.wire._delete(Live(record.kind, record.id, record.inputs, record.outputs))

    def _note(self, what: str, address: str, id: str | None) -> None:
        self.steps.append(Did(what, address, id))
