"""What Pulumi's state holds of this very stack, read by its program: which objects are its own.

A provider's `create` can't see the state. The program can: the engine answers `readStackResourceOutputs` from the last
checkpoint, in previews and updates, also after a run that failed or was killed.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from typing import Any

import pulumi

from headend.core.model.errors import StateError
from headend.core.model.record import Record
from headend.core.wire.registry import kinds
from headend.pulumi.props import record_of

WAITS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # s
TYPES = "pulumi-python:dynamic/headend:"
STACK_TYPE = "pulumi:pulumi:Stack"
Snapshot = Mapping[str, Mapping[str, Any]]
"""urn -> {"type": ..., "outputs": {...}}, as the engine gives it."""


def class_name(kind: str) -> str:
    """The kind's name as Pulumi writes types: ateme.input -> AtemeInput."""
    return "".join(part.capitalize() for part in kind.replace(".", "_").split("_"))


def type_token(kind: str) -> str:
    """The type of a dynamic resource of this kind, as it stands in state. A promise."""
    return f"{TYPES}{class_name(kind)}"


@functools.cache
def kind_of(token: str) -> str | None:
    """The kind of a resource of this type, None where it isn't headend's."""
    prefix, _, name = token.rpartition(":")
    return {class_name(kind): kind for kind in kinds()}.get(name) if prefix.endswith("headend") else None


def read_own_stack() -> Snapshot:
    """The resources of the stack whose program this is; none before its first run.

    The engine may be writing its own state file at that moment: what can't be read is asked for again.
    Raises StateError where it stays so: not knowing what is its own, a run would take it for somebody else's.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    for wait in (*WAITS, None):
        try:
            answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": name})
        except Exception as error:  # the SDK raises nothing more telling
            if wait is None:
                raise StateError(f"what Pulumi's state has of {name} can't be read: {error}") from None
            time.sleep(wait)
        else:
            break
    found: Snapshot = (answer.value or {}).get("outputs") or {}
    return found


def read_records(snapshot: Snapshot) -> dict[str, Record]:
    """address -> what was last applied there, secrets included, for each of headend's own resources.

    States of earlier versions keep ids in the stack's exports only, as they were at the end of the last finished run.
    """
    stacks = (entry["outputs"] for entry in snapshot.values() if entry["type"] == STACK_TYPE)
    exported: Mapping[str, Any] = next(stacks, {})
    found: dict[str, Record] = {}
    for urn, entry in snapshot.items():
        if (kind := kind_of(str(entry["type"]))) is None:
            continue
        address = urn.split("::", 3)[3]
        id = entry["outputs"].get("live_id") or exported.get(address)
        if isinstance(id, str):
            found[address] = record_of(kinds()[kind], id, entry["outputs"], address)
    return found
