"""The SDK's own provider server over its gRPC wire, and as much of an engine as it takes to bring stacks up."""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import provider_pb2_grpc

from headend.core.model.references import Reference
from headend.core.model.stack import Stack
from headend.pulumi.p import PROVIDERS
from headend.pulumi.program import Project
from headend.pulumi.settings import DELETIONS
from headend.pulumi.snapshot import type_token
from pulumi_program import Declared, declare, urn

UNKNOWN = rpc.UNKNOWN
_turn = threading.Lock()


@dataclass
class Live:
    """What the engine's state has of one resource."""

    kind: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass
class Wire:
    """The calls of a provider server, as the engine makes them."""

    stub: Any

    def check(
        self, kind: str, news: Mapping[str, Any], olds: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        request = messages.CheckRequest(olds=_struct(kind, olds) if olds else None, news=_struct(kind, news))
        answer = self.stub.Check(request)
        return _plain(answer.inputs), {f.property: f.reason for f in answer.failures}

    def diff(self, kind: str, id: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Any:
        return self.stub.Diff(messages.DiffRequest(id=id, olds=_struct(kind, olds), news=_struct(kind, news)))

    def create(self, kind: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        answer = self.stub.Create(messages.CreateRequest(properties=_struct(kind, inputs)))
        return answer.id, _plain(answer.properties)

    def update(self, kind: str, id: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        request = messages.UpdateRequest(id=id, olds=_struct(kind, olds), news=_struct(kind, news))
        return _plain(self.stub.Update(request).properties)

    def read(self, kind: str, id: str, outputs: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        answer = self.stub.Read(messages.ReadRequest(id=id, properties=_struct(kind, outputs)))
        return answer.id, _plain(answer.inputs), _plain(answer.properties)

    def remove(self, kind: str, id: str, outputs: Mapping[str, Any]) -> None:
        self.stub.Delete(messages.DeleteRequest(id=id, properties=_struct(kind, outputs)))


@dataclass
class Engine(Wire):
    """check, diff, and what follows from them, in the order of references; deletions in reverse, at the end."""

    process: subprocess.Popen[bytes]
    project: Project
    state: dict[str, Live] = field(default_factory=dict)
    replaced: list[Live] = field(default_factory=list)
    said: tuple[str, ...] = ()  # by the program
    rewritten: set[str] = field(default_factory=set)  # the same, with other inputs: engines write all of their state

    def up(self, stack: Stack) -> dict[str, int]:
        """Brings the stack up; gives what was done, e.g. {"create": 3, "same": 1}."""
        done: dict[str, int] = {}
        for one in self.declared(stack):
            for old in one.aliases:
                self.state[one.address] = self.state.pop(old)
            what = self.put(one.address, one.kind, one.properties(self.stands_for))
            done[what] = done.get(what, 0) + 1
        while self.replaced:  # what depended on them has the new ones by now
            self._delete(self.replaced.pop())
        for address in [a for a in reversed(self.state) if a not in stack.resources]:
            self.delete(address)
            done["delete"] = done.get("delete", 0) + 1
        return done

    def declared(self, stack: Stack) -> Iterator[Declared]:
        """What the program declares."""
        snapshot = {
            urn("headend", stack.name, live.kind, address): {"type": type_token(live.kind), "outputs": live.outputs}
            for address, live in self.state.items()
        }
        lines, declared = declare(replace(self.project, name=stack.name), stack, snapshot)
        self.said += lines
        return declared

    def stands_for(self, reference: Reference) -> Any:
        live = self.state[reference.address]
        return live.outputs["computed"][reference.computed] if reference.computed else live.id

    def put(self, address: str, kind: str, given: Mapping[str, Any]) -> str:
        old = self.state.get(address)
        inputs, failures = self.check(kind, given, old.inputs if old else {})
        assert not failures, failures
        if old is None:
            id, outputs = self.create(kind, inputs)
            self.state[address] = Live(kind, id, inputs, outputs)
            return "create"
        found = self.diff(kind, old.id, old.outputs, inputs)
        if found.changes == messages.DiffResponse.DIFF_NONE:
            self.rewritten |= {address} if inputs != old.inputs else set()
            old.inputs = inputs
            return "same"
        assert found.changes == messages.DiffResponse.DIFF_SOME
        if not found.replaces:
            old.inputs, old.outputs = inputs, self.update(kind, old.id, old.outputs, inputs)
            return "update"
        inputs, failures = self.check(kind, given, {})
        assert not failures, failures
        if found.deleteBeforeReplace:
            self._delete(old)
        id, outputs = self.create(kind, inputs)
        if not found.deleteBeforeReplace:
            self.replaced.append(old)
        self.state[address] = Live(kind, id, inputs, outputs)
        return "replace"

    def destroy(self) -> None:
        for address in reversed(list(self.state)):
            self.delete(address)

    def delete(self, address: str) -> None:
        self._delete(self.state.pop(address))

    def _delete(self, live: Live) -> None:
        self.remove(live.kind, live.id, live.outputs)


@contextmanager
def provider(env: Mapping[str, str], config: Mapping[str, str] | None = None) -> Iterator[Engine]:
    """The SDK's server in a process of its own, with those settings and that stack config."""
    folder = Path(tempfile.mkdtemp())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADEND_")}
    command = [sys.executable, "-u", "-m", "pulumi.dynamic", "127.0.0.1:1"]
    environment = kept | dict(env) | {"PULUMI_PROJECT": "headend"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=folder, **pipes) as process:
        assert process.stdout is not None
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                arguments = struct_pb2.Struct()
                given = dict(config or {})
                arguments.update(given)
                stub.Configure(messages.ConfigureRequest(args=arguments))
                yield Engine(
                    stub,
                    process,
                    Project(
                        "stack",
                        folder,
                        "stack.yaml",
                        {DELETIONS: "1"} | dict(env),
                        lambda name: given.get(f"headend:{name}"),
                    ),
                )
        finally:
            process.terminate()
            shutil.rmtree(folder, ignore_errors=True)


def _struct(kind: str, values: Mapping[str, Any]) -> struct_pb2.Struct:
    """As the engine sends it: numbers as doubles, the provider's pickle among the values."""
    with _turn:
        return _loop().run(rpc.serialize_properties(dict(values) | {"__provider": _pickle(kind)}, {}))


@functools.cache
def _pickle(kind: str) -> str:
    return str(serialize_provider(PROVIDERS[kind]))


@functools.cache
def _loop() -> asyncio.Runner:
    """One for all requests: a loop for each would cost more than the request."""
    runner = asyncio.Runner()
    atexit.register(runner.close)
    return runner


def _plain(answer: struct_pb2.Struct) -> dict[str, Any]:
    values = json_format.MessageToDict(answer)
    return {name: value for name, value in values.items() if name != "__provider"}
