"""The SDK's own provider server over its gRPC wire, and as much of an engine as it takes to bring stacks up."""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import provider_pb2_grpc

from headend.core.model.references import Reference
from headend.core.model.stack import Stack
from headend.core.reconcile.arrange import order
from headend.pulumi.p import PROVIDERS
from headend.pulumi.program import properties

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
class Engine:
    """check, diff, and what follows from them, in the order of references; deletions in reverse, at the end."""

    stub: Any
    process: subprocess.Popen[bytes]
    state: dict[str, Live] = field(default_factory=dict)
    replaced: list[Live] = field(default_factory=list)

    def up(self, stack: Stack) -> dict[str, int]:
        """Brings the stack up; gives what was done, e.g. {"create": 3, "same": 1}."""
        done: dict[str, int] = {}
        for address in [a for wave in order(stack.resources) for a in wave]:
            resource = stack.resources[address]
            given = properties(stack, resource, self._stands_for)
            what = self.put(address, resource.kind.name, given)
            done[what] = done.get(what, 0) + 1
        while self.replaced:  # what depended on them has the new ones by now
            self._delete(self.replaced.pop())
        for address in [a for a in reversed(self.state) if a not in stack.resources]:
            self.delete(address)
            done["delete"] = done.get("delete", 0) + 1
        return done

    def _stands_for(self, reference: Reference) -> Any:
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

    # --- the wire ----------------------------------------------------------------------------------------------
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

    def _delete(self, live: Live) -> None:
        self.stub.Delete(messages.DeleteRequest(id=live.id, properties=_struct(live.kind, live.outputs)))


@contextmanager
def provider(env: Mapping[str, str], config: Mapping[str, str] | None = None) -> Iterator[Engine]:
    """The SDK's server in a process of its own, with those settings and that stack config."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADEND_")}
    command = [sys.executable, "-u", "-m", "pulumi.dynamic", "127.0.0.1:1"]
    environment = kept | dict(env) | {"PULUMI_PROJECT": "headend"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                arguments = struct_pb2.Struct()
                arguments.update(dict(config or {}))
                stub.Configure(messages.ConfigureRequest(args=arguments))
                yield Engine(stub, process)
        finally:
            process.terminate()


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
