"""What a run goes by besides resources: consent, options and connections. All of it is this run's, or none.

Pulumi keeps the inputs of unchanged resources, and destroys and refreshes without the program. So each check, which
only a program's run makes, hands over what is in force; a process without one reads the stack file as it is now.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headend.core.model.errors import HeadendError, InputError
from headend.core.model.options import Options
from headend.core.reconcile.guards import mass_deletion
from headend.core.reconcile.refusal import Refusal
from headend.pulumi.props import whole
from headend.pulumi.runtime import say

INTERRUPTION, DELETIONS, ADOPT = "HEADEND_ALLOW_INTERRUPTION", "HEADEND_ALLOW_DELETIONS", "HEADEND_ADOPT"


def addresses(text: str | None) -> frozenset[str]:
    """Addresses with commas or blanks between them, or as a JSON list."""
    return frozenset(re.findall(r"[^\s,\"]+", (text or "").strip().removeprefix("[").removesuffix("]")))


@dataclass
class _InForce:
    """What counts for the resources of one stack file in this process. managed: how many objects the stack has, None
    where any number may go. losses: how many the program deletes. said: the options as JSON."""

    options: Options = field(default_factory=Options)
    said: Mapping[str, Any] = field(default_factory=dict)
    connections: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()
    managed: int | None = None
    losses: int = 0


_handed_over: dict[str, _InForce] = {}
_from_file: dict[str, _InForce] = {}
_replaced: dict[str, set[str]] = {}  # stack file -> addresses that this process has replaced, or would


def hand_over(file: str, run: Mapping[str, Any], platform: str) -> None:
    """Takes what the program says of its run, with each of its resources. Raises InputError where the stack file can't
    be read any more that it refers to."""
    now = _handed_over.setdefault(file, _InForce())
    if now.said != (said := run.get("options", {})):
        now.said, now.options = said, Options.model_validate(said)
    given = run.get("connections", {})
    now.connections[platform] = {**given, **_operations(file, platform)} if run.get("in_file") else given
    now.allowed = frozenset(run.get("allowed", ()))
    now.managed, now.losses = whole(run.get("managed")), whole(run.get("losses", 0))


def _operations(file: str, platform: str) -> Mapping[str, Any]:
    """What is too much to come with each resource."""
    if file not in _from_file:
        _from_file[file] = _read(file)
    found = _from_file[file].connections.get(platform, {}).get("operations")
    if not found:
        raise InputError(f"{file}: its connections.{platform}.operations can't be read any more: run it again")
    return {"operations": found}


def options(meta: Mapping[str, Any]) -> Options:
    return _in_force(meta).options


def connections(meta: Mapping[str, Any], platform: str) -> Mapping[str, Any]:
    """The stack file's settings of the platform, as they are now; states of earlier versions don't say which file."""
    if "file" not in meta:
        return dict(meta.get("connections", {}))
    return _in_force(meta).connections.get(platform, {})


def allowed(meta: Mapping[str, Any]) -> frozenset[str]:
    """Addresses whose interruption was agreed to for this run."""
    return addresses(os.environ.get(INTERRUPTION)) | _in_force(meta).allowed


def refuse_mass_replacement(meta: Mapping[str, Any]) -> Refusal | None:
    """Why one more replacement is too much, by all that this process has seen; None if it may pass."""
    now = _in_force(meta)
    if now.managed is None:
        return None
    _replaced.setdefault(meta.get("file", ""), set()).add(str(meta.get("address")))
    return mass_deletion(now.losses + len(_replaced[meta.get("file", "")]), now.managed, False, f"{DELETIONS}=1")


def _in_force(meta: Mapping[str, Any]) -> _InForce:
    file = meta.get("file", "")
    if file in _handed_over:
        return _handed_over[file]
    if file not in _from_file:
        _from_file[file] = _read(file)
    return _from_file[file]


def _read(file: str) -> _InForce:
    """Without a program: the file beside the project. Where that can't be had, nothing of it counts."""
    if not file or not Path(file).exists():
        return _InForce()
    from headend.core.stackfile import load_settings  # what reads stack files costs more than a hundred differences

    try:
        found, given = load_settings(file)
    except HeadendError as error:
        say(f"{file}: its options and connections don't count in this run: {'; '.join(error.lines)}")
        return _InForce()
    return _InForce(found, connections=dict(given))
