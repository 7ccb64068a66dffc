"""Deployments, as the real engine exports and imports them, for tests that have none."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from io import StringIO
from typing import Any
from unittest import mock

from cli.harness import Ran, World
from headend.core.wire.registry import kinds
from headend.pulumi.deployment import plain
from headend.pulumi.snapshot import type_token
from pulumi_program import urn
from pulumi_wire import Live

SALT = {"type": "passphrase", "state": {"salt": "v1:salt"}}
EMPTY: dict[str, Any] = {"version": 3, "deployment": {"manifest": {}, "secrets_providers": SALT, "metadata": {}}}
PROJECT = "name: headend\nruntime: python\n"
KINDS = {type_token(name): name for name in kinds()}


def piped(world: World, document: Any, *words: str, **env: str) -> Ran:
    """`headend pulumi WORDS`, with that on standard input."""
    text = document if isinstance(document, str) else json.dumps(document)
    with mock.patch.object(sys, "stdin", StringIO(text)):
        return world("pulumi", *words, **env)


def holding(document: Mapping[str, Any]) -> dict[str, Live]:
    """What the engine of the tests has, once it was given such a deployment."""
    found = {}
    for entry in document["deployment"]["resources"]:
        if kind := KINDS.get(entry["type"]):
            given, made = (plain(entry[part]) for part in ("inputs", "outputs"))
            del given["__provider"], made["__provider"]  # the wire adds it itself
            found[entry["urn"].split("::", 3)[3]] = Live(kind, entry["id"], given, made)
    return found


def exported(state: Mapping[str, Live], stack: str) -> dict[str, Any]:
    """What a real engine would export, with --show-secrets."""
    entries = [
        {
            "urn": urn("headend", stack, live.kind, address),
            "custom": True,
            "id": live.id,
            "type": type_token(live.kind),
            "inputs": live.inputs,
            "outputs": live.outputs,
        }
        for address, live in state.items()
    ]
    return {"version": 3, "deployment": {**EMPTY["deployment"], "resources": entries}}
