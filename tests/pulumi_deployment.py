"""Deployments, as the real engine exports and imports them, for tests that have none."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
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

SECRETS = {"STADIUM": "canary-stadium-0123456789", "CDN_URL": "rtmp://ingest.cdn.example.com/live/canary-cdn"}
BASE = """\
headend: 1
connections: {ateme: {max_rps: 900}}
options: {on_air_window: 1h}
lookups: {best: {straas.playlist: {title: Highlights}}}
ateme:
  environments:
    eu: {cloud_provider: aws, region: eu-west-1, instance_type_id: medium}
"""
STACK = """\
headend: 1
extends: base.yaml
ateme:
  environments:
    eu:
      lifecycle: {protect: true}
      inputs:
        stadium:
          variant: srt_push
          port: 5001
          latency: 6000
          password: {secret: STADIUM}
          lifecycle: {ignore_changes: [latency], retain: true}
        spare: {variant: srt_push, port: 5002}
      outputs:
        cdn: {variant: rtmp, url: {secret: CDN_URL}}
      schedules:
        derby: {input: stadium, output: cdn, start_time: 2035-12-01T15:00:00Z, end_time: 2035-12-01T17:00:00Z}
rights_locker:
  stream_limits:
    viewers: {from_file: viewers.csv, key: account, columns: {account_id: account, limit: streams}}
    other: {account_id: other, limit: 1, lifecycle: {depends_on: [ateme.environments.eu]}}
"""
ROWS = "account,streams\na,1\njane.doe@x.org,2\n"


def with_a_past(home: Path, apply: Callable[[], None]) -> None:
    """Applies the stack `day` as it was, and as it is: laid over another, with rows, renamed and replaced objects."""
    (home / "base.yaml").write_text(BASE)
    (home / "viewers.csv").write_text(ROWS)
    (home / "day.yaml").write_text(STACK)
    apply()
    renamed = "    europe:\n      lifecycle: {renamed_from: ateme.environments.eu, protect: true}"
    now = STACK.replace("    eu:\n      lifecycle: {protect: true}", renamed)
    now = now.replace("variant: srt_push, port: 5002", "variant: udp_rist, port: 5002")
    (home / "base.yaml").write_text(BASE.replace(" eu:", " europe:"))
    (home / "day.yaml").write_text(now.replace("environments.eu]", "environments.europe]"))
    apply()


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
